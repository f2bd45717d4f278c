import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  accepted,
  durableReading,
  failed,
  numbers,
  queueReading,
  released,
  SourceBed,
  wants,
} from '../testing/source-bed.js';
import { until } from '../testing/until.js';

const bed = new SourceBed('amqp-sources', { idleGiveBackMs: 100 });

beforeAll(() => bed.open(), 30_000);
afterAll(() => bed.close());

async function backlog(partition: string, subscription = 'pulsegate.queue'): Promise<number | undefined> {
  const { subscriptions } = await bed.pulsar.admin.stats(partition);
  return subscriptions[subscription]?.msgBacklog;
}

describe('a queue', () => {
  it('gives as much as there is credit for, in order, and forgets what is accepted', async () => {
    const partition = await bed.topic('credit');
    await bed.send(partition, ...numbers(50));
    const receiver = await bed.receive('credit', queueReading());
    expect(receiver.texts).toEqual([]);
    receiver.setCredit(3);
    await until(() => receiver.given.length === 3, 'three messages');
    receiver.setCredit(40);
    await until(() => receiver.given.length === 43, 'the next');
    expect(receiver.texts).toEqual(numbers(43));
    const settled = await Promise.all(receiver.given.map((_, at) => receiver.settle(at, accepted)));
    expect(settled).toEqual(Array(43).fill(undefined));
    expect(await backlog(partition)).toBe(7);
  });

  it('is shared: an idle link keeps nothing from others, and what it was sent ahead it gives back uncounted', async () => {
    const partition = await bed.topic('idle');
    const idle = await bed.receive('idle', queueReading());
    const busy = await bed.receive('idle', queueReading());
    idle.setCredit(10);
    idle.setCredit(0);
    await bed.sendBatch(partition, ...numbers(5));
    await bed.send(partition, ...numbers(5, 5));
    busy.setCredit(20);
    await until(() => busy.given.length === 10, 'all messages');
    expect(busy.texts.sort()).toEqual(numbers(10));
    expect(idle.given).toEqual([]);
  });

  it('gives again what is released or left behind, and counts what failed', async () => {
    const partition = await bed.topic('again');
    const receiver = await bed.receive('again', queueReading());
    receiver.setCredit(100);
    await bed.send(partition, 'a', 'b');
    await bed.sendBatch(partition, 'c', 'd', 'e');
    await until(() => receiver.given.length === 5, 'all messages');
    await receiver.settle(0, released);
    await receiver.settle(1, failed);
    // Messages of a batch: what is given back comes when the rest is settled.
    await receiver.settle(2, released);
    await receiver.settle(3, accepted);
    await receiver.settle(4, released);
    await until(() => receiver.given.length === 9, 'what was given back');
    expect(receiver.texts.slice(5).sort()).toEqual(['a', 'b', 'c', 'e']);
    const redeliveries = receiver.given
      .slice(5)
      .map(({ text, delivery }) => [text, (delivery as { redeliveries?: number }).redeliveries]);
    expect(Object.fromEntries(redeliveries)).toEqual({ a: 0, b: 1, c: 0, e: 0 });
    await receiver.source.close(false);
    const next = await bed.receive('again', queueReading());
    next.setCredit(100);
    await until(() => next.given.length === 4, 'what was left');
    expect(next.texts.sort()).toEqual(['a', 'b', 'c', 'e']);
  });

  it('acknowledges again what comes again after an unload, and does not give twice what is with the client', async () => {
    const partition = await bed.topic('unload');
    const receiver = await bed.receive('unload', queueReading());
    receiver.setCredit(1_000);
    await bed.send(partition, ...numbers(100));
    await until(() => receiver.given.length === 100, 'all messages');
    const settled = numbers(60).map((at) => receiver.settle(Number(at), accepted));
    const unloaded = bed.pulsar.admin.unload(partition);
    await Promise.all([...settled, unloaded]);
    await bed.send(partition, 'after');
    await until(() => receiver.texts.includes('after'), 'the next message');
    await Promise.all(numbers(41, 60).map((at) => receiver.settle(Number(at), accepted)));
    await until(async () => (await backlog(partition)) === 0, 'all to be acknowledged');
    expect(receiver.texts).toEqual([...numbers(100), 'after']);
  });

  it('leaves to others what a filter does not match', async () => {
    const partition = await bed.topic('selected');
    const red = await bed.receive('selected', queueReading(), { filter: wants('red') });
    const green = await bed.receive('selected', queueReading(), { filter: wants('green') });
    red.outcome = green.outcome = accepted;
    red.setCredit(100);
    green.setCredit(100);
    await bed.send(partition, ...numbers(20).map((n) => (Number(n) % 2 === 0 ? `red ${n}` : `green ${n}`)));
    await bed.sendBatch(partition, 'red 20', 'green 21');
    await until(() => red.given.length === 11 && green.given.length === 11, 'both to have theirs');
    await until(async () => (await backlog(partition)) === 0, 'all to be acknowledged');
  });

  it('is drained at once when it is empty, and when what it has was given', async () => {
    const partition = await bed.topic('drained');
    const receiver = await bed.receive('drained', queueReading());
    receiver.setCredit(10);
    await receiver.drain();
    expect(receiver.given).toEqual([]);
    await bed.send(partition, ...numbers(3));
    receiver.setCredit(10);
    await receiver.drain();
    expect(receiver.texts).toEqual(numbers(3));
    receiver.setCredit(1);
    await receiver.drain();
    expect(receiver.given.length).toBe(3);
  });
});

