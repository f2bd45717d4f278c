// The crossing table: {Kafka, native Pulsar} writes, {Kafka, native Pulsar} reads (docs/mapping.md, both directions).
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordInput } from '#libs/kafka-codec';
import { type OracleItem, type OracleMessage, oracleRead, oracleWrite } from '../../support/pulsar-oracle.js';
import { testPulsar } from '../../support/pulsar.js';
import { type FetchedRecord, fetchRecords } from './fetched-records.js';
import { batch, KafkaFixture, record } from './produce-fixture.js';

const timestamp = 1_700_000_000_000;
const binary = Buffer.from([0xff, 0x00, 0xfe, 0x80]);
const text = (value: string) => Buffer.from(value);

type Written =
  | { readonly kafka: Partial<RecordInput>; readonly native?: undefined }
  | { readonly native: OracleItem; readonly kafka?: undefined };

interface Crossing {
  readonly what: string;
  readonly written: Written;
  /** What Kafka reads of it; what is left out is the default: no key, the value `v`, no headers, the timestamp. */
  readonly kafka: Partial<Omit<FetchedRecord, 'offset'>>;
  /** What the official Java client of Pulsar reads of it; what is left out is the default. */
  readonly native: Partial<OracleMessage>;
}

const keys: readonly Crossing[] = [
  {
    what: 'no key',
    written: { kafka: {} },
    kafka: { key: null },
    native: { key: null },
  },
  {
    what: 'an empty key',
    written: { kafka: { key: text('') } },
    kafka: { key: text('') },
    native: { key: '', keyBase64: '', hasBase64EncodedKey: false },
  },
  {
    what: 'a key of text',
    written: { kafka: { key: text('Schlüssel') } },
    kafka: { key: text('Schlüssel') },
    native: { key: 'Schlüssel', hasBase64EncodedKey: false },
  },
  {
    what: 'a binary key',
    written: { kafka: { key: binary } },
    kafka: { key: binary },
    native: { keyBase64: binary.toString('base64'), hasBase64EncodedKey: true },
  },
  {
    what: 'a key of text',
    written: { native: { key: 'Schlüssel' } },
    kafka: { key: text('Schlüssel') },
    native: { key: 'Schlüssel', hasBase64EncodedKey: false },
  },
  {
    what: 'no key',
    written: { native: {} },
    kafka: { key: null },
    native: { key: null },
  },
  {
    what: 'a binary key',
    written: { native: { keyBase64: binary.toString('base64') } },
    kafka: { key: binary },
    native: { keyBase64: binary.toString('base64'), hasBase64EncodedKey: true },
  },
  {
    what: 'bytes that are text as a key',
    written: { native: { keyBase64: text('text').toString('base64') } },
    kafka: { key: text('text') },
    native: { keyBase64: text('text').toString('base64') },
  },
  {
    what: 'an ordering key, which Kafka has not',
    written: { native: { key: 'k', orderingKeyBase64: binary.toString('base64') } },
    kafka: { key: text('k') },
    native: { key: 'k', orderingKey: binary.toString('base64') },
  },
];

const values: readonly Crossing[] = [
  {
    what: 'a tombstone',
    written: { kafka: { key: text('k'), value: null } },
    kafka: { key: text('k'), value: null },
    native: { key: 'k', valueBase64: null },
  },
  {
    what: 'an empty value',
    written: { kafka: { value: text('') } },
    kafka: { value: text('') },
    native: { valueBase64: '' },
  },
  {
    what: 'a binary value',
    written: { kafka: { value: binary } },
    kafka: { value: binary },
    native: { valueBase64: binary.toString('base64') },
  },
  {
    what: 'a tombstone',
    written: { native: { key: 'k', nullValue: true } },
    kafka: { key: text('k'), value: null },
    native: { key: 'k', valueBase64: null },
  },
  {
    what: 'an empty value',
    written: { native: { value: '' } },
    kafka: { value: text('') },
    native: { valueBase64: '' },
  },
  {
    what: 'a binary value',
    written: { native: { valueBase64: binary.toString('base64') } },
    kafka: { value: binary },
    native: { valueBase64: binary.toString('base64') },
  },
];

