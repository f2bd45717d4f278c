import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { performativeArbitrary, saslArbitrary, valueArbitrary } from './testing/amqp-arbitraries.js';
import { decoderIn, frameOf } from './testing/amqp-hex.js';
import {
  AmqpDecodeError,
  AmqpFrameDecoder,
  decodeApplicationProperties,
  decodeBody,
  decodeComposite,
  decodeFooter,
  decodeHeader,
  decodeMessageAnnotations,
  decodeProperties,
  decodeValue,
  encodeFrame,
  encodeHeader,
  encodeProtocolHeader,
  encodeSaslFrame,
  encodeTransferHead,
  encodeValue,
  encodeValueSection,
  findSections,
} from './index.js';

/** Runs what may only throw AmqpDecodeError. */
function tolerated(run: () => unknown): 'read' | 'refused' {
  try {
    run();
    return 'read';
  } catch (error) {
    if (!(error instanceof AmqpDecodeError)) throw error;
    expect(error.code).toMatch(/^amqp:/);
    expect(error.message).toMatch(/ \[AMQP \d+(\.\d+)*\]$/);
    return 'refused';
  }
}

function readMessage(message: Buffer): void {
  const sections = findSections(message);
  const readers = [
    decodeHeader,
    decodeMessageAnnotations,
    decodeProperties,
    decodeApplicationProperties,
    decodeFooter,
  ];
  for (const read of readers) tolerated(() => read(sections));
  tolerated(() => {
    const body = decodeBody(sections);
    if (body.kind === 'value' && body.value.type === 'described') decodeComposite(body.value);
  });
}

const garbage = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));
/** Bytes that look like constructors, small sizes and descriptors. */
const plausible = fc
  .array(
    fc.constantFrom(
      0,
      1,
      2,
      3,
      5,
      0x40,
      0x43,
      0x45,
      0x52,
      0x53,
      0x70,
      0x80,
      0xa0,
      0xa1,
      0xa3,
      0xb1,
      0xc0,
      0xc1,
      0xd0,
      0xd1,
      0xe0,
      0xf0,
      0xff,
    ),
    { maxLength: 60 },
  )
  .map((bytes) => Buffer.from(bytes));
const hostile = fc.oneof(garbage, plausible);
const damage = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.boolean());

function damaged(bytes: Buffer, [at, value, isCut]: [number, number, boolean]): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[at % copy.length] = value;
  return isCut ? copy.subarray(0, at % (copy.length + 1)) : copy;
}

describe('hostile bytes', () => {
  it('are read or refused as values', () => {
    fc.assert(
      fc.property(hostile, (bytes) => {
        tolerated(() => encodeValue(decodeValue(bytes)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('are read or refused as messages', () => {
    const section = fc.tuple(fc.integer({ min: 0x70, max: 0x78 }), hostile);
    const message = fc
      .array(section, { maxLength: 4 })
      .map((sections) =>
        Buffer.concat(sections.flatMap(([code, bytes]) => [Buffer.from([0, 0x53, code]), bytes])),
      );
    fc.assert(
      fc.property(fc.oneof(hostile, message), (bytes) => {
        tolerated(() => readMessage(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it('are read or refused as frames, and as streams', () => {
    const body = fc
      .tuple(fc.constantFrom(0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x18, 0x40, 0x41, 0x44), hostile)
      .map(([code, bytes]) =>
        Buffer.concat([Buffer.from([0, 0x53, code, 0xc0, bytes.length + 1, 5]), bytes]),
      );
    fc.assert(
      fc.property(fc.oneof(hostile, body), fc.boolean(), (bytes, isSasl) => {
        tolerated(() => decoderIn(isSasl ? 'sasl' : 'amqp').push(frameOf(bytes, isSasl ? 1 : 0)));
        tolerated(() => decoderIn(isSasl ? 'sasl' : 'amqp').push(bytes));
        tolerated(() => new AmqpFrameDecoder().push(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it('that are damaged values, messages and frames are read or refused', () => {
    fc.assert(
      fc.property(valueArbitrary, performativeArbitrary, damage, (value, performative, how) => {
        tolerated(() => decodeValue(damaged(encodeValue(value), how)));
        const message = Buffer.concat([encodeHeader({ type: 'header', ttl: 7 }), encodeValueSection(value)]);
        tolerated(() => readMessage(damaged(message, how)));
        const body = encodeFrame(0, performative).subarray(8);
        tolerated(() => decoderIn('amqp').push(frameOf(damaged(body, how))));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a stream', () => {
  it('gives the same however it is cut', () => {
    const frames = fc.array(fc.tuple(fc.nat(0xffff), performativeArbitrary, garbage), { maxLength: 8 });
    const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(saslArbitrary, { maxLength: 3 }), frames, cuts, (sasl, sent, lengths) => {
        const bytes = Buffer.concat([
          encodeProtocolHeader('sasl'),
          ...sasl.map((performative) => encodeSaslFrame(performative)),
          encodeProtocolHeader('amqp'),
          ...sent.flatMap(([channel, performative, payload]) =>
            performative.type === 'transfer'
              ? [encodeTransferHead(channel, performative, payload.length), payload]
              : [encodeFrame(channel, performative)],
          ),
        ]);
        const decoder = new AmqpFrameDecoder(1_000_000);
        const received = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const length = lengths[turn % lengths.length]!;
          received.push(...decoder.push(bytes.subarray(at, at + length)));
          at += length;
        }
        expect(received).toEqual([
          expect.objectContaining({ protocol: 'sasl' }),
          ...sasl.map((performative) => ({ type: 'sasl-frame', performative })),
          expect.objectContaining({ protocol: 'amqp' }),
          ...sent.map(([channel, performative, payload]) => ({
            ...{ type: 'frame', channel, performative },
            payload: performative.type === 'transfer' ? payload : Buffer.alloc(0),
          })),
        ]);
        expect(decoder.bufferedBytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
