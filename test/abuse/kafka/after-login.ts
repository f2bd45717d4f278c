// What Kafka clients try that have logged in.
import { expect } from '@jest/globals';
import {
  apiVersionsApi,
  createTopicsApi,
  deleteTopicsApi,
  describeGroupsApi,
  encodeRecordBatch,
  fetchApi,
  heartbeatApi,
  joinGroupApi,
  KafkaErrorCode as code,
  listOffsetsApi,
  metadataApi,
  offsetCommitApi,
  produceApi,
  syncGroupApi,
} from '#libs/kafka-codec';
import type { KafkaSocket } from '../../support/kafka-socket.js';
import type { Abuse, ProvenAbuse } from '../abuse.js';
import { groupsMaxPerSlice, type KafkaStage, topicsMax } from './kafka-stage.js';

const timeoutMs = 15_000;
const recordBytes = 900_000;
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Of the system, of other namespaces, and other spellings of topics that are there. */
const foreignNames = [
  '__consumer_offsets',
  '__transaction_state',
  '__change_events',
  '__transaction_buffer_snapshot',
  'pulsegate.groups',
  'orders-partition-0',
  'orders__transaction_pending_ack',
  'persistent://public/default/orders',
  'public/default/orders',
  '../orders',
  '..',
  '%2e%2e%2forders',
  'orders\0',
  'x'.repeat(250),
  '',
];

function batch(value: Buffer, headers: readonly { key: string; value: Buffer | null }[] = []): Buffer {
  return encodeRecordBatch([{ timestamp: Date.now(), key: null, value, headers }]);
}

async function produce(client: KafkaSocket, name: string, records: Buffer): Promise<number> {
  const partitionData = [{ index: 0, records }];
  const body = { transactionalId: null, acks: -1, timeoutMs, topicData: [{ name, partitionData }] };
  const { responses } = await client.call(produceApi, 8, body);
  return responses[0]!.partitionResponses[0]!.errorCode;
}

async function commit(client: KafkaSocket, groupId: string, name: string): Promise<number> {
  const partitions = [{ partitionIndex: 0, committedOffset: 1 }];
  const { topics } = await client.call(offsetCommitApi, 8, {
    ...{ groupId, generationIdOrMemberEpoch: -1, memberId: '', groupInstanceId: null },
    topics: [{ name, partitions }],
  });
  return topics[0]!.partitions[0]!.errorCode;
}

function join(client: KafkaSocket, groupId: string, groupInstanceId: string | null) {
  return client.call(joinGroupApi, 7, {
    ...{ groupId, memberId: '', groupInstanceId, protocolType: 'consumer' },
    ...{ sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 5_000 },
    protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
  });
}

/** Of the time that large requests take; one that keeps the event loop to itself makes others wait for nearly all of it. */
const waitShareMax = 0.5;

/** What else the machine does may come between once, or what this process does; who keeps the event loop to itself always does. */
const attemptsMax = 4;

/**
 * While one of these attempts at least is served, others are: not timed but in proportion, the same on slow and busy machines.
 *
 * @returns what the last one brought
 */
async function expectOthersServed<T>(attempt: () => Promise<T>, client: KafkaSocket): Promise<T> {
  const shares: number[] = [];
  let attempted: Promise<T>;
  do {
    attempted = attempt();
    shares.push(await longestWaitShare(attempted, client));
  } while (shares.at(-1)! >= waitShareMax && shares.length < attemptsMax);
  expect(Math.min(...shares)).toBeLessThan(waitShareMax);
  return attempted;
}

/** How long others wait for an answer at most, as a part of the time until `done`. */
async function longestWaitShare(done: Promise<unknown>, client: KafkaSocket): Promise<number> {
  let isDone = false;
  const ended = () => {
    isDone = true;
  };
  done.then(ended, ended);
  const beganMs = performance.now();
  let longestMs = 0;
  for (let askedMs = beganMs, nowMs = beganMs; !isDone; askedMs = nowMs) {
    await client.call(apiVersionsApi, 3, { clientSoftwareName: 'sound', clientSoftwareVersion: '1' });
    nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - askedMs);
  }
  await done;
  return longestMs / (performance.now() - beganMs);
}

