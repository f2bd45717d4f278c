import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  createTopicsApi,
  encodeRecordBatch,
  fetchApi,
  incrementalAlterConfigsApi,
  produceApi,
} from '#libs/kafka-codec';
import { consumedRecords } from '../testing/kafka-records.js';
import type { KafkaClient } from '../testing/kafka-client.js';
import { PulsarBed, rule } from '../testing/pulsar-bed.js';

const keys = 5;
const rounds = 40;
const valueBytes = 100;
const compactionThresholdBytes = 2_000;
/** Brokers look once a minute by default whether a topic is to be compacted. */
const compactedMsMax = 150_000;
const pollMs = 1_000;
const end = keys * rounds;

const bed = new PulsarBed('t-compaction');
let kafka: KafkaClient;

beforeAll(async () => {
  await bed.open({ deduplicationEnabled: true });
  const rules = [rule('allow', 'topic', ''), rule('allow', 'cluster', '')];
  kafka = bed.clientOf(bed.newGateway(rules, { compactionThresholdBytes }));
});

afterAll(() => bed.close());

async function create(name: string, configs: { name: string; value: string }[]): Promise<void> {
  const topics = [{ name, numPartitions: 1, replicationFactor: 1, configs }];
  const answer = await kafka.call(createTopicsApi, 7, { topics, timeoutMs: 10_000 });
  expect(answer.topics[0]!.errorCode).toBe(0);
}

/** Every key once in each round; the value says which round it was. */
async function produceRounds(topic: string): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const records = Array.from({ length: keys }, (_, key) => ({
      timestamp: Date.now(),
      key: Buffer.from(`key-${key}`),
      value: Buffer.alloc(valueBytes, round),
    }));
    const { responses } = await kafka.call(produceApi, 9, {
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records: encodeRecordBatch(records) }] }],
    });
    expect(responses[0]!.partitionResponses[0]).toMatchObject({
      errorCode: 0,
      baseOffset: BigInt(round * keys),
    });
  }
}

/** `[offset, key, round]` of all that a consumer from the earliest offset on reads. */
async function readAll(topic: string, client = kafka): Promise<[number, string, number][]> {
  const found: [number, string, number][] = [];
  let offset = 0;
  while (offset < end) {
    const { responses } = await client.call(fetchApi, 11, {
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 1_000_000,
      topics: [
        {
          topic,
          partitions: [{ partition: 0, fetchOffset: BigInt(offset), partitionMaxBytes: 1_000_000 }],
        },
      ],
    });
    const partition = responses[0]!.partitions[0]!;
    expect(partition).toMatchObject({ errorCode: 0, highWatermark: BigInt(end) });
    const bytes = partition.records!;
    for (const { offset: at, key, value } of consumedRecords(bytes)) {
      if (at >= offset)
        found.push([at, Buffer.from(key!, 'hex').toString(), Number.parseInt(value!.slice(0, 2), 16)]);
    }
    // Also past batches that compaction emptied: a batch's header has its base offset and the delta of its last one.
    for (let at = 0; at < bytes.length; at += 12 + bytes.readInt32BE(at + 8)) {
      offset = Number(bytes.readBigInt64BE(at)) + bytes.readInt32BE(at + 23) + 1;
    }
  }
  return found;
}

async function untilCompacted(topic: string): Promise<void> {
  for (const until = Date.now() + compactedMsMax; Date.now() < until; await delay(pollMs)) {
    const stats = await bed.pulsar.admin.internalStats(`${bed.pulsarTopic(topic)}-partition-0`);
    if ((stats.compactedLedger?.ledgerId ?? -1) >= 0) return;
  }
  throw new Error(`nothing compacted ${topic}`);
}

const last = Array.from({ length: keys }, (_, key) => [end - keys + key, `key-${key}`, rounds - 1]);

it(
  'cleanup.policy=compact makes Pulsar compact by itself, and consumers read what is left at its offsets',
  async () => {
    await create('from-the-start', [{ name: 'cleanup.policy', value: 'compact' }]);
    await create('later', []);
    await produceRounds('from-the-start');
    await produceRounds('later');
    expect(await readAll('later')).toHaveLength(end);
    const { responses } = await kafka.call(incrementalAlterConfigsApi, 1, {
      resources: [
        {
          resourceType: 2,
          resourceName: 'later',
          configs: [{ name: 'cleanup.policy', configOperation: 0, value: 'compact' }],
        },
      ],
    });
    expect(responses[0]!.errorCode).toBe(0);
    await Promise.all([untilCompacted('from-the-start'), untilCompacted('later')]);
    // A gateway that read before may have in memory what is compacted by now; another has not.
    const fresh = bed.clientOf(bed.newGateway([rule('allow', 'topic', '')]));
    for (const topic of ['from-the-start', 'later']) expect(await readAll(topic, fresh)).toEqual(last);
  },
  compactedMsMax + 30_000,
);
