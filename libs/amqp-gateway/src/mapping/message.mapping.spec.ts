import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type AmqpAnnotations,
  type AmqpComposite,
  type AmqpCompositeInput,
  type AmqpMessageSections,
  type AmqpScalar,
  type AmqpValue,
  bareMessage,
  decodeApplicationProperties,
  decodeBody,
  decodeHeader,
  decodeMessageAnnotations,
  decodeProperties,
  encodeApplicationProperties,
  encodeDataHead,
  encodeDeliveryAnnotations,
  encodeFooter,
  encodeHeader,
  encodeMessageAnnotations,
  encodeProperties,
  encodeSequence,
  encodeValue,
  encodeValueSection,
  findSections,
} from '#libs/amqp-codec';
import type { KeyValue, OutgoingMessage, PulsarMessage } from '#libs/pulsar';
import { AmqpError } from '../amqp.errors.js';
import { cursorOf, nativeEntry, newBuilder, storedBatch } from '../testing/stored-entry.js';
import { type DecodedMessage, decodeMessage, userIdsOf } from './incoming-message.js';
import { appendMessage, linkFields } from './message.mapping.js';
import { type AmqpMessage, deliveryParts, messageFromPulsar } from './stored-message.mapping.js';

const nowMs = 1_795_000_000_000;
const users = userIdsOf('ada', 'acme');
const ofLink = linkFields('container-1');
const facts = { redeliveries: 0, nowMs };

function decode(...parts: readonly Buffer[]): DecodedMessage {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  return decodeMessage({ parts, bytes, transactionId: undefined }, users, nowMs);
}

/** As it lies in Pulsar, and as AMQP clients get it. */
function stored(message: Buffer): { pulsar: PulsarMessage; amqp: AmqpMessage } {
  const builder = newBuilder();
  appendMessage(builder, decode(message), ofLink);
  const cursor = cursorOf(storedBatch(builder.finish('none')));
  cursor.next();
  const pulsar = cursor.message();
  return { pulsar, amqp: messageFromPulsar(cursor) as AmqpMessage };
}

function crossed(message: Buffer): AmqpMessageSections {
  return findSections(Buffer.concat(deliveryParts(stored(message).amqp, facts)));
}

/** What a native or Kafka producer wrote. */
function read(message: Partial<OutgoingMessage>): AmqpMessageSections {
  const cursor = cursorOf(nativeEntry([{ value: Buffer.from('v'), ...message }]));
  cursor.next();
  return findSections(Buffer.concat(deliveryParts(messageFromPulsar(cursor) as AmqpMessage, facts)));
}

function data(payload: Buffer): Buffer {
  return Buffer.concat([encodeDataHead(payload.length), payload]);
}

function properties(fields: Omit<AmqpCompositeInput<'properties'>, 'type'>): Buffer {
  return encodeProperties({ type: 'properties', ...fields });
}

function property(message: PulsarMessage, name: string): string | undefined {
  return message.properties.find(({ key }) => key === name)?.value;
}

function refusal(...parts: readonly Buffer[]): string {
  try {
    decode(...parts);
    return 'taken';
  } catch (error) {
    return error instanceof AmqpError ? `${error.condition} ${error.scope}` : String(error);
  }
}

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const symbol = fc.string({ unit: fc.constantFrom(...'abc-:.09'), maxLength: 12 });
const typed = <T>(type: AmqpScalar['type'], values: fc.Arbitrary<T>) =>
  values.map((value) => ({ type, value }) as unknown as AmqpScalar);
