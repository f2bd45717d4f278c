import { describe, expect, it } from '@jest/globals';
import { crc32c } from '#libs/compression';
import { proxyHeader, tlv } from '../testing/proxy-header.js';
import {
  type ProxiedAddress,
  ProxyHeaderFault,
  ProxyHeaderReader,
  proxyHeaderBytesMax,
} from './proxy-header.js';

const v4 = { source: '203.0.113.7', sourcePort: 40_000, destination: '10.0.0.1', destinationPort: 9_093 };
const v6 = { ...v4, source: '2001:db8:1:2::7', destination: '2001:db8::1' };

type Outcome = { value: ProxiedAddress | undefined; rest: Buffer } | undefined;

function read(...pieces: readonly Buffer[]): Outcome {
  const reader = new ProxyHeaderReader();
  let outcome: Outcome;
  for (const piece of pieces) outcome = reader.push(piece);
  return outcome;
}

function codeOf(bytes: Buffer): string {
  try {
    return read(bytes) === undefined ? 'more' : 'header';
  } catch (error) {
    expect(error).toBeInstanceOf(ProxyHeaderFault);
    return (error as ProxyHeaderFault).code;
  }
}

describe('ProxyHeaderReader', () => {
  it.each([
    ['IPv4', v4, '203.0.113.7'],
    ['IPv6', v6, '2001:db8:1:2::7'],
    ['IPv4 in IPv6', { ...v6, source: '::ffff:203.0.113.7' }, '203.0.113.7'],
  ])('reads %s, and leaves what follows', (_, addresses, remoteAddress) => {
    const outcome = read(Buffer.concat([proxyHeader(addresses), Buffer.from('hello')]));
    expect(outcome!.value).toEqual({ remoteAddress, remotePort: 40_000 });
    expect(outcome!.rest.toString()).toBe('hello');
  });

  it('reads it byte by byte', () => {
    const header = proxyHeader({ ...v6, tlvs: [tlv(0x02, 'host.example'), tlv(0x04, Buffer.alloc(7))] });
    const reader = new ProxyHeaderReader();
    for (let at = 0; at < header.length - 1; at++) {
      expect(reader.push(header.subarray(at, at + 1))).toBeUndefined();
    }
    expect(reader.push(header.subarray(-1))!.value).toEqual({
      remoteAddress: '2001:db8:1:2::7',
      remotePort: 40_000,
    });
  });

  it('takes LOCAL for the proxy itself, with addresses, without, and with what nobody knows', () => {
    for (const header of [
      proxyHeader({ command: 0x20 }),
      proxyHeader({ command: 0x20, family: 0x00, tlvs: [Buffer.from('rubbish')] }),
      proxyHeader({ ...v4, command: 0x20 }),
    ]) {
      expect(read(Buffer.concat([header, Buffer.from('x')]))).toEqual({
        value: undefined,
        rest: Buffer.from('x'),
      });
    }
  });

  it('takes nothing from the fields behind the addresses', () => {
    const tlvs = [
      tlv(0x02, 'admin.example\r\nuser: root'),
      tlv(0x20, Buffer.from([0x07, 0, 0, 0, 0])),
      tlv(0xea, 'vpce'),
    ];
    expect(read(proxyHeader({ ...v4, tlvs }))!.value).toEqual({
      remoteAddress: '203.0.113.7',
      remotePort: 40_000,
    });
  });

  it('checks a checksum that is there', () => {
    const header = proxyHeader({ ...v4, tlvs: [tlv(0x03, Buffer.alloc(4)), tlv(0x02, 'a')] });
    const right = Buffer.from(header);
    right.writeUInt32BE(crc32c(header), 16 + 12 + 3);
    expect(codeOf(right)).toBe('header');
    expect(codeOf(header)).toBe('checksum');
    expect(codeOf(proxyHeader({ ...v4, tlvs: [tlv(0x03, Buffer.alloc(3))] }))).toBe('tlv');
  });

  it.each([
    ['no address', proxyHeader({ family: 0x00 }), 'family'],
    ['a Unix socket', proxyHeader({ family: 0x31, tlvs: [Buffer.alloc(216)] }), 'family'],
    ['UDP', proxyHeader({ ...v4, family: 0x12 }), 'family'],
    ['a family that does not exist', proxyHeader({ ...v4, family: 0xf1 }), 'family'],
    ['another version', proxyHeader({ ...v4, command: 0x31 }), 'command'],
    ['another command', proxyHeader({ ...v4, command: 0x22 }), 'command'],
    ['too few bytes for its addresses', proxyHeader({ family: 0x21, tlvs: [Buffer.alloc(12)] }), 'too-short'],
    ['the address 0.0.0.0', proxyHeader({ ...v4, source: '0.0.0.0' }), 'address'],
    ['the address ::', proxyHeader({ ...v6, source: '::' }), 'address'],
    ['a field that is cut off', proxyHeader({ ...v4, tlvs: [Buffer.from([0x02, 0, 5, 0x61])] }), 'tlv'],
    ['half a field', proxyHeader({ ...v4, tlvs: [Buffer.from([0x02, 0])] }), 'tlv'],
    ['a length over the limit', proxyHeader(v4, proxyHeaderBytesMax), 'too-long'],
    ['the greatest length', proxyHeader(v4, 65_535), 'too-long'],
    ['version 1', Buffer.from('PROXY TCP4 203.0.113.7 10.0.0.1 40000 9093\r\n'), 'version-1'],
    ['TLS', Buffer.from('1603010200010001', 'hex'), 'missing'],
    ['Kafka', Buffer.from('0000001a00120003000000010000', 'hex'), 'missing'],
    ['a single wrong byte', Buffer.from('x'), 'missing'],
    ['a wrong byte at the end of the signature', Buffer.from('0d0a0d0a000d0a515549540b', 'hex'), 'missing'],
  ])('refuses %s', (_, bytes, code) => expect(codeOf(bytes)).toBe(code));

  it('reads the largest that it takes', () => {
    const fields = proxyHeaderBytesMax - 16 - 12 - 3;
    expect(codeOf(proxyHeader({ ...v4, tlvs: [tlv(0x04, Buffer.alloc(fields))] }))).toBe('header');
    expect(codeOf(proxyHeader({ ...v4, tlvs: [tlv(0x04, Buffer.alloc(fields + 1))] }))).toBe('too-long');
  });

  it('has nothing but its own error for bytes that were changed', () => {
    const header = proxyHeader({ ...v4, tlvs: [tlv(0x02, 'host.example'), tlv(0x04, Buffer.alloc(3))] });
    for (let at = 0; at < header.length; at++) {
      for (const value of [0x00, 0x01, 0x20, 0x21, 0x7f, 0xff, header[at]! ^ 1]) {
        const changed = Buffer.from(header);
        changed[at] = value;
        expect(typeof codeOf(changed)).toBe('string');
      }
      expect(codeOf(header.subarray(0, at))).toBe('more');
    }
  });
});
