import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createPartitionsApi,
  encodeRecordBatch,
  KafkaErrorCode,
  metadataApi,
  produceApi,
} from '#libs/kafka-codec';
import type { KafkaClient } from '../testing/kafka-client.js';
import { PulsarBed, rule } from '../testing/pulsar-bed.js';

const bed = new PulsarBed('t-partitions');
const { admin } = bed.pulsar;
const { pulsarNamespace } = bed.tenant;
const pulsarTopic = (name: string) => bed.pulsarTopic(name);
const create = (name: string) => admin.createPartitionedTopic(pulsarTopic(name), 1);
const versionsOf = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

let kafka: KafkaClient;

beforeAll(async () => {
  await bed.open();
  kafka = bed.clientOf(bed.newGateway([rule('allow', 'topic', ''), rule('deny', 'topic', 'hidden.')]));
});

afterAll(() => bed.close());

describe('CreatePartitions', () => {
  const ask = (version: number, name: string, count: number, more: object = {}) =>
    kafka.call(createPartitionsApi, version, {
      topics: [{ name, count, assignments: null, ...more }],
      timeoutMs: 10_000,
    });

  it.each(versionsOf(0, 3))('v%i has made them when it answers', async (version) => {
    const name = `grown-v${version}`;
    await create(name);
    expect((await ask(version, name, 3)).results).toMatchObject([{ name, errorCode: 0 }]);
    const { topics } = await kafka.call(metadataApi, 12, { topics: [{ name }] });
    expect(topics[0]!.partitions).toHaveLength(3);
    const all = await admin.topics(pulsarNamespace);
    expect(all).toContain(`${pulsarTopic(name)}-partition-2`);
    const records = encodeRecordBatch([{ timestamp: 1, key: null, value: Buffer.from('a') }]);
    const { responses } = await kafka.call(produceApi, 9, {
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name, partitionData: [{ index: 2, records }] }],
    });
    expect(responses[0]!.partitionResponses[0]).toMatchObject({ index: 2, errorCode: 0, baseOffset: 0n });
  });

  it('refuses what is not more, too many, or not counted right', async () => {
    await create('fixed');
    await admin.createTopic(pulsarTopic('unpartitioned'));
    const code = async (name: string, count: number, more?: object) =>
      (await ask(3, name, count, more)).results[0]!.errorCode;
    const { INVALID_PARTITIONS, INVALID_REPLICA_ASSIGNMENT } = KafkaErrorCode;
    expect(await code('fixed', 1)).toBe(INVALID_PARTITIONS);
    expect(await code('fixed', 0)).toBe(INVALID_PARTITIONS);
    expect(await code('fixed', 1_000_000)).toBe(INVALID_PARTITIONS);
    expect(await code('unpartitioned', 2)).toBe(INVALID_PARTITIONS);
    expect(await code('fixed', 3, { assignments: [{ brokerIds: [5] }] })).toBe(INVALID_REPLICA_ASSIGNMENT);
    expect(await code('absent', 2)).toBe(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await code('hidden.one', 2)).toBe(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED);
    const validated = await kafka.call(createPartitionsApi, 3, {
      topics: [{ name: 'fixed', count: 2, assignments: null }],
      validateOnly: true,
    });
    expect(validated.results[0]!.errorCode).toBe(0);
    expect((await admin.partitionedMetadata(pulsarTopic('fixed'))).partitions).toBe(1);
  });
});
