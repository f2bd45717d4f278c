// The crossing table with AMQP 1.0: rhea, MQTT 5, Kafka and a native producer write, all of them read (docs/mapping.md).
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import rhea, { type Connection, type Message } from 'rhea';
import type { RecordInput } from '#libs/kafka-codec';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { type OracleItem, type OracleMessage, oracleRead, oracleWrite } from '../../support/pulsar-oracle.js';
import { testPulsar } from '../../support/pulsar.js';
import { type FetchedRecord, fetchRecords } from '../kafka/fetched-records.js';
import { batch, KafkaFixture, record } from '../kafka/produce-fixture.js';

const timestamp = 1_700_000_000_000;
const binary = Buffer.from([0xff, 0x00, 0xfe, 0x80]);
const text = (value: string) => Buffer.from(value);
const base64 = (value: string | Buffer) => Buffer.from(value as string).toString('base64');
const { types } = rhea;
const { data_section, sequence_section } = rhea.message;

/** What an AMQP client sends, and what each of the others is shown. */
interface ByAmqp {
  readonly what: string;
  readonly sent: Message;
  readonly kafka: { readonly key?: string; readonly value?: Buffer | null; readonly headers?: object };
  readonly native: Partial<OracleMessage>;
  readonly mqtt: { readonly below?: string; readonly payload?: Buffer; readonly properties?: object };
}

const everything = {
  message_id: 'm-1',
  correlation_id: 'c-1',
  user_id: Buffer.from('anonymous') as never,
  subject: 's',
  reply_to: '/queues/answers',
  content_type: 'text/plain',
  creation_time: timestamp as never,
  group_id: 'g-1',
  priority: 7,
  application_properties: {
    größe: 'mäßig',
    count: types.wrap_int(-7),
    yes: true,
    bytes: types.wrap_binary(binary),
    'pulsegate.x': 'taken',
  },
} satisfies Partial<Message>;

const byAmqp: readonly ByAmqp[] = [
  {
    what: 'data',
    sent: { body: data_section(text('v')) },
    kafka: {},
    native: { key: null, eventTime: 0 },
    mqtt: {},
  },
  {
    what: 'data with a key',
    sent: { body: data_section(binary), message_annotations: { 'x-opt-partition-key': 'Schlüssel/7' } },
    kafka: { key: 'Schlüssel/7', value: binary },
    native: { key: 'Schlüssel/7', valueBase64: base64(binary) },
    mqtt: { below: 'Schlüssel/7', payload: binary },
  },
  {
    what: 'a text with all properties',
    sent: { ...everything, body: 'größe' },
    kafka: {
      value: text('größe'),
      headers: {
        größe: text('mäßig'),
        count: text('-7'),
        yes: text('true'),
        bytes: binary,
        'pulsegate.x': text('taken'),
        'pulsegate.message-id': text('m-1'),
        'pulsegate.correlation': text(base64('c-1')),
        'pulsegate.user-id': text('anonymous'),
        'pulsegate.subject': text('s'),
        'pulsegate.reply-to': text('/queues/answers'),
        'pulsegate.content-type': text('text/plain'),
        'pulsegate.priority': text('7'),
        'pulsegate.types': text('{"count":"int","yes":"boolean"}'),
      },
    },
    native: { eventTime: timestamp, orderingKey: base64('g-1'), valueBase64: base64('größe') },
    mqtt: {
      payload: text('größe'),
      properties: {
        contentType: 'text/plain',
        correlationData: text('c-1'),
        userProperties: {
          größe: 'mäßig',
          count: '-7',
          yes: 'true',
          'pulsegate.base64.bytes': base64(binary),
          'pulsegate.x': 'taken',
        },
      },
    },
  },
  {
    what: 'nothing, of a key',
    sent: { body: null, message_annotations: { 'x-opt-partition-key': 'k' } },
    kafka: { key: 'k', value: null },
    native: { key: 'k', valueBase64: null },
    mqtt: { below: 'k', payload: text('') },
  },
  {
    what: 'a list, as it is encoded',
    sent: { body: sequence_section([types.wrap_int(7)]) },
    kafka: { value: Buffer.from('005376d000000006000000015407', 'hex') },
    native: { valueBase64: Buffer.from('005376d000000006000000015407', 'hex').toString('base64') },
    mqtt: { payload: Buffer.from('005376d000000006000000015407', 'hex') },
  },
];

type Other = 'Kafka' | 'MQTT 5' | 'a native producer';

/** What others write, and what AMQP clients are shown. */
interface ByOther {
  readonly what: string;
  readonly kafka?: Partial<RecordInput>;
  readonly mqtt?: { readonly below: string; readonly options?: mqtt.IClientPublishOptions };
  readonly native?: OracleItem;
  /** Of a body that is left out: data `v`. */
  readonly amqp: Partial<Message>;
}