const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
/** Of every type that AMQP 1.0 has. */
const scalar: fc.Arbitrary<AmqpScalar> = fc.oneof(
  fc.constant<AmqpScalar>({ type: 'null' }),
  typed('boolean', fc.boolean()),
  typed('ubyte', fc.integer({ min: 0, max: 0xff })),
  typed('ushort', fc.integer({ min: 0, max: 0xffff })),
  typed('uint', fc.integer({ min: 0, max: 0xffff_ffff })),
  typed('ulong', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  typed('byte', fc.integer({ min: -0x80, max: 0x7f })),
  typed('short', fc.integer({ min: -0x8000, max: 0x7fff })),
  typed('int', fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })),
  typed('long', long),
  typed('timestamp', long),
  typed('float', fc.float()),
  typed('double', fc.double()),
  typed('decimal32', bytes(4, 4)),
  typed('decimal64', bytes(8, 8)),
  typed('decimal128', bytes(16, 16)),
  typed('uuid', bytes(16, 16)),
  typed('char', fc.oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))),
  typed('binary', bytes(0, 300)),
  typed('string', text),
  typed('symbol', symbol),
);
const value: fc.Arbitrary<AmqpValue> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 4 }).map((list) => ({ type: 'list', value: list }) as const),
  fc
    .array(typed('int', fc.integer({ min: 0, max: 9 })), { maxLength: 4 })
    .map((array) => ({ type: 'array', of: 'int', value: array }) as const),
  fc
    .uniqueArray(fc.tuple(typed('string', text), scalar), {
      maxLength: 3,
      selector: ([key]) => String((key as { value: string }).value),
    })
    .map((map) => ({ type: 'map', value: map }) as const),
  scalar.map(
    (inner) =>
      ({
        type: 'described',
        descriptor: { type: 'symbol', value: 'own' },
        encoded: encodeValue(inner),
      }) as const,
  ),
);
const named = <T>(key: fc.Arbitrary<string>, values: fc.Arbitrary<T>) =>
  fc
    .uniqueArray(fc.tuple(key, values), { maxLength: 5, selector: ([name]) => name })
    .map((all) => new Map(all));