const headers: readonly Crossing[] = [
  {
    what: 'headers of text, one of them empty',
    written: {
      kafka: {
        headers: [
          { key: 'größe', value: text('mäßig') },
          { key: 'leer', value: text('') },
        ],
      },
    },
    kafka: {
      headers: [
        ['größe', text('mäßig')],
        ['leer', text('')],
      ],
    },
    native: { properties: { größe: 'mäßig', leer: '' } },
  },
  {
    what: 'a header twice',
    written: {
      kafka: {
        headers: [
          { key: 'a', value: text('1') },
          { key: 'b', value: text('2') },
          { key: 'a', value: text('3') },
        ],
      },
    },
    kafka: {
      headers: [
        ['a', text('1')],
        ['b', text('2')],
        ['a', text('3')],
      ],
    },
    native: { properties: { a: '3', b: '2' } },
  },
  {
    what: 'a binary header, one without a value and one that looks encoded',
    written: {
      kafka: {
        headers: [
          { key: 'binary', value: binary },
          { key: 'none', value: null },
          { key: 'pulsegate.null.x', value: text('') },
        ],
      },
    },
    kafka: {
      headers: [
        ['binary', binary],
        ['none', null],
        ['pulsegate.null.x', text('')],
      ],
    },
    native: {
      properties: {
        'pulsegate.base64.binary': binary.toString('base64'),
        'pulsegate.null.none': '',
        'pulsegate.base64.pulsegate.null.x': '',
      },
    },
  },
  {
    what: 'properties, one of them empty',
    written: { native: { properties: { größe: 'mäßig', leer: '' } } },
    kafka: {
      headers: [
        ['größe', text('mäßig')],
        ['leer', text('')],
      ],
    },
    native: { properties: { größe: 'mäßig', leer: '' } },
  },
  {
    what: 'properties as the gateway encodes headers',
    written: { native: { properties: { 'pulsegate.base64.binary': '/wD+gA==' } } },
    kafka: { headers: [['binary', binary]] },
    native: { properties: { 'pulsegate.base64.binary': '/wD+gA==' } },
  },
];

const timestamps: readonly Crossing[] = [
  {
    what: 'a timestamp of 1970',
    written: { kafka: { timestamp: 1 } },
    kafka: { timestamp: 1 },
    native: { eventTime: 1 },
  },
  {
    what: 'an event time',
    written: { native: { eventTime: 1_600_000_000_000 } },
    kafka: { timestamp: 1_600_000_000_000 },
    native: { eventTime: 1_600_000_000_000 },
  },
];

const crossings = [...keys, ...values, ...headers, ...timestamps];

const kafkaDefaults = { key: null, value: text('v'), headers: [], timestamp, timestampType: 'create' };
const nativeDefaults = { valueBase64: text('v').toString('base64'), properties: {}, eventTime: timestamp };

function nativeItem(item: OracleItem): OracleItem {
  const hasValue = item.nullValue || item.value !== undefined || item.valueBase64 !== undefined;
  return { eventTime: timestamp, ...(hasValue ? {} : { value: 'v' }), ...item };
}

/** Headers come from a map without an order when Java wrote them. */
function ordered(fetched: FetchedRecord, byJava: boolean): object {
  const names = [...fetched.headers];
  return { ...fetched, headers: byJava ? names.sort(([a], [b]) => (a < b ? -1 : 1)) : names };
}

