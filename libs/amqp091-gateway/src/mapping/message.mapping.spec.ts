import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeBasicProperties, encodeFieldTable, type FieldTable } from '#libs/amqp091-codec';
import { nowMs, propertiesOf, published, read, stored } from '../testing/mapping-bed.js';
import { table } from '../testing/topology-fixture.js';
import { fieldAsText, fieldFromText, hubTypeOf } from './field-text.js';

const every: FieldTable = [
  ['text', { tag: 'S', value: Buffer.from('ä') }],
  ['no-text', { tag: 'S', value: Buffer.from([0xff]) }],
  ['bytes', { tag: 'x', value: Buffer.from('abc') }],
  ['yes', { tag: 't', value: true }],
  ['int8', { tag: 'b', value: -128 }],
  ['uint8', { tag: 'B', value: 255 }],
  ['int16', { tag: 's', value: -1 }],
  ['uint16', { tag: 'u', value: 65_535 }],
  ['int32', { tag: 'I', value: -7 }],
  ['uint32', { tag: 'i', value: 4_294_967_295 }],
  ['int64', { tag: 'l', value: -(2n ** 63n) }],
  ['float', { tag: 'f', value: 0.5 }],
  ['double', { tag: 'd', value: -0 }],
  ['time', { tag: 'T', value: 1_700_000_000n }],
  ['price', { tag: 'D', scale: 2, value: 1_999 }],
  ['cent', { tag: 'D', scale: 2, value: 5 }],
  ['nothing', { tag: 'V' }],
  ['pulsegate.own', { tag: 'I', value: 3 }],
  [
    'nested',
    {
      tag: 'F',
      value: [
        [
          'list',
          {
            tag: 'A',
            value: [
              { tag: 'V' },
              { tag: 'l', value: 2n ** 62n },
              { tag: 'T', value: 1n },
              { tag: 'b', value: 1 },
            ],
          },
        ],
        ['list', { tag: 'V' }],
        ['raw', { tag: 'x', value: Buffer.from([0xff]) }],
      ],
    },
  ],
];

const properties = {
  contentType: 'application/json',
  contentEncoding: 'gzip',
  headers: encodeFieldTable(every),
  deliveryMode: 2,
  priority: 7,
  correlationId: 'c-1',
  replyTo: 'answers',
  expiration: '60000',
  messageId: 'm-1',
  timestamp: 1_700_000_000n,
  type: 'order.paid',
  userId: 'ada',
  appId: 'shop',
  clusterId: 'old',
};

