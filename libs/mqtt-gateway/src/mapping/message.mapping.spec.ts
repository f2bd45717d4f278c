import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MqttQos } from '#libs/mqtt-codec';
import {
  type KeyValue,
  type OutgoingMessage,
  cursorOf,
  nativeEntry,
  newBuilder,
  storedBatch,
} from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import type { MqttMessage, MqttMessageProperties } from '../message.js';
import type { PublishRequest } from '../publishing/publisher.js';
import { appendPublish, clientFields, publishBytes, topicFields } from './message.mapping.js';
import { messageFromPulsar } from './stored-message.mapping.js';
import type { PulsarPlace } from './pulsar-place.js';
import { TopicMapping } from './topic.mapping.js';

const topics = new TopicMapping([{ filter: 'rooms/+', topic: 'rooms', key: '$1' }]);
const tenant = { name: 'acme' } as Tenant;
const nowMs = 1_795_000_000_000;

function request(fields: Partial<PublishRequest>): PublishRequest {
  const defaults = { tenant, topic: 'devices/1', payload: Buffer.from('v'), qos: 1, retain: false } as const;
  const rest = { properties: {}, messageExpiryIntervalSeconds: undefined, clientId: 'c1' };
  return { ...defaults, ...rest, ...fields };
}

/** Published, stored and read again. */
function crossed(requests: readonly PublishRequest[]): (MqttMessage | undefined)[] {
  const builder = newBuilder();
  for (const each of requests) {
    const place = topics.toPulsar(each.topic) as PulsarPlace;
    appendPublish(builder, each, topicFields(each.topic, place), clientFields(each.clientId), nowMs);
  }
  const cursor = cursorOf(storedBatch(builder.finish('none')));
  return requests.map(({ topic }) => {
    cursor.next();
    return messageFromPulsar(cursor, (topics.toPulsar(topic) as PulsarPlace).topic, topics);
  });
}

function read(message: Partial<OutgoingMessage>, name = 'devices'): MqttMessage | undefined {
  const cursor = cursorOf(nativeEntry([{ value: Buffer.from('v'), ...message }]));
  cursor.next();
  return messageFromPulsar(cursor, name, topics);
}

const users = (...properties: readonly [string, string][]): MqttMessageProperties => ({
  userProperties: properties,
});

describe('from MQTT to MQTT', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => !value.includes('\0'));
  const name = fc.oneof(
    text,
    fc.constantFrom('pulsegate.mqtt.topic', 'pulsegate.null.x', 'pulsegate.base64.y', 'a'),
  );
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const properties = fc
    .record({
      payloadFormatIndicator: optional(fc.constantFrom(0 as const, 1 as const)),
      contentType: optional(text),
      responseTopic: optional(fc.constantFrom('answers/1', 'ä')),
      correlationData: optional(bytes),
      userProperties: optional(fc.array(fc.tuple(name, text), { minLength: 1, maxLength: 5 })),
    })
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));
  const publishes = fc.record({
    topic: fc.constantFrom('devices/1', 'rooms/7', 'ä/ö/', '/x', 'devices'),
    payload: bytes,
    qos: fc.constantFrom<MqttQos>(0, 1, 2),
    retain: fc.boolean(),
    properties: properties as fc.Arbitrary<MqttMessageProperties>,
    messageExpiryIntervalSeconds: optional(fc.nat({ max: 0xffffffff })),
    clientId: text,
  });

  it('loses nothing', () => {
    fc.assert(
      fc.property(fc.array(publishes, { minLength: 1, maxLength: 4 }), (each) => {
        const requests = each.map(request);
        expect(crossed(requests)).toEqual(
          requests.map((published) => ({
            topic: published.topic,
            payload: published.payload,
            qos: published.qos,
            retain: published.retain,
            properties: published.properties,
            expiresAtMs:
              published.messageExpiryIntervalSeconds === undefined
                ? undefined
                : nowMs + published.messageExpiryIntervalSeconds * 1_000,
            publisherId: published.clientId,
          })),
        );
      }),
    );
  });

  it('is counted with about the bytes that it takes', () => {
    const published = request({ payload: Buffer.alloc(300), properties: users(['name', 'value']) });
    const place = topics.toPulsar(published.topic) as PulsarPlace;
    const fields = [topicFields(published.topic, place), clientFields('c1')] as const;
    const builder = newBuilder();
    appendPublish(builder, published, ...fields, nowMs);
    const bytes = publishBytes(published, ...fields);
    expect(bytes).toBeGreaterThanOrEqual(builder.bytes);
    expect(bytes).toBeLessThan(builder.bytes * 1.5);
  });
});

