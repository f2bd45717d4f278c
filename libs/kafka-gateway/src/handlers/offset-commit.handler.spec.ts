import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode, type OffsetCommitResponse, offsetCommitApi } from '#libs/kafka-codec';
import { offsetRecords } from '../group-coordinator/group-offsets-kind.js';
import { KeyedOrder } from '../group-coordinator/keyed-order.js';
import { ReadingBed } from '../testing/fetch-bed.js';
import { coordinatorBed } from '../testing/group-coordinator-bed.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { offsetCommitHandler } from './offset-commit.handler.js';

const { COORDINATOR_NOT_AVAILABLE, REQUEST_TIMED_OUT } = KafkaErrorCode;

/** OffsetCommit before a coordinator with a log in memory. */
function bed() {
  const front = new ReadingBed({ handlers: [offsetCommitHandler] });
  const { coordinator, log, clock } = coordinatorBed([offsetRecords]);
  const groups = {
    coordinator: () => coordinator,
    loading: () => undefined,
    commitOrder: new KeyedOrder(),
    clock,
  };
  Object.assign(front.protocol.services, { groups });
  const { kafka } = front.connect();
  const body = (topic: string, offset: number) => ({
    groupId: 'g',
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, committedOffset: BigInt(offset) }] }],
  });
  return {
    front,
    coordinator,
    log,
    clock,
    kafka,
    send: (topic: string, offset: number) => kafka.send(offsetCommitApi, 8, body(topic, offset)),
    code: async () => {
      const { body: answer } = await kafka.response<OffsetCommitResponse>(offsetCommitApi, 8);
      return answer.topics[0]!.partitions[0]!.errorCode;
    },
    offset: (topic: string) => coordinator.group('g')?.offsets.get(topic, 0)?.offset,
  };
}

const soon = () => new Promise((resolve) => setTimeout(resolve, 10));

describe('OffsetCommit', () => {
  it('is answered after the receipt, or that there is none yet; the offset is taken when it comes', async () => {
    const { front, log, clock, send, code, offset } = bed();
    front.topic('t');
    log.hold();
    send('t', 5);
    await soon();
    clock.advance(5_000);
    expect([await code(), offset('t')]).toEqual([REQUEST_TIMED_OUT, undefined]);
    log.give();
    expect(offset('t')).toBe(5);
    send('t', 6);
    expect([await code(), offset('t'), clock.timers]).toEqual([0, 6, 0]);
  });

  it('keeps the order of commits, though the first waits for its topic to be looked up', async () => {
    const { front, log, send, code } = bed();
    front.topic('known');
    const lookup = Promise.withResolvers<KafkaTopic | undefined>();
    front.lookup = () => lookup.promise;
    send('looked-up', 1);
    send('known', 2);
    await soon();
    expect(log.entries).toEqual([]);
    front.topic('looked-up');
    lookup.resolve(front.topics.get('looked-up'));
    expect([await code(), await code()]).toEqual([0, 0]);
    expect(log.entries.map(([record]) => record!.key)).toEqual(['offset/g/looked-up/0', 'offset/g/known/0']);
  });

  it('looks up the topics of one request a few at a time', async () => {
    const { front, kafka, code } = bed();
    let [running, most] = [0, 0];
    front.lookup = async () => {
      most = Math.max(most, ++running);
      await soon();
      running--;
      return undefined;
    };
    const topics = Array.from({ length: 100 }, (_, at) => ({
      name: `t${at}`,
      partitions: [{ partitionIndex: 0, committedOffset: 1n }],
    }));
    kafka.send(offsetCommitApi, 8, { groupId: 'g', topics });
    expect(await code()).toBe(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(most).toBe(16);
  });

  it('takes no retention beyond 30 days, and no time of a commit that is still to come', async () => {
    const { front, coordinator, clock, kafka } = bed();
    front.topic('t');
    const forEver = 2n ** 62n;
    const committed = async (version: number, more: object, ofPartition: object) => {
      const partitions = [{ partitionIndex: 0, committedOffset: 1n, ...ofPartition }];
      kafka.send(offsetCommitApi, version, { groupId: 'g', topics: [{ name: 't', partitions }], ...more });
      await kafka.response<OffsetCommitResponse>(offsetCommitApi, version);
      return coordinator.group('g')!.offsets.get('t', 0)!;
    };
    const { expiresAt } = await committed(2, { retentionTimeMs: forEver }, {});
    expect(expiresAt).toBe(clock.now() + 30 * 24 * 3_600_000);
    expect((await committed(2, { retentionTimeMs: 5n }, {})).expiresAt).toBe(clock.now() + 5);
    expect((await committed(1, {}, { commitTimestamp: forEver })).committedAt).toBe(clock.now());
  });

  it('does not need Pulsar to say that a topic with an offset is there', async () => {
    const { front, send, code, offset } = bed();
    front.topic('t');
    send('t', 1);
    expect(await code()).toBe(0);
    front.topics.clear();
    front.lookup = () => Promise.reject(new Error('Pulsar is away'));
    send('t', 2);
    send('new', 3);
    expect([await code(), await code()]).toEqual([0, COORDINATOR_NOT_AVAILABLE]);
    expect([offset('t'), offset('new')]).toEqual([2, undefined]);
  });
});