describe('the crossing table', () => {
  let kafka: KafkaFixture;

  beforeAll(async () => {
    kafka = await KafkaFixture.start();
  });
  afterAll(() => kafka.stop());

  describe.each(['Kafka', 'a native producer, in batches', 'a native producer, one by one'])(
    'written by %s',
    (writer) => {
      const rows = crossings.filter(({ written }) => (written.kafka !== undefined) === (writer === 'Kafka'));
      let topic: string;
      let byKafka: FetchedRecord[];
      let byNative: OracleMessage[];

      beforeAll(async () => {
        topic = await kafka.topic();
        if (writer === 'Kafka') {
          const records = rows.map(({ written }) => record('v', { timestamp, ...written.kafka }));
          expect(await kafka.client().produce(topic, batch(records))).toMatchObject({ errorCode: 0 });
        } else {
          const messages = rows.map(({ written }) => nativeItem(written.native as OracleItem));
          const batching = writer.endsWith('in batches');
          await oracleWrite(testPulsar.serviceUrl, kafka.partition(topic), { batching, messages });
        }
        byKafka = await fetchRecords(kafka.client(), topic, rows.length);
        byNative = await oracleRead(testPulsar.serviceUrl, kafka.partition(topic), rows.length);
      }, 60_000);

      it.each(rows.map((row, at) => [row.what, row, at] as const))('%s', (_what, row, at) => {
        expect(ordered(byKafka[at]!, writer !== 'Kafka')).toEqual({
          ...kafkaDefaults,
          ...row.kafka,
          offset: at,
        });
        expect(byNative[at]).toMatchObject({ ...nativeDefaults, ...row.native, index: at });
      });

      it('gives consumers from before Kafka 0.11 keys, values and what they know of timestamps', async () => {
        for (const version of [0, 2]) {
          const old = await fetchRecords(kafka.client(), topic, rows.length, version);
          expect(old).toEqual(
            byKafka.map((each) => ({
              ...each,
              headers: [],
              timestamp: version === 0 ? -1 : each.timestamp,
            })),
          );
        }
      });
    },
  );

  it("has the broker's time where a native message has no event time, and on topics with log append time", async () => {
    const messages = [{ value: 'a' }, { value: 'b', eventTime: timestamp }];
    for (const [properties, timestampType] of [
      [{}, 'create'],
      [{ 'pulsegate.kafka.message.timestamp.type': 'LogAppendTime' }, 'append'],
    ] as const) {
      const topic = await kafka.topic(1, properties);
      await oracleWrite(testPulsar.serviceUrl, kafka.partition(topic), { messages });
      const [one, two] = await fetchRecords(kafka.client(), topic, 2);
      const [native] = await oracleRead(testPulsar.serviceUrl, kafka.partition(topic), 2);
      expect(native?.eventTime).toBe(0);
      const stored = native?.brokerPublishTime ?? native?.publishTime;
      expect(one).toMatchObject({ timestamp: stored, timestampType });
      expect(two?.timestamp).toBe(timestampType === 'append' ? stored : timestamp);
    }
  });

  it('has one record for a chunked message, and the payload of every schema', async () => {
    const topic = await kafka.topic();
    const url = kafka.partition(topic);
    await oracleWrite(
      testPulsar.serviceUrl,
      url,
      {
        batching: false,
        chunking: true,
        chunkBytes: 1_000,
        messages: [{ key: 'chunked', valueBytes: 3_500, eventTime: timestamp }],
      },
      { schema: 'JSON', messages: [{ valueObject: { sensor: 's', celsius: 1.5 }, eventTime: timestamp }] },
    );
    const native = await oracleRead(testPulsar.serviceUrl, url, 2);
    const records = await fetchRecords(kafka.client(), topic, 2);
    expect(records.map(({ offset }) => offset)).toEqual(native.map(({ index }) => index));
    expect(records.map(({ value }) => value?.toString('base64'))).toEqual(
      native.map(({ valueBase64 }) => valueBase64),
    );
    expect(records[0]?.value).toHaveLength(3_500);
    expect(JSON.parse(String(records[1]?.value))).toMatchObject({ sensor: 's', celsius: 1.5 });
  });
});
