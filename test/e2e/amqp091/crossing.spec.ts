// The crossing table with AMQP 0-9-1: its clients and native, Kafka, MQTT and AMQP 1.0 clients read each other (docs/mapping.md).
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import rhea, { type Connection, type Message } from 'rhea';
import {
  type BasicProperties,
  decodeBasicProperties,
  decodeFieldTable,
  encodeBasicProperties,
  encodeFieldTable,
  type FieldTable,
} from '#libs/amqp091-codec';
import type { RecordInput } from '#libs/kafka-codec';
import type { ClientMethod } from '../../../libs/amqp091-gateway/src/testing/amqp091-client.js';
import { type Amqp091Wire, openAmqp091Wire } from '../../support/amqp091-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { type OracleItem, type OracleMessage, oracleRead, oracleWrite } from '../../support/pulsar-oracle.js';
import { testPulsar } from '../../support/pulsar.js';
import { type FetchedRecord, fetchRecords } from '../kafka/fetched-records.js';
import { batch, KafkaFixture, record as recordOf } from '../kafka/produce-fixture.js';

const binary = Buffer.from([0xff, 0x00, 0xfe, 0x80]);
const text = (value: string) => Buffer.from(value);
const base64 = (value: string | Buffer) => Buffer.from(value as string).toString('base64');

/** What a 0-9-1 client publishes, and what each of the others is shown. */
interface Row {
  readonly what: string;
  readonly body: Buffer;
  readonly properties: BasicProperties;
  /** Without what is 0-9-1's alone. */
  readonly kafka: Readonly<Record<string, Buffer | null>>;
  readonly native: Partial<OracleMessage>;
  readonly mqtt: object;
  readonly amqp: Partial<Message>;
}

const headers: FieldTable = [
  ['größe', { tag: 'S', value: text('mäßig') }],
  ['count', { tag: 'I', value: -7 }],
  ['large', { tag: 'l', value: 2n ** 53n + 1n }],
  ['yes', { tag: 't', value: true }],
  ['when', { tag: 'T', value: 1_700_000_000n }],
  ['price', { tag: 'D', scale: 2, value: 1_999 }],
  ['bytes', { tag: 'x', value: binary }],
  ['none', { tag: 'V' }],
  ['pulsegate.x', { tag: 'S', value: text('taken') }],
  [
    'list',
    {
      tag: 'A',
      value: [
        { tag: 'b', value: 1 },
        { tag: 'S', value: text('2') },
      ],
    },
  ],
];

const rows: readonly Row[] = [
  {
    ...{ what: 'a message', body: text('v'), properties: {} },
    ...{ kafka: {}, native: { key: null, eventTime: 0 }, mqtt: {}, amqp: { durable: true } },
  },
  {
    ...{ what: 'nothing', body: text(''), properties: { deliveryMode: 1 } },
    ...{ kafka: {}, native: { valueBase64: '' }, mqtt: {}, amqp: {} },
  },
  {
    what: 'all properties',
    body: binary,
    properties: {
      ...{ contentType: 'text/plain', contentEncoding: 'gzip', deliveryMode: 2, priority: 7 },
      ...{ correlationId: 'c-1', replyTo: 'answers', expiration: '600000', messageId: 'm-1' },
      ...{ timestamp: 1_700_000_000n, type: 't', userId: 'anonymous', appId: 'shop' },
    },
    kafka: {
      'pulsegate.content-type': text('text/plain'),
      'pulsegate.content-encoding': text('gzip'),
      'pulsegate.priority': text('7'),
      'pulsegate.correlation': text(base64('c-1')),
      'pulsegate.reply-to': text('answers'),
      'pulsegate.message-id': text('m-1'),
      'pulsegate.subject': text('t'),
      'pulsegate.user-id': text('anonymous'),
    },
    native: { eventTime: 1_700_000_000_000, valueBase64: base64(binary) },
    mqtt: { contentType: 'text/plain', correlationData: text('c-1'), messageExpiryInterval: 600 },
    amqp: {
      ...{ content_type: 'text/plain', content_encoding: 'gzip', priority: 7, correlation_id: 'c-1' },
      ...{ reply_to: 'answers', message_id: 'm-1', subject: 't', user_id: text('anonymous') as never },
    },
  },
  {
    what: 'headers',
    body: text('v'),
    properties: { headers: encodeFieldTable(headers) },
    kafka: {
      ...{ größe: text('mäßig'), count: text('-7'), large: text('9007199254740993'), yes: text('true') },
      ...{ when: text('1700000000000'), price: text('19.99'), bytes: binary, none: null },
      ...{ 'pulsegate.x': text('taken'), list: text('[1,"2"]') },
      'pulsegate.types': text('{"count":"int","large":"long","yes":"boolean","when":"timestamp"}'),
    },
    native: {},
    mqtt: {
      userProperties: {
        ...{ größe: 'mäßig', count: '-7', large: '9007199254740993', yes: 'true', when: '1700000000000' },
        ...{ price: '19.99', 'pulsegate.base64.bytes': base64(binary), 'pulsegate.null.none': '' },
        ...{ 'pulsegate.x': 'taken', list: '[1,"2"]' },
      },
    },
    amqp: {
      application_properties: {
        ...{ größe: 'mäßig', count: -7, yes: true, price: '19.99', bytes: binary, none: null },
        ...{ 'pulsegate.x': 'taken', list: '[1,"2"]' },
      },
    },
  },
];

