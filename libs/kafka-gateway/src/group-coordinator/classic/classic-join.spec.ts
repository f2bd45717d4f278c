import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode as code } from '#libs/kafka-codec';
import { KafkaError } from '../../kafka.errors.js';
import { ClassicBed, protocols } from '../../testing/classic-bed.js';

function codeThrownBy(act: () => unknown): number | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof KafkaError) return error.code;
  }
  return undefined;
}

describe('a dynamic member', () => {
  it('is given an id first (v4), which it joins with', () => {
    const bed = new ClassicBed();
    const asked = bed.join({ idRequired: true, clientId: 'app' });
    expect(asked.answer).toMatchObject({ code: code.MEMBER_ID_REQUIRED, generation: -1 });
    const { memberId } = asked.answer!;
    expect(memberId).toMatch(/^app-[0-9a-f-]{36}$/);
    expect([bed.state, bed.group.memberCount, bed.group.pendingCount]).toEqual(['Empty', 0, 1]);
    const joined = bed.join({ memberId, idRequired: true });
    bed.advance(0);
    expect(joined.answer).toMatchObject({ code: 0, memberId, generation: 1 });
  });

  it('that does not come back with its id leaves nothing behind', () => {
    const bed = new ClassicBed();
    bed.join({ idRequired: true, sessionTimeoutMs: 10_000 });
    bed.advance(10_000);
    expect(bed.bed.coordinator.group('g')).toBeUndefined();
    expect([bed.bed.clock.timers, bed.bed.log.entries]).toEqual([0, []]);
  });

  it('may give its id back before it joined', () => {
    const bed = new ClassicBed();
    const { memberId } = bed.join({ idRequired: true }).answer!;
    expect(bed.leave(memberId)).toBe(code.NONE);
    expect(bed.state).toBeUndefined();
  });

  it('of ids that nobody uses, the oldest are forgotten', () => {
    const bed = new ClassicBed();
    const { memberId } = bed.join({ idRequired: true }).answer!;
    for (let index = 0; index < 10_000; index++) bed.join({ idRequired: true });
    expect(bed.group.pendingCount).toBe(10_000);
    expect(bed.join({ memberId }).answer!.code).toBe(code.UNKNOWN_MEMBER_ID);
  });

  it('that claims to be in a group is unknown where it is not', () => {
    const bed = new ClassicBed();
    expect(codeThrownBy(() => bed.join({ memberId: 'x' }))).toBe(code.UNKNOWN_MEMBER_ID);
    bed.stable(1);
    expect(bed.join({ memberId: 'x' }).answer).toMatchObject({ code: code.UNKNOWN_MEMBER_ID, memberId: 'x' });
    expect(bed.heartbeat('x', 1)).toBe(code.UNKNOWN_MEMBER_ID);
    expect(bed.sync('x', 1).answer!.code).toBe(code.UNKNOWN_MEMBER_ID);
    expect(bed.leave('x')).toBe(code.UNKNOWN_MEMBER_ID);
  });

  it('whose answer got lost is given the generation again', () => {
    const bed = new ClassicBed();
    const [first, second] = [bed.join(), bed.join()];
    bed.advance(0);
    for (const { answer } of [first, second]) {
      const again = bed.join({ memberId: answer!.memberId });
      expect(again.answer).toEqual(answer);
    }
    expect(bed.state).toBe('CompletingRebalance');
  });

  it('that asks twice is answered twice, the first time to try again', () => {
    const bed = new ClassicBed();
    const [leader] = bed.stable(2) as [string];
    const first = bed.join({ memberId: leader });
    const second = bed.join({ memberId: leader });
    expect([first.answer!.code, first.answers]).toEqual([code.REBALANCE_IN_PROGRESS, 1]);
    expect(second.answer).toBeUndefined();
  });

  it('without a rebalance timeout (v0) is waited for as long as its session lasts', () => {
    const bed = new ClassicBed();
    bed.stable(1, { rebalanceTimeoutMs: -1, sessionTimeoutMs: 10_000 });
    const second = bed.join({ rebalanceTimeoutMs: -1, sessionTimeoutMs: 10_000 });
    bed.advance(10_000);
    expect(second.answer).toMatchObject({ code: 0, generation: 2 });
  });
});