const names = fc.oneof(text, fc.constantFrom('pulsegate.amqp.body', 'pulsegate.null.x', '__proto__', 'a'));
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const messageId = fc.oneof(
  typed('ulong', fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  typed('uuid', bytes(16, 16)),
  typed('binary', bytes(0, 20)),
  typed('string', text),
) as fc.Arbitrary<NonNullable<AmqpComposite<'properties'>['messageId']>>;
const propertiesSection = fc
  .record({
    messageId: optional(messageId),
    userId: optional(fc.constantFrom(...users, Buffer.alloc(0))),
    to: optional(text),
    subject: optional(text),
    replyTo: optional(text),
    correlationId: optional(messageId),
    contentType: optional(symbol),
    contentEncoding: optional(symbol),
    absoluteExpiryTime: optional(long),
    creationTime: optional(long),
    groupId: optional(text),
    groupSequence: optional(fc.integer({ min: 0, max: 0xffff_ffff })),
    replyToGroupId: optional(text),
  })
  .map((fields) => properties(fields));
/** Also in encodings that no encoder here makes. */
const body: fc.Arbitrary<Buffer> = fc.oneof(
  bytes(0, 400).map(data),
  bytes(0, 20).map((payload) => {
    const head = Buffer.from([0, 0x53, 0x75, 0xb0, 0, 0, 0, payload.length]);
    return Buffer.concat([head, payload]);
  }),
  bytes(0, 20).map((payload) =>
    Buffer.concat([Buffer.from([0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x75, 0xa0, payload.length]), payload]),
  ),
  bytes(0, 20).map((payload) =>
    Buffer.concat([
      Buffer.from([0, 0xa3, 16, ...Buffer.from('amqp:data:binary'), 0xa0, payload.length]),
      payload,
    ]),
  ),
  fc.array(bytes(0, 9).map(data), { minLength: 2, maxLength: 4 }).map((all) => Buffer.concat(all)),
  fc
    .array(fc.array(value, { maxLength: 3 }).map(encodeSequence), { minLength: 1, maxLength: 3 })
    .map((all) => Buffer.concat(all)),
  value.map(encodeValueSection),
  fc.constantFrom(encodeValueSection({ type: 'null' }), Buffer.alloc(0)),
);

describe('from AMQP to AMQP', () => {
  it('the bare message is the same, byte for byte, whatever it is', () => {
    fc.assert(
      fc.property(
        optional(propertiesSection),
        optional(named(names, scalar)),
        body,
        optional(named(symbol, value)),
        (ofMessage, application, content, footer) => {
          const bare = Buffer.concat([
            ...(ofMessage ? [ofMessage] : []),
            ...(application ? [encodeApplicationProperties(application)] : []),
            content,
          ]);
          const ofFooter = footer === undefined ? Buffer.alloc(0) : encodeFooter(footer);
          const sections = crossed(Buffer.concat([bare, ofFooter]));
          expect(bareMessage(sections).equals(bare)).toBe(true);
          expect(sections.message.subarray(sections.bareEnd).equals(ofFooter)).toBe(true);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('annotations are those of the sender, and those of the place', () => {
    const setHere = (name: string | bigint) => typeof name === 'string' && name.startsWith('x-opt-');
    fc.assert(
      fc.property(named(symbol, value), fc.boolean(), (said, hasSequenceNumber) => {
        const all: AmqpAnnotations = hasSequenceNumber
          ? new Map([...said, ['x-opt-sequence-number', { type: 'long', value: -1n }]])
          : said;
        const sections = crossed(Buffer.concat([encodeMessageAnnotations(all), data(Buffer.from('v'))]));
        const shown = decodeMessageAnnotations(sections) as AmqpAnnotations;
        const ofSender = new Map([...shown].filter(([name]) => !setHere(name)));
        expect(encodeMessageAnnotations(ofSender).equals(encodeMessageAnnotations(said))).toBe(true);
        expect(shown.get('x-opt-enqueued-time')).toEqual({ type: 'timestamp', value: 1n });
      }),
    );
  });

  it('the header says what of it holds after the store', () => {
    const header = { type: 'header', durable: true, priority: 9, ttl: 5_000, deliveryCount: 2 } as const;
    const { amqp } = stored(Buffer.concat([encodeHeader(header), data(Buffer.from('v'))]));
    const shown = (redeliveries: number, laterMs: number) => {
      const parts = deliveryParts(amqp, { redeliveries, nowMs: nowMs + laterMs });
      return decodeHeader(findSections(Buffer.concat(parts)));
    };
    expect(shown(0, 0)).toEqual({ ...header, firstAcquirer: true });
    expect(shown(3, 1_000)).toEqual({ ...header, ttl: 4_000, deliveryCount: 5, firstAcquirer: false });
    expect(amqp.expiresAtMs).toBe(nowMs + 5_000);
    const plain = crossed(data(Buffer.from('v')));
    expect(decodeHeader(plain)).toMatchObject({
      durable: false,
      priority: 4,
      deliveryCount: 0,
      firstAcquirer: true,
    });
    expect(stored(data(Buffer.from('v'))).amqp.containerId).toBe('container-1');
  });

  it('delivery annotations are of one hop', () => {
    const hop = encodeDeliveryAnnotations(new Map([['x-hop', { type: 'int', value: 1 } as const]]));
    expect(crossed(Buffer.concat([hop, data(Buffer.from('v'))])).deliveryAnnotations).toBeUndefined();
  });
});

describe('what others read', () => {
  it.each([
    ['data', data(Buffer.from('payload')), 'payload'],
    [
      'data of a long head',
      Buffer.concat([Buffer.from([0, 0x53, 0x75, 0xb0, 0, 0, 0, 3]), Buffer.from('abc')]),
      'abc',
    ],
    ['a string', encodeValueSection({ type: 'string', value: 'größe' }), 'größe'],
    ['binary in a value', encodeValueSection({ type: 'binary', value: Buffer.from('b') }), 'b'],
    ['nothing', encodeValueSection({ type: 'null' }), undefined],
    ['no body', Buffer.alloc(0), ''],
  ])('the payload of %s', (_name, content, payload) => {
    expect(stored(content).pulsar.value?.toString()).toBe(payload);
  });

  it('sections of a body that is not one run of bytes', () => {
    const { pulsar } = stored(encodeSequence([{ type: 'int', value: 7 }]));
    expect(pulsar.value).toEqual(encodeSequence([{ type: 'int', value: 7 }]));
    expect(property(pulsar, 'pulsegate.amqp.body')).toBe('encoded');
  });

  it('application properties as text, with their types', () => {
    const all = new Map<string, AmqpScalar>([
      ['text', { type: 'string', value: 'ä' }],
      ['count', { type: 'int', value: -7 }],
      ['big', { type: 'ulong', value: 2n ** 64n - 1n }],
      ['half', { type: 'double', value: 0.5 }],
      ['yes', { type: 'boolean', value: true }],
      ['id', { type: 'uuid', value: Buffer.from('00112233445566778899aabbccddeeff', 'hex') }],
      ['bytes', { type: 'binary', value: Buffer.from([0xff]) }],
      ['none', { type: 'null' }],
      ['pulsegate.own', { type: 'string', value: 'x' }],
    ]);
    const { pulsar } = stored(Buffer.concat([encodeApplicationProperties(all), data(Buffer.from('v'))]));
    const shown = pulsar.properties.filter(({ key }) => !key.startsWith('pulsegate.amqp.'));
    expect(shown.map(({ key, value: shownValue }) => `${key}=${shownValue}`)).toEqual([
      'text=ä',
      'count=-7',
      'big=18446744073709551615',
      'half=0.5',
      'yes=true',
      'id=00112233-4455-6677-8899-aabbccddeeff',
      'pulsegate.base64.bytes=/w==',
      'pulsegate.null.none=',
      'pulsegate.base64.pulsegate.own=eA==',
      'pulsegate.types={"count":"int","big":"ulong","half":"double","yes":"boolean","id":"uuid"}',
    ]);
  });

  it('key, group, times and the properties of the message', () => {
    const said = new Map([['x-opt-partition-key', { type: 'string', value: 'schlüssel' } as const]]);
    const { pulsar } = stored(
      Buffer.concat([
        encodeHeader({ type: 'header', priority: 7 }),
        encodeMessageAnnotations(said),
        properties({
          messageId: { type: 'string', value: 'm-1' },
          correlationId: { type: 'string', value: 'c-1' },
          userId: Buffer.from('ada'),
          subject: 's',
          replyTo: '/queues/answers',
          contentType: 'text/plain',
          contentEncoding: 'gzip',
          creationTime: 1_700_000_000_000n,
          absoluteExpiryTime: BigInt(nowMs + 9_000),
          groupId: 'g-1',
        }),
        data(Buffer.from('v')),
      ]),
    );
    expect([pulsar.key, pulsar.orderingKey?.toString(), pulsar.eventTime]).toEqual([
      'schlüssel',
      'g-1',
      1_700_000_000_000,
    ]);
    const hub = pulsar.properties.filter(({ key }) => !key.startsWith('pulsegate.amqp.'));
    expect(hub.map(({ key, value: shown }) => `${key}=${shown}`).sort()).toEqual([
      `pulsegate.content-encoding=gzip`,
      `pulsegate.content-type=text/plain`,
      `pulsegate.correlation=${Buffer.from('c-1').toString('base64')}`,
      `pulsegate.expires-at=${nowMs + 9_000}`,
      `pulsegate.message-id=m-1`,
      `pulsegate.priority=7`,
      `pulsegate.reply-to=/queues/answers`,
      `pulsegate.subject=s`,
      `pulsegate.user-id=ada`,
    ]);
  });

  it('the delivery time, relative or not, where it is to come', () => {
    const at = (name: string, said: AmqpValue) =>
      decode(encodeMessageAnnotations(new Map([[name, said]])), data(Buffer.from('v'))).annotations
        .deliverAtMs;
    expect(at('x-opt-delivery-time', { type: 'timestamp', value: BigInt(nowMs + 5) })).toBe(nowMs + 5);
    expect(at('x-opt-delivery-time', { type: 'long', value: BigInt(nowMs - 5) })).toBeUndefined();
    expect(at('x-opt-delivery-delay', { type: 'uint', value: 7 })).toBe(nowMs + 7);
    expect(at('x-opt-delivery-delay', { type: 'int', value: 0 })).toBeUndefined();
    expect(at('x-opt-delivery-delay', { type: 'null' })).toBeUndefined();
  });
});

describe('what is refused', () => {
  const payload = data(Buffer.from('v'));
  const said = (name: string, of: AmqpValue) => encodeMessageAnnotations(new Map([[name, of]]));

  const cases: [string, Buffer[], string][] = [
    ['bytes that are no sections', [Buffer.from('no')], 'amqp:decode-error link'],
    ['a section that ends too early', [payload.subarray(0, -1)], 'amqp:decode-error link'],
    [
      'a property that is a list',
      [Buffer.from('005374c10a02a1016bd0000000040000', 'hex'), payload],
      'amqp:decode-error link',
    ],
    ['another user', [properties({ userId: Buffer.from('eve') }), payload], 'amqp:unauthorized-access link'],
    [
      'a key that is a list',
      [said('x-opt-partition-key', { type: 'list', value: [] }), payload],
      'amqp:invalid-field link',
    ],
    [
      'a delay that is a text',
      [said('x-opt-delivery-delay', { type: 'string', value: '5' }), payload],
      'amqp:invalid-field link',
    ],
    [
      'a delay below zero',
      [said('x-opt-delivery-delay', { type: 'long', value: -1n }), payload],
      'amqp:invalid-field link',
    ],
    [
      'a time beyond all calendars',
      [said('x-opt-delivery-time', { type: 'long', value: 2n ** 60n }), payload],
      'amqp:invalid-field link',
    ],
    [
      'nothing: the names of the user that authentication knows',
      [properties({ userId: Buffer.from('ada@acme') }), payload],
      'taken',
    ],
    ['nothing: in several parts', [payload.subarray(0, 3), payload.subarray(3)], 'taken'],
  ];

  it.each(cases)('%s', (_name, parts, outcome) => {
    expect(refusal(...parts)).toBe(outcome);
  });
});

describe('what others wrote', () => {
  it('is data, with application properties of the types that are said', () => {
    const written: KeyValue[] = [
      { key: 'text', value: 'ä' },
      { key: 'count', value: '-7' },
      { key: 'odd', value: 'no number' },
      { key: 'pulsegate.base64.bytes', value: '/w==' },
      { key: 'pulsegate.base64.pulsegate.own', value: 'eA==' },
      { key: 'pulsegate.null.none', value: '' },
      { key: 'text', value: 'last' },
      { key: 'pulsegate.types', value: '{"count":"int","odd":"long","gone":"int"}' },
      { key: 'pulsegate.mqtt.topic', value: 'a/b' },
      { key: 'pulsegate.mqtt.response-topic', value: 'a/c' },
      { key: 'pulsegate.correlation', value: Buffer.from('c').toString('base64') },
      { key: 'pulsegate.content-type', value: 'text/plain' },
      { key: 'pulsegate.expires-at', value: String(nowMs + 1_000) },
    ];
    const sections = read({ key: 'k', eventTime: 1_234, orderingKey: Buffer.from('g'), properties: written });
    expect(decodeBody(sections)).toEqual({ kind: 'data', parts: [Buffer.from('v')] });
    expect([...(decodeApplicationProperties(sections) ?? [])]).toEqual([
      ['text', { type: 'string', value: 'last' }],
      ['count', { type: 'int', value: -7 }],
      ['odd', { type: 'string', value: 'no number' }],
      ['bytes', { type: 'binary', value: Buffer.from([0xff]) }],
      ['pulsegate.own', { type: 'string', value: 'x' }],
      ['none', { type: 'null' }],
    ]);
    expect(decodeProperties(sections)).toMatchObject({
      correlationId: { type: 'string', value: 'c' },
      contentType: 'text/plain',
      creationTime: 1_234n,
      groupId: 'g',
    });
    expect(decodeHeader(sections)).toMatchObject({ durable: true, ttl: 1_000 });
    const shown = decodeMessageAnnotations(sections);
    expect(shown?.get('x-opt-partition-key')).toEqual({ type: 'string', value: 'k' });
    expect(shown?.get('x-opt-mqtt-topic')).toEqual({ type: 'string', value: 'a/b' });
    expect(shown?.get('x-opt-mqtt-response-topic')).toEqual({ type: 'string', value: 'a/c' });
  });

  it('has no sections beside the body where nothing is said, and the null value is none', () => {
    const sections = read({});
    expect([sections.properties, sections.applicationProperties]).toEqual([undefined, undefined]);
    expect(decodeBody(read({ value: null }))).toEqual({ kind: 'value', value: { type: 'null' } });
    const binaryKey = decodeMessageAnnotations(read({ key: Buffer.from([0xff, 0]) }));
    expect(binaryKey?.get('x-opt-partition-key')).toEqual({ type: 'binary', value: Buffer.from([0xff, 0]) });
  });

  it('is what it is, though it says that an AMQP client sent it', () => {
    const prefix = (base64: string, ofBody: string) =>
      read({
        properties: [
          { key: 'pulsegate.amqp.body', value: ofBody },
          { key: 'pulsegate.amqp.prefix', value: base64 },
          { key: 'pulsegate.amqp.annotations', value: 'wQUA' },
          { key: 'pulsegate.amqp.footer', value: 'AFN4' },
          { key: 'pulsegate.amqp.delivery-count', value: '-3' },
        ],
      });
    for (const [base64, ofBody] of [
      ['!!', 'headed'],
      ['AFN0', 'data'],
      ['', 'encoded'],
      ['', 'what'],
    ] as const) {
      expect(decodeBody(prefix(base64, ofBody))).toEqual({ kind: 'data', parts: [Buffer.from('v')] });
    }
  });

  it('reads nothing but sections, whatever is in the properties', () => {
    const name = fc.constantFrom(
      ...['body', 'prefix', 'annotations', 'footer', 'durable', 'delivery-count', 'container'].map(
        (each) => `pulsegate.amqp.${each}`,
      ),
      'pulsegate.expires-at',
      'pulsegate.priority',
      'pulsegate.types',
      'pulsegate.correlation',
      'pulsegate.base64.x',
    );
    const base64 = bytes(0, 12).map((of) => of.toString('base64'));
    const said = fc.oneof(
      fc.constantFrom('data', 'text', 'headed', 'encoded', 'null', '{}', '[1]', '9'),
      base64,
      text,
    );
    fc.assert(
      fc.property(fc.array(fc.record({ key: name, value: said }), { maxLength: 6 }), (all) => {
        expect(read({ properties: all }).bareEnd).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });
});