type Other = 'Kafka' | 'MQTT 5' | 'AMQP 1.0' | 'a native producer';

/** What another client writes, and what 0-9-1 clients are shown beside `deliveryMode`. */
interface ByOther {
  readonly writer: Other;
  readonly what: string;
  readonly kafka?: Partial<RecordInput>;
  readonly mqtt?: mqtt.IClientPublishOptions;
  readonly amqp?: Message;
  readonly native?: OracleItem;
  readonly body?: Buffer;
  readonly basic?: BasicProperties;
  readonly headers?: FieldTable;
}

const timestamp = 1_700_000_000_000;
const long = (name: string, value: string): FieldTable[number] => [name, { tag: 'S', value: text(value) }];

const byOthers: readonly ByOther[] = [
  {
    ...{ writer: 'Kafka', what: 'a record', kafka: { key: text('Schlüssel'), timestamp } },
    ...{ basic: { timestamp: 1_700_000_000n }, headers: [long('x-opt-partition-key', 'Schlüssel')] },
  },
  {
    ...{ writer: 'Kafka', what: 'a tombstone', kafka: { key: binary, value: null } },
    ...{ body: text(''), headers: [['x-opt-partition-key', { tag: 'x', value: binary }]] },
  },
  {
    ...{ writer: 'Kafka', what: 'headers' },
    kafka: {
      headers: [
        { key: 'größe', value: text('mäßig') },
        { key: 'b', value: binary },
        { key: 'n', value: null },
        { key: 'pulsegate.amqp091.properties', value: text('AAA=') },
      ],
    },
    headers: [
      long('größe', 'mäßig'),
      ['b', { tag: 'x', value: binary }],
      ['n', { tag: 'V' }],
      long('pulsegate.amqp091.properties', 'AAA='),
    ],
  },
  {
    ...{ writer: 'MQTT 5', what: 'all properties' },
    mqtt: {
      properties: {
        ...{ contentType: 'text/plain', responseTopic: 'answers/1', correlationData: text('c') },
        ...{ messageExpiryInterval: 600, userProperties: { größe: 'mäßig', again: ['1', '2'] } },
      },
    },
    basic: { contentType: 'text/plain', correlationId: 'c' },
    headers: [long('x-opt-mqtt-response-topic', 'answers/1'), long('größe', 'mäßig'), long('again', '2')],
  },
  {
    ...{ writer: 'AMQP 1.0', what: 'all properties' },
    amqp: {
      ...{ body: rhea.message.data_section(binary), message_id: 'm-1', correlation_id: 'c-1', subject: 's' },
      ...{ reply_to: '/queues/answers', content_type: 'text/plain', content_encoding: 'gzip', priority: 7 },
      creation_time: timestamp as never,
      application_properties: {
        ...{ größe: 'mäßig', count: rhea.types.wrap_int(-7), yes: true, none: null },
        bytes: rhea.types.wrap_binary(binary),
      },
    },
    body: binary,
    basic: {
      ...{ messageId: 'm-1', correlationId: 'c-1', type: 's', replyTo: '/queues/answers', priority: 7 },
      ...{ contentType: 'text/plain', contentEncoding: 'gzip', timestamp: 1_700_000_000n },
    },
    headers: [
      long('größe', 'mäßig'),
      ['count', { tag: 'I', value: -7 }],
      ['yes', { tag: 't', value: true }],
      ['none', { tag: 'V' }],
      ['bytes', { tag: 'x', value: binary }],
    ],
  },
  {
    ...{ writer: 'AMQP 1.0', what: 'a text' },
    ...{ amqp: { body: 'größe' }, body: text('größe') },
  },
  {
    ...{ writer: 'a native producer', what: 'a number that is called one' },
    native: { value: 'v', properties: { count: '-7', 'pulsegate.types': '{"count":"long"}' } },
    headers: [['count', { tag: 'l', value: -7n }]],
  },
];