describe('protocols', () => {
  it('the one with the most votes among those that all have is selected', () => {
    const bed = new ClassicBed();
    const joins = [
      bed.join({ protocols: protocols('a', 'b', 'c') }),
      bed.join({ protocols: protocols('b', 'a') }),
      bed.join({ protocols: protocols('c', 'b', 'a') }),
    ];
    bed.advance(0);
    expect(joins[0]!.answer!.protocolName).toBe('b');
    const leading = joins.find(({ answer }) => answer!.leader === answer!.memberId)!;
    expect(leading.answer!.members.map(({ metadata }) => metadata.toString())).toEqual(
      Array(3).fill('says b'),
    );
  });

  it('who has none that all others have, or is of another kind, is refused', () => {
    const bed = new ClassicBed();
    bed.stable(1, { protocols: protocols('a', 'b') });
    const refused = (call: object) => bed.join(call).answer!.code;
    expect(refused({ protocols: protocols('c') })).toBe(code.INCONSISTENT_GROUP_PROTOCOL);
    expect(refused({ protocols: [] })).toBe(code.INCONSISTENT_GROUP_PROTOCOL);
    expect(refused({ protocols: protocols('a'), protocolType: 'connect' })).toBe(
      code.INCONSISTENT_GROUP_PROTOCOL,
    );
    expect(bed.state).toBe('Stable');
  });

  it('the first member has to have some, and leaves nothing behind without', () => {
    const bed = new ClassicBed();
    expect(bed.join({ protocols: [] }).answer!.code).toBe(code.INCONSISTENT_GROUP_PROTOCOL);
    expect(bed.join({ protocolType: '' }).answer!.code).toBe(code.INCONSISTENT_GROUP_PROTOCOL);
    expect(bed.bed.coordinator.group('g')).toBeUndefined();
  });

  it('a group without members may become another kind of group', () => {
    const bed = new ClassicBed();
    bed.leave(bed.stable(1)[0]!);
    bed.stable(1, { protocolType: 'connect', protocols: protocols('sessioned') });
    expect(bed.group).toMatchObject({
      protocolType: 'connect',
      protocolName: 'sessioned',
      stateName: 'Stable',
    });
    expect(bed.group.subscribedTopics()).toBeUndefined();
  });

  it('SyncGroup v5 of a member that takes it for another group is refused', () => {
    const bed = new ClassicBed();
    const [only] = bed.stable(1) as [string];
    const codeOf = (more: object) => bed.sync(only, 1, {}, more).answer!.code;
    expect(codeOf({ protocolType: 'consumer', protocolName: 'range' })).toBe(code.NONE);
    expect(codeOf({ protocolType: 'connect' })).toBe(code.INCONSISTENT_GROUP_PROTOCOL);
    expect(codeOf({ protocolName: 'other' })).toBe(code.INCONSISTENT_GROUP_PROTOCOL);
    expect(bed.sync(only, 2).answer!.code).toBe(code.ILLEGAL_GENERATION);
    expect(bed.sync(only, 0).answer!.code).toBe(code.ILLEGAL_GENERATION);
  });

  it('the topics that consumers subscribe to are known, also where newer fields follow', () => {
    const bed = new ClassicBed();
    const metadata = Buffer.from('00030000000200017400026f6b0000000000000000ffffffffffff', 'hex');
    bed.stable(2, { protocols: [{ name: 'range', metadata }] });
    expect(bed.group.subscribedTopics()).toEqual(new Set(['t', 'ok']));
  });

  it('what is no subscription says nothing about topics', () => {
    const bed = new ClassicBed();
    bed.stable(1, { protocols: [{ name: 'range', metadata: Buffer.from('0003ffffffff', 'hex') }] });
    expect(bed.group.subscribedTopics()).toBeUndefined();
  });
});

