import { expect } from '@jest/globals';
import {
  alterConfigsApi,
  createPartitionsApi,
  createTopicsApi,
  deleteRecordsApi,
  deleteTopicsApi,
  describeConfigsApi,
  describeLogDirsApi,
  describeProducersApi,
  describeTopicPartitionsApi,
  electLeadersApi,
  encodeRecordBatch,
  fetchApi,
  incrementalAlterConfigsApi,
  initProducerIdApi,
  KafkaErrorCode as code,
  listOffsetsApi,
  metadataApi,
  offsetForLeaderEpochApi,
  produceApi,
} from '#libs/kafka-codec';
import { ownTopic, type Side, topic, transactionalId, type KafkaWall } from './kafka-side.js';

const timeoutMs = 20_000;

/** Partitions of the topic that both have. */
const partitionsOf: Readonly<Record<string, number>> = { acme: 3, beta: 1 };
/** Batches of one record that each produces to it. */
const recordsOf: Readonly<Record<string, number>> = { acme: 3, beta: 1 };

export async function makeTopics(side: Side): Promise<number[]> {
  const { tenant } = side;
  const topics = [
    { name: topic, numPartitions: partitionsOf[tenant]!, replicationFactor: 1 },
    { name: ownTopic(tenant), numPartitions: 1, replicationFactor: 1 },
  ];
  const answer = await side.call(createTopicsApi, 7, { topics, timeoutMs });
  side.topicId = answer.topics.find(({ name }) => name === topic)!.topicId;
  return answer.topics.map(({ errorCode }) => errorCode);
}

async function partitions(side: Side, name = topic): Promise<number | string> {
  const { topics } = await side.call(metadataApi, 12, { topics: [{ name }] });
  const [{ errorCode, partitions: found } = { errorCode: -1, partitions: [] }] = topics;
  return errorCode === 0 ? found.length : `error ${errorCode}`;
}

async function end(side: Side): Promise<number> {
  return Number((await offset(side, -1)).offset);
}

async function offset(side: Side, timestamp: number) {
  const asked = [{ partitionIndex: 0, timestamp }];
  const { topics } = await side.call(listOffsetsApi, 7, { topics: [{ name: topic, partitions: asked }] });
  return topics[0]!.partitions[0]!;
}

async function produce(side: Side, topicId: Buffer, value: string): Promise<number> {
  const records = encodeRecordBatch([{ timestamp: Date.now(), key: null, value: Buffer.from(value) }]);
  const answer = await side.call(produceApi, 13, {
    ...{ acks: -1, timeoutMs, transactionalId: null },
    topicData: [{ topicId, partitionData: [{ index: 0, records }] }],
  });
  return answer.responses[0]!.partitionResponses[0]!.errorCode;
}

function fetch(side: Side, topicId: Buffer, session = { sessionId: 0, sessionEpoch: -1 }) {
  const asked = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }];
  return side.call(fetchApi, 13, {
    ...{ maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000, ...session },
    topics: [{ topicId, partitions: asked }],
  });
}

async function retention(side: Side): Promise<string | null | undefined> {
  const resources = [{ resourceType: 2, resourceName: topic, configurationKeys: ['retention.ms'] }];
  const { results } = await side.call(describeConfigsApi, 4, { resources });
  return results[0]?.configs[0]?.value;
}