const byOthers: readonly ByOther[] = [
  {
    what: 'a message',
    kafka: {},
    native: {},
    amqp: { creation_time: timestamp as never, durable: true },
  },
  {
    what: 'a key of text',
    kafka: { key: text('Schlüssel') },
    native: { key: 'Schlüssel', orderingKeyBase64: base64('g') },
    amqp: { message_annotations: { 'x-opt-partition-key': 'Schlüssel' } },
  },
  {
    what: 'a binary key',
    kafka: { key: binary },
    native: { keyBase64: base64(binary) },
    amqp: { message_annotations: { 'x-opt-partition-key': binary } },
  },
  {
    what: 'a tombstone',
    kafka: { key: text('k'), value: null },
    native: { key: 'k', nullValue: true },
    amqp: { body: null },
  },
  {
    what: 'headers and properties',
    kafka: {
      headers: [
        { key: 'größe', value: text('mäßig') },
        { key: 'b', value: binary },
        { key: 'n', value: null },
        { key: 'pulsegate.amqp.body', value: text('encoded') },
      ],
    },
    amqp: {
      application_properties: { größe: 'mäßig', b: binary, n: null, 'pulsegate.amqp.body': 'encoded' },
    },
  },
  {
    what: 'an integer that its writer calls one',
    native: { properties: { count: '-7', 'pulsegate.types': '{"count":"int"}' } },
    amqp: { application_properties: { count: -7 } },
  },
  {
    what: 'all properties',
    mqtt: {
      below: 'p/q',
      options: {
        properties: {
          contentType: 'text/plain',
          responseTopic: 'answers/1',
          correlationData: text('c'),
          messageExpiryInterval: 600,
          userProperties: { größe: 'mäßig', again: ['1', '2'] },
        },
      },
    },
    amqp: {
      content_type: 'text/plain',
      correlation_id: 'c',
      application_properties: { größe: 'mäßig', again: '2' },
      message_annotations: { 'x-opt-mqtt-response-topic': 'answers/1' },
    },
  },
];

const others: readonly Other[] = ['Kafka', 'MQTT 5', 'a native producer'];
const rowsOf = (writer: Other) =>
  byOthers.filter(
    (row) => row[writer === 'Kafka' ? 'kafka' : writer === 'MQTT 5' ? 'mqtt' : 'native'] !== undefined,
  );

let kafka: KafkaFixture;
let gateway: TestGateway;
const mqttClients: MqttClient[] = [];
const amqpConnections: Connection[] = [];

async function amqp(): Promise<Connection> {
  const [host, port] = gateway.amqp.tcp.split(':');
  const connection = rhea.create_container().connect({ host, port: Number(port), reconnect: false } as never);
  amqpConnections.push(connection);
  await new Promise((resolve, reject) => {
    connection.once('connection_open', resolve);
    connection.once('disconnected', reject);
  });
  return connection;
}

async function mqttClient(clientId: string): Promise<MqttClient> {
  const options = { protocolVersion: 5, clientId, reconnectPeriod: 0 } as const;
  const client = await mqtt.connectAsync(`mqtt://${gateway.mqtt.tcp}`, options);
  mqttClients.push(client);
  return client;
}

/** Sends one after the other; resolves when all are accepted. */
async function send(topic: string, messages: readonly Message[]): Promise<void> {
  const sender = (await amqp()).open_sender(`/topics/${topic}`);
  await new Promise((resolve) => sender.once('sendable', resolve));
  let accepted = 0;
  await new Promise<void>((resolve, reject) => {
    sender.on('accepted', () => ++accepted === messages.length && resolve());
    sender.on('rejected', ({ delivery }) => reject(new Error(JSON.stringify(delivery?.remote_state))));
    for (const message of messages) sender.send(message);
  });
}

/** What a queue of the topic has, from its beginning. */
async function receive(topic: string, count: number): Promise<Message[]> {
  const connection = await amqp();
  const messages: Message[] = [];
  await new Promise<void>((resolve, reject) => {
    connection.on('receiver_error', ({ receiver }) => reject(new Error(JSON.stringify(receiver?.error))));
    connection.on('message', ({ message }) => {
      messages.push(message as Message);
      if (messages.length === count) resolve();
    });
    connection.open_receiver({ source: { address: `/queues/${topic}` } });
  });
  return messages;
}

async function write(writer: Other, topic: string, rows: readonly ByOther[]): Promise<void> {
  if (writer === 'Kafka') {
    const records = rows.map((row) => record('v', { timestamp, ...row.kafka }));
    expect(await kafka.client().produce(topic, batch(records))).toMatchObject({ errorCode: 0 });
  } else if (writer === 'a native producer') {
    const messages = rows.map(({ native = {} }) => ({
      eventTime: timestamp,
      ...(native.nullValue ? {} : { value: 'v' }),
      ...native,
    }));
    await oracleWrite(testPulsar.serviceUrl, kafka.partition(topic), { messages });
  } else {
    const client = await mqttClient(`writer-${topic}`);
    for (const { mqtt: { below, options } = { below: '' } } of rows) {
      await client.publishAsync(`${topic}/${below}`, 'v', { qos: 1, ...options });
    }
  }
}

interface ReadByMqtt {
  readonly below: string | undefined;
  readonly payload: Buffer;
  readonly properties: object;
}

interface Written {
  readonly byKafka: FetchedRecord[];
  readonly byNative: OracleMessage[];
  readonly byMqtt: ReadByMqtt[];
  readonly byAmqp: Message[];
}

