import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { ClassicConsumer } from '../../testing/classic-consumer.js';
import { ConsumerGroupBed, type FakeMember, refusedWith } from '../../testing/consumer-group-bed.js';

const { NONE, REBALANCE_IN_PROGRESS, UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION } = KafkaErrorCode;

/** A stable classic group of these, the first of which leads: who has what. */
async function classicGroupOf(
  bed: ConsumerGroupBed,
  members: ClassicConsumer[],
  shares: Record<string, number[]>[],
) {
  const joining = members.map((member) => member.join());
  bed.slice.clock.advance(3_000);
  await Promise.all(joining);
  const assignments = new Map(members.map(({ memberId }, index) => [memberId, shares[index]!]));
  await Promise.all(members.map((member, index) => member.sync(index === 0 ? assignments : new Map())));
  expect(protocolOf(bed)).toMatchObject({ type: 'classic', stateName: 'Stable' });
}

const protocolOf = (bed: ConsumerGroupBed) => bed.slice.coordinator.group('g')!.protocol!;

/** Everybody does what it is told until nobody is told anything. */
async function settle(
  bed: ConsumerGroupBed,
  modern: FakeMember[],
  classic: ClassicConsumer[],
): Promise<void> {
  for (let round = 0; round < 10; round++) {
    for (const member of modern) await member.beat();
    for (const member of classic) await member.follow();
    if (bed.state === 'Stable' && classic.every((member) => member.heartbeat() === NONE)) return;
  }
  throw new Error(`the group is ${bed.state}`);
}

const all = (...shares: Record<string, number[]>[]) => shares.flatMap(({ orders = [] }) => orders).sort();

describe('a classic group of consumers', () => {
  it('becomes a consumer group with the first member that speaks the new protocol, and goes on', async () => {
    const bed = new ConsumerGroupBed();
    const [x, y] = [new ClassicConsumer(bed), new ClassicConsumer(bed)];
    await classicGroupOf(bed, [x, y], [{ orders: [0, 1] }, { orders: [2, 3] }]);
    const { generation } = x;
    const a = bed.member('a');
    const answer = await a.join();
    expect(answer).toMatchObject({ memberEpoch: generation + 1, assignment: {} });
    expect(bed.group.state.members.get(x.memberId)).toMatchObject({
      epoch: generation,
      classic: expect.anything(),
    });
    expect(bed.assigned(x.memberId)).toEqual({ orders: [0, 1] });
    expect(x.heartbeat()).toBe(REBALANCE_IN_PROGRESS);
    await settle(bed, [a], [x, y]);
    expect(all(a.owned, x.owned, y.owned)).toEqual([0, 1, 2, 3]);
    expect(a.owned.orders).toHaveLength(1);
    // In the log too.
    bed.failOver({ compacted: true });
    expect(bed.state).toBe('Stable');
    expect(x.heartbeat()).toBe(NONE);
    expect(await a.beat()).toMatchObject({ assignment: null });
    await settle(bed, [a], [x, y]);
  });

  it('in the middle of a rebalance sends everybody to join again', async () => {
    const bed = new ConsumerGroupBed();
    const x = new ClassicConsumer(bed);
    await classicGroupOf(bed, [x], [{ orders: [0, 1, 2, 3] }]);
    const y = new ClassicConsumer(bed);
    const joining = y.join();
    const a = bed.member('a');
    await a.join();
    expect(await joining).toMatchObject({ code: REBALANCE_IN_PROGRESS });
    y.memberId = [...bed.group.state.members.keys()].find((id) => id !== 'a' && id !== x.memberId)!;
    await y.join();
    await y.sync();
    await settle(bed, [a], [x, y]);
    expect(all(a.owned, x.owned, y.owned)).toEqual([0, 1, 2, 3]);
  });

  it('that is empty gives way', async () => {
    const bed = new ConsumerGroupBed();
    const x = new ClassicConsumer(bed);
    await classicGroupOf(bed, [x], [{ orders: [0, 1, 2, 3] }]);
    x.leave();
    const a = bed.member('a');
    expect(await a.join()).toMatchObject({ memberEpoch: 1, assignment: { orders: [0, 1, 2, 3] } });
    bed.failOver();
    expect(bed.group.memberCount).toBe(1);
  });

  it.each(['downgrade', 'disabled'])(
    'stays one where the policy says %s',
    async (consumerGroupMigrationPolicy) => {
      const bed = new ConsumerGroupBed({ consumerGroupMigrationPolicy });
      const x = new ClassicConsumer(bed);
      await classicGroupOf(bed, [x], [{ orders: [0, 1, 2, 3] }]);
      await expect(bed.member('a').join()).rejects.toEqual(refusedWith('GROUP_ID_NOT_FOUND'));
      expect(x.heartbeat()).toBe(NONE);
    },
  );

  it('of others than consumers stays one', async () => {
    const bed = new ConsumerGroupBed();
    const x = new ClassicConsumer(bed, { protocolType: 'connect' });
    const joining = x.join();
    bed.slice.clock.advance(3_000);
    await joining;
    await expect(bed.member('a').join()).rejects.toEqual(refusedWith('GROUP_ID_NOT_FOUND'));
  });
});

