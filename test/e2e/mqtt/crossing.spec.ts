// The crossing table with MQTT: {MQTT 5, MQTT 3.1.1, Kafka, native Pulsar} write, all of them read (docs/mapping.md).
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mqtt, { type IClientPublishOptions, type IPublishPacket, type MqttClient } from 'mqtt';
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

interface Publish {
  /** Below the first level, which is the Pulsar topic of the writer. */
  readonly below: string;
  readonly payload?: Buffer;
  readonly options?: IClientPublishOptions;
}

interface ReadByMqtt {
  readonly below: string | undefined;
  readonly payload: Buffer;
  readonly properties: object;
}

interface Crossing {
  readonly what: string;
  readonly mqtt?: Publish;
  readonly kafka?: Partial<RecordInput>;
  readonly native?: OracleItem;
  /** What is left out is as it is for most: see the defaults. */
  readonly toKafka: {
    readonly key: Buffer | null;
    readonly value?: Buffer | null;
    readonly headers?: Record<string, string | Buffer | null>;
  };
  /** Of what MQTT clients write: the rest is in Kafka's table (test/e2e/kafka/crossing.spec.ts). */
  readonly toNative?: Partial<OracleMessage>;
  readonly toMqtt5: Partial<ReadByMqtt>;
}

type Writer = 'MQTT 5' | 'MQTT 3.1.1' | 'Kafka' | 'a native producer';

const names = { topic: 'pulsegate.mqtt.topic', clientId: 'pulsegate.mqtt.client-id' } as const;

/** What each message of an MQTT client has. */
const ofPublisher = (topic: string, below: string, clientId: string) => ({
  [names.topic]: `${topic}/${below}`,
  [names.clientId]: clientId,
});

const byMqtt: readonly Crossing[] = [
  {
    what: 'a message',
    mqtt: { below: 'a' },
    toKafka: { key: text('a') },
    toNative: { key: 'a' },
    toMqtt5: { below: 'a' },
  },
  {
    what: 'a binary payload on a topic of text',
    mqtt: { below: 'größe/', payload: binary, options: { qos: 2 } },
    toKafka: { key: text('größe/'), value: binary, headers: { 'pulsegate.mqtt.qos': '2' } },
    toNative: { key: 'größe/', valueBase64: base64(binary), properties: { 'pulsegate.mqtt.qos': '2' } },
    toMqtt5: { below: 'größe/', payload: binary },
  },
  {
    what: 'an empty payload, at QoS 0, retained',
    mqtt: { below: 'a', payload: text(''), options: { qos: 0, retain: true } },
    toKafka: {
      key: text('a'),
      value: text(''),
      headers: { 'pulsegate.mqtt.qos': '0', 'pulsegate.mqtt.retain': 'true' },
    },
    toNative: { key: 'a', valueBase64: '', properties: { 'pulsegate.mqtt.retain': 'true' } },
    toMqtt5: { below: 'a', payload: text('') },
  },
];

const byMqtt5: readonly Crossing[] = [
  {
    what: 'all properties',
    mqtt: {
      below: 'p',
      options: {
        properties: {
          payloadFormatIndicator: true,
          contentType: 'text/plain',
          responseTopic: 'answers/1',
          correlationData: binary,
          userProperties: { größe: 'mäßig', again: ['1', '2'], 'pulsegate.x': 'taken' },
        },
      },
    },
    toKafka: {
      key: text('p'),
      headers: {
        'pulsegate.mqtt.payload-format': '1',
        'pulsegate.content-type': 'text/plain',
        'pulsegate.mqtt.response-topic': 'answers/1',
        'pulsegate.correlation': base64(binary),
        größe: 'mäßig',
        again: '2',
        'pulsegate.x': 'taken',
      },
    },
    toNative: {
      key: 'p',
      properties: { größe: 'mäßig', again: '2', 'pulsegate.base64.pulsegate.x': base64('taken') },
    },
    toMqtt5: {
      below: 'p',
      properties: {
        payloadFormatIndicator: true,
        contentType: 'text/plain',
        responseTopic: 'answers/1',
        correlationData: binary,
        userProperties: { größe: 'mäßig', again: ['1', '2'], 'pulsegate.x': 'taken' },
      },
    },
  },
];