describe('limits', () => {
  it.each([5_999, 1_800_001, -1])('a session timeout of %i ms is refused', (sessionTimeoutMs) => {
    const bed = new ClassicBed();
    expect(bed.join({ sessionTimeoutMs }).answer!.code).toBe(code.INVALID_SESSION_TIMEOUT);
    expect(bed.bed.coordinator.group('g')).toBeUndefined();
  });

  it('a full group takes nobody new, and keeps who is in it', () => {
    const bed = new ClassicBed({ groupMembersMax: 2 });
    const [leader, follower] = bed.stable(2) as [string, string];
    expect(bed.join().answer).toMatchObject({ code: code.GROUP_MAX_SIZE_REACHED, memberId: '' });
    const again = bed.join({ memberId: leader });
    expect(bed.join({ memberId: follower }).answer).toMatchObject({ code: 0, generation: 2 });
    expect(again.answer).toMatchObject({ code: 0, generation: 2 });
  });

  it('a group that is over its size when it is loaded loses those who join last', () => {
    const before = new ClassicBed();
    const ids = before.stable(3);
    const bed = before.failOver({ groupMembersMax: 2 });
    expect(bed.state).toBe('PreparingRebalance');
    const joins = ids.map((memberId) => bed.join({ memberId }));
    expect(joins[2]!.answer!.code).toBe(code.GROUP_MAX_SIZE_REACHED);
    for (const { answer } of joins.slice(0, 2)) expect(answer).toMatchObject({ code: 0, generation: 2 });
  });

  it('what the members say together is bounded, a change of it too', () => {
    const bed = new ClassicBed({ groupMetadataBytesMax: 4_096 });
    const says = (bytes: number) => [{ name: 'range', metadata: Buffer.alloc(bytes) }];
    const [only] = bed.stable(1, { protocols: says(1_000) }) as [string];
    expect(bed.join({ protocols: says(3_100) }).answer!.code).toBe(code.GROUP_MAX_SIZE_REACHED);
    expect(bed.state).toBe('Stable');
    expect(bed.join({ memberId: only, protocols: says(3_100) }).answer).toMatchObject({
      code: 0,
      generation: 2,
    });
  });

  it('so is what it calls itself', () => {
    const bed = new ClassicBed({ groupMetadataBytesMax: 4_096 });
    const { memberId } = bed.join({ idRequired: true, clientId: 'x'.repeat(3_000) }).answer!;
    expect(memberId).toHaveLength(255 + 1 + 36);
    expect(bed.join({ clientId: 'x'.repeat(5_000) }).answer!.code).toBe(code.GROUP_MAX_SIZE_REACHED);
    expect(bed.join({ instanceId: 'x'.repeat(5_000) }).answer!.code).toBe(code.GROUP_MAX_SIZE_REACHED);
  });

  it('nothing of the request is kept alive', () => {
    const bed = new ClassicBed();
    const frame = Buffer.alloc(1_048_576, 'm');
    const [only] = bed.stable(1, { protocols: [{ name: 'range', metadata: frame.subarray(10, 20) }] }) as [
      string,
    ];
    const [member] = [...bed.group.members()];
    expect(member!.memberId).toBe(only);
    expect(member!.protocols[0]!.metadata.buffer.byteLength).toBe(10);
  });
});

