import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type AmqpAnnotations,
  type AmqpScalar,
  type AmqpValue,
  bareMessage,
  decodeHeader,
  decodeMessageAnnotations,
  encodeApplicationProperties,
  encodeDeliveryAnnotations,
  encodeFooter,
  encodeHeader,
  encodeMessageAnnotations,
  encodeSequence,
  encodeValueSection,
  findSections,
} from '#libs/amqp-codec';
import {
  body,
  named,
  names,
  optional,
  propertiesSection,
  scalar,
  symbol,
  value,
} from '../testing/message-arbitraries.js';
import { data, decode, stored, crossed, properties, property, nowMs } from '../testing/mapping-bed.js';
import { deliveryParts } from './stored-message.mapping.js';

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
    expect(at('x-opt-scheduled-enqueue-time', { type: 'timestamp', value: BigInt(nowMs + 6) })).toBe(
      nowMs + 6,
    );
    expect(at('x-opt-delivery-delay', { type: 'uint', value: 7 })).toBe(nowMs + 7);
    expect(at('x-opt-delivery-delay', { type: 'int', value: 0 })).toBeUndefined();
    expect(at('x-opt-delivery-delay', { type: 'null' })).toBeUndefined();
  });
});
