import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { KafkaError } from '../kafka.errors.js';
import { type CoordinatorBed, coordinatorBed } from '../testing/group-coordinator-bed.js';
import { commitOffsets } from './commit-offsets.js';
import { type GroupProtocol } from './group.js';
import { offsetRecords } from './group-offsets-kind.js';
import { groupSlice } from './group-slice.js';

const kinds = [offsetRecords];
const { NOT_COORDINATOR, POLICY_VIOLATION, INVALID_COMMIT_OFFSET_SIZE, UNKNOWN_MEMBER_ID } = KafkaErrorCode;

/** Commits for somebody who is no member; the codes arrive in `codes`. */
function commit(bed: CoordinatorBed, groupId: string, offsets: Record<string, number>, codes: number[] = []) {
  const commits = Object.entries(offsets).map(([name, offset]) => {
    const [topic = '', partition = ''] = name.split('/');
    const committed = { offset, leaderEpoch: -1, metadata: 'm', committedAt: bed.clock.now(), topicId: 'id' };
    return { topic, partition: Number(partition), committed };
  });
  const committer = { groupId, memberId: '', instanceId: null, generationOrEpoch: -1, apiVersion: 9 };
  commitOffsets(bed.coordinator, committer, commits, (error) => codes.push(error?.code ?? 0));
  return codes;
}

function offsetsOf({ coordinator }: CoordinatorBed, groupId: string): Record<string, number> {
  const all = [...(coordinator.group(groupId)?.offsets.all() ?? [])];
  return Object.fromEntries(all.map((each) => [`${each.topic}/${each.partition}`, each.committed.offset]));
}

const protocolOf = (closed: number[]) =>
  ({
    type: 'classic',
    stateName: 'Stable',
    protocolType: 'consumer',
    memberCount: 1,
    memberBytes: 0,
    emptySince: undefined,
    checkCommit: () => 0,
    checkFetch: () => 0,
    subscribedTopics: () => new Set(['a']),
    tombstones: () => [{ key: 'classic/g', value: null }],
    close: (code) => closed.push(code),
  }) satisfies GroupProtocol;