export const afterLogin: readonly (Abuse<KafkaStage> | ProvenAbuse)[] = [
  {
    item: 'A2',
    tries: 'subscribes a group to every topic by a regular expression',
    meets: 'is given the partitions of the topics that it may describe',
    provenBy: {
      file: 'libs/kafka-gateway/src/handlers/consumer-group-apis.pulsar.spec.ts',
      test: 'with a pattern gives what may be seen',
    },
  },
  {
    item: 'A2',
    tries: 'goes on with a fetch session when the rule that allowed it is taken back',
    meets: 'is given no record more',
    provenBy: {
      file: 'libs/kafka-gateway/src/handlers/permission-revoked.spec.ts',
      test: 'ends a fetch session that was opened with it, by name and by id',
    },
  },
  {
    item: 'A3',
    tries:
      'asks for, makes, deletes, writes, reads and commits topics of the system, of other namespaces and of other spellings',
    meets: 'is refused by the name alone, whatever it may do in its tenant',
    async run(stage) {
      const client = await stage.client();
      for (const name of foreignNames) {
        const metadata = await client.call(metadataApi, 9, { topics: [{ name }] });
        const made = await client.call(createTopicsApi, 5, {
          topics: [{ name, numPartitions: 1, replicationFactor: 1 }],
          timeoutMs,
        });
        const deleted = await client.call(deleteTopicsApi, 5, { topicNames: [name], timeoutMs });
        const asked = { name, partitions: [{ partitionIndex: 0, timestamp: -1 }] };
        const offsets = await client.call(listOffsetsApi, 5, { topics: [asked] });
        const read = await client.call(fetchApi, 11, {
          ...{ maxWaitMs: 0, minBytes: 1, maxBytes: 1_000, sessionId: 0, sessionEpoch: -1 },
          topics: [{ topic: name, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000 }] }],
        });
        const codes = {
          metadata: metadata.topics[0]!.errorCode,
          made: made.topics[0]!.errorCode,
          deleted: deleted.responses[0]!.errorCode,
          offsets: offsets.topics[0]!.partitions[0]!.errorCode,
          read: read.responses[0]!.partitions[0]!.errorCode,
          written: await produce(client, name, batch(Buffer.from('forged'))),
          committed: await commit(client, 'any', name),
        };
        const outcome = Object.entries(codes).filter(([, errorCode]) => errorCode === code.NONE);
        expect([name, outcome, codes.metadata, codes.made]).toEqual([
          ...[name, []],
          ...[code.INVALID_TOPIC_EXCEPTION, code.INVALID_TOPIC_EXCEPTION],
        ]);
      }
    },
  },
  {
    item: 'A5',
    tries: 'takes the place of one static member, ten times thirty at once',
    meets: 'one of them is the member, all others are fenced; the group has one member',
    async run(stage) {
      const clients = await Promise.all(numbers(30).map(() => stage.client()));
      const group = { groupId: 'contested', groupInstanceId: 'the-one' };
      let joined: { memberId: string; generationId: number; errorCode: number }[] = [];
      for (let round = 0; round < 10; round++) {
        joined = await Promise.all(
          clients.map((client) => join(client, group.groupId, group.groupInstanceId)),
        );
      }
      const heard = await Promise.all(
        joined.map(({ memberId, generationId }) =>
          clients[0]!.call(heartbeatApi, 4, { ...group, memberId, generationId }),
        ),
      );
      const fenced = heard.filter(({ errorCode }) => errorCode === code.FENCED_INSTANCE_ID);
      expect(fenced.length).toBeGreaterThanOrEqual(joined.length - 1);
      const [sound] = clients;
      const { memberId, generationId } = await join(sound!, group.groupId, group.groupInstanceId);
      const synced = await sound!.call(syncGroupApi, 5, {
        ...{ ...group, memberId, generationId, protocolType: 'consumer', protocolName: 'range' },
        assignments: [{ memberId, assignment: Buffer.from('all') }],
      });
      expect(synced.errorCode).toBe(code.NONE);
      const { groups } = await sound!.call(describeGroupsApi, 5, { groups: [group.groupId] });
      expect(groups[0]!.members).toHaveLength(1);
    },
  },
  {
    item: 'A5',
    tries: 'asks for member ids and never joins with them',
    meets: 'the oldest of them are forgotten',
    provenBy: {
      file: 'libs/kafka-gateway/src/group-coordinator/classic/classic-join.spec.ts',
      test: 'of ids that nobody uses, the oldest are forgotten',
    },
  },
  {
    item: 'A8',
    tries: 'produces records of 900 KB that are headers, 180,000 in each',
    meets: 'has them stored, and given back with all of their headers; others are served meanwhile',
    async run(stage) {
      const [client, sound] = [await stage.client(), await stage.client()];
      await stage.topic(client, 'headers');
      const headers = numbers(recordBytes / 5).map((at) => ({ key: `h${at % 10}`, value: Buffer.alloc(1) }));
      const records = batch(Buffer.from('v'), headers);
      const inTurn = async () => {
        for (let sent = 0; sent < 10; sent++) {
          expect(await produce(client, 'headers', records)).toBe(code.NONE);
        }
      };
      await expectOthersServed(inTurn, sound);
      const asked = { partition: 0, fetchOffset: 0, partitionMaxBytes: recordBytes };
      const { responses } = await client.call(fetchApi, 11, {
        ...{ maxWaitMs: 5_000, minBytes: 1, maxBytes: recordBytes, sessionId: 0, sessionEpoch: -1 },
        topics: [{ topic: 'headers', partitions: [asked] }],
      });
      expect(responses[0]!.partitions[0]!.records!.length).toBeGreaterThan(recordBytes);
    },
  },
  {
    item: 'A8',
    tries: 'asks for 100,000 topics that are not there in one request',
    meets: 'is answered for each; others are served meanwhile',
    async run(stage) {
      const [client, sound] = [await stage.client(), await stage.client()];
      const names = numbers(100_000).map((at) => ({ name: `absent-${at}` }));
      const ask = () => client.call(metadataApi, 9, { topics: names, allowAutoTopicCreation: false });
      const { topics } = await expectOthersServed(ask, sound);
      expect(topics).toHaveLength(names.length);
      expect(new Set(topics.map(({ errorCode }) => errorCode))).toEqual(
        new Set([code.UNKNOWN_TOPIC_OR_PARTITION]),
      );
    },
  },
  {
    item: 'A8',
    tries: 'counts more elements than the request has bytes for',
    meets: 'is closed; nothing is allocated for what is not there',
    provenBy: {
      file: 'libs/kafka-codec/src/hostile.spec.ts',
      test: 'allocate nothing for counts and lengths that the bytes cannot hold',
    },
  },
  {
    item: 'A8',
    tries: 'subscribes by regular expressions that take others exponential time',
    meets: 'they take a time that is linear in the length of the name',
    provenBy: {
      file: 'libs/kafka-gateway/src/group-coordinator/consumer/topic-pattern/topic-pattern.spec.ts',
      test: 'takes linear time where a backtracking engine takes exponential time',
    },
  },
  {
    item: 'A9',
    tries: 'asks for records again and again and never reads the answers',
    meets: 'costs one answer, and others nothing',
    provenBy: {
      file: 'libs/kafka-gateway/src/handlers/fetch.handler.spec.ts',
      test: 'cost one answer where the client does not read, and other clients nothing',
    },
  },
  {
    item: 'A9',
    tries: 'sends requests without waiting for answers',
    meets:
      'is not read while `kafka.requestsInFlightMax` or `kafka.requestBytesInFlightMax` are not answered',
    provenBy: {
      file: 'libs/kafka-gateway/src/kafka.connection.spec.ts',
      test: 'does not start more requests than allowed, and none is lost',
    },
  },
  {
    item: 'A10',
    tries: 'is silent after its login, or leaves its answers unread',
    meets: 'is closed after `idleTimeoutMs`',
    provenBy: {
      file: 'libs/transport/src/listener.spec.ts',
      test: 'closes idle connections and leaves busy ones',
    },
  },
  {
    item: 'A10',
    tries: 'asks for a session timeout without end',
    meets: 'hears INVALID_SESSION_TIMEOUT beyond `kafka.groupSessionTimeoutMsMax`',
    provenBy: {
      file: 'libs/kafka-gateway/src/group-coordinator/classic/classic-join.spec.ts',
      test: 'a session timeout of %i ms is refused',
    },
  },
  {
    item: 'A11',
    tries: 'commits offsets of a thousand groups with random names',
    meets: 'is refused beyond `kafka.groupsMaxPerSlice` in each of four parts; groups that are there go on',
    async run(stage) {
      const client = await stage.client('crowded');
      await stage.topic(client, 'crowd');
      const first = await commit(client, 'first', 'crowd');
      const codes = await Promise.all(numbers(1_000).map((at) => commit(client, `random-${at}`, 'crowd')));
      expect(first).toBe(code.NONE);
      expect(codes.filter((each) => each === code.NONE).length).toBeLessThan(4 * groupsMaxPerSlice);
      expect(await commit(client, 'first', 'crowd')).toBe(code.NONE);
    },
  },
  {
    item: 'A11',
    tries: 'commits offsets that are never to expire, or were committed in the future',
    meets: 'they expire after 30 days, or `kafka.offsetsRetentionMs` where that is longer',
    provenBy: {
      file: 'libs/kafka-gateway/src/handlers/offset-commit.handler.spec.ts',
      test: 'takes no retention beyond 30 days, and no time of a commit that is still to come',
    },
  },
  {
    item: 'A11',
    tries: 'leaves groups behind, which Pulsar shows as subscriptions',
    meets: 'the subscription ends with the offset',
    provenBy: {
      file: 'libs/kafka-gateway/src/group-coordinator/mirrors/group-mirrors.pulsar.spec.ts',
      test: 'ends with its offset, is made anew when it was deleted, and is ended when its offset is not there',
    },
  },
  {
    item: 'A12',
    tries: 'asks for the metadata of a hundred topics, each of which would be made',
    meets: 'hears POLICY_VIOLATION for those beyond `tenants[].limits.topics` (10,000 by default)',
    async run(stage) {
      const client = await stage.client('counted');
      const topics = numbers(100).map((at) => ({ name: `storm-${at}` }));
      const answer = await client.call(metadataApi, 9, { topics });
      const codes = answer.topics.map(({ errorCode }) => errorCode);
      expect(codes.filter((each) => each === code.NONE)).toHaveLength(topicsMax);
      expect(codes.filter((each) => each === code.POLICY_VIOLATION)).toHaveLength(100 - topicsMax);
    },
  },
  {
    item: 'A12',
    tries: 'makes topics faster than it may',
    meets: 'hears THROTTLING_QUOTA_EXCEEDED and how long to wait',
    provenBy: { file: 'test/quotas/limits.spec.ts', test: 'of creations, the client is told to come again' },
  },
];
