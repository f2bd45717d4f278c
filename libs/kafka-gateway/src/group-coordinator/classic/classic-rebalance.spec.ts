import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode as code } from '#libs/kafka-codec';
import { beat, ClassicBed, protocols } from '../../testing/classic-bed.js';

describe('Empty -> PreparingRebalance', () => {
  it('waits for the initial delay, and again for each member that comes, up to the rebalance timeout', () => {
    const bed = new ClassicBed({ groupInitialRebalanceDelayMs: 3_000 });
    const first = bed.join({ rebalanceTimeoutMs: 8_000 });
    bed.advance(2_900);
    const second = bed.join({ rebalanceTimeoutMs: 8_000 });
    bed.advance(2_900);
    expect(first.answer).toBeUndefined();
    const third = bed.join({ rebalanceTimeoutMs: 8_000 });
    bed.advance(1_000);
    const fourth = bed.join({ rebalanceTimeoutMs: 8_000 });
    expect(bed.state).toBe('PreparingRebalance');
    bed.advance(1_200);
    expect(bed.state).toBe('CompletingRebalance');
    for (const { answer } of [first, second, third, fourth])
      expect(answer).toMatchObject({ code: 0, generation: 1 });
  });

  it('ends after one delay when nobody else comes', () => {
    const bed = new ClassicBed({ groupInitialRebalanceDelayMs: 3_000 });
    const only = bed.join();
    bed.advance(2_999);
    expect(only.answer).toBeUndefined();
    bed.advance(1);
    expect(only.answer).toMatchObject({
      code: 0,
      generation: 1,
      protocolName: 'range',
      protocolType: 'consumer',
    });
    expect(only.answer!.leader).toBe(only.answer!.memberId);
    expect(only.answer!.members.map(({ metadata }) => metadata.toString())).toEqual(['says range']);
  });

  it('goes back to Empty when everybody left meanwhile', () => {
    const bed = new ClassicBed({ groupInitialRebalanceDelayMs: 3_000 });
    const id = bed.join({ idRequired: true }).answer!.memberId;
    const joining = bed.join({ memberId: id });
    expect(bed.leave(id)).toBe(code.NONE);
    expect(joining.answer).toMatchObject({ code: code.UNKNOWN_MEMBER_ID, memberId: '' });
    bed.advance(3_000);
    expect(bed.state).toBe('Empty');
    expect(bed.group.emptySince).toBe(bed.bed.clock.now());
  });
});

