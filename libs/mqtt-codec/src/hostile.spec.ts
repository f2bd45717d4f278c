import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { packetArbitrary } from './testing/packet-arbitraries.js';
import { bytesOf, decoderAt, decoderFor } from './testing/packet-hex.js';
import { packetSamples } from './testing/packet-samples.js';
import {
  encodePacket,
  MqttDecodeError,
  type MqttPacket,
  MqttPacketDecoder,
  type MqttProtocolLevel,
} from './index.js';

/** Pushes what may only throw MqttDecodeError, and reads all that came out. */
function tolerated(decoder: MqttPacketDecoder, ...chunks: Buffer[]): 'read' | 'refused' {
  try {
    for (const chunk of chunks) for (const packet of decoder.push(chunk)) JSON.stringify(packet);
    return 'read';
  } catch (error) {
    if (!(error instanceof MqttDecodeError)) throw error;
    expect(error.reasonCode).toBeGreaterThanOrEqual(0x80);
    expect(error.message).toMatch(/\[[A-Z]/);
    return 'refused';
  }
}

/** The packet's bytes with another body, and the remaining length that belongs to it. */
function withBody(packet: Buffer, body: Buffer): Buffer {
  return Buffer.concat([packet.subarray(0, 1), Buffer.from([body.length]), body]);
}

describe.each(packetSamples)('level %d of a %s: %s', (level, sender, hex) => {
  const bytes = bytesOf(hex);

  it('is incomplete before its last byte', () => {
    for (let length = 0; length < bytes.length; length++) {
      const decoder = decoderFor(bytes, level, sender);
      expect(decoder.push(bytes.subarray(0, length))).toEqual([]);
      expect(decoder.bufferedBytes).toBe(length);
    }
  });

  it('is the same wherever it is split', () => {
    const [whole] = decoderFor(bytes, level, sender).push(bytes);
    for (let at = 1; at < bytes.length; at++) {
      const decoder = decoderFor(bytes, level, sender);
      expect(decoder.push(bytes.subarray(0, at))).toEqual([]);
      expect(decoder.push(bytes.subarray(at))).toEqual([whole]);
    }
    const decoder = decoderFor(bytes, level, sender);
    const packets: MqttPacket[] = [];
    for (const byte of bytes) packets.push(...decoder.push(Buffer.from([byte])));
    expect(packets).toEqual([whole]);
  });

  it('is read or refused when it is cut off and says so in its length', () => {
    const body = bytes.subarray(2);
    for (let length = 0; length < body.length; length++) {
      const cut = withBody(bytes, body.subarray(0, length));
      tolerated(decoderFor(bytes, level, sender), cut);
    }
  });

  it('is read or refused with any bit flipped', () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      tolerated(decoderFor(bytes, level, sender), flipped, Buffer.from('c000c000', 'hex'));
    }
  });

  it('is read or refused with any byte at its extremes', () => {
    for (let at = 1; at < bytes.length; at++) {
      for (const value of [0, 0x7f, 0x80, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[at] = value;
        tolerated(decoderFor(bytes, level, sender), changed);
      }
    }
  });
});

describe('random bytes', () => {
  it.each([3, 4, 5] as const)('are read or refused at level %d', (level) => {
    const body = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), body, fc.boolean(), (first, bytes, fromServer) => {
        const packet = withBody(Buffer.from([first]), Buffer.from(bytes));
        tolerated(decoderAt(level, fromServer ? 'server' : 'client'), packet);
      }),
      { numRuns: 3_000 },
    );
  });

  it('before CONNECT are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
        fc.pre(bytes[0] !== 0x10);
        const decoder = new MqttPacketDecoder({ connectBytesMax: 1_000, packetBytesMax: 1_000 });
        expect(tolerated(decoder, Buffer.from(bytes))).toBe('refused');
      }),
    );
  });
});

describe('damaged packets', () => {
  it.each([3, 4, 5] as const)(
    'of any content are read or refused at level %d',
    (level: MqttProtocolLevel) => {
      fc.assert(
        fc.property(packetArbitrary(level, 'client'), fc.nat(), fc.nat(255), (packet, seed, value) => {
          const bytes = encodePacket(packet, level);
          const decoder = decoderFor(bytes, level, 'client');
          bytes[seed % bytes.length] = value;
          tolerated(decoder, bytes);
        }),
        { numRuns: 1_500 },
      );
    },
  );
});

describe('streams', () => {
  it('give the same packets however they are cut', () => {
    const stream = fc.array(packetArbitrary(5, 'server'), { maxLength: 12 });
    const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(stream, cuts, (sent, lengths) => {
        const bytes = Buffer.concat(sent.map((packet) => encodePacket(packet, 5)));
        const decoder = decoderAt(5, 'server');
        const received: MqttPacket[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const length = lengths[turn % lengths.length]!;
          received.push(...decoder.push(bytes.subarray(at, at + length)));
          at += length;
        }
        expect(received).toEqual(sent);
        expect(decoder.bufferedBytes).toBe(0);
      }),
    );
  });
});