const byOthers: readonly (Omit<Crossing, 'mqtt' | 'kafka' | 'native'> & {
  readonly kafka?: Partial<RecordInput>;
  readonly native?: OracleItem;
})[] = [
  {
    what: 'no key',
    kafka: {},
    native: {},
    toKafka: { key: null },
    toMqtt5: { below: undefined },
  },
  {
    what: 'a key of text',
    kafka: { key: text('Schlüssel/7') },
    native: { key: 'Schlüssel/7' },
    toKafka: { key: text('Schlüssel/7') },
    toMqtt5: { below: 'Schlüssel/7' },
  },
  {
    what: 'an empty key',
    kafka: { key: text('') },
    toKafka: { key: text('') },
    toMqtt5: { below: '' },
  },
  {
    what: 'a key that no topic can have',
    kafka: { key: text('a+') },
    native: { key: 'a+' },
    toKafka: { key: text('a+') },
    toMqtt5: { below: undefined },
  },
  {
    what: 'a binary key',
    kafka: { key: binary },
    native: { keyBase64: base64(binary) },
    toKafka: { key: binary },
    toMqtt5: { below: undefined },
  },
  {
    what: 'a tombstone',
    kafka: { key: text('k'), value: null },
    native: { key: 'k', nullValue: true },
    toKafka: { key: text('k'), value: null },
    toMqtt5: { below: 'k', payload: text('') },
  },
  {
    what: 'headers of text',
    kafka: { headers: [{ key: 'größe', value: text('mäßig') }] },
    native: { properties: { größe: 'mäßig' } },
    toKafka: { key: null, headers: { größe: 'mäßig' } },
    toMqtt5: { properties: { userProperties: { größe: 'mäßig' } } },
  },
  {
    what: 'a binary header, one without a value and one that looks like one of MQTT',
    kafka: {
      headers: [
        { key: 'b', value: binary },
        { key: 'n', value: null },
        { key: names.topic, value: text('other/1') },
      ],
    },
    toKafka: { key: null, headers: { b: binary, n: null, [names.topic]: 'other/1' } },
    toMqtt5: {
      below: undefined,
      properties: {
        userProperties: {
          'pulsegate.base64.b': base64(binary),
          'pulsegate.null.n': '',
          [names.topic]: 'other/1',
        },
      },
    },
  },
];

const rowsOf: Readonly<Record<Writer, readonly Crossing[]>> = {
  'MQTT 5': [...byMqtt, ...byMqtt5],
  'MQTT 3.1.1': byMqtt,
  Kafka: byOthers.filter(({ kafka }) => kafka !== undefined),
  'a native producer': byOthers.filter(({ native }) => native !== undefined),
};
const isMqtt = (writer: Writer) => writer.startsWith('MQTT');

let kafka: KafkaFixture;
let gateway: TestGateway;
const clients: MqttClient[] = [];

async function connect(protocolVersion: 4 | 5, clientId: string): Promise<MqttClient> {
  const options = { protocolVersion, clientId, reconnectPeriod: 0 };
  const client = await mqtt.connectAsync(`mqtt://${gateway.mqtt.tcp}`, options);
  clients.push(client);
  return client;
}

/** What a client that has subscribed to all of the topic gets: resolves when there are so many. */
async function subscribed(client: MqttClient, topic: string, count: number) {
  const messages: ReadByMqtt[] = [];
  const all = new Promise<ReadByMqtt[]>((resolve) => {
    client.on('message', (name: string, payload: Buffer, { properties = {} }: IPublishPacket) => {
      const below = name === topic ? undefined : name.slice(topic.length + 1);
      messages.push({ below, payload, properties });
      if (messages.length === count) resolve(messages);
    });
  });
  // At QoS 2 the client shows a message when PUBREL has come, behind those of QoS 0 that were sent later.
  await client.subscribeAsync(`${topic}/#`, { qos: 1 });
  return { all };
}