describe('PreparingRebalance -> CompletingRebalance', () => {
  it('when all have joined again; the members go to the leader alone', () => {
    const bed = new ClassicBed();
    const [leader, follower] = bed.stable(2) as [string, string];
    const third = bed.join();
    expect(bed.state).toBe('PreparingRebalance');
    expect(bed.heartbeat(leader, 1)).toBe(code.REBALANCE_IN_PROGRESS);
    const one = bed.join({ memberId: follower });
    expect(third.answer).toBeUndefined();
    const two = bed.join({ memberId: leader });
    expect(two.answer).toMatchObject({ code: 0, generation: 2, leader });
    expect(two.answer!.members).toHaveLength(3);
    expect(one.answer).toMatchObject({ code: 0, generation: 2, leader, members: [] });
    expect(third.answer).toMatchObject({ code: 0, generation: 2, leader, members: [] });
  });

  it('at the rebalance timeout, without the dynamic members that did not join', () => {
    const bed = new ClassicBed();
    const [leader, follower] = bed.stable(2, { rebalanceTimeoutMs: 20_000 }) as [string, string];
    const third = bed.join({ rebalanceTimeoutMs: 20_000 });
    const joined = bed.join({ memberId: follower, rebalanceTimeoutMs: 20_000 });
    beat(bed, [leader], 1, 19_999);
    expect(joined.answer).toBeUndefined();
    bed.advance(1);
    expect(joined.answer).toMatchObject({ code: 0, generation: 2 });
    expect([follower, third.answer!.memberId]).toContain(joined.answer!.leader);
    expect(bed.heartbeat(leader, 1)).toBe(code.UNKNOWN_MEMBER_ID);
    expect(bed.group.memberCount).toBe(2);
  });

  it('elects the first that joined when the leader did not, and keeps static members that are away', () => {
    const bed = new ClassicBed();
    const [leader, follower] = bed.stable(2, { instanceId: 'i', sessionTimeoutMs: 300_000 }) as [
      string,
      string,
    ];
    const instance = [...bed.group.members()].find(({ memberId }) => memberId === follower)!.instanceId;
    bed.join({ instanceId: 'new' });
    const joined = bed.join({ memberId: follower, instanceId: instance, sessionTimeoutMs: 300_000 });
    bed.advance(60_000);
    expect(joined.answer).toMatchObject({ code: 0, generation: 2, memberId: follower, leader: follower });
    expect(joined.answer!.members.map(({ memberId }) => memberId)).toContain(leader);
    expect(bed.group.memberCount).toBe(3);
  });

  it('waits for an id that was given out, until its session timeout', () => {
    const bed = new ClassicBed();
    const [leader] = bed.stable(1, { rebalanceTimeoutMs: 300_000 }) as [string];
    bed.join({ idRequired: true, sessionTimeoutMs: 30_000 });
    const again = bed.join({ memberId: leader, rebalanceTimeoutMs: 300_000 });
    bed.advance(29_999);
    expect(again.answer).toBeUndefined();
    bed.advance(1);
    expect(again.answer).toMatchObject({ code: 0, generation: 2 });
    expect(bed.group.pendingCount).toBe(0);
  });

  it('lets a new member that does not know its id wait for five minutes', () => {
    const bed = new ClassicBed();
    const [leader] = bed.stable(1, { rebalanceTimeoutMs: 900_000 }) as [string];
    const waiting = bed.join({ sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 900_000 });
    beat(bed, [leader], 1, 299_999);
    expect(waiting.answer).toBeUndefined();
    bed.advance(1);
    expect(waiting.answer).toMatchObject({ code: code.UNKNOWN_MEMBER_ID, memberId: '' });
  });

  it('a joined member needs no heartbeats while it waits', () => {
    const bed = new ClassicBed();
    const [leader, follower] = bed.stable(2, { rebalanceTimeoutMs: 60_000 }) as [string, string];
    const waiting = bed.join({ memberId: leader, protocols: protocols('range', 'other') });
    beat(bed, [follower], 1, 50_000);
    expect(waiting.answer).toBeUndefined();
    bed.join({ memberId: follower });
    expect(waiting.answer).toMatchObject({ code: 0, generation: 2 });
  });

  it('a client that went before it knew its id is not waited for', () => {
    const bed = new ClassicBed();
    const [leader] = bed.stable(1) as [string];
    let gone = () => {};
    const whenGone = (listener: () => void) => {
      gone = listener;
      return () => {};
    };
    bed.join({ whenGone });
    gone();
    const again = bed.join({ memberId: leader });
    expect(again.answer).toMatchObject({ code: 0, generation: 2 });
    expect(again.answer!.members).toHaveLength(1);
  });
});