describe('a classic member of a consumer group', () => {
  it('joins, is told to join again, and leaves', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    const x = new ClassicConsumer(bed);
    expect(await x.join()).toMatchObject({
      code: NONE,
      leader: '',
      members: [],
      protocolName: 'cooperative-sticky',
    });
    expect(await x.sync()).toMatchObject({ code: NONE });
    expect(x.owned).toEqual({});
    await settle(bed, [a], [x]);
    expect(all(a.owned)).toHaveLength(2);
    expect(all(x.owned)).toHaveLength(2);
    expect(x.leave()).toEqual([NONE]);
    await bed.settle(a);
    expect(all(a.owned)).toHaveLength(4);
  });

  it('gives up partitions by joining without them', async () => {
    const bed = new ConsumerGroupBed();
    const x = new ClassicConsumer(bed);
    await classicGroupOf(bed, [x], [{ orders: [0, 1, 2, 3] }]);
    const a = bed.member('a');
    await a.join();
    // It still owns what it is to give up: it keeps its generation, and hears what it may keep.
    expect(x.heartbeat()).toBe(REBALANCE_IN_PROGRESS);
    const { generation } = x;
    await x.join();
    expect(x.generation).toBe(generation);
    expect(await x.sync()).toMatchObject({ code: NONE });
    expect(x.owned.orders).toHaveLength(2);
    expect(await a.beat()).toMatchObject({ assignment: null });
    expect(x.heartbeat()).toBe(REBALANCE_IN_PROGRESS);
    await x.join();
    expect(x.generation).toBe(a.epoch);
    expect((await a.beat()).assignment!.orders).toHaveLength(2);
  });

  it('is told its assignment by who took the group over, too', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    const x = new ClassicConsumer(bed);
    await x.join();
    await x.sync();
    await settle(bed, [a], [x]);
    const had = x.owned;
    bed.failOver();
    await x.join();
    bed.failOver({ compacted: true });
    expect(await x.sync()).toMatchObject({ code: NONE });
    expect(x.owned).toEqual(had);
    expect(had.orders).toHaveLength(2);
  });

  it('is refused with the codes of its protocol', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    const x = new ClassicConsumer(bed);
    await x.join();
    x.generation += 7;
    expect(await x.sync()).toMatchObject({ code: ILLEGAL_GENERATION });
    expect(x.heartbeat()).toBe(ILLEGAL_GENERATION);
    expect(bed.group.checkCommit(x.memberId, null, x.generation, 8)).toBe(ILLEGAL_GENERATION);
    expect(bed.group.checkCommit(x.memberId, null, x.generation - 7, 8)).toBe(NONE);
    x.memberId = 'nobody';
    expect(x.heartbeat()).toBe(UNKNOWN_MEMBER_ID);
    expect(x.leave()).toEqual([UNKNOWN_MEMBER_ID]);
    x.memberId = 'a';
    expect(x.heartbeat()).toBe(UNKNOWN_MEMBER_ID);
    const connect = new ClassicConsumer(bed, { protocolType: 'connect' });
    expect(await connect.join()).toMatchObject({ code: KafkaErrorCode.INCONSISTENT_GROUP_PROTOCOL });
    const needsId = new ClassicConsumer(bed, { idRequired: true });
    expect(await needsId.join()).toMatchObject({ code: KafkaErrorCode.MEMBER_ID_REQUIRED });
    const broken = new ClassicConsumer(bed, {
      protocols: [{ name: 'cooperative-sticky', metadata: Buffer.alloc(1) }],
    });
    expect(await broken.join()).toMatchObject({ code: KafkaErrorCode.INCONSISTENT_GROUP_PROTOCOL });
  });

  it.each([
    { what: 'does not sync', fails: async () => {} },
    {
      what: 'does not join again',
      fails: async (x: ClassicConsumer, bed: ConsumerGroupBed) => {
        await x.sync();
        await bed.member('b').join();
        x.heartbeat();
      },
    },
  ])('is taken out when it $what in time', async ({ fails }) => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    const x = new ClassicConsumer(bed, { rebalanceTimeoutMs: 10_000 });
    await x.join();
    await fails(x, bed);
    bed.slice.clock.advance(9_999);
    expect(bed.group.state.members.has(x.memberId)).toBe(true);
    bed.slice.clock.advance(1);
    expect(bed.group.state.members.has(x.memberId)).toBe(false);
  });

  it('is taken out when it is silent for its own session timeout', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    const x = new ClassicConsumer(bed, { sessionTimeoutMs: 6_000 });
    await x.join();
    await x.sync();
    bed.slice.clock.advance(6_000);
    expect([...bed.group.state.members.keys()]).toEqual(['a']);
  });

  it('becomes a member of the new protocol under its id', async () => {
    const bed = new ConsumerGroupBed();
    const keeper = bed.member('keeper');
    await keeper.join();
    const x = new ClassicConsumer(bed);
    await x.join();
    await x.sync();
    await settle(bed, [keeper], [x]);
    const again = bed.member(x.memberId);
    await again.join();
    await bed.settle(keeper, again);
    expect(bed.group.state.members.get(x.memberId)!.classic).toBeUndefined();
    expect(all(keeper.owned, again.owned)).toEqual([0, 1, 2, 3]);
  });
});