describe('what a 0-9-1 client publishes', () => {
  it('is what a 0-9-1 client gets, byte for byte, whatever its properties are', () => {
    const short = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed());
    const bytes = fc.uint8Array({ maxLength: 40 }).map((each) => Buffer.from(each));
    const basic = fc.record(
      {
        contentType: short,
        contentEncoding: short,
        deliveryMode: fc.nat(255),
        priority: fc.nat(255),
        correlationId: fc.oneof(short, bytes),
        replyTo: fc.oneof(short, bytes),
        messageId: fc.oneof(short, bytes),
        timestamp: fc.bigInt(0n, 2n ** 64n - 1n),
        type: short,
        userId: short,
        appId: short,
        clusterId: short,
        headers: fc.constantFrom(encodeFieldTable(every), encodeFieldTable([])),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        basic,
        fc.array(bytes, { maxLength: 3 }),
        short,
        short,
        (fields, body, exchange, routingKey) => {
          const raw = encodeBasicProperties(fields);
          const { amqp } = stored(published(raw, { body, exchange, routingKey }));
          expect(amqp.properties.equals(raw)).toBe(true);
          expect(amqp.body.equals(Buffer.concat(body))).toBe(true);
          expect([amqp.exchange, amqp.routingKey, amqp.isOwn]).toEqual([exchange, routingKey, true]);
        },
      ),
    );
  });

  it('is properties for all others', () => {
    const { pulsar, amqp } = stored(published(properties), nowMs + 60_000);
    expect(pulsar.key).toBeNull();
    expect(pulsar.eventTime).toBe(1_700_000_000_000);
    expect(pulsar.value?.toString()).toBe('payload');
    const { 'pulsegate.types': types, 'pulsegate.amqp091.properties': raw, ...rest } = propertiesOf(pulsar);
    expect(raw).toBe(encodeBasicProperties(properties).toString('base64'));
    expect(rest).toEqual({
      'pulsegate.amqp091.exchange': 'orders',
      'pulsegate.amqp091.routing-key': 'eu.paid',
      'pulsegate.expires-at': String(nowMs + 60_000),
      'pulsegate.content-type': 'application/json',
      'pulsegate.content-encoding': 'gzip',
      'pulsegate.priority': '7',
      'pulsegate.correlation': Buffer.from('c-1').toString('base64'),
      'pulsegate.reply-to': 'answers',
      'pulsegate.message-id': 'm-1',
      'pulsegate.subject': 'order.paid',
      'pulsegate.user-id': 'ada',
      text: 'ä',
      'pulsegate.base64.no-text': '/w==',
      'pulsegate.base64.bytes': 'YWJj',
      yes: 'true',
      int8: '-128',
      uint8: '255',
      int16: '-1',
      uint16: '65535',
      int32: '-7',
      uint32: '4294967295',
      int64: '-9223372036854775808',
      float: '0.5',
      double: '-0',
      time: '1700000000000',
      price: '19.99',
      cent: '0.05',
      'pulsegate.null.nothing': '',
      'pulsegate.base64.pulsegate.own': 'Mw==',
      nested: '{"list":[null,"4611686018427387904",1000,1],"raw":"/w=="}',
    });
    expect(JSON.parse(types ?? '')).toMatchObject({ yes: 'boolean', uint8: 'ubyte', 'pulsegate.own': 'int' });
    expect(amqp.expiresAtMs).toBe(nowMs + 60_000);
    expect(amqp.headers).toEqual(every);
  });

  it('has headers that come back from their text', () => {
    for (const [, field] of every) {
      const type = hubTypeOf(field);
      if (type === undefined || field.tag === 'V' || field.tag === 'x') continue;
      expect(fieldFromText(type, fieldAsText(field) as string)).toEqual(field);
    }
  });
});