interface Read {
  readonly byKafka: FetchedRecord[];
  readonly byNative: OracleMessage[];
  readonly byMqtt: IPublishPacket[];
  readonly byAmqp: Message[];
}

let kafka: KafkaFixture;
let gateway: TestGateway;
let mqttClient: MqttClient;
let amqp: Connection;
let wire: Amqp091Wire;
let topic: string;
let read: Read;
const consumed: ClientMethod<'basic.deliver'>[] = [];

/** What a queue of AMQP 1.0 has, from its beginning. */
async function receive(count: number): Promise<Message[]> {
  const [host, port] = gateway.amqp.tcp.split(':');
  amqp = rhea.create_container().connect({ host, port: Number(port), reconnect: false } as never);
  const messages: Message[] = [];
  await new Promise<void>((resolve, reject) => {
    amqp.on('receiver_error', ({ receiver }) => reject(new Error(JSON.stringify(receiver?.error))));
    amqp.on('message', ({ message }) => {
      messages.push(message as Message);
      if (messages.length === count) resolve();
    });
    amqp.open_receiver({ source: { address: `/queues/${topic}` } });
  });
  return messages;
}

async function cross(): Promise<Read> {
  const byMqtt: IPublishPacket[] = [];
  const all = new Promise<void>((resolve) => {
    mqttClient.on('message', (_name, _payload, packet) => {
      byMqtt.push(packet);
      if (byMqtt.length === rows.length) resolve();
    });
  });
  await mqttClient.subscribeAsync(`${topic}/#`, { qos: 1 });
  wire = await openAmqp091Wire(gateway.amqp.tcp);
  await wire.open();
  await wire.openChannel();
  await wire.confirms();
  // A queue that nobody declared: the topic is there.
  for (const { body, properties } of rows) wire.publish('', topic, body, properties);
  await wire.first('basic.ack', ({ deliveryTag }) => deliveryTag === rows.length);
  const [byKafka, byNative, byAmqp] = await Promise.all([
    fetchRecords(kafka.client(), topic, rows.length),
    oracleRead(testPulsar.serviceUrl, kafka.partition(topic), rows.length),
    receive(rows.length),
    all,
  ]);
  return { byKafka, byNative, byMqtt, byAmqp };
}

async function write(to: string, { kafka: record, mqtt: options, amqp: message, native }: ByOther) {
  if (record !== undefined) {
    expect(await kafka.client().produce(to, batch([recordOf('v', record)]))).toMatchObject({ errorCode: 0 });
  } else if (options !== undefined) {
    await mqttClient.publishAsync(to, 'v', { qos: 1, ...options });
  } else if (native !== undefined) {
    await oracleWrite(testPulsar.serviceUrl, kafka.partition(to), { messages: [native] });
  } else {
    const sender = amqp.open_sender(`/topics/${to}`);
    await new Promise((resolve) => sender.once('sendable', resolve));
    const accepted = new Promise((resolve) => sender.once('accepted', resolve));
    sender.send(message as Message);
    await accepted;
  }
}

/** Each from a queue that nobody declared: the topic is there. */
async function crossFromOthers(): Promise<void> {
  for (const [at, row] of byOthers.entries()) {
    const to = await kafka.topic();
    await write(to, row);
    const consumerTag = String(at);
    await wire.consume(to, { consumerTag, noAck: true });
    consumed.push(await wire.first('basic.deliver', (each) => each.consumerTag === consumerTag));
    expect([consumed[at]?.exchange, consumed[at]?.routingKey]).toEqual(['', to]);
  }
}