export const topicWalls: Readonly<Record<string, KafkaWall>> = {
  CreateTopics: async (acme, beta) => {
    // Both were made at the start, by one name.
    expect(acme.topicId.equals(beta.topicId)).toBe(false);
    expect(await makeTopics(beta)).toEqual([code.TOPIC_ALREADY_EXISTS, code.TOPIC_ALREADY_EXISTS]);
    beta.topicId = (await beta.call(metadataApi, 12, { topics: [{ name: topic }] })).topics[0]!.topicId;
    expect([await partitions(acme), await partitions(beta)]).toEqual([3, 1]);
  },
  Metadata: async (acme, beta) => {
    expect(await partitions(beta, ownTopic('acme'))).toBe(`error ${code.UNKNOWN_TOPIC_OR_PARTITION}`);
    const byId = await beta.call(metadataApi, 12, { topics: [{ name: null, topicId: acme.topicId }] });
    expect(byId.topics).toMatchObject([{ errorCode: code.UNKNOWN_TOPIC_ID, name: null, partitions: [] }]);
    const all = await Promise.all([acme, beta].map((side) => side.call(metadataApi, 12, { topics: null })));
    expect(all.map(({ topics }) => topics.map(({ name }) => name))).toEqual([
      ['only-acme', topic],
      ['only-beta', topic],
    ]);
    expect(all[0]!.clusterId).not.toBe(all[1]!.clusterId);
  },
  DescribeTopicPartitions: async (acme, beta) => {
    const ask = (side: Side, names: string[]) =>
      side.call(describeTopicPartitionsApi, 0, {
        ...{ topics: names.map((name) => ({ name })), responsePartitionLimit: 100, cursor: null },
      });
    const all = [await ask(acme, []), await ask(beta, [])];
    const shapes = all.map(({ topics }) => topics.map((each) => [each.name, each.partitions.length]));
    expect(shapes).toEqual([
      [
        ['only-acme', 1],
        [topic, 3],
      ],
      [
        ['only-beta', 1],
        [topic, 1],
      ],
    ]);
    const asked = await ask(beta, [ownTopic('acme')]);
    expect(asked.topics).toMatchObject([{ errorCode: code.UNKNOWN_TOPIC_OR_PARTITION }]);
  },
  Produce: async (acme, beta) => {
    for (const side of [acme, beta]) {
      for (let at = 0; at < recordsOf[side.tenant]!; at++) {
        expect(await produce(side, side.topicId, `from ${side.tenant}`)).toBe(code.NONE);
      }
    }
    expect(await produce(beta, acme.topicId, 'from beta')).toBe(code.UNKNOWN_TOPIC_ID);
    expect(await produce(acme, beta.topicId, 'from acme')).toBe(code.UNKNOWN_TOPIC_ID);
    expect([await end(acme), await end(beta)]).toEqual([3, 1]);
  },
  Fetch: async (acme, beta) => {
    for (const [side, other] of [
      [acme, beta],
      [beta, acme],
    ] as const) {
      const [{ partitions: found } = { partitions: [] }] = (await fetch(side, side.topicId)).responses;
      const text = String(found[0]!.records);
      expect(text.split(`from ${side.tenant}`)).toHaveLength(recordsOf[side.tenant]! + 1);
      expect(text).not.toContain(`from ${other.tenant}`);
      const foreign = await fetch(side, other.topicId);
      expect(foreign.responses[0]!.partitions[0]!.errorCode).toBe(code.UNKNOWN_TOPIC_ID);
      expect(foreign.responses[0]!.partitions[0]!.records ?? '').toHaveLength(0);
    }
    const { sessionId } = await fetch(acme, acme.topicId, { sessionId: 0, sessionEpoch: 0 });
    expect(sessionId).toBeGreaterThan(0);
    const stolen = await fetch(beta, beta.topicId, { sessionId, sessionEpoch: 1 });
    expect(stolen.errorCode).toBe(code.FETCH_SESSION_ID_NOT_FOUND);
    expect((await fetch(acme, acme.topicId, { sessionId, sessionEpoch: 1 })).errorCode).toBe(code.NONE);
  },
  ListOffsets: async (acme, beta) => {
    expect([await end(acme), await end(beta)]).toEqual([3, 1]);
  },
  OffsetForLeaderEpoch: async (acme, beta) => {
    const asked = [{ partition: 0, currentLeaderEpoch: 0, leaderEpoch: 0 }];
    const ends = [acme, beta].map(async (side) => {
      const { topics } = await side.call(offsetForLeaderEpochApi, 4, {
        ...{ replicaId: -1, topics: [{ topic, partitions: asked }] },
      });
      return Number(topics[0]!.partitions[0]!.endOffset);
    });
    expect(await Promise.all(ends)).toEqual([3, 1]);
  },
  InitProducerId: async (acme, beta) => {
    const none = { transactionalId: null, transactionTimeoutMs: 0 };
    const mine = await acme.call(initProducerIdApi, 4, none);
    const theirs = await beta.call(initProducerIdApi, 4, none);
    expect(mine.producerId).not.toBe(theirs.producerId);
    for (const side of [acme, beta]) {
      const { errorCode, producerId } = await side.call(initProducerIdApi, 4, { ...none, transactionalId });
      expect([errorCode, producerId]).toEqual([code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, -1n]);
    }
  },
  DescribeProducers: async (acme, beta) => {
    const producerId = 4_711n;
    const producer = { producerId: Number(producerId), producerEpoch: 0 };
    // One producer id and one sequence number in both: neither is the other's duplicate.
    for (const side of [acme, beta]) {
      for (const baseSequence of side === acme ? [0, 1] : [0]) {
        const value = Buffer.from(`idempotent ${baseSequence}`);
        const records = encodeRecordBatch([{ timestamp: Date.now(), key: null, value }], {
          ...producer,
          baseSequence,
        });
        const answer = await side.call(produceApi, 9, {
          ...{ acks: -1, timeoutMs, transactionalId: null },
          topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
        });
        expect(answer.responses[0]!.partitionResponses[0]!.errorCode).toBe(code.NONE);
      }
    }
    const asked = { topics: [{ name: topic, partitionIndexes: [0] }] };
    const last = [acme, beta].map(async (side) => {
      const { topics } = await side.call(describeProducersApi, 0, asked);
      return topics[0]!.partitions[0]!.activeProducers.map((each) => each.lastSequence);
    });
    expect(await Promise.all(last)).toEqual([[1], [0]]);
    expect([await end(acme), await end(beta)]).toEqual([5, 2]);
  },
  DescribeLogDirs: async (acme, beta) => {
    const names = async (side: Side) => {
      const { results } = await side.call(describeLogDirsApi, 4, { topics: null });
      return results[0]!.topics.map(({ name }) => name).sort();
    };
    expect([await names(acme), await names(beta)]).toEqual([
      ['only-acme', topic],
      ['only-beta', topic],
    ]);
    const named = [
      { topic: ownTopic('acme'), partitions: [0] },
      { topic: '../acme/orders', partitions: [0] },
    ];
    const { results } = await beta.call(describeLogDirsApi, 4, { topics: named });
    expect(results[0]!.topics).toEqual([]);
  },
  ElectLeaders: async (acme, beta) => {
    const request = { electionType: 0, topicPartitions: [{ topic, partitions: [0] }], timeoutMs };
    const answers = [
      await acme.call(electLeadersApi, 2, request),
      await beta.call(electLeadersApi, 2, request),
    ];
    for (const { replicaElectionResults } of answers) {
      expect(replicaElectionResults[0]!.partitionResult[0]!.errorCode).toBe(code.ELECTION_NOT_NEEDED);
    }
  },
  DescribeConfigs: async (acme, beta) => {
    const resources = [{ resourceType: 2, resourceName: ownTopic('acme'), configurationKeys: null }];
    const { results } = await beta.call(describeConfigsApi, 4, { resources });
    expect(results).toMatchObject([{ errorCode: code.UNKNOWN_TOPIC_OR_PARTITION, configs: [] }]);
    expect(await retention(acme)).toBe(await retention(beta));
  },
  AlterConfigs: async (acme, beta) => {
    const before = await retention(acme);
    const configs = [{ name: 'retention.ms', value: '7200000' }];
    const resources = [{ resourceType: 2, resourceName: topic, configs }];
    const { responses } = await beta.call(alterConfigsApi, 2, { resources, validateOnly: false });
    expect(responses).toMatchObject([{ errorCode: code.NONE }]);
    expect([await retention(acme), await retention(beta)]).toEqual([before, '7200000']);
  },
  IncrementalAlterConfigs: async (acme, beta) => {
    const before = await retention(acme);
    const configs = [{ name: 'retention.ms', configOperation: 0, value: '10800000' }];
    const resources = [{ resourceType: 2, resourceName: topic, configs }];
    const { responses } = await beta.call(incrementalAlterConfigsApi, 1, { resources, validateOnly: false });
    expect(responses).toMatchObject([{ errorCode: code.NONE }]);
    expect([await retention(acme), await retention(beta)]).toEqual([before, '10800000']);
  },
  CreatePartitions: async (acme, beta) => {
    const topics = [{ name: topic, count: 2, assignments: null }];
    const { results } = await beta.call(createPartitionsApi, 3, { topics, timeoutMs, validateOnly: false });
    expect(results).toMatchObject([{ errorCode: code.NONE }]);
    expect([await partitions(acme), await partitions(beta)]).toEqual([3, 2]);
  },
  DeleteRecords: async (acme, beta) => {
    const asked = [{ name: topic, partitions: [{ partitionIndex: 0, offset: 1 }] }];
    const { topics } = await beta.call(deleteRecordsApi, 2, { topics: asked, timeoutMs });
    expect(topics[0]!.partitions).toMatchObject([{ errorCode: code.NONE, lowWatermark: 1n }]);
    const starts = [await offset(acme, -2), await offset(beta, -2)];
    expect(starts.map((each) => Number(each.offset))).toEqual([0, 1]);
  },
  DeleteTopics: async (acme, beta) => {
    const remove = async (name: string | null, topicId: Buffer) => {
      const { responses } = await beta.call(deleteTopicsApi, 6, { topics: [{ name, topicId }], timeoutMs });
      return responses[0]!.errorCode;
    };
    expect(await remove(null, acme.topicId)).toBe(code.UNKNOWN_TOPIC_ID);
    expect(await remove(ownTopic('acme'), Buffer.alloc(16))).toBe(code.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await remove(topic, Buffer.alloc(16))).toBe(code.NONE);
    expect(await partitions(beta)).toBe(`error ${code.UNKNOWN_TOPIC_OR_PARTITION}`);
    expect([await partitions(acme), await end(acme)]).toEqual([3, 5]);
  },
};
