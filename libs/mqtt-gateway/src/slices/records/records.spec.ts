import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MqttQos } from '#libs/mqtt-codec';
import type { MqttMessageProperties } from '../../message.js';
import { decodeIntentRecord, encodeIntentRecord } from './intent-record.js';
import { decodePositionRecord, encodePositionRecord } from './position-record.js';
import { decodeProgressRecord, encodeProgressRecord } from './progress-record.js';
import { decodeQueueRecord, encodeQueueRecord } from './queue-record.js';
import { parseRecordKey, positionKey, recordKey } from './record-key.js';
import { decodeSessionRecord, encodeSessionRecord } from './session-record.js';
import { decodeSubscriptionRecord, encodeSubscriptionRecord } from './subscription-record.js';
import { decodeWillRecord, encodeWillRecord } from './will-record.js';

const text = fc.string({ unit: 'grapheme' });
const id = fc.nat();
const bytes = fc.uint8Array().map((array) => Buffer.from(array));
const qos = fc.constantFrom<MqttQos>(0, 1, 2);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const properties: fc.Arbitrary<MqttMessageProperties> = fc.record(
  {
    payloadFormatIndicator: fc.constantFrom<0 | 1>(0, 1),
    contentType: text,
    responseTopic: text,
    correlationData: bytes,
    userProperties: fc.array(fc.tuple(text, text)),
  },
  { requiredKeys: [] },
);
const message = fc.record({
  ...{ topic: text, payload: bytes, qos, retain: fc.boolean(), properties },
  ...{ expiresAtMs: maybe(id), publisherId: maybe(text) },
});

function roundTrips<T>(
  value: fc.Arbitrary<T>,
  encode: (value: T) => Buffer,
  decode: (bytes: Buffer) => T,
): void {
  fc.assert(
    fc.property(value, (given) => {
      const encoded = encode(given);
      expect(encoded.length).toBeGreaterThan(0);
      expect(decode(encoded)).toEqual(given);
    }),
  );
}

describe('records of a slice', () => {
  it('of queued messages come back as they were, with payloads of their own', () => {
    const source = fc.record({ partition: text, ledgerId: id, entryId: id, index: id });
    const target = fc.record({
      ...{ session: id, qos, retain: fc.boolean(), checked: fc.boolean() },
      subscriptionIdentifiers: fc.array(fc.integer({ min: 1, max: 268_435_455 })),
    });
    roundTrips(
      fc.record({ message, source, targets: fc.array(target) }),
      encodeQueueRecord,
      decodeQueueRecord,
    );
    const record = {
      message: { topic: 't', payload: Buffer.from('payload'), qos: 1, retain: false, properties: {} },
      ...{ source: { partition: 'p', ledgerId: 1, entryId: 2, index: 3 }, targets: [] },
    };
    const all = { ...record.message, qos: 1 as const, expiresAtMs: undefined, publisherId: undefined };
    const encoded = encodeQueueRecord({ ...record, message: all });
    const { payload } = decodeQueueRecord(encoded).message;
    encoded.fill(0);
    expect(payload.toString()).toBe('payload');
    // Not a part of Node's pool, all of which would be kept.
    expect(payload.buffer.byteLength).toBe(payload.length);
  });

  it('of sessions, subscriptions, progress, places and positions come back as they were', () => {
    const level = fc.constantFrom(3 as const, 4 as const, 5 as const);
    const session = fc.record({ clientId: text, level, expirySeconds: id, disconnectedAtMs: maybe(id) });
    roundTrips(session, encodeSessionRecord, decodeSessionRecord);
    const subscription = fc.record({
      ...{ filter: fc.constant('a/#'), qos, noLocal: fc.boolean(), retainAsPublished: fc.boolean() },
      ...{
        retainHandling: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
        identifier: maybe(id),
        checked: fc.boolean(),
      },
    });
    roundTrips(subscription, encodeSubscriptionRecord, (value) => decodeSubscriptionRecord('a/#', value));
    const inFlight = fc.record({ packetId: id, sequence: id, received: fc.boolean() });
    const progress = fc.record({
      ...{ doneThrough: id, doneBeyond: fc.array(id), inFlight: fc.array(inFlight) },
    });
    roundTrips(progress, encodeProgressRecord, decodeProgressRecord);
    roundTrips(fc.record({ partition: text, sequenceId: id }), encodeIntentRecord, decodeIntentRecord);
    roundTrips(fc.record({ ledgerId: id, entryId: id }), encodePositionRecord, decodePositionRecord);
  });

  it('of wills come back as they were', () => {
    const source = fc.constantFrom('password' as const, 'certificate' as const);
    const author = fc.record({ user: text, groups: fc.array(text), anonymous: fc.boolean(), source });
    const will = fc.record({
      ...{ topic: text, payload: bytes, qos, retain: fc.boolean(), properties },
      ...{ messageExpiryIntervalSeconds: maybe(id), willDelayIntervalSeconds: id },
    });
    const record = fc.record({
      ...{ clientId: text, author, will, connectionId: text, instance: text },
      ...{ session: maybe(id), dueAtMs: maybe(id) },
    });
    roundTrips(record, encodeWillRecord, decodeWillRecord);
  });

  it('have keys that are taken apart again, whatever is in a filter or a name', () => {
    fc.assert(
      fc.property(id, text, (number, rest) => {
        expect(parseRecordKey(recordKey('sub', number, rest))).toEqual({ kind: 'sub', number, rest });
        expect(parseRecordKey(positionKey(rest))).toEqual({ kind: 'pos', number: 0, rest });
        expect(parseRecordKey(recordKey('queue', number))).toEqual({ kind: 'queue', number, rest: '' });
      }),
    );
    for (const foreign of ['', 'x/1', 'session', 'sessions/1', 'queue/x', 'pulsegate.lease']) {
      expect(parseRecordKey(foreign)).toBeUndefined();
    }
  });

  it('of another version cost the slice, not their meaning', () => {
    const encoded = encodePositionRecord({ ledgerId: 1, entryId: 1 });
    const newer = Buffer.from(encoded.toString().replace('"v":1', '"v":2'));
    expect(() => decodePositionRecord(newer)).toThrow('of version 2, not 1');
    expect(() => decodeQueueRecord(Buffer.from([9]))).toThrow('of version 9, not 1');
  });
});