describe('what native readers see', () => {
  it('is the key, the event time and named properties', () => {
    const builder = newBuilder();
    const published = request({
      qos: 2,
      retain: true,
      messageExpiryIntervalSeconds: 60,
      properties: {
        payloadFormatIndicator: 1,
        contentType: 'text/plain',
        responseTopic: 'answers',
        correlationData: Buffer.from([0xff, 0]),
        ...users(['a', '1'], ['pulsegate.x', 'ä']),
      },
    });
    const place = topics.toPulsar(published.topic) as PulsarPlace;
    appendPublish(builder, published, topicFields(published.topic, place), clientFields('c1'), nowMs);
    const cursor = cursorOf(storedBatch(builder.finish('none')));
    cursor.next();
    const asPairs = (pairs: readonly KeyValue[]) => pairs.map(({ key, value }) => `${key}=${value}`);
    expect(cursor.message()).toMatchObject({ key: 'devices/1', eventTime: nowMs, value: Buffer.from('v') });
    expect(asPairs(cursor.properties())).toEqual([
      'pulsegate.mqtt.topic=devices/1',
      'pulsegate.mqtt.client-id=c1',
      'pulsegate.mqtt.qos=2',
      'pulsegate.mqtt.retain=true',
      `pulsegate.expires-at=${nowMs + 60_000}`,
      'pulsegate.mqtt.payload-format=1',
      'pulsegate.content-type=text/plain',
      'pulsegate.mqtt.response-topic=answers',
      'pulsegate.correlation=/wA=',
      'a=1',
      'pulsegate.base64.pulsegate.x=w6Q=',
    ]);
  });
});

describe('what Kafka and native clients wrote', () => {
  it.each<[string, Partial<OutgoingMessage>, Partial<MqttMessage>]>([
    [
      'a message without a key',
      {},
      { topic: 'devices', qos: 1, retain: false, properties: {}, publisherId: undefined },
    ],
    ['a key', { key: '7' }, { topic: 'devices/7' }],
    ['a key that is a topic', { key: 'devices/7/x' }, { topic: 'devices/7/x' }],
    ['a key of bytes', { key: Buffer.from([0xff]) }, { topic: 'devices' }],
    ['a key with a wildcard', { key: 'a#' }, { topic: 'devices' }],
    ['a tombstone', { key: '7', value: null }, { topic: 'devices/7', payload: Buffer.alloc(0) }],
    ['properties', { properties: [{ key: 'a', value: '1' }] }, { properties: users(['a', '1']) }],
    [
      'a Kafka header of bytes, and one without a value',
      {
        properties: [
          { key: 'pulsegate.base64.b', value: '/wA=' },
          { key: 'pulsegate.null.n', value: '' },
        ],
      },
      { properties: users(['pulsegate.base64.b', '/wA='], ['pulsegate.null.n', '']) },
    ],
    [
      'a Kafka header that looks like one of the gateway',
      { properties: [{ key: 'pulsegate.base64.pulsegate.mqtt.topic', value: 'b3JkZXJz' }] },
      { topic: 'devices', properties: users(['pulsegate.mqtt.topic', 'orders']) },
    ],
    [
      'what another protocol keeps',
      { properties: [{ key: 'pulsegate.amqp.x', value: '1' }] },
      { properties: {} },
    ],
    [
      'a NUL',
      { properties: [{ key: 'a', value: 'b\0' }] },
      { properties: users(['pulsegate.base64.a', 'YgA=']) },
    ],
    ['a name with a NUL', { properties: [{ key: 'a\0', value: 'b' }] }, { properties: {} }],
    ['too long a value', { properties: [{ key: 'a', value: 'ä'.repeat(40_000) }] }, { properties: {} }],
    [
      'properties of MQTT with values that no client could send',
      {
        properties: [
          { key: 'pulsegate.mqtt.topic', value: 'orders/1' },
          { key: 'pulsegate.mqtt.qos', value: '7' },
          { key: 'pulsegate.expires-at', value: 'soon' },
          { key: 'pulsegate.mqtt.payload-format', value: '2' },
          { key: 'pulsegate.mqtt.response-topic', value: 'a/#' },
          { key: 'pulsegate.correlation', value: '?' },
          { key: 'pulsegate.content-type', value: 'a\0' },
        ],
      },
      { topic: 'devices', qos: 1, expiresAtMs: undefined, properties: {} },
    ],
  ])('%s', (_what, message, expected) => {
    expect(read(message)).toMatchObject({ ...expected });
  });

  it.each([
    ['the topic that the rule says', 'rooms', '7', 'rooms/7'],
    ['the topic of the default where the rule says none', 'rooms', '7/8', 'rooms/7/8'],
    ['no topic where a level would be a topic of the system', '.x24SYS', '7', undefined],
  ])('has %s', (_what, name, key, topic) => {
    expect(read({ key }, name)?.topic).toBe(topic);
  });
});