describe('a static member', () => {
  const instanceId = 'i1';

  it('that comes back without its id takes its place: no rebalance, the same assignment, stored', () => {
    const bed = new ClassicBed();
    const joins = [bed.join({ instanceId }), bed.join()];
    bed.advance(0);
    const old = joins[0]!.answer!.memberId;
    expect(old).toMatch(/^i1-/);
    bed.syncAll(joins.map(({ answer }) => answer!));
    bed.bed.log.hold();
    const back = bed.join({ instanceId });
    expect(back.answer).toBeUndefined();
    bed.bed.log.give();
    const { memberId, generation, code: given } = back.answer!;
    expect([given, generation, memberId === old]).toEqual([0, 1, false]);
    expect(bed.state).toBe('Stable');
    expect(bed.sync(memberId, 1, {}, { instanceId }).answer!.assignment.toString()).toBe(`to ${old}`);
    expect(bed.heartbeat(old, 1, instanceId)).toBe(code.FENCED_INSTANCE_ID);
    expect(bed.group.checkCommit(old, instanceId, 1)).toBe(code.FENCED_INSTANCE_ID);
    expect(bed.failOver().heartbeat(memberId, 1, instanceId)).toBe(code.NONE);
  });

  it('that leads is told so with v9 only, and not to assign', () => {
    for (const skipsAssignment of [true, false]) {
      const bed = new ClassicBed();
      const [old] = bed.stable(1, { instanceId }) as [string];
      const back = bed.join({ instanceId: `${instanceId}0`, skipsAssignment }).answer!;
      expect(back).toMatchObject({ code: 0, generation: 1, skipAssignment: skipsAssignment });
      expect(back.leader).toBe(skipsAssignment ? back.memberId : old);
      expect(back.members).toHaveLength(skipsAssignment ? 1 : 0);
    }
  });

  it('that changes the selected protocol starts a rebalance', () => {
    const bed = new ClassicBed();
    bed.stable(1, { instanceId, protocols: protocols('a', 'b') });
    const back = bed.join({ instanceId: `${instanceId}0`, protocols: protocols('b') });
    expect(back.answer).toMatchObject({ code: 0, generation: 2, protocolName: 'b' });
  });

  it('that comes back while the leader assigns starts a rebalance; who held its place is fenced', () => {
    const bed = new ClassicBed();
    const joins = [bed.join(), bed.join({ instanceId }), bed.join()];
    bed.advance(0);
    const [leader, old, other] = joins.map(({ answer }) => answer!.memberId) as [string, string, string];
    const fenced = bed.sync(old, 1, {}, { instanceId });
    const told = bed.sync(other, 1);
    const back = bed.join({ instanceId });
    expect(fenced.answer!.code).toBe(code.FENCED_INSTANCE_ID);
    expect(told.answer!.code).toBe(code.REBALANCE_IN_PROGRESS);
    expect(bed.state).toBe('PreparingRebalance');
    for (const memberId of [leader, other]) bed.join({ memberId });
    expect(back.answer).toMatchObject({ code: 0, generation: 2, leader });
  });

  it('that comes back while its former self waits to join takes over', () => {
    const bed = new ClassicBed({ groupInitialRebalanceDelayMs: 1_000 });
    const former = bed.join({ instanceId });
    const back = bed.join({ instanceId });
    expect(former.answer!.code).toBe(code.FENCED_INSTANCE_ID);
    bed.advance(1_000);
    expect(back.answer).toMatchObject({ code: 0, generation: 1 });
    expect(bed.group.memberCount).toBe(1);
  });

  it('with an id that is not its own is fenced or unknown', () => {
    const bed = new ClassicBed();
    const [id] = bed.stable(1, { instanceId }) as [string];
    const mine = `${instanceId}0`;
    expect(bed.join({ memberId: 'x', instanceId: mine }).answer!.code).toBe(code.FENCED_INSTANCE_ID);
    expect(bed.join({ memberId: id, instanceId: 'else' }).answer!.code).toBe(code.UNKNOWN_MEMBER_ID);
    expect(bed.sync('x', 1, {}, { instanceId: mine }).answer!.code).toBe(code.FENCED_INSTANCE_ID);
    expect(bed.heartbeat(id, 1, mine)).toBe(code.NONE);
  });

  it('of which the new place could not be stored may try again', () => {
    const bed = new ClassicBed({ groupPendingRecordsMax: 1 });
    bed.stable(1, { instanceId });
    bed.bed.log.hold();
    const stored = bed.join({ instanceId: `${instanceId}0` });
    const refused = bed.join({ instanceId: `${instanceId}0` });
    expect(stored.answer!.code).toBe(code.FENCED_INSTANCE_ID);
    expect(refused.answer!.code).toBe(code.COORDINATOR_NOT_AVAILABLE);
    bed.bed.log.give();
    expect(bed.join({ instanceId: `${instanceId}0` }).answer).toMatchObject({ code: 0, generation: 1 });
  });

  it('joins a rebalance that began before its new place was stored', () => {
    const bed = new ClassicBed();
    bed.stable(1, { instanceId });
    bed.bed.log.hold();
    const back = bed.join({ instanceId: `${instanceId}0` });
    const other = bed.join();
    expect(back.answer).toMatchObject({ code: 0, generation: 2 });
    expect(other.answer).toMatchObject({ code: 0, generation: 2 });
    bed.bed.log.give();
    expect([back.answers, other.answers]).toEqual([1, 1]);
  });
});

describe('offset commits', () => {
  it('without a member are taken while the group is empty', () => {
    const bed = new ClassicBed();
    const [only] = bed.stable(1) as [string];
    expect(bed.group.checkCommit('', null, -1)).toBe(code.UNKNOWN_MEMBER_ID);
    bed.leave(only);
    expect(bed.group.checkCommit('', null, -1)).toBe(code.NONE);
  });

  it('need the present generation, and not one that is being assigned', () => {
    const bed = new ClassicBed();
    const [leader, follower] = bed.stable(2) as [string, string];
    expect(bed.group.checkCommit(leader, null, 1)).toBe(code.NONE);
    expect(bed.group.checkCommit(leader, null, 0)).toBe(code.ILLEGAL_GENERATION);
    expect(bed.group.checkCommit('x', null, 1)).toBe(code.UNKNOWN_MEMBER_ID);
    expect(bed.group.checkCommit(leader, 'x', 1)).toBe(code.UNKNOWN_MEMBER_ID);
    bed.join({ memberId: leader });
    expect(bed.group.checkCommit(follower, null, 1)).toBe(code.NONE);
    bed.join({ memberId: follower });
    expect(bed.group.checkCommit(follower, null, 1)).toBe(code.ILLEGAL_GENERATION);
    expect(bed.group.checkCommit(follower, null, 2)).toBe(code.REBALANCE_IN_PROGRESS);
  });
});
