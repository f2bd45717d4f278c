// Fetch, ListOffsets and DeleteRecords on a real broker, over two gateways that share topics.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPartitionsApi,
  deleteRecordsApi,
  type DeleteRecordsResponse,
  deleteTopicsApi,
  type Encodable,
  type FetchRequest,
  type FetchResponse,
  fetchApi,
  KafkaErrorCode,
  listOffsetsApi,
  type ListOffsetsResponse,
  metadataApi,
  type MetadataResponse,
} from '#libs/kafka-codec';
import { pulsarAdmin } from '../../support/pulsar.js';
import { batchOf, sent } from '../pulsar/pulsar-fixture.js';
import { type FetchedRecord, fetchRecords, recordsOf } from './fetched-records.js';
import { batch, KafkaFixture, type RawKafkaClient, record } from './produce-fixture.js';

const suiteTimeoutMs = 60_000;
const startMs = 1_700_000_000_000;
const { NONE, OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID } = KafkaErrorCode;

describe('reading from real partitions', () => {
  let one: KafkaFixture;
  let two: KafkaFixture;
  let client: RawKafkaClient;
  let other: RawKafkaClient;

  beforeAll(async () => {
    // They are not one cluster here, so each looks at a topic anew every time.
    const options = { topicCacheMs: 0 };
    one = await KafkaFixture.start({ options });
    two = await KafkaFixture.start({ options, pulsar: one.pulsar });
    [client, other] = [one.client(), two.client()];
  }, suiteTimeoutMs);

  afterAll(async () => {
    await two.stop();
    await one.stop();
  }, suiteTimeoutMs);

  /** Batches of `size` records with the values and timestamps 0, 1, 2.. */
  async function write(topic: string, count: number, size = 10, first = 0, partition = 0): Promise<void> {
    for (let from = first; from < first + count; from += size) {
      const records = Array.from({ length: size }, (_, at) =>
        record(String(from + at), { timestamp: startMs + from + at }),
      );
      const { errorCode } = await client.produce(topic, batch(records), { partition });
      expect(errorCode).toBe(NONE);
    }
  }

  function fetch(
    by: RawKafkaClient,
    topic: string | Buffer,
    offset: number,
    more: Encodable<FetchRequest> = {},
    version = 12,
  ): Promise<FetchResponse> {
    const partitions = [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1 << 20 }];
    const topics = [{ ...(typeof topic === 'string' ? { topic } : { topicId: topic }), partitions }];
    return by.request(fetchApi, version, { maxWaitMs: 0, minBytes: 1, topics, ...more });
  }

  const only = ({ responses }: FetchResponse) => responses[0]!.partitions[0]!;
  const values = (records: readonly FetchedRecord[]) => records.map(({ value }) => String(value));
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => String(from + at));

  async function listed(by: RawKafkaClient, name: string, timestamp: number, partitionIndex = 0) {
    const partitions = [{ partitionIndex, timestamp }];
    const response = await by.request<ListOffsetsResponse>(listOffsetsApi, 9, {
      topics: [{ name, partitions }],
    });
    const { errorCode, offset } = response.topics[0]!.partitions[0]!;
    return errorCode === NONE ? Number(offset) : `error ${errorCode}`;
  }

  async function deleteUpTo(by: RawKafkaClient, name: string, offset: number): Promise<number | string> {
    const topics = [{ name, partitions: [{ partitionIndex: 0, offset }] }];
    const response = await by.request<DeleteRecordsResponse>(deleteRecordsApi, 2, {
      topics,
      timeoutMs: 10_000,
    });
    const { errorCode, lowWatermark } = response.topics[0]!.partitions[0]!;
    return errorCode === NONE ? Number(lowWatermark) : `error ${errorCode}`;
  }

  async function topicId(name: string): Promise<Buffer> {
    const { topics } = await client.request<MetadataResponse>(metadataApi, 12, { topics: [{ name }] });
    return topics[0]!.topicId;
  }

  it('gives every record at its offset, by every version, through either gateway', async () => {
    const topic = await one.topic();
    await write(topic, 100);
    for (const version of [0, 2, 4, 7, 11, 12]) {
      const records = await fetchRecords(version % 2 === 0 ? client : other, topic, 100, version);
      expect(records.map(({ offset }) => offset)).toEqual([...records.keys()]);
      expect(values(records)).toEqual(numbers(0, 100));
    }
    const byId = await fetch(other, await topicId(topic), 95, {}, 18);
    expect(values(recordsOf(only(byId).records!, 95))).toEqual(numbers(95, 100));
  });

  it(
    'wakes a long poll by what this gateway, another and a native producer write',
    async () => {
      const topic = await one.topic();
      await write(topic, 10);
      const woken = async (offset: number, append: () => Promise<unknown>) => {
        const answer = fetch(client, topic, offset, { maxWaitMs: 20_000 });
        await new Promise((resolve) => setTimeout(resolve, 200));
        const sentMs = performance.now();
        await append();
        const records = recordsOf(only(await answer).records!, offset);
        expect(performance.now() - sentMs).toBeLessThan(15_000);
        return values(records);
      };
      expect(await woken(10, () => write(topic, 1, 1, 10))).toEqual(['10']);
      expect(await woken(11, () => other.produce(topic, batch(['far'])))).toEqual(['far']);
      const producer = await one.pulsar.client.createProducer({
        topic: one.partition(topic),
        tenantKey: 't',
      });
      expect(await woken(12, () => sent(producer, batchOf(['native'])))).toEqual(['native']);
      await producer.close();
    },
    suiteTimeoutMs,
  );

  it('tells in a session only what is new', async () => {
    const topic = await one.topic();
    await write(topic, 10);
    const first = await fetch(client, topic, 10, { sessionEpoch: 0 });
    const { sessionId } = first;
    const next = (sessionEpoch: number) =>
      client.request<FetchResponse>(fetchApi, 12, { maxWaitMs: 100, minBytes: 1, sessionId, sessionEpoch });
    expect((await next(1)).responses).toEqual([]);
    await write(topic, 5, 5, 10);
    expect(values(recordsOf(only(await next(2)).records!, 10))).toEqual(numbers(10, 15));
  });

  it('finds the ends and timestamps', async () => {
    const topic = await one.topic(2);
    for (const by of [client, other])
      expect([await listed(by, topic, -2), await listed(by, topic, -1)]).toEqual([0, 0]);
    expect([await listed(client, topic, startMs), await listed(client, topic, -3)]).toEqual([-1, -1]);
    await write(topic, 50);
    for (const by of [client, other]) {
      expect([await listed(by, topic, -2), await listed(by, topic, -1)]).toEqual([0, 50]);
      expect(await listed(by, topic, -3)).toBe(49);
      expect(await listed(by, topic, -1, 1)).toBe(0);
    }
    for (const offset of [0, 7, 25, 49]) expect(await listed(client, topic, startMs + offset)).toBe(offset);
    expect(await listed(client, topic, startMs + 50)).toBe(-1);
  });

  it(
    'reads on through an unload of the topic and a growth of its partitions',
    async () => {
      const topic = await one.topic();
      await write(topic, 20);
      expect(await fetchRecords(client, topic, 20)).toHaveLength(20);
      const answer = fetchRecords(client, topic, 40);
      await pulsarAdmin('PUT', `/persistent/${one.pulsar.namespace}/${topic}/unload`);
      await write(topic, 20, 10, 20);
      expect(values(await answer)).toEqual(numbers(0, 40));
      await client.request(createPartitionsApi, 3, {
        topics: [{ name: topic, count: 2, assignments: null }],
        timeoutMs: 10_000,
      });
      await write(topic, 10, 10, 0, 1);
      expect(await listed(client, topic, -1, 1)).toBe(10);
    },
    suiteTimeoutMs,
  );

  it(
    'ends a long poll when the topic is deleted, and does not mix it up with the next of its name',
    async () => {
      const topic = await one.topic();
      await write(topic, 10);
      const id = await topicId(topic);
      const byName = fetch(client, topic, 10, { maxWaitMs: 30_000 });
      const byId = fetch(one.client(), id, 10, { maxWaitMs: 30_000 }, 13);
      await new Promise((resolve) => setTimeout(resolve, 300));
      // Not the connection that waits: its answers come in order.
      await one.client().request(deleteTopicsApi, 5, { topicNames: [topic], timeoutMs: 10_000 });
      expect(only(await byName).errorCode).toBe(UNKNOWN_TOPIC_OR_PARTITION);
      expect(only(await byId).errorCode).toBe(UNKNOWN_TOPIC_ID);
      await one.pulsar.client.admin.createPartitionedTopic(one.pulsarTopic(topic), 1);
      expect(only(await fetch(client, id, 0, {}, 13)).errorCode).toBe(UNKNOWN_TOPIC_ID);
      await write(topic, 5, 5, 100);
      expect(values(await fetchRecords(client, topic, 5))).toEqual(numbers(100, 105));
    },
    suiteTimeoutMs,
  );

  it('deletes records up to an offset, on both gateways, and never gives them back', async () => {
    const topic = await one.topic();
    await write(topic, 30);
    expect(await deleteUpTo(client, topic, 15)).toBe(15);
    for (const by of [client, other]) {
      expect([await listed(by, topic, -2), await listed(by, topic, -1)]).toEqual([15, 30]);
      const below = only(await fetch(by, topic, 14));
      expect([below.errorCode, below.logStartOffset]).toEqual([OFFSET_OUT_OF_RANGE, 15n]);
      const rest = recordsOf(only(await fetch(by, topic, 15)).records!, 15);
      expect(values(rest)).toEqual(numbers(15, 30));
    }
    expect(await deleteUpTo(other, topic, 3)).toBe(15);
    expect(await deleteUpTo(other, topic, 31)).toBe(`error ${OFFSET_OUT_OF_RANGE}`);
    expect(await listed(client, topic, startMs)).toBe(15);
  });

  it(
    'deletes a whole partition; its offsets go on, also for a gateway that never saw them',
    async () => {
      const topic = await one.topic();
      await write(topic, 30);
      await pulsarAdmin('PUT', `/persistent/${one.pulsar.namespace}/${topic}/unload`);
      expect(await deleteUpTo(client, topic, -1)).toBe(30);
      const fresh = await KafkaFixture.start({ pulsar: one.pulsar });
      try {
        for (const by of [client, other, fresh.client()]) {
          expect([await listed(by, topic, -2), await listed(by, topic, -1)]).toEqual([30, 30]);
          expect(only(await fetch(by, topic, 0)).errorCode).toBe(OFFSET_OUT_OF_RANGE);
          expect(only(await fetch(by, topic, 30))).toMatchObject({ errorCode: NONE, highWatermark: 30n });
        }
        const { baseOffset } = await fresh.client().produce(topic, batch(['next']));
        expect(baseOffset).toBe(30n);
        expect(
          values(recordsOf(only(await fetch(client, topic, 30, { maxWaitMs: 5_000 })).records!, 30)),
        ).toEqual(['next']);
      } finally {
        await fresh.stop();
      }
    },
    suiteTimeoutMs,
  );

  it(
    'does not hold what a client does not take, nor make others wait',
    async () => {
      const topic = await one.topic();
      const large = record(randomBytes(500_000));
      for (let count = 0; count < 20; count++) await client.produce(topic, batch([large]));
      const stuck = one.client();
      stuck.memory.client.pauseReading();
      const asked = { maxBytes: 1 << 30, minBytes: 1, maxWaitMs: 1_000 };
      const answers = Array.from({ length: 10 }, () => fetch(stuck, topic, 0, asked));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const held = one.protocol.services.fetches.budget('acme').bytes;
      expect(held).toBeGreaterThan(0);
      expect(held).toBeLessThan(2_000_000);
      expect(only(await fetch(client, topic, 0, asked)).errorCode).toBe(NONE);
      stuck.memory.client.resumeReading();
      await Promise.all(answers);
    },
    suiteTimeoutMs,
  );
});