describe('CompletingRebalance -> Stable', () => {
  it("after the receipt of the leader's assignment, for those who came before it and after it", () => {
    const bed = new ClassicBed();
    const joins = [bed.join(), bed.join(), bed.join()];
    bed.advance(0);
    const leader = joins[0]!.answer!.leader;
    const [first, second] = joins.map(({ answer }) => answer!.memberId).filter((id) => id !== leader) as [
      string,
      string,
    ];
    const early = bed.sync(first, 1);
    bed.bed.log.hold();
    const own = bed.sync(leader, 1, { [leader]: 'l', [first]: 'f', stranger: 's' });
    expect([early.answer, own.answer, bed.state]).toEqual([undefined, undefined, 'CompletingRebalance']);
    bed.bed.log.give();
    expect(bed.state).toBe('Stable');
    expect(early.answer).toMatchObject({ code: 0, protocolType: 'consumer', protocolName: 'range' });
    expect(early.answer!.assignment.toString()).toBe('f');
    expect(own.answer!.assignment.toString()).toBe('l');
    expect(bed.sync(second, 1).answer!.assignment).toHaveLength(0);
  });

  it('members that never sync are out one rebalance timeout later, in Stable too', () => {
    const bed = new ClassicBed();
    const joins = [bed.join({ rebalanceTimeoutMs: 20_000 }), bed.join({ rebalanceTimeoutMs: 20_000 })];
    bed.advance(0);
    const leader = joins[0]!.answer!.leader;
    const silent = joins.map(({ answer }) => answer!.memberId).find((id) => id !== leader)!;
    bed.sync(leader, 1, { [leader]: 'all' });
    expect(bed.state).toBe('Stable');
    beat(bed, [leader, silent], 1, 19_999);
    expect(bed.state).toBe('Stable');
    bed.advance(1);
    expect(bed.state).toBe('PreparingRebalance');
    expect(bed.heartbeat(silent, 1)).toBe(code.UNKNOWN_MEMBER_ID);
  });

  it('a leader that never syncs is out, and the others are told to join again', () => {
    const bed = new ClassicBed();
    const joins = [bed.join({ rebalanceTimeoutMs: 20_000 }), bed.join({ rebalanceTimeoutMs: 20_000 })];
    bed.advance(0);
    const leader = joins[0]!.answer!.leader;
    const follower = joins.map(({ answer }) => answer!.memberId).find((id) => id !== leader)!;
    const waiting = bed.sync(follower, 1);
    beat(bed, [leader], 1, 20_000);
    expect(waiting.answer!.code).toBe(code.REBALANCE_IN_PROGRESS);
    expect(bed.join({ memberId: follower }).answer).toMatchObject({ generation: 2, leader: follower });
  });

  it('is left for PreparingRebalance when somebody joins, and the assignment is void', () => {
    const bed = new ClassicBed();
    const joins = [bed.join(), bed.join()];
    bed.advance(0);
    const leader = joins[0]!.answer!.leader;
    const follower = joins.map(({ answer }) => answer!.memberId).find((id) => id !== leader)!;
    const waiting = bed.sync(follower, 1);
    bed.bed.log.hold();
    const own = bed.sync(leader, 1, { [follower]: 'f' });
    bed.join();
    expect([waiting.answer!.code, own.answer!.code]).toEqual([
      code.REBALANCE_IN_PROGRESS,
      code.REBALANCE_IN_PROGRESS,
    ]);
    bed.bed.log.give();
    expect(bed.state).toBe('PreparingRebalance');
    expect(bed.sync(leader, 1).answer!.code).toBe(code.REBALANCE_IN_PROGRESS);
  });

  it('an assignment that is too large is refused, and all join again', () => {
    const bed = new ClassicBed({ groupMetadataBytesMax: 2_048 });
    const joined = bed.join();
    bed.advance(0);
    const { memberId } = joined.answer!;
    const own = bed.sync(memberId, 1, { [memberId]: 'x'.repeat(2_048) });
    expect(own.answer!.code).toBe(code.UNKNOWN_SERVER_ERROR);
    expect(bed.state).toBe('PreparingRebalance');
  });

  it('what is said by a slice that is lost is answered NOT_COORDINATOR, once', () => {
    const bed = new ClassicBed();
    const joined = bed.join();
    bed.advance(0);
    const { memberId } = joined.answer!;
    bed.bed.log.hold();
    const own = bed.sync(memberId, 1, { [memberId]: 'x' });
    bed.bed.log.lose();
    expect(own).toMatchObject({ answer: { code: code.NOT_COORDINATOR }, answers: 1 });
    expect(bed.bed.clock.timers).toBe(0);
  });
});

