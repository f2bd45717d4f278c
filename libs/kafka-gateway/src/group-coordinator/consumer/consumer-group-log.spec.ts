import { describe, expect, it } from '@jest/globals';
import { ConsumerGroupBed, refusedWith } from '../../testing/consumer-group-bed.js';

describe('the log of a consumer group', () => {
  it.each([false, true])('gives the next holder the same group (compacted: %s)', async (compacted) => {
    const bed = new ConsumerGroupBed({}, { orders: 4, bills: 1 });
    const [a, b] = [
      bed.member('a', { topicPattern: 'o.*' }),
      bed.member('b', { topicNames: ['orders', 'bills'] }),
    ];
    const c = bed.member('c');
    await a.join();
    await b.join();
    await c.join();
    await bed.settle(a, b, c);
    await c.leave();
    await bed.settle(a, b);
    const epoch = bed.group.state.epochs;
    const owned = [a.owned, b.owned];
    bed.failOver({ compacted });
    expect(bed.group.state.epochs).toEqual(epoch);
    expect(bed.state).toBe('Stable');
    expect(await a.beat()).toMatchObject({ memberEpoch: epoch.epoch, assignment: null });
    expect(await b.beat()).toMatchObject({ memberEpoch: epoch.epoch, assignment: null });
    expect([a.owned, b.owned]).toEqual(owned);
    expect(bed.group.state.epochs).toEqual(epoch);
  });

  it('gives the next holder a rebalance that was under way, with its timeouts', async () => {
    const bed = new ConsumerGroupBed();
    const [a, b] = [bed.member('a'), bed.member('b')];
    await a.join({ rebalanceTimeoutMs: 10_000 });
    await b.join();
    const before = { ...a.owned };
    await a.beat();
    a.owned = before;
    bed.failOver();
    bed.slice.clock.advance(10_000);
    expect([...bed.group.state.members.keys()]).toEqual(['b']);
    bed.slice.clock.advance(35_000);
    expect(bed.group.memberCount).toBe(0);
    const { emptySince } = bed.group;
    bed.failOver({ compacted: true });
    expect(bed.group.emptySince).toBe(emptySince);
  });

  it('is there before the answer', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    bed.slice.log.hold();
    const answers: string[] = [];
    const joining = bed
      .member('b')
      .join()
      .then(() => answers.push('b'));
    // Nothing changes by this heartbeat, but what it tells rests on what is not stored.
    const beating = a.send({ owned: null }).then(() => answers.push('a'));
    await new Promise(setImmediate);
    expect(answers).toEqual([]);
    bed.slice.log.give();
    await Promise.all([joining, beating]);
    expect(answers).toEqual(['b', 'a']);
  });

  it('that is lost closes the group', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    const { group } = bed;
    bed.slice.log.lose();
    await expect(bed.member('b').join()).rejects.toEqual(refusedWith('NOT_COORDINATOR'));
    expect(group.closed).toBe(true);
    expect(bed.slice.clock.timers).toBe(0);
  });

  it('that takes no more for a while has it all in the end', async () => {
    const bed = new ConsumerGroupBed({ groupPendingRecordsMax: 9 });
    const a = bed.member('a');
    await a.join();
    bed.slice.log.hold();
    const b = bed.member('b').join();
    await expect(bed.member('c').join()).rejects.toEqual(refusedWith('COORDINATOR_NOT_AVAILABLE'));
    bed.slice.log.give();
    await b;
    await a.beat();
    const { epochs } = bed.group.state;
    const members = [...bed.group.state.members.keys()];
    expect(members).toEqual(['a', 'b', 'c']);
    bed.failOver();
    expect([...bed.group.state.members.keys()]).toEqual(members);
    expect(bed.group.state.epochs).toEqual(epochs);
  });

  it('has nothing of a group that is deleted', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a', { topicNames: ['orders'], topicPattern: 'o.*' });
    await a.join();
    await a.leave();
    const { coordinator, log } = bed.slice;
    coordinator.remove(coordinator.group('g')!, () => {});
    expect(log.latest().size).toBe(0);
    bed.failOver();
    expect(bed.slice.coordinator.group('g')).toBeUndefined();
  });
});