async function crossFromAmqp(): Promise<Written> {
  const topic = await kafka.topic();
  const client = await mqttClient('reader');
  const byMqtt: ReadByMqtt[] = [];
  const all = new Promise<void>((resolve) => {
    client.on('message', (name: string, payload: Buffer, { properties = {} }: IPublishPacket) => {
      byMqtt.push({ below: name === topic ? undefined : name.slice(topic.length + 1), payload, properties });
      if (byMqtt.length === byAmqp.length) resolve();
    });
  });
  await client.subscribeAsync(`${topic}/#`, { qos: 1 });
  await send(
    topic,
    byAmqp.map(({ sent }) => sent),
  );
  const [byKafka, byNative, received] = await Promise.all([
    fetchRecords(kafka.client(), topic, byAmqp.length),
    oracleRead(testPulsar.serviceUrl, kafka.partition(topic), byAmqp.length),
    receive(topic, byAmqp.length),
    all,
  ]);
  return { byKafka, byNative, byMqtt, byAmqp: received };
}

let fromAmqp: Written;
const fromOthers = new Map<Other, Message[]>();

beforeAll(async () => {
  kafka = await KafkaFixture.start();
  gateway = await startGateway({
    tenants: [{ name: 'acme', namespace: kafka.pulsar.namespace, permissions: [allowAll] }],
    mqtt: { listener: { anonymousTenant: 'acme' } },
    amqp: { listener: { tenant: 'acme', anonymousTenant: 'acme' } },
  });
  const crossFrom = async (writer: Other) => {
    const topic = await kafka.topic();
    await write(writer, topic, rowsOf(writer));
    fromOthers.set(writer, await receive(topic, rowsOf(writer).length));
  };
  [fromAmqp] = await Promise.all([crossFromAmqp(), ...others.map(crossFrom)]);
}, 120_000);

afterAll(async () => {
  for (const connection of amqpConnections) connection.close();
  await Promise.all(mqttClients.map((client) => client.endAsync(true)));
  await gateway?.stop();
  await kafka?.stop();
});

/** Values as rhea gives them: what was wrapped for its type, without. */
function plain(value: unknown): unknown {
  const bare = (_key: string, each: unknown) =>
    typeof each === 'object' && each !== null && 'type' in each && 'value' in each ? each.value : each;
  return JSON.parse(JSON.stringify(value, bare) ?? 'null');
}

/** Of data sections their bytes, of others the value. */
function bodyOf({ body }: Message): unknown {
  const section = body as { typecode?: number; content?: unknown } | undefined;
  return section?.typecode === undefined ? (body ?? null) : section.content;
}

describe('written by AMQP 1.0', () => {
  it.each(byAmqp.map((row, at) => [row.what, row, at] as const))('%s', (_what, row, at) => {
    const { byKafka, byNative, byMqtt, byAmqp: received } = fromAmqp;
    const { key, value = text('v'), headers = {} } = row.kafka;
    expect(byKafka[at]).toMatchObject({ key: key === undefined ? null : text(key), value });
    const shown = byKafka[at]?.headers.filter(([name]) => !name.startsWith('pulsegate.amqp.'));
    expect(Object.fromEntries(shown ?? [])).toEqual(headers);
    expect(byNative[at]).toMatchObject(row.native);
    const { below, payload = text('v'), properties = {} } = row.mqtt;
    expect({ ...byMqtt[at], properties: plain(byMqtt[at]?.properties) }).toEqual({
      below,
      payload,
      properties: plain(properties),
    });
    const message = received[at] as Message;
    expect(plain(bodyOf(message))).toEqual(plain(bodyOf(row.sent)));
    const said = (of: Message) =>
      plain([
        of.message_id,
        of.correlation_id,
        of.subject,
        of.reply_to,
        of.content_type,
        of.group_id,
        of.priority,
      ]);
    expect(said(message)).toEqual(said(row.sent));
    expect(plain(message.application_properties)).toEqual(plain(row.sent.application_properties));
    expect(message.message_annotations).toMatchObject({
      ...row.sent.message_annotations,
      'x-opt-sequence-number': at,
      'x-opt-enqueued-time': expect.anything(),
    });
  });
});

describe.each(others)('written by %s', (writer) => {
  it.each(rowsOf(writer).map((row, at) => [row.what, row, at] as const))(
    '%s',
    (_what, { mqtt: from, amqp: to }, at) => {
      const message = fromOthers.get(writer)?.[at] as Message;
      const { body, message_annotations, ...properties } = to;
      expect(body === null ? message.body : bodyOf(message)).toEqual(body === null ? null : text('v'));
      expect({ ...message, creation_time: Number(message.creation_time) }).toMatchObject(properties);
      expect(message.message_annotations).toMatchObject({
        ...message_annotations,
        'x-opt-sequence-number': at,
      });
      if (from === undefined) return;
      expect(message.message_annotations?.['x-opt-mqtt-topic']).toMatch(new RegExp(`/${from.below}$`));
      expect(message.ttl).toBeGreaterThan(500_000);
    },
  );
});
