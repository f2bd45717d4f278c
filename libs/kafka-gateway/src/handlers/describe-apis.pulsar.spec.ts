import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createTopicsApi,
  describeLogDirsApi,
  describeProducersApi,
  describeTopicPartitionsApi,
  electLeadersApi,
  encodeRecordBatch,
  KafkaErrorCode,
  produceApi,
} from '#libs/kafka-codec';
import type { KafkaClient } from '../testing/kafka-client.js';
import { PulsarBed, rule } from '../testing/pulsar-bed.js';

const bed = new PulsarBed('t-describe');
const hidden = rule('deny', 'topic', 'hidden.');
const versionsOf = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

let kafka: KafkaClient;
let stranger: KafkaClient;

beforeAll(async () => {
  await bed.open({ deduplicationEnabled: true });
  const rules = [rule('allow', 'topic', ''), hidden, rule('allow', 'cluster', '')];
  kafka = bed.clientOf(bed.newGateway(rules));
  stranger = bed.clientOf(bed.newGateway([rule('allow', 'topic', 'a')]));
  const topics = [
    { name: 'a', numPartitions: 3, replicationFactor: 1 },
    { name: 'b', numPartitions: 2, replicationFactor: 1 },
  ];
  await kafka.call(createTopicsApi, 7, { topics, timeoutMs: 10_000 });
  await bed.pulsar.admin.createPartitionedTopic(bed.pulsarTopic('hidden.c'), 1);
});

afterAll(() => bed.close());

describe('DescribeTopicPartitions', () => {
  const ask = (topics: string[], responsePartitionLimit: number, cursor: [string, number] | null = null) =>
    kafka.call(describeTopicPartitionsApi, 0, {
      topics: topics.map((name) => ({ name })),
      responsePartitionLimit,
      cursor: cursor && { topicName: cursor[0], partitionIndex: cursor[1] },
    });
  type Answer = Awaited<ReturnType<typeof ask>>;
  const shapeOf = ({ topics }: Answer) =>
    topics.map(({ name, errorCode, partitions }) => [
      name,
      errorCode,
      partitions.map(({ partitionIndex }) => partitionIndex),
    ]);

  it('lists what may be seen, in pages', async () => {
    const whole = await ask([], 100);
    expect(shapeOf(whole)).toEqual([
      ['a', 0, [0, 1, 2]],
      ['b', 0, [0, 1]],
    ]);
    expect(whole.nextCursor).toBeNull();
    expect(whole.topics[0]!.partitions[0]).toMatchObject({ leaderId: 5, replicaNodes: [5], isrNodes: [5] });
    const first = await ask([], 2);
    expect(shapeOf(first)).toEqual([['a', 0, [0, 1]]]);
    expect(first.nextCursor).toEqual({ topicName: 'a', partitionIndex: 2 });
    const second = await ask([], 1, ['a', 2]);
    expect(shapeOf(second)).toEqual([['a', 0, [2]]]);
    expect(second.nextCursor).toEqual({ topicName: 'b', partitionIndex: 0 });
    const third = await ask([], 2, ['b', 0]);
    expect(shapeOf(third)).toEqual([['b', 0, [0, 1]]]);
    expect(third.nextCursor).toBeNull();
  });

  it('answers for each name that is asked for', async () => {
    expect(shapeOf(await ask(['nothing', 'hidden.c', 'b'], 100))).toEqual([
      ['b', 0, [0, 1]],
      ['hidden.c', KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED, []],
      ['nothing', KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION, []],
    ]);
  });
});

const recordBytes = 20_000;

async function produceIdempotent(topic: string, index: number, sequences: number[], epoch: number) {
  for (const baseSequence of sequences) {
    const value = randomBytes(recordBytes);
    const records = encodeRecordBatch([{ timestamp: Date.now(), key: null, value }], {
      producerId: 77n,
      producerEpoch: epoch,
      baseSequence,
    });
    const { responses } = await kafka.call(produceApi, 9, {
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: topic, partitionData: [{ index, records }] }],
    });
    expect(responses[0]!.partitionResponses[0]!.errorCode).toBe(0);
  }
}