beforeAll(async () => {
  kafka = await KafkaFixture.start();
  gateway = await startGateway({
    tenants: [{ name: 'acme', namespace: kafka.pulsar.namespace, permissions: [allowAll] }],
    mqtt: { listener: { anonymousTenant: 'acme' } },
    amqp: { listener: { tenant: 'acme', anonymousTenant: 'acme' } },
  });
  topic = await kafka.topic();
  mqttClient = await mqtt.connectAsync(`mqtt://${gateway.mqtt.tcp}`, {
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
  read = await cross();
  await crossFromOthers();
}, 120_000);

afterAll(async () => {
  wire?.cut();
  amqp?.close();
  await mqttClient?.endAsync(true);
  await gateway?.stop();
  await kafka?.stop();
});

/** Values as rhea gives them: what was wrapped for its type, without. */
function plain(value: unknown): unknown {
  const bare = (_key: string, each: unknown) =>
    typeof each === 'object' && each !== null && 'type' in each && 'value' in each ? each.value : each;
  return JSON.parse(JSON.stringify(value, bare) ?? 'null');
}

describe('published by AMQP 0-9-1', () => {
  it.each(rows.map((row, at) => [row.what, row, at] as const))('%s', (_what, row, at) => {
    const record = read.byKafka[at]!;
    expect([record.key, record.value]).toEqual([null, row.body]);
    const ownNames = [
      'pulsegate.amqp091.properties',
      'pulsegate.amqp091.exchange',
      'pulsegate.amqp091.routing-key',
    ];
    const own = new Map(record.headers.map(([name, value]) => [name, value?.toString()]));
    expect(ownNames.map((name) => own.get(name))).toEqual([
      encodeBasicProperties(row.properties).toString('base64'),
      ...['', topic],
    ]);
    const shown = record.headers.filter(
      ([name]) => !ownNames.includes(name) && name !== 'pulsegate.expires-at',
    );
    expect(Object.fromEntries(shown)).toEqual(row.kafka);

    expect(read.byNative[at]).toMatchObject({ valueBase64: row.body.toString('base64'), ...row.native });

    const { properties = {}, payload } = read.byMqtt[at]!;
    expect(Buffer.from(payload as Buffer)).toEqual(row.body);
    const { messageExpiryInterval } = properties;
    // Some of it has passed.
    const rounded = messageExpiryInterval && {
      messageExpiryInterval: Math.ceil(messageExpiryInterval / 100) * 100,
    };
    expect(plain({ ...properties, ...rounded })).toEqual(plain(row.mqtt));

    const message = read.byAmqp[at]!;
    expect((message.body as { content: Buffer }).content).toEqual(row.body);
    expect(message.message_annotations).toMatchObject({ 'x-exchange': '', 'x-routing-key': topic });
    expect(plain(message)).toMatchObject(plain(row.amqp) as Record<string, unknown>);
  });
});

describe('consumed by AMQP 0-9-1', () => {
  it.each(byOthers.map((row, at) => [row.writer, row.what, row, at] as const))(
    'written by %s: %s',
    (writer, _what, { body = text('v'), basic = {}, headers: wanted = [] }, at) => {
      const delivery = consumed[at]!;
      expect(delivery.body).toEqual(body);
      const {
        headers: raw,
        expiration,
        timestamp: time,
        ...shown
      } = decodeBasicProperties(delivery.properties);
      const { timestamp: wantedTime, ...rest } = basic;
      expect(shown).toEqual({ deliveryMode: 2, ...rest });
      if (writer === 'MQTT 5') expect(Number(expiration)).toBeGreaterThan(500_000);
      else expect(expiration).toBeUndefined();
      // Of MQTT the gateway's time.
      if (wantedTime !== undefined) expect(time).toBe(wantedTime);
      const table = raw === undefined ? [] : decodeFieldTable(raw);
      const { routingKey } = delivery;
      // The topic of MQTT is its key, too.
      const ofTopic = [long('x-opt-partition-key', routingKey), long('x-opt-mqtt-topic', routingKey)];
      expect(table).toEqual(writer === 'MQTT 5' ? [...ofTopic, ...wanted] : wanted);
    },
  );
});