describe('what others wrote', () => {
  it('has properties and headers by the table', () => {
    const message = read({
      key: 'k',
      eventTime: 1_234_567,
      properties: [
        { key: 'text', value: 'first' },
        { key: 'text', value: 'last' },
        { key: 'count', value: '-7' },
        { key: 'when', value: '1234567' },
        { key: 'odd', value: 'no number' },
        { key: 'large', value: '18446744073709551615' },
        { key: 'symbol', value: 'x' },
        { key: 'pulsegate.base64.bytes', value: '/w==' },
        { key: 'pulsegate.base64.pulsegate.own', value: 'eA==' },
        { key: 'pulsegate.null.none', value: '' },
        { key: 'n'.repeat(256), value: 'no header has such a name' },
        {
          key: 'pulsegate.types',
          value:
            '{"count":"int","odd":"long","when":"timestamp","large":"ulong","symbol":"symbol","gone":"int"}',
        },
        { key: 'pulsegate.mqtt.topic', value: 'a/b' },
        { key: 'pulsegate.mqtt.response-topic', value: 'a/c' },
        { key: 'pulsegate.correlation', value: Buffer.from([0xff]).toString('base64') },
        { key: 'pulsegate.content-type', value: 'text/plain' },
        { key: 'pulsegate.content-encoding', value: 'e'.repeat(256) },
        { key: 'pulsegate.priority', value: '300' },
        { key: 'pulsegate.expires-at', value: String(nowMs + 1_000) },
      ],
    });
    expect([message.exchange, message.routingKey, message.isOwn]).toEqual(['', 'work', false]);
    expect(message.body.toString()).toBe('v');
    const { headers, ...basic } = message.basic;
    expect(basic).toEqual({
      contentType: 'text/plain',
      deliveryMode: 2,
      correlationId: Buffer.from([0xff]),
      expiration: '1000',
      timestamp: 1_234n,
    });
    expect(headers).toEqual(encodeFieldTable(message.headers));
    expect(message.properties).toEqual(encodeBasicProperties(message.basic));
    expect(message.headers).toEqual([
      ['x-opt-partition-key', { tag: 'S', value: Buffer.from('k') }],
      ['x-opt-mqtt-topic', { tag: 'S', value: Buffer.from('a/b') }],
      ['x-opt-mqtt-response-topic', { tag: 'S', value: Buffer.from('a/c') }],
      ['text', { tag: 'S', value: Buffer.from('last') }],
      ['count', { tag: 'I', value: -7 }],
      ['when', { tag: 'T', value: 1_234n }],
      ['odd', { tag: 'S', value: Buffer.from('no number') }],
      ['large', { tag: 'S', value: Buffer.from('18446744073709551615') }],
      ['symbol', { tag: 'S', value: Buffer.from('x') }],
      ['bytes', { tag: 'x', value: Buffer.from([0xff]) }],
      ['pulsegate.own', { tag: 'S', value: Buffer.from('x') }],
      ['none', { tag: 'V' }],
    ]);
  });

  it('may say nothing, have no value and a key of bytes', () => {
    expect(read({ value: null })).toMatchObject({
      body: Buffer.alloc(0),
      basic: { deliveryMode: 2 },
      headers: [],
    });
    expect(read({ key: Buffer.from([0xff]) }).headers).toEqual([
      ['x-opt-partition-key', { tag: 'x', value: Buffer.from([0xff]) }],
    ]);
  });

  it('is what it is, though it says that a 0-9-1 client sent it', () => {
    const lies = (base64: string) =>
      read({ properties: [{ key: 'pulsegate.amqp091.properties', value: base64 }] });
    const badHeaders = Buffer.from([0x20, 0, 0, 0, 0, 3, 1, 0x61, 0x7a]);
    for (const raw of [Buffer.alloc(0), Buffer.from([0xff, 0xff]), Buffer.from([0x80, 0, 9]), badHeaders]) {
      expect(lies(raw.toString('base64')).isOwn).toBe(false);
    }
    expect(lies('AAA=')).toMatchObject({ isOwn: true, exchange: '', routingKey: 'work' });
  });

  it('never throws, whatever its properties are', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((each) => each.isWellFormed());
    const names = [
      'types',
      'expires-at',
      'priority',
      'correlation',
      'amqp091.properties',
      'null.a',
      'base64.b',
    ];
    const name = fc.oneof(fc.constantFrom(...names.map((each) => `pulsegate.${each}`)), text);
    const value = fc.oneof(
      text,
      fc.constantFrom('{"a":"int"}', '[]', 'null', '-1', '1e3', '99999999999999999'),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ key: name, value }), { maxLength: 6 }), (all) => {
        const { properties: raw, basic } = read({ properties: all });
        expect(raw).toEqual(encodeBasicProperties(basic));
      }),
    );
  });

  it('keeps what the table of types says only where it is one of the hub', () => {
    expect(fieldFromText('constructor', '1')).toEqual({ tag: 'S', value: Buffer.from('1') });
    expect(fieldFromText('float', ' ')).toEqual({ tag: 'S', value: Buffer.from(' ') });
    expect(fieldFromText('double', 'NaN')).toEqual({ tag: 'd', value: Number.NaN });
    expect(fieldFromText('ubyte', '256')).toEqual({ tag: 'S', value: Buffer.from('256') });
    expect(table({ a: 1 })).toEqual([['a', fieldFromText('int', '1')]]);
  });
});