describe('DescribeProducers', () => {
  it('shows the idempotent producers of a partition, and how far they came', async () => {
    await produceIdempotent('a', 1, [0, 1, 2], 4);
    const { topics } = await kafka.call(describeProducersApi, 0, {
      topics: [
        { name: 'a', partitionIndexes: [0, 1, 9] },
        { name: 'hidden.c', partitionIndexes: [0] },
        { name: 'nothing', partitionIndexes: [0] },
      ],
    });
    expect(topics[0]!.partitions).toMatchObject([
      { partitionIndex: 0, errorCode: 0, activeProducers: [] },
      {
        partitionIndex: 1,
        errorCode: 0,
        activeProducers: [
          {
            producerId: 77n,
            producerEpoch: 4,
            lastSequence: 2,
            coordinatorEpoch: -1,
            currentTxnStartOffset: -1n,
          },
        ],
      },
      { partitionIndex: 9, errorCode: KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
    ]);
    const age = Date.now() - Number(topics[0]!.partitions[1]!.activeProducers[0]!.lastTimestamp);
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(60_000);
    expect(topics[1]!.partitions[0]!.errorCode).toBe(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED);
    expect(topics[2]!.partitions[0]!.errorCode).toBe(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });
});

describe('DescribeLogDirs', () => {
  it.each(versionsOf(0, 5))('v%i gives the bytes that Pulsar stores', async (version) => {
    const partition = version % 2;
    await produceIdempotent('b', partition, [0], version);
    const { results } = await kafka.call(describeLogDirsApi, version, {
      topics: [
        { topic: 'b', partitions: [partition] },
        { topic: 'nothing', partitions: [0] },
      ],
    });
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ errorCode: 0, topics: [{ name: 'b' }] });
    const [found] = results[0]!.topics[0]!.partitions;
    expect(found).toMatchObject({ partitionIndex: partition, offsetLag: 0n, isFutureKey: false });
    const stored = await bed.pulsar.admin.stats(bed.pulsarTopic(`b-partition-${partition}`));
    expect(stored.storageSize).toBeGreaterThanOrEqual(recordBytes);
    expect(found!.partitionSize).toBe(BigInt(stored.storageSize));
  });

  it('gives all topics when none is named, and nothing to who may not describe the cluster', async () => {
    const { results } = await kafka.call(describeLogDirsApi, 4, { topics: null });
    expect(results[0]!.topics.map(({ name, partitions }) => [name, partitions.length])).toEqual([
      ['a', 3],
      ['b', 2],
      ['hidden.c', 1],
    ]);
    expect(results[0]).toMatchObject({ totalBytes: -1n, usableBytes: -1n });
    const denied = await stranger.call(describeLogDirsApi, 4, { topics: null });
    expect(denied).toMatchObject({ errorCode: KafkaErrorCode.CLUSTER_AUTHORIZATION_FAILED, results: [] });
  });
});

describe('ElectLeaders', () => {
  it.each(versionsOf(0, 2))('v%i is never needed', async (version) => {
    const partitions = [{ topic: 'a', partitions: [0, 1] }];
    const answer = await kafka.call(electLeadersApi, version, {
      topicPartitions: partitions,
      timeoutMs: 1_000,
    });
    const errorCode = KafkaErrorCode.ELECTION_NOT_NEEDED;
    expect(answer.replicaElectionResults).toMatchObject([
      {
        topic: 'a',
        partitionResult: [
          { partitionId: 0, errorCode },
          { partitionId: 1, errorCode },
        ],
      },
    ]);
    const all = await kafka.call(electLeadersApi, version, { topicPartitions: null, timeoutMs: 1_000 });
    expect(all).toMatchObject({ errorCode: 0, replicaElectionResults: [] });
  });

  it('is refused to who may not alter the cluster', async () => {
    const answer = await stranger.call(electLeadersApi, 2, { topicPartitions: null, timeoutMs: 1_000 });
    expect(answer).toMatchObject({ errorCode: KafkaErrorCode.CLUSTER_AUTHORIZATION_FAILED });
  });
});
