import { describe, expect, it } from '@jest/globals';
import { ConsumerGroupBed, refusedWith } from '../../testing/consumer-group-bed.js';

describe('the topics of a consumer group', () => {
  const turn = async (bed: ConsumerGroupBed) => {
    bed.slice.clock.advance(5_000);
    await new Promise(setImmediate);
  };

  it('grow, go and come again', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    bed.topics.set('orders', 6);
    await turn(bed);
    await a.beat();
    await turn(bed);
    expect(await a.beat()).toMatchObject({ memberEpoch: 2, assignment: { orders: [0, 1, 2, 3, 4, 5] } });
    bed.topics.all.delete('orders');
    await turn(bed);
    await a.send({});
    await turn(bed);
    await a.send({ owned: [] });
    expect(a.owned).toEqual({});
    bed.topics.set('orders', 1);
    await turn(bed);
    await a.beat();
    await turn(bed);
    await a.beat();
    expect(a.owned).toEqual({ orders: [0] });
  });

  it('stay as they are while Pulsar cannot be asked', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    bed.topics.failure = new Error('away');
    await turn(bed);
    await a.beat();
    await turn(bed);
    expect(await a.beat()).toMatchObject({ memberEpoch: 1, assignment: null });
    await expect(bed.member('b', { topicNames: ['bills'] }).join()).rejects.toEqual(
      refusedWith('COORDINATOR_NOT_AVAILABLE'),
    );
    expect(bed.group.memberCount).toBe(1);
  });

  it('are asked for at a bounded rate', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a');
    await a.join();
    await new Promise(setImmediate);
    const { resolutions } = bed.topics;
    for (let beat = 0; beat < 20; beat++) await a.beat();
    expect(bed.topics.resolutions).toBe(resolutions);
  });

  it('of a pattern are found, and found again', async () => {
    const bed = new ConsumerGroupBed({}, { 'orders.eu': 1, 'orders.us': 1, bills: 1, 'orders.secret': 1 });
    const a = bed.member('a', {
      topicPattern: 'orders\\..*',
      mayDescribe: (name) => !name.includes('secret'),
    });
    await a.join();
    expect(a.owned).toEqual({ 'orders.eu': [0], 'orders.us': [0] });
    bed.topics.set('orders.asia', 1);
    for (let times = 0; times < 3; times++) {
      await turn(bed);
      await a.beat({ mayDescribe: (name) => !name.includes('secret') });
    }
    expect(a.owned).toEqual({ 'orders.asia': [0], 'orders.eu': [0], 'orders.us': [0] });
    await a.leave();
    expect(bed.group.state.patterns.size).toBe(0);
  });

  it('of a pattern and of names are one subscription', async () => {
    const bed = new ConsumerGroupBed({}, { one: 1, two: 1 });
    const a = bed.member('a', { topicPattern: 't.*', topicNames: ['one', 'two'] });
    await a.join();
    expect(a.owned).toEqual({ one: [0], two: [0] });
    await a.beat({ topicPattern: '' });
    expect(bed.group.state.patterns.size).toBe(0);
    expect(a.owned).toEqual({ one: [0], two: [0] });
  });

  it('of a pattern that is none are refused, and nothing is changed', async () => {
    const bed = new ConsumerGroupBed();
    const a = bed.member('a', { topicPattern: '(' });
    await expect(a.join()).rejects.toEqual(refusedWith('INVALID_REGULAR_EXPRESSION'));
    expect(bed.slice.coordinator.group('g')).toBeUndefined();
  });
});
