import { describe, expect, it } from '@jest/globals';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { type CoordinatorBed, coordinatorBed } from '../testing/group-coordinator-bed.js';
import type { GroupProtocol } from './group.js';
import { offsetRecords } from './group-offsets-kind.js';
import { OffsetExpiry } from './offset-expiry.js';

const day = 24 * 3_600_000;
const topicOf = (name: string, id: string) => ({ name, id: Buffer.from(id, 'hex') }) as KafkaTopic;

/** Topics are there with id aa unless the test says otherwise. */
function bed() {
  const answers = new Map<string, KafkaTopic | undefined | 'fails'>();
  const made = coordinatorBed([offsetRecords], {
    options: { offsetsRetentionMs: 7 * day, offsetsRetentionCheckMs: day },
    topics: {
      names: async () => [],
      resolve: async (_tenant, name) => {
        if (!answers.has(name)) return topicOf(name, 'aa');
        const answer = answers.get(name);
        if (answer === 'fails') throw new Error('Pulsar is away');
        return answer;
      },
    },
  });
  return { ...made, answers, expiry: new OffsetExpiry(made.coordinator) };
}

function commit({ coordinator, clock }: CoordinatorBed, id: string, topic: string, more: object = {}) {
  const group = coordinator.group(id) ?? coordinator.create(id);
  const committed = {
    offset: 1,
    leaderEpoch: -1,
    metadata: '',
    committedAt: clock.now(),
    topicId: 'aa',
    ...more,
  };
  coordinator.append([group.offsets.record(topic, 0, committed)], () =>
    group.offsets.set(topic, 0, committed),
  );
  return group;
}

const left = ({ coordinator }: CoordinatorBed) =>
  [...coordinator.groups()].flatMap(({ id, offsets }) =>
    [...offsets.all()].map(({ topic }) => `${id}/${topic}`),
  );

const protocol = (given: Partial<GroupProtocol>) =>
  ({
    type: 'classic',
    stateName: 'Stable',
    protocolType: 'consumer',
    memberCount: 1,
    memberBytes: 0,
    emptySince: undefined,
    checkCommit: () => 0,
    checkFetch: () => 0,
    subscribedTopics: () => new Set(['read']),
    tombstones: () => [],
    close: () => {},
    ...given,
  }) satisfies GroupProtocol;

describe('committed offsets', () => {
  it('of a group that only has offsets expire by their commit, or as the client said', async () => {
    const b = bed();
    commit(b, 'old', 'a');
    commit(b, 'short', 'a', { expiresAt: b.clock.now() + day });
    commit(b, 'long', 'a', { expiresAt: b.clock.now() + 30 * day });
    b.clock.advance(day);
    commit(b, 'young', 'a');
    await b.expiry.sweep();
    expect(left(b)).toEqual(['old/a', 'long/a', 'young/a']);
    b.clock.advance(6 * day - 1);
    await b.expiry.sweep();
    expect(left(b)).toHaveLength(3);
    b.clock.advance(1);
    await b.expiry.sweep();
    expect(left(b)).toEqual(['long/a', 'young/a']);
    expect(b.coordinator.count).toBe(2);
    expect([...b.log.latest().keys()]).toEqual(['offset/long/a/0', 'offset/young/a/0']);
  });

  it('of a group with members stay as long as they subscribe, or its state is not settled', async () => {
    const b = bed();
    const classic = commit(b, 'classic', 'read');
    commit(b, 'classic', 'unread');
    classic.protocol = protocol({});
    const unsettled = commit(b, 'unsettled', 'unread');
    unsettled.protocol = protocol({ stateName: 'PreparingRebalance' });
    const unknown = commit(b, 'unknown', 'unread');
    unknown.protocol = protocol({ subscribedTopics: () => undefined });
    const consumer = commit(b, 'consumer', 'unread');
    consumer.protocol = protocol({ type: 'consumer', stateName: 'Reconciling' });
    b.clock.advance(30 * day);
    await b.expiry.sweep();
    expect(left(b)).toEqual(['classic/read', 'unsettled/unread', 'unknown/unread']);
    expect(b.coordinator.count).toBe(4);
  });

  it('of a group whose members left expire from then on, and the group goes with them', async () => {
    const b = bed();
    const group = commit(b, 'g', 'read');
    b.clock.advance(30 * day);
    group.protocol = protocol({ stateName: 'Empty', memberCount: 0, emptySince: b.clock.now() });
    b.clock.advance(7 * day - 1);
    await b.expiry.sweep();
    expect(left(b)).toEqual(['g/read']);
    b.clock.advance(1);
    await b.expiry.sweep();
    expect([left(b), b.coordinator.count]).toEqual([[], 0]);
  });

  it('of a topic that is gone go: at once when it is another one, after two looks when it is not there', async () => {
    const b = bed();
    for (const topic of ['kept', 'made-again', 'absent', 'flickers', 'unreachable']) commit(b, 'g', topic);
    b.answers.set('made-again', topicOf('made-again', 'bb'));
    b.answers.set('absent', undefined);
    b.answers.set('flickers', undefined);
    b.answers.set('unreachable', 'fails');
    await b.expiry.sweep();
    expect(left(b)).toEqual(['g/kept', 'g/absent', 'g/flickers', 'g/unreachable']);
    b.answers.delete('flickers');
    await b.expiry.sweep();
    expect(left(b)).toEqual(['g/kept', 'g/flickers', 'g/unreachable']);
    b.answers.set('flickers', undefined);
    await b.expiry.sweep();
    expect(left(b)).toEqual(['g/kept', 'g/flickers', 'g/unreachable']);
  });

  it('that a commit is about to replace are left', async () => {
    const b = bed();
    const group = commit(b, 'g', 'a');
    b.clock.advance(8 * day);
    group.offsets.begin(group.offsets.tombstone('a', 0));
    await b.expiry.sweep();
    expect(left(b)).toEqual(['g/a']);
  });

  it('are looked at again and again until the slice is closed', async () => {
    const b = bed();
    commit(b, 'g', 'a');
    b.expiry.start();
    for (let days = 0; days < 8; days++) {
      b.clock.advance(day);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([left(b), b.clock.timers]).toEqual([[], 1]);
    b.coordinator.close();
    b.clock.advance(day);
    await new Promise((resolve) => setImmediate(resolve));
    expect(b.clock.timers).toBe(0);
  });
});
