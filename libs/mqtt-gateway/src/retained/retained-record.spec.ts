import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MqttMessage } from '../message.js';
import { decodeRetained, encodeRetained, peekRetained, retainedKey } from './retained-record.js';

const text = fc.string({ unit: 'binary', maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));
const messages: fc.Arbitrary<MqttMessage> = fc.record({
  topic: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
    fc.string({ unit: 'grapheme', minLength: 900, maxLength: 1_200 }),
  ),
  payload: bytes,
  qos: fc.constantFrom(0, 1, 2),
  retain: fc.constant(true),
  properties: fc.record(
    {
      payloadFormatIndicator: fc.constantFrom(0, 1),
      contentType: text,
      responseTopic: text,
      correlationData: bytes,
      userProperties: fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 }),
    },
    { requiredKeys: [] },
  ),
  expiresAtMs: fc.option(fc.nat(), { nil: undefined }),
  publisherId: fc.option(text, { nil: undefined }),
});

describe('a retained message in the log', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const key = retainedKey(message.topic);
        const record = encodeRetained(message);
        expect(decodeRetained(key, record)).toEqual(message);
        expect(peekRetained(key, record)).toEqual({ topic: message.topic, expiresAtMs: message.expiresAtMs });
      }),
    );
  });

  it('has a key that the log takes, and its own, whatever the topic', () => {
    const long = 'x'.repeat(65_535);
    expect(retainedKey(long).length).toBeLessThan(100);
    expect(retainedKey(long)).not.toBe(retainedKey(`${long.slice(1)}y`));
    expect(retainedKey('pulsegate.mark').startsWith('pulsegate.')).toBe(false);
  });

  it('is passed over when it is of no version that is known, or no record at all', () => {
    const message: MqttMessage = {
      topic: 'a',
      payload: Buffer.from('x'),
      qos: 1,
      retain: true,
      properties: {},
      expiresAtMs: undefined,
      publisherId: undefined,
    };
    const record = encodeRetained(message);
    const other = Buffer.from(record);
    other[0] = 2;
    expect(decodeRetained('/a', other)).toBeUndefined();
    for (let end = 0; end < 8; end++) expect(decodeRetained('/a', record.subarray(0, end))).toBeUndefined();
    const torn = Buffer.from(record);
    torn[6] = 0x7b ^ 1;
    expect(decodeRetained('/a', torn)).toBeUndefined();
    expect(decodeRetained('\u0001nobody', record)).toBeUndefined();
  });
});