async function write(writer: Writer, topic: string, rows: readonly Crossing[]): Promise<void> {
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
    const client = await connect(writer === 'MQTT 5' ? 5 : 4, `writer-${topic}`);
    for (const { mqtt: { below, payload = text('v'), options } = { below: '' } } of rows) {
      await client.publishAsync(`${topic}/${below}`, payload, { qos: 1, ...options });
    }
  }
}

const headersOf = (fetched: FetchedRecord) =>
  Object.fromEntries(fetched.headers.map(([name, value]) => [name, value?.toString('latin1') ?? null]));

interface Written {
  readonly topic: string;
  readonly byKafka: FetchedRecord[];
  readonly byNative: OracleMessage[];
  readonly by5: ReadByMqtt[];
  readonly by4: ReadByMqtt[];
}

/** Writes all rows of one writer, and has everybody read them. */
async function cross(writer: Writer): Promise<Written> {
  const rows = rowsOf[writer];
  const topic = await kafka.topic();
  const five = await subscribed(await connect(5, `five-${topic}`), topic, rows.length);
  const four = await subscribed(await connect(4, `four-${topic}`), topic, rows.length);
  await write(writer, topic, rows);
  const [by5, by4, byKafka, byNative] = await Promise.all([
    five.all,
    four.all,
    fetchRecords(kafka.client(), topic, rows.length),
    isMqtt(writer) ? oracleRead(testPulsar.serviceUrl, kafka.partition(topic), rows.length) : [],
  ]);
  return { topic, byKafka, byNative, by5, by4 };
}

const writers = Object.keys(rowsOf) as Writer[];
const written = new Map<Writer, Written>();

beforeAll(async () => {
  kafka = await KafkaFixture.start();
  const tenant = { name: 'acme', namespace: kafka.pulsar.namespace, permissions: [allowAll] };
  gateway = await startGateway({ tenants: [tenant], mqtt: { listener: { anonymousTenant: 'acme' } } });
  await Promise.all(writers.map(async (writer) => written.set(writer, await cross(writer))));
}, 120_000);

afterAll(async () => {
  await Promise.all(clients.map((client) => client.endAsync(true)));
  await gateway?.stop();
  await kafka?.stop();
});

describe.each(writers)('written by %s', (writer) => {
  const each = rowsOf[writer].map((row, at) => [row.what, row, at] as const);

  it.each(each)('%s', (_what, { toKafka, toNative, toMqtt5 }, at) => {
    const { topic, byKafka, byNative, by5, by4 } = written.get(writer)!;
    const below = toMqtt5.below;
    const own = isMqtt(writer) ? ofPublisher(topic, below as string, `writer-${topic}`) : {};
    const keyPrefix = isMqtt(writer) ? `${topic}/` : '';
    const headers = { ...own, ...toKafka.headers };
    expect(byKafka[at]).toMatchObject({
      key: toKafka.key && Buffer.concat([text(keyPrefix), toKafka.key]),
      value: toKafka.value === undefined ? text('v') : toKafka.value,
      timestamp: isMqtt(writer) ? byNative[at]?.eventTime : timestamp,
    });
    expect(headersOf(byKafka[at] as FetchedRecord)).toEqual(
      Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name,
          value === null ? null : Buffer.from(value as string).toString('latin1'),
        ]),
      ),
    );
    if (toNative !== undefined) {
      const properties = { ...own, ...toNative.properties };
      expect(byNative[at]).toMatchObject({ ...toNative, key: keyPrefix + toNative.key, properties });
    }
    const expected: Partial<ReadByMqtt> = { payload: text('v'), ...toMqtt5 };
    expect(by5[at]).toMatchObject({ ...expected, properties: {} });
    expect(JSON.parse(JSON.stringify(by5[at]?.properties))).toEqual(
      JSON.parse(JSON.stringify(toMqtt5.properties ?? {})),
    );
    expect(by4[at]).toMatchObject({ below, payload: expected.payload });
  });
});
