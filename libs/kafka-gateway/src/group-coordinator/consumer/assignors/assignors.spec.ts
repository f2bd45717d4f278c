import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TopicKey, TopicPartitions } from '../topic-partitions.js';
import { noPartitions, partitionsOf } from '../topic-partitions.js';
import type { Assignor, AssignorMember } from './assignor.js';
import { rangeAssignor } from './range-assignor.js';
import { uniformAssignor } from './uniform-assignor.js';

interface Case {
  readonly counts: ReadonlyMap<TopicKey, number>;
  readonly members: readonly AssignorMember[];
}

function member(
  memberId: string,
  topics: readonly string[],
  assigned: TopicPartitions = noPartitions,
  instanceId: string | null = null,
): AssignorMember {
  return { memberId, instanceId, topics: new Set(topics), assigned };
}

const topicNames = ['t0', 't1', 't2', 't3', 't4'];
const counts = fc
  .array(fc.integer({ min: 1, max: 12 }), { minLength: 5, maxLength: 5 })
  .map((list) => new Map(list.map((count, index) => [topicNames[index]!, count])));

function cases(mixed: boolean): fc.Arbitrary<Case> {
  const subscription = fc.subarray(topicNames, { minLength: 1 });
  return fc.record({
    counts,
    members: subscription.chain((same) =>
      fc
        .array(mixed ? subscription : fc.constant(same), { minLength: 1, maxLength: 9 })
        .map((lists) => lists.map((topics, index) => member(`m${index}`, topics))),
    ),
  });
}

function assign(assignor: Assignor, { counts: all, members }: Case) {
  return assignor.assign(members, (topic) => all.get(topic)!);
}

const load = (partitions: TopicPartitions) =>
  [...partitions.values()].reduce((sum, { size }) => sum + size, 0);

/** Each partition of each topic that somebody subscribes to is given once, to a subscriber. */
function expectComplete({ counts: all, members }: Case, assignment: ReadonlyMap<string, TopicPartitions>) {
  for (const [topic, count] of all) {
    const subscribers = members.filter(({ topics }) => topics.has(topic));
    const given = members.flatMap(({ memberId }) => [...partitionsOf(assignment.get(memberId)!, topic)]);
    const wanted = subscribers.length === 0 ? 0 : count;
    expect(given.sort((a, b) => a - b)).toEqual(Array.from({ length: wanted }, (_, index) => index));
    for (const { memberId, topics } of members) {
      if (!topics.has(topic)) expect(assignment.get(memberId)!.has(topic)).toBe(false);
    }
  }
}

/** No partition could move to a subscriber of its topic that has two fewer. */
function expectBalanced({ members }: Case, assignment: ReadonlyMap<string, TopicPartitions>) {
  const loads = new Map(members.map(({ memberId }) => [memberId, load(assignment.get(memberId)!)]));
  for (const { memberId } of members) {
    for (const topic of assignment.get(memberId)!.keys()) {
      for (const other of members) {
        if (other.topics.has(topic))
          expect(loads.get(memberId)! - loads.get(other.memberId)!).toBeLessThanOrEqual(1);
      }
    }
  }
}

function moved(
  before: ReadonlyMap<string, TopicPartitions>,
  after: ReadonlyMap<string, TopicPartitions>,
): number {
  let count = 0;
  for (const [memberId, partitions] of after) {
    for (const [topic, each] of partitions) {
      for (const partition of each)
        if (!partitionsOf(before.get(memberId) ?? noPartitions, topic).has(partition)) count++;
    }
  }
  return count;
}

const withTargets = (members: readonly AssignorMember[], assignment: ReadonlyMap<string, TopicPartitions>) =>
  members.map((each) => ({ ...each, assigned: assignment.get(each.memberId) ?? noPartitions }));

describe.each([uniformAssignor, rangeAssignor])('$name', (assignor) => {
  it.each([false, true])('gives each partition once, to a subscriber (mixed subscriptions: %s)', (mixed) => {
    fc.assert(fc.property(cases(mixed), (each) => expectComplete(each, assign(assignor, each))));
  });

  it('gives nothing where nobody is', () => {
    expect(assignor.assign([], () => 1).size).toBe(0);
  });

  it('gives what it gave, when nothing changed', () => {
    fc.assert(
      fc.property(cases(true), (each) => {
        const first = assign(assignor, each);
        const second = assign(assignor, { ...each, members: withTargets(each.members, first) });
        expect(moved(first, second)).toBe(0);
      }),
    );
  });
});

describe('uniform', () => {
  it.each([false, true])('is balanced (mixed subscriptions: %s)', (mixed) => {
    fc.assert(fc.property(cases(mixed), (each) => expectBalanced(each, assign(uniformAssignor, each))));
  });

  it('is balanced and complete whatever was there before', () => {
    const former = fc.dictionary(
      fc.constantFrom('m0', 'm1', 'm2', 'm9'),
      fc.dictionary(fc.constantFrom(...topicNames, 'gone'), fc.uniqueArray(fc.integer({ min: 0, max: 20 }))),
    );
    fc.assert(
      fc.property(fc.boolean().chain(cases), former, (each, before) => {
        const members = each.members.map((one) => ({
          ...one,
          assigned: new Map(
            Object.entries(before[one.memberId] ?? {}).map(([topic, list]) => [topic, new Set(list)]),
          ),
        }));
        const assignment = assign(uniformAssignor, { ...each, members });
        expectComplete(each, assignment);
        expectBalanced(each, assignment);
      }),
    );
  });

  it('moves only what a member that joins needs', () => {
    fc.assert(
      fc.property(cases(false), (each) => {
        const first = assign(uniformAssignor, each);
        const joining = member('new', [...each.members[0]!.topics]);
        const members = [...withTargets(each.members, first), joining];
        const second = assign(uniformAssignor, { ...each, members });
        expect(moved(first, second)).toBe(load(second.get('new')!));
      }),
    );
  });

  it('moves only what a member that left had', () => {
    fc.assert(
      fc.property(cases(false), (each) => {
        fc.pre(each.members.length > 1);
        const first = assign(uniformAssignor, each);
        const members = withTargets(each.members, first).slice(1);
        const second = assign(uniformAssignor, { ...each, members });
        expect(moved(first, second)).toBe(load(first.get('m0')!));
      }),
    );
  });
});

describe('range', () => {
  it('gives consecutive partitions in the order of the members, static ones first', () => {
    const members = [
      member('b', ['t0', 't1']),
      member('a', ['t0', 't1']),
      member('z', ['t0', 't1'], noPartitions, 'i'),
    ];
    const assignment = rangeAssignor.assign(members, (topic) => (topic === 't0' ? 4 : 3));
    const plain = Object.fromEntries(
      [...assignment].map(([id, all]) => [
        id,
        Object.fromEntries([...all].map(([topic, set]) => [topic, [...set]])),
      ]),
    );
    expect(plain).toEqual({
      z: { t0: [0, 1], t1: [0] },
      a: { t0: [2], t1: [1] },
      b: { t0: [3], t1: [2] },
    });
  });

  it('co-partitions topics with equal counts and subscribers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 9 }), (partitions, size) => {
        const members = Array.from({ length: size }, (_, index) => member(`m${index}`, ['t0', 't1']));
        for (const each of rangeAssignor.assign(members, () => partitions).values()) {
          expect([...partitionsOf(each, 't0')]).toEqual([...partitionsOf(each, 't1')]);
        }
      }),
    );
  });
});
