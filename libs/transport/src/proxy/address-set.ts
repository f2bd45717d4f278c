import { BlockList, isIP, isIPv4 } from 'node:net';

/** What is wrong with `10.0.0.0/8`, `2001:db8::/32` or a single address; `/0` would be everybody's word. */
export function addressRangeFault(range: string): string | undefined {
  return parse(range) === undefined ? 'an IP address, or one with /<prefix bits> (1 or more)' : undefined;
}

/** Addresses as they are configured: single ones and ranges. */
export class AddressSet {
  readonly #addresses = new BlockList();

  /** @throws Error when one is none; see `addressRangeFault` */
  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const parsed = parse(range);
      if (parsed === undefined) throw new Error(`${range}: ${addressRangeFault(range)}`);
      this.#addresses.addSubnet(parsed.address, parsed.bits, parsed.family);
    }
  }

  /** @param address as `plainAddress` gives it */
  has(address: string): boolean {
    return this.#addresses.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  }
}

function parse(range: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [, address = '', bits] = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(range) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const width = version === 4 ? 32 : 128;
  const wanted = bits === undefined ? width : Number(bits);
  if (wanted < 1 || wanted > width) return undefined;
  return { address, bits: wanted, family: version === 4 ? 'ipv4' : 'ipv6' };
}