describe('a durable subscription', () => {
  it('keeps messages while its receiver is away, gives back in order, and ends with its link', async () => {
    const partition = await bed.topic('durable');
    const first = await bed.receive('durable', durableReading());
    await expect(bed.receive('durable', durableReading(), {}, bed.gateway())).rejects.toMatchObject({
      code: 'ConsumerBusy',
    });
    await bed.send(partition, ...numbers(5));
    first.setCredit(3);
    await until(() => first.given.length === 3, 'three messages');
    await first.settle(0, accepted);
    await first.settle(1, failed);
    first.setCredit(10);
    await until(() => first.given.length === 6, 'the rest');
    expect(first.texts).toEqual(['0', '1', '2', '1', '3', '4']);
    // The next link may come before the last one has left.
    void first.source.close(false);
    const second = await bed.receive('durable', durableReading());
    second.setCredit(10);
    await until(() => second.given.length === 4, 'what was not accepted');
    expect(second.texts).toEqual(numbers(4, 1));
    await second.source.close(true);
    expect(await bed.pulsar.admin.subscriptions(partition)).toEqual([]);
  });

  it('has several partitions, and takes up those that come later', async () => {
    const partition = await bed.topic('grown', 2);
    const receiver = await bed.receive('grown', durableReading({ type: 'Shared' }));
    receiver.outcome = accepted;
    receiver.setCredit(100);
    await bed.send(partition, 'p0');
    await bed.send(partition.replace(/0$/, '1'), 'p1');
    await bed.pulsar.admin.growPartitions(bed.pulsarTopic('grown'), 3);
    await bed.send(partition.replace(/0$/, '2'), 'p2');
    await bed.sources.lookForPartitions();
    await until(() => receiver.given.length === 3, 'messages of all partitions');
    expect(receiver.texts.sort()).toEqual(['p0', 'p1', 'p2']);
  });

  it('ends when its topic is deleted', async () => {
    await bed.topic('deleted');
    const receiver = await bed.receive('deleted', durableReading());
    await bed.pulsar.admin.deletePartitionedTopic(bed.pulsarTopic('deleted'), { force: true });
    await until(() => receiver.ended !== undefined, 'the end');
    expect(receiver.ended?.condition).toBe('amqp:resource-deleted');
  });
});
