import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { ConsumerGroupBed, refusedWith } from '../../testing/consumer-group-bed.js';

describe('a member of a consumer group', () => {
  it('makes the group, and gets all partitions with the first answer', async () => {
    const bed = new ConsumerGroupBed();
    const answer = await bed.member('a').join();
    expect(answer).toEqual({
      memberId: 'a',
      memberEpoch: 1,
      heartbeatIntervalMs: 5_000,
      assignment: { orders: [0, 1, 2, 3] },
    });
    expect(bed.state).toBe('Stable');
  });

  it('hears nothing new while nothing changes', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    const stored = bed.slice.log.entries.length;
    expect(await a.send({})).toMatchObject({ memberEpoch: 1, assignment: null });
    expect(await a.beat()).toMatchObject({ memberEpoch: 1, assignment: null });
    expect(bed.slice.log.entries).toHaveLength(stored);
  });

  it('is told its assignment again when it tells everything again', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    const full = { rebalanceTimeoutMs: 60_000, topicNames: ['orders'] };
    expect((await a.beat(full)).assignment).toEqual({ orders: [0, 1, 2, 3] });
  });

  it('gives up partitions before another gets them', async () => {
    const bed = new ConsumerGroupBed();
    const [a, b] = [bed.member('a'), bed.member('b')];
    await a.join();
    expect(await b.join()).toMatchObject({ memberEpoch: 2, assignment: {} });
    expect(bed.state).toBe('Reconciling');
    // It is told to keep two, and stays in its epoch until it has given up the others.
    const before = { ...a.owned };
    expect(await a.beat()).toMatchObject({ memberEpoch: 1, assignment: { orders: [0, 1] } });
    expect(await b.beat()).toMatchObject({ memberEpoch: 2, assignment: null });
    a.owned = before;
    expect(await a.beat()).toMatchObject({ memberEpoch: 1, assignment: null });
    expect(await b.beat()).toMatchObject({ assignment: null });
    // A heartbeat that does not say what it owns gives nothing up.
    expect(await a.send({})).toMatchObject({ memberEpoch: 1 });
    expect(await b.beat()).toMatchObject({ assignment: null });
    a.owned = { orders: [0, 1] };
    expect(await a.beat()).toMatchObject({ memberEpoch: 2, assignment: null });
    expect(await b.beat()).toMatchObject({ memberEpoch: 2, assignment: { orders: [2, 3] } });
    expect(bed.state).toBe('Stable');
  });

  it('gets what one that leaves had', async () => {
    const bed = new ConsumerGroupBed();
    const [a, b] = [bed.member('a'), bed.member('b')];
    await a.join();
    await b.join();
    await bed.settle(a, b);
    expect(await b.leave()).toMatchObject({ memberId: 'b', memberEpoch: -1 });
    expect(bed.state).toBe('Assigning');
    expect(await a.beat()).toMatchObject({ memberEpoch: 3, assignment: { orders: [0, 1, 2, 3] } });
    await a.leave();
    expect(bed.state).toBe('Empty');
    expect(bed.group.emptySince).toBe(bed.slice.clock.now());
    await expect(a.send({ memberEpoch: 3 })).rejects.toEqual(refusedWith('UNKNOWN_MEMBER_ID'));
  });

  it('is taken out when it is silent for the session timeout, not when it is heard of', async () => {
    const bed = new ConsumerGroupBed();
    const [a, b] = [bed.member('a'), bed.member('b')];
    await a.join();
    await b.join();
    await bed.settle(a, b);
    bed.slice.clock.advance(44_000);
    await a.beat();
    bed.slice.clock.advance(1_000);
    expect([...bed.group.state.members.keys()]).toEqual(['a']);
    expect(await a.beat()).toMatchObject({ assignment: { orders: [0, 1, 2, 3] } });
    await expect(b.beat()).rejects.toEqual(refusedWith('UNKNOWN_MEMBER_ID'));
  });

  it('is taken out when it gives nothing up within its rebalance timeout, though it is heard of', async () => {
    const bed = new ConsumerGroupBed();
    const [a, b] = [bed.member('a'), bed.member('b')];
    await a.join({ rebalanceTimeoutMs: 10_000 });
    await b.join();
    const before = { ...a.owned };
    await a.beat();
    a.owned = before;
    bed.slice.clock.advance(9_999);
    await a.beat();
    bed.slice.clock.advance(1);
    expect([...bed.group.state.members.keys()]).toEqual(['b']);
    expect(await b.beat()).toMatchObject({ assignment: { orders: [0, 1, 2, 3] } });
  });

  it('is not taken out when it gave up in time', async () => {
    const bed = new ConsumerGroupBed();
    const [a, b] = [bed.member('a'), bed.member('b')];
    await a.join({ rebalanceTimeoutMs: 10_000 });
    await b.join();
    await bed.settle(a, b);
    bed.slice.clock.advance(20_000);
    expect(bed.group.memberCount).toBe(2);
  });

  it('changes what it subscribes to', async () => {
    const bed = new ConsumerGroupBed({}, { orders: 2, bills: 2 });
    const a = bed.member('a');
    await a.join();
    await a.beat({ topicNames: ['bills'] });
    await bed.settle(a);
    expect(a.owned).toEqual({ bills: [0, 1] });
    expect([...bed.group.subscribedTopics()]).toEqual(['bills']);
  });

  it('joins with a topic that is not there, and gets it when it is', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a', { topicNames: ['orders', 'later', 'no/topic'] });
    expect((await a.join()).assignment).toEqual({ orders: [0, 1, 2, 3] });
    bed.topics.set('later', 1);
    for (let times = 0; times < 2; times++) {
      await new Promise(setImmediate);
      bed.slice.clock.advance(5_000);
      await a.beat();
    }
    expect(a.owned).toEqual({ orders: [0, 1, 2, 3], later: [0] });
  });
});