describe('a consumer group', () => {
  it.each(['leaves', 'falls silent'])(
    'becomes classic when its last member of the new protocol %s',
    async (how) => {
      const bed = new ConsumerGroupBed();
      const [x, y] = [new ClassicConsumer(bed), new ClassicConsumer(bed)];
      await classicGroupOf(bed, [x, y], [{ orders: [0, 1] }, { orders: [2, 3] }]);
      const a = bed.member('a');
      await a.join();
      await settle(bed, [a], [x, y]);
      const { epoch } = bed.group.state.epochs;
      if (how === 'leaves') await a.leave();
      else {
        bed.slice.clock.advance(44_000);
        for (const member of [x, y]) member.heartbeat();
        bed.slice.clock.advance(1_000);
      }
      expect(protocolOf(bed)).toMatchObject({
        type: 'classic',
        stateName: 'PreparingRebalance',
        generation: epoch,
      });
      expect(x.heartbeat()).toBe(REBALANCE_IN_PROGRESS);
      const answers = await Promise.all([x.join(), y.join()]);
      const leader = answers.find(({ members }) => members.length > 0)!;
      expect(leader.members).toHaveLength(2);
      expect(leader.generation).toBe(epoch + 1);
      const shares = new Map([
        [x.memberId, { orders: [0, 1] }],
        [y.memberId, { orders: [2, 3] }],
      ]);
      await Promise.all(
        [x, y].map((each) => each.sync(each.memberId === leader.leader ? shares : new Map())),
      );
      expect(x.owned).toEqual({ orders: [0, 1] });
      bed.failOver();
      expect(protocolOf(bed)).toMatchObject({ type: 'classic', memberCount: 2, stateName: 'Stable' });
      expect([...bed.slice.log.latest().keys()].filter((key) => key.startsWith('consumer/'))).toEqual([]);
      // And back once more.
      const b = bed.member('b');
      await b.join();
      await settle(bed, [b], [x, y]);
      expect(all(b.owned, x.owned, y.owned)).toEqual([0, 1, 2, 3]);
    },
  );

  it('becomes classic when a classic static member takes the place of its last member of the new protocol', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a', { instanceId: 'i', topicNames: ['orders'] });
    await a.join();
    const x = new ClassicConsumer(bed, { instanceId: 'i' });
    expect(await x.join()).toMatchObject({ code: NONE });
    expect(protocolOf(bed)).toMatchObject({ type: 'classic', memberCount: 1, stateName: 'Stable' });
    expect(await x.sync()).toMatchObject({ code: NONE });
    expect(x.owned).toEqual({ orders: [0, 1, 2, 3] });
    bed.failOver();
    expect(x.heartbeat()).toBe(NONE);
    // The other way round.
    const again = bed.member('a2', { instanceId: 'i', topicNames: ['orders'] });
    expect((await again.join()).assignment).toEqual({ orders: [0, 1, 2, 3] });
    expect(bed.group.memberCount).toBe(1);
  });

  it.each(['upgrade', 'disabled'])(
    'stays one where the policy says %s',
    async (consumerGroupMigrationPolicy) => {
      const bed = new ConsumerGroupBed({ consumerGroupMigrationPolicy });
      const a = bed.member('a');
      await a.join();
      const x = new ClassicConsumer(bed);
      await x.join();
      await x.sync();
      await a.leave();
      expect(protocolOf(bed).type).toBe('consumer');
      await settle(bed, [], [x]);
      expect(x.owned).toEqual({ orders: [0, 1, 2, 3] });
    },
  );

  it('that is empty gives way to a classic group', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    await a.leave();
    const x = new ClassicConsumer(bed);
    await classicGroupOf(bed, [x], [{ orders: [0, 1, 2, 3] }]);
    bed.failOver({ compacted: true });
    expect(protocolOf(bed)).toMatchObject({ type: 'classic', memberCount: 1 });
  });
});