describe('a slice of groups', () => {
  it('shows an offset only after its receipt, in the order of the commits', () => {
    const bed = coordinatorBed(kinds);
    bed.log.hold();
    const codes = commit(bed, 'g', { 'a/0': 1 });
    commit(bed, 'g', { 'a/0': 2, 'b/0': 3 }, codes);
    expect([codes, offsetsOf(bed, 'g')]).toEqual([[], {}]);
    bed.log.give();
    expect([codes, offsetsOf(bed, 'g')]).toEqual([[0, 0], { 'a/0': 2, 'b/0': 3 }]);
    expect(bed.log.entries.map((entry) => entry.length)).toEqual([1, 2]);
  });

  it.each([false, true])('is the same for its next holder, with a compacted log: %p', (compacted) => {
    const bed = coordinatorBed(kinds);
    const strange = 'a group/with é %2F and a 💡';
    commit(bed, strange, { 'a/0': 1, 'b.c/17': 5 });
    commit(bed, strange, { 'a/0': 9 });
    commit(bed, 'gone', { 'a/0': 1 });
    bed.coordinator.remove(bed.coordinator.group('gone')!, () => {});
    const next = bed.failOver({ compacted });
    expect(offsetsOf(next, strange)).toEqual({ 'a/0': 9, 'b.c/17': 5 });
    expect(next.coordinator.group(strange)?.offsets.get('a', 0)).toEqual({
      offset: 9,
      leaderEpoch: -1,
      metadata: 'm',
      committedAt: bed.clock.now(),
      topicId: 'id',
    });
    expect(next.coordinator.count).toBe(1);
  });

  it('deletes with a group what is on its way to the log', () => {
    const bed = coordinatorBed(kinds);
    commit(bed, 'g', { 'a/0': 1 });
    bed.log.hold();
    const codes = commit(bed, 'g', { 'a/1': 2 });
    const group = bed.coordinator.group('g')!;
    bed.coordinator.remove(group, (error) => codes.push(error?.code ?? 0));
    commit(bed, 'g', { 'a/2': 3 }, codes);
    bed.log.give();
    expect(codes).toEqual([0, 0, 0]);
    expect(offsetsOf(bed, 'g')).toEqual({ 'a/2': 3 });
    expect(offsetsOf(bed.failOver(), 'g')).toEqual({ 'a/2': 3 });
  });

  it('answers everybody with NOT_COORDINATOR when it is lost, and stores nothing more', () => {
    const bed = coordinatorBed(kinds);
    const closed: number[] = [];
    bed.log.hold();
    const codes = commit(bed, 'g', { 'a/0': 1 });
    commit(bed, 'g', { 'a/0': 2 }, codes);
    bed.coordinator.group('g')!.protocol = protocolOf(closed);
    bed.log.lose();
    commitOffsetsOfMember(bed, codes);
    expect([codes, closed]).toEqual([[NOT_COORDINATOR, NOT_COORDINATOR, NOT_COORDINATOR], [NOT_COORDINATOR]]);
    expect([bed.coordinator.closed, bed.log.entries]).toEqual([true, []]);
  });

  it('asks the protocol of a group who may commit', () => {
    const bed = coordinatorBed(kinds);
    commit(bed, 'g', { 'a/0': 1 });
    const group = bed.coordinator.group('g')!;
    const asked: unknown[][] = [];
    const committed: string[] = [];
    let code = 0;
    group.protocol = {
      ...protocolOf([]),
      checkCommit: (...given) => {
        asked.push(given);
        return code;
      },
      committed: (memberId) => committed.push(memberId),
    };
    const codes = commit(bed, 'g', { 'a/0': 2 });
    code = UNKNOWN_MEMBER_ID;
    expect(() => commit(bed, 'g', { 'a/0': 3 })).toThrow(
      expect.objectContaining({ code: UNKNOWN_MEMBER_ID }),
    );
    expect([codes, asked[0], committed]).toEqual([[0], ['', null, -1, 9], ['']]);
    expect(offsetsOf(bed, 'g')).toEqual({ 'a/0': 2 });
  });

  it('has bounds: groups, offsets of a group, records without a receipt', () => {
    const bed = coordinatorBed(kinds, {
      options: { groupsMaxPerSlice: 2, groupOffsetsMax: 3, groupPendingRecordsMax: 4 },
    });
    commit(bed, 'a', { 't/0': 1, 't/1': 1, 't/2': 1 });
    commit(bed, 'a', { 't/0': 2, 't/1': 2, 't/2': 2 });
    expect(() => commit(bed, 'a', { 't/3': 1 })).toThrow(
      expect.objectContaining({ code: INVALID_COMMIT_OFFSET_SIZE }),
    );
    commit(bed, 'b', { 't/0': 1 });
    expect(() => commit(bed, 'c', { 't/0': 1 })).toThrow(expect.objectContaining({ code: POLICY_VIOLATION }));
    bed.log.hold();
    const codes = commit(bed, 'a', { 't/0': 3, 't/1': 3, 't/2': 3 });
    commit(bed, 'b', { 't/0': 2, 't/1': 2 }, codes);
    expect(codes).toEqual([KafkaErrorCode.COORDINATOR_NOT_AVAILABLE]);
    bed.log.give();
    commit(bed, 'b', { 't/0': 2, 't/1': 2 }, codes);
    expect(codes).toEqual([KafkaErrorCode.COORDINATOR_NOT_AVAILABLE, 0, 0]);
    expect(bed.coordinator.count).toBe(2);
  });

  it('has a bound on the offsets of all its groups', () => {
    const bed = coordinatorBed(kinds, { options: { groupOffsetsMaxPerSlice: 3 } });
    commit(bed, 'a', { 't/0': 1, 't/1': 1 });
    commit(bed, 'b', { 't/0': 1 });
    const full = expect.objectContaining({ code: INVALID_COMMIT_OFFSET_SIZE });
    expect(() => commit(bed, 'c', { 't/0': 1 })).toThrow(full);
    expect(commit(bed, 'a', { 't/0': 2, 't/1': 2 })).toEqual([0]);
    expect(bed.failOver().coordinator.offsetCount).toBe(3);
    const next = bed.failOver();
    next.coordinator.remove(next.coordinator.group('a')!, () => {});
    expect(next.coordinator.offsetCount).toBe(1);
    expect(commit(next, 'c', { 't/0': 1, 't/1': 1 })).toEqual([0]);
    expect([next.coordinator.offsetCount, next.coordinator.count]).toEqual([3, 2]);
  });

  it('counts long metadata as more offsets', () => {
    const bed = coordinatorBed(kinds, { options: { groupOffsetsMaxPerSlice: 4 } });
    const say = (metadata: string) => {
      const committed = { offset: 1, leaderEpoch: -1, metadata, committedAt: 0 };
      const committer = {
        groupId: 'g',
        memberId: '',
        instanceId: null,
        generationOrEpoch: -1,
        apiVersion: 9,
      };
      commitOffsets(bed.coordinator, committer, [{ topic: 't', partition: 0, committed }], () => {});
      return bed.coordinator.offsetCount;
    };
    expect([say('x'), say('x'.repeat(800)), say('x'.repeat(300))]).toEqual([1, 4, 2]);
    expect(() => say('x'.repeat(1_100))).toThrow(
      expect.objectContaining({ code: INVALID_COMMIT_OFFSET_SIZE }),
    );
    bed.coordinator.remove(bed.coordinator.group('g')!, () => {});
    expect(bed.coordinator.offsetCount).toBe(0);
  });

  it('refuses a commit that is larger than an entry before it makes its records', () => {
    const bed = coordinatorBed(kinds);
    const committed = { offset: 1, leaderEpoch: -1, metadata: '', committedAt: 0 };
    const commits = Array.from({ length: 100_000 }, () => ({ topic: 't', partition: 0, committed }));
    const committer = { groupId: 'g'.repeat(1_000), memberId: '', instanceId: null, generationOrEpoch: -1 };
    expect(() => commitOffsets(bed.coordinator, { ...committer, apiVersion: 9 }, commits, () => {})).toThrow(
      expect.objectContaining({ code: INVALID_COMMIT_OFFSET_SIZE }),
    );
    expect([bed.coordinator.count, bed.log.entries]).toEqual([0, []]);
  });

  it('keeps a group that cannot be deleted as a whole at the moment, and deletes any when nothing waits', () => {
    const bed = coordinatorBed(kinds, { options: { groupPendingRecordsMax: 2 } });
    for (const partition of [0, 1, 2]) commit(bed, 'g', { [`t/${partition}`]: 1 });
    bed.log.hold();
    commit(bed, 'other', { 't/0': 1 });
    const codes: number[] = [];
    const remove = () =>
      bed.coordinator.remove(bed.coordinator.group('g')!, (error) => codes.push(error?.code ?? 0));
    remove();
    expect([codes, bed.coordinator.group('g')?.offsets.size]).toEqual([
      [KafkaErrorCode.COORDINATOR_NOT_AVAILABLE],
      3,
    ]);
    bed.log.give();
    remove();
    expect([codes[1], bed.coordinator.group('g')]).toEqual([0, undefined]);
    expect(bed.failOver().coordinator.group('g')).toBeUndefined();
  });

  it('forgets a group of which nothing came to be stored', () => {
    const bed = coordinatorBed(kinds);
    commit(bed, 'nothing', {});
    expect(bed.coordinator.count).toBe(0);
  });

  it('is a matter of the group id alone', () => {
    expect(['', 'a', 'b', 'orders', 'zahlungen-ä'].map(groupSlice)).toEqual([1, 0, 1, 0, 1]);
  });
});

function commitOffsetsOfMember(bed: CoordinatorBed, codes: number[]): void {
  bed.coordinator.append([{ key: 'offset/g/a/0', value: null }], (error: KafkaError | undefined) =>
    codes.push(error?.code ?? 0),
  );
}
