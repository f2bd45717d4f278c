import { SocketAddress } from 'node:net';
import { crc32c } from '#libs/compression';
import { plainAddress } from '../network.js';
import type { AheadReader } from '../read-ahead.js';

/** Header and its TLVs; with a client's certificate in them it has some 2 KB. */
export const proxyHeaderBytesMax = 4_096;

/** Who the client is, as a proxy says. */
export interface ProxiedAddress {
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** The first bytes are no PROXY protocol v2 header that can be used: `code` is a fixed word. */
export class ProxyHeaderFault extends Error {
  override readonly name = 'ProxyHeaderFault';

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const fixedBytes = 16;
const versionAndCommandAt = 12;
const familyAt = 13;
const lengthAt = 14;
const local = 0x20;
const proxy = 0x21;
/** Family and transport: TCP over IPv4, TCP over IPv6. */
const addressBytesOf = new Map([
  [0x11, 4],
  [0x21, 16],
]);
const portBytes = 2;
const tlvHeaderBytes = 3;
const tlvCrc32c = 0x03;
const crcBytes = 4;
const unspecified = new Set(['0.0.0.0', '::']);

/**
 * Reads a PROXY protocol header, version 2 (haproxy's proxy-protocol.txt, section 2.2). Of all it may hold only the client's
 * address is used: what the proxy says of host names or certificates is not proven to us.
 */
export class ProxyHeaderReader implements AheadReader<ProxiedAddress | undefined> {
  #bytes: Buffer | undefined;

  /**
   * @returns the client; with `value: undefined` the proxy speaks for itself (LOCAL: it looks whether we are there)
   * @throws ProxyHeaderFault as soon as it shows
   */
  push(bytes: Buffer): { readonly value: ProxiedAddress | undefined; readonly rest: Buffer } | undefined {
    const all = this.#bytes === undefined ? bytes : Buffer.concat([this.#bytes, bytes]);
    this.#bytes = all;
    const known = Math.min(all.length, signature.length);
    if (all.compare(signature, 0, known, 0, known) !== 0) throw noHeader(all);
    if (all.length < fixedBytes) return undefined;
    const end = fixedBytes + all.readUInt16BE(lengthAt);
    const command = all[versionAndCommandAt]!;
    if (command !== local && command !== proxy) {
      throw new ProxyHeaderFault(
        'command',
        'a PROXY header of a version or with a command that is not known',
      );
    }
    if (end > proxyHeaderBytesMax) {
      throw new ProxyHeaderFault('too-long', `a PROXY header has more than ${proxyHeaderBytesMax} bytes`);
    }
    if (all.length < end) return undefined;
    const rest = all.subarray(end);
    // Section 2.2: what a LOCAL header says of addresses must be skipped, whatever it is.
    if (command === local) return { value: undefined, rest };
    return { value: proxiedAddress(all.subarray(0, end)), rest };
  }
}

function proxiedAddress(header: Buffer): ProxiedAddress {
  const addressBytes = addressBytesOf.get(header[familyAt]!);
  if (addressBytes === undefined) {
    throw new ProxyHeaderFault('family', 'a PROXY header names no client that came by TCP');
  }
  const tlvsAt = fixedBytes + 2 * addressBytes + 2 * portBytes;
  if (header.length < tlvsAt)
    throw new ProxyHeaderFault('too-short', 'a PROXY header is too short for its addresses');
  checkTlvs(header, tlvsAt);
  const remoteAddress = addressOf(header.subarray(fixedBytes, fixedBytes + addressBytes));
  if (unspecified.has(remoteAddress)) {
    throw new ProxyHeaderFault('address', 'a PROXY header gives no address of the client');
  }
  return { remoteAddress, remotePort: header.readUInt16BE(fixedBytes + 2 * addressBytes) };
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = bytes.toString('hex').match(/.{4}/g)!;
  return plainAddress(new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address);
}

/** Section 2.2.1: they fill the rest of the header exactly. Section 2.2.3: a checksum that is there must be right. */
function checkTlvs(header: Buffer, from: number): void {
  let at = from;
  while (at < header.length) {
    if (at + tlvHeaderBytes > header.length) throw malformedTlv();
    const valueAt = at + tlvHeaderBytes;
    const end = valueAt + header.readUInt16BE(at + 1);
    if (end > header.length) throw malformedTlv();
    if (header[at] === tlvCrc32c) checkChecksum(header, valueAt, end);
    at = end;
  }
}

function checkChecksum(header: Buffer, valueAt: number, end: number): void {
  if (end - valueAt !== crcBytes) throw malformedTlv();
  const zeroed = Buffer.from(header);
  zeroed.fill(0, valueAt, end);
  if (crc32c(zeroed) !== header.readUInt32BE(valueAt)) {
    throw new ProxyHeaderFault('checksum', "a PROXY header's checksum is wrong");
  }
}

function malformedTlv(): ProxyHeaderFault {
  return new ProxyHeaderFault('tlv', 'a PROXY header has a field that does not end with it');
}

function noHeader(bytes: Buffer): ProxyHeaderFault {
  return bytes.toString('latin1', 0, 5) === 'PROXY'
    ? new ProxyHeaderFault('version-1', 'a PROXY header of version 1; set the proxy to version 2')
    : new ProxyHeaderFault('missing', 'the proxy sent no PROXY header');
}