describe('Stable', () => {
  it('a follower that joins unchanged is given the present generation; a leader or a change starts a rebalance', () => {
    const bed = new ClassicBed();
    const [leader, follower] = bed.stable(2) as [string, string];
    expect(bed.join({ memberId: follower }).answer).toMatchObject({
      code: 0,
      generation: 1,
      leader,
      members: [],
    });
    expect(bed.sync(follower, 1).answer!.assignment.toString()).toBe(`to ${follower}`);
    expect(bed.state).toBe('Stable');
    bed.join({ memberId: leader });
    expect(bed.state).toBe('PreparingRebalance');
    bed.join({ memberId: follower });
    expect(bed.state).toBe('CompletingRebalance');
  });

  it('a follower that says something else starts one', () => {
    const bed = new ClassicBed();
    const [, follower] = bed.stable(2) as [string, string];
    bed.join({ memberId: follower, protocols: [{ name: 'range', metadata: Buffer.from('more topics') }] });
    expect(bed.state).toBe('PreparingRebalance');
  });

  it('a member that is silent for its session timeout is out; one timer serves all', () => {
    const bed = new ClassicBed();
    const [leader, silent] = bed.stable(2, { sessionTimeoutMs: 10_000 }) as [string, string];
    for (let second = 0; second < 9; second++) {
      bed.advance(1_000);
      bed.heartbeat(leader, 1);
      expect(bed.bed.clock.timers).toBe(1);
    }
    expect(bed.state).toBe('Stable');
    bed.advance(1_000);
    expect(bed.state).toBe('PreparingRebalance');
    expect(bed.heartbeat(silent, 1)).toBe(code.UNKNOWN_MEMBER_ID);
    expect(bed.group.memberCount).toBe(1);
  });

  it('a commit is a sign of life', () => {
    const bed = new ClassicBed();
    const [only] = bed.stable(1, { sessionTimeoutMs: 10_000 }) as [string];
    bed.advance(9_000);
    bed.group.committed(only);
    bed.advance(9_000);
    expect(bed.state).toBe('Stable');
  });

  it('a member that leaves starts a rebalance; the last one leaves the group Empty, which is stored', () => {
    const bed = new ClassicBed();
    const [leader, follower] = bed.stable(2) as [string, string];
    expect(bed.leave(leader)).toBe(code.NONE);
    expect(bed.heartbeat(follower, 1)).toBe(code.REBALANCE_IN_PROGRESS);
    expect(bed.join({ memberId: follower }).answer).toMatchObject({ generation: 2, leader: follower });
    expect(bed.leave(follower)).toBe(code.NONE);
    expect(bed.state).toBe('Empty');
    expect(JSON.parse(bed.bed.log.latest().get('classic/g')!)).toMatchObject({ generation: 3, members: [] });
    expect(bed.bed.clock.timers).toBe(0);
  });

  it('several leave at once, each with a code of its own', () => {
    const bed = new ClassicBed();
    const [first, second, third] = bed.stable(3, { instanceId: 'i' }) as [string, string, string];
    const instanceOf = (id: string) => id.slice(0, 2);
    const codes = bed.group.leave([
      { memberId: '', instanceId: instanceOf(first), reason: null },
      { memberId: second, instanceId: instanceOf(second), reason: null },
      { memberId: 'nobody', instanceId: null, reason: null },
      { memberId: '', instanceId: 'none', reason: null },
      { memberId: 'another', instanceId: instanceOf(third), reason: null },
    ]);
    expect(codes).toEqual([0, 0, code.UNKNOWN_MEMBER_ID, code.UNKNOWN_MEMBER_ID, code.FENCED_INSTANCE_ID]);
    expect(bed.group.memberCount).toBe(1);
  });
});

describe('after a failover', () => {
  it('members go on in their generation, and join unchanged without a rebalance', () => {
    const before = new ClassicBed();
    const ids = before.stable(3);
    const bed = before.failOver();
    expect(bed.state).toBe('Stable');
    for (const id of ids) expect(bed.heartbeat(id, 1)).toBe(code.NONE);
    expect(bed.sync(ids[1]!, 1).answer!.assignment.toString()).toBe(`to ${ids[1]}`);
    expect(bed.join({ memberId: ids[1]! }).answer).toMatchObject({ code: 0, generation: 1, leader: ids[0] });
    expect(bed.state).toBe('Stable');
  });

  it('in the middle of a rebalance: those who wait are told, and the former generation counts', () => {
    const before = new ClassicBed();
    const [leader, follower] = before.stable(2) as [string, string];
    const fresh = before.join();
    const waiting = before.join({ memberId: leader });
    const bed = before.failOver();
    expect([fresh.answer!.code, waiting.answer!.code]).toEqual([code.NOT_COORDINATOR, code.NOT_COORDINATOR]);
    expect(bed.heartbeat(follower, 1)).toBe(code.NONE);
    expect(bed.heartbeat(follower, 2)).toBe(code.ILLEGAL_GENERATION);
    const again = bed.join({ memberId: leader });
    bed.join({ memberId: follower });
    expect(again.answer).toMatchObject({ code: 0, generation: 2 });
  });

  it('members that do not come to the successor are out after their session timeout', () => {
    const before = new ClassicBed();
    before.stable(2, { sessionTimeoutMs: 10_000 });
    const bed = before.failOver();
    bed.advance(9_999);
    expect(bed.group.memberCount).toBe(2);
    bed.advance(1);
    expect(bed.state).toBe('Empty');
  });

  it('an Empty group is Empty since then, and goes on counting generations', () => {
    const before = new ClassicBed();
    const [only] = before.stable(1) as [string];
    before.leave(only);
    const since = before.group.emptySince;
    before.advance(5_000);
    const bed = before.failOver();
    expect(bed.state).toBe('Empty');
    expect(bed.group.emptySince).toBe(since);
    const joined = bed.join();
    bed.advance(0);
    expect(joined.answer).toMatchObject({ generation: 3 });
  });

  it('a group that was deleted is not there', () => {
    const before = new ClassicBed();
    const [only] = before.stable(1) as [string];
    before.leave(only);
    before.bed.coordinator.remove(before.bed.coordinator.group('g')!, () => {});
    expect(before.failOver().bed.coordinator.group('g')).toBeUndefined();
  });
});
