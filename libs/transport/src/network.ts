import { isIPv6 } from 'node:net';

const mappedPrefix = '::ffff:';

/** An address as it is shown and compared: IPv4-mapped IPv6 as IPv4, without a zone (`%eth0`). */
export function plainAddress(address: string): string {
  const zone = address.indexOf('%');
  const plain = zone === -1 ? address : address.slice(0, zone);
  return plain.startsWith(mappedPrefix) && plain.includes('.') ? plain.slice(mappedPrefix.length) : plain;
}

/**
 * What a limit per address counts by: an IPv4 address itself, of an IPv6 address the /64, because whoever has one
 * address of it usually has them all.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const right = tail === '' ? [] : tail.split(':');
    // An address that ends in dotted IPv4 has two groups there.
    const width = right.at(-1)?.includes('.') ? right.length + 1 : right.length;
    while (left.length + width < 8) left.push('0');
    left.push(...right);
  }
  return `${left
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