describe('the epochs of a consumer group', () => {
  it.each([[2], [-3]])('a member in epoch 1 that says %i is fenced', async (memberEpoch) => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    await expect(a.beat({ memberEpoch })).rejects.toEqual(refusedWith('FENCED_MEMBER_EPOCH'));
  });

  it('let a member go on whose answer was lost, if it owns no more than it should', async () => {
    const bed = new ConsumerGroupBed();
    const [a, b] = [bed.member('a'), bed.member('b')];
    await a.join();
    await b.join();
    await bed.settle(a, b);
    await b.leave();
    await a.beat();
    expect(bed.group.state.members.get('a')).toMatchObject({ epoch: 3, previousEpoch: 2 });
    const owned = bed.topics.owned({ orders: [0, 1] });
    // It is told again what it did not hear.
    const told = { memberEpoch: 3, assignment: { orders: [0, 1, 2, 3] } };
    expect(await a.send({ memberEpoch: 2, owned })).toMatchObject(told);
    await expect(a.send({ memberEpoch: 2, owned: null })).rejects.toEqual(refusedWith('FENCED_MEMBER_EPOCH'));
    await expect(a.send({ memberEpoch: 1, owned })).rejects.toEqual(refusedWith('FENCED_MEMBER_EPOCH'));
  });

  it('let a member that was fenced join again under its id', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    await expect(a.beat({ memberEpoch: 9 })).rejects.toEqual(refusedWith('FENCED_MEMBER_EPOCH'));
    expect(await a.join()).toMatchObject({ memberEpoch: 1, assignment: { orders: [0, 1, 2, 3] } });
  });

  it.each([
    { what: 'a group that is not there', code: 'GROUP_ID_NOT_FOUND' },
    { what: 'a member that is not there', code: 'UNKNOWN_MEMBER_ID' },
  ] as const)('$what is refused', async ({ what, code }) => {
    const bed = new ConsumerGroupBed();
    if (what.startsWith('a member')) await bed.member('other').join();
    for (const memberEpoch of [1, -1]) {
      await expect(bed.send({ memberId: 'a', memberEpoch })).rejects.toEqual(refusedWith(code));
    }
  });

  it('decide who may commit and fetch offsets', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    const { group } = bed;
    expect(group.checkCommit('a', null, 1, 9)).toBe(KafkaErrorCode.NONE);
    expect(group.checkCommit('a', null, 0, 9)).toBe(KafkaErrorCode.STALE_MEMBER_EPOCH);
    expect(group.checkCommit('a', null, 2, 9)).toBe(KafkaErrorCode.STALE_MEMBER_EPOCH);
    expect(group.checkCommit('a', null, 1, 8)).toBe(KafkaErrorCode.UNSUPPORTED_VERSION);
    expect(group.checkCommit('x', null, 1, 9)).toBe(KafkaErrorCode.UNKNOWN_MEMBER_ID);
    expect(group.checkCommit('', null, -1, 9)).toBe(KafkaErrorCode.UNKNOWN_MEMBER_ID);
    expect(group.checkFetch(null, -1)).toBe(KafkaErrorCode.NONE);
    expect(group.checkFetch('a', 1)).toBe(KafkaErrorCode.NONE);
    expect(group.checkFetch('a', 0)).toBe(KafkaErrorCode.STALE_MEMBER_EPOCH);
    expect(group.checkFetch('x', 1)).toBe(KafkaErrorCode.UNKNOWN_MEMBER_ID);
    await a.leave();
    expect(group.checkCommit('', null, -1, 9)).toBe(KafkaErrorCode.NONE);
  });

  it('a group that is full takes nobody', async () => {
    const bed = new ConsumerGroupBed({ consumerGroupSizeMax: 1 });
    const a = bed.member('a');
    await a.join();
    await expect(bed.member('b').join()).rejects.toEqual(refusedWith('GROUP_MAX_SIZE_REACHED'));
    expect(await a.beat()).toMatchObject({ memberEpoch: 1 });
  });
});

describe('a static member', () => {
  const asStatic = { instanceId: 'i', topicNames: ['orders'] };

  it('goes for a while and comes back under another id, to what it had', async () => {
    const bed = new ConsumerGroupBed();
    const [a, b] = [bed.member('a', asStatic), bed.member('b')];
    await a.join();
    await b.join();
    await bed.settle(a, b);
    const epoch = bed.group.state.epochs.epoch;
    const had = a.owned;
    expect(await a.leave(-2)).toMatchObject({ memberEpoch: -2 });
    expect(await b.beat()).toMatchObject({ assignment: null });
    const again = bed.member('a2', asStatic);
    expect(await again.join()).toMatchObject({ memberEpoch: epoch, assignment: had });
    expect(bed.group.state.epochs.epoch).toBe(epoch);
    expect(bed.state).toBe('Stable');
    await expect(a.beat({ memberEpoch: epoch })).rejects.toEqual(refusedWith('FENCED_INSTANCE_ID'));
  });

  it('keeps its place from others while it has not left', async () => {
    const bed = new ConsumerGroupBed();
    await bed.member('a', asStatic).join();
    await expect(bed.member('a2', asStatic).join()).rejects.toEqual(refusedWith('UNRELEASED_INSTANCE_ID'));
  });

  it('that was fenced joins again under its id', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a', asStatic);
    await a.join();
    await expect(a.beat({ memberEpoch: 7 })).rejects.toEqual(refusedWith('FENCED_MEMBER_EPOCH'));
    expect(await a.join()).toMatchObject({ memberEpoch: 1, assignment: { orders: [0, 1, 2, 3] } });
  });

  it('loses its place when it does not come back', async () => {
    const bed = new ConsumerGroupBed();
    const [a, b] = [bed.member('a', asStatic), bed.member('b')];
    await a.join();
    await b.join();
    await bed.settle(a, b);
    await a.leave(-2);
    bed.slice.clock.advance(20_000);
    await b.beat();
    bed.slice.clock.advance(25_000);
    await bed.settle(b);
    expect(b.owned).toEqual({ orders: [0, 1, 2, 3] });
  });

  it('that leaves for good has no place any more', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a', asStatic);
    await a.join();
    await a.leave();
    expect(bed.group.memberCount).toBe(0);
    await expect(a.leave(-2)).rejects.toEqual(refusedWith('UNKNOWN_MEMBER_ID'));
  });
});

describe('the assignor of a consumer group', () => {
  it('is the one that most members ask for', async () => {
    const bed = new ConsumerGroupBed({}, { one: 2, two: 2, three: 1 });
    const names = { topicNames: ['one', 'two', 'three'] };
    const [a, b] = [bed.member('a', { ...names, assignor: 'range' }), bed.member('b', names)];
    await a.join();
    await b.join();
    await bed.settle(a, b);
    expect(a.owned).toEqual({ one: [0], two: [0], three: [0] });
    expect(b.owned).toEqual({ one: [1], two: [1] });
  });

  it('is the default without a wish', async () => {
    const bed = new ConsumerGroupBed({ consumerGroupAssignor: 'range' });
    const [b, a] = [bed.member('b'), bed.member('a')];
    await b.join();
    await a.join();
    await bed.settle(a, b);
    expect(a.owned).toEqual({ orders: [0, 1] });
  });
});

describe('the topics of a group', () => {
  it('are listed once for all patterns, and not again before that has ended', async () => {
    const bed = new ConsumerGroupBed();
    for (const id of ['a', 'b', 'c']) await bed.member(id, { topicPattern: `${id}.*` }).join();
    const { clock } = bed.slice;
    clock.advance(5_000);
    const before = bed.topics.listings;
    const first = bed.group.refreshTopics(() => true);
    clock.advance(5_000);
    await Promise.all([first, bed.group.refreshTopics(() => true)]);
    expect(bed.topics.listings).toBe(before + 1);
    clock.advance(5_000);
    await bed.group.refreshTopics(() => true);
    expect(bed.topics.listings).toBe(before + 2);
  });
});
