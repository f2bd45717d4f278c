import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SourcePlan } from '../nodes/node-plan.js';
import {
  accepted,
  failed,
  numbers,
  queueReading,
  released,
  SourceBed,
  wants,
} from '../testing/source-bed.js';
import { until } from '../testing/until.js';

const bed = new SourceBed('amqp-readers');
const reader: SourcePlan['reading'] = { kind: 'reader' };
const browser: SourcePlan['reading'] = { kind: 'browser', subscription: 'pulsegate.queue' };

beforeAll(() => bed.open(), 30_000);
afterAll(() => bed.close());

describe('a topic without a subscription', () => {
  it('gives each link all that comes from its attach on, over an unload, and leaves nothing in Pulsar', async () => {
    const partition = await bed.topic('tail', 2);
    await bed.send(partition, 'before');
    const receivers = [await bed.receive('tail', reader), await bed.receive('tail', reader)];
    // What comes without credit waits, in Pulsar or here.
    await bed.send(partition, ...numbers(50));
    await bed.pulsar.admin.unload(partition);
    await bed.sendBatch(partition, ...numbers(10, 50));
    await bed.send(partition.replace(/0$/, '1'), 'other');
    for (const receiver of receivers) receiver.setCredit(1_000);
    await until(() => receivers.every(({ given }) => given.length === 61), 'all messages');
    for (const { texts } of receivers) {
      expect(texts.filter((text) => text !== 'other')).toEqual(numbers(60));
    }
    await Promise.all(receivers.map(({ source }) => source.close(true)));
    await until(
      async () => (await bed.pulsar.admin.subscriptions(partition)).length === 0,
      'no subscription to be left',
    );
  });

  it('misses nothing that is sent while its topic is unloaded, again and again, and gives nothing twice', async () => {
    const partition = await bed.topic('unloaded');
    const [fast, slow] = [await bed.receive('unloaded', reader), await bed.receive('unloaded', reader)];
    fast.setCredit(1_000);
    // Before the first message it has only the place where it began.
    await bed.pulsar.admin.unload(partition);
    for (let round = 0; round < 4; round++) {
      slow.setCredit(3);
      const unloaded = bed.pulsar.admin.unload(partition);
      for (let at = 0; at < 15; at++) await bed.send(partition, String(15 * round + at));
      await unloaded;
    }
    slow.setCredit(1_000);
    await until(() => fast.texts.includes('59') && slow.texts.includes('59'), 'all messages');
    expect([...new Set(fast.texts)]).toEqual(numbers(60));
    // What the producer had to send again is there twice, for both.
    expect(slow.texts).toEqual(fast.texts);
  });

  it('gives again what its client gives back, and counts what failed', async () => {
    const partition = await bed.topic('back');
    const receiver = await bed.receive('back', reader, { filter: wants('m') });
    receiver.setCredit(100);
    await bed.sendBatch(partition, 'm0', 'm1', 'm2', 'else');
    await bed.send(partition, 'm3', 'm4');
    await until(() => receiver.given.length === 5, 'all messages');
    const settled = [accepted, released, failed, released, { type: 'rejected' } as const].map((outcome, at) =>
      receiver.settle(at, outcome),
    );
    expect(await Promise.all(settled)).toEqual(Array(5).fill(undefined));
    await until(() => receiver.given.length === 8, 'what was given back');
    const again = receiver.given
      .slice(5)
      .map(({ text, delivery }) => [text, (delivery as { redeliveries?: number }).redeliveries]);
    expect(again).toEqual([
      ['m1', 0],
      ['m2', 1],
      ['m3', 0],
    ]);
    expect(bed.counters.dropped).toBe(1);
  });

  it('is drained exactly', async () => {
    const partition = await bed.topic('exact');
    const receiver = await bed.receive('exact', reader);
    await bed.send(partition, ...numbers(20));
    receiver.setCredit(100);
    await receiver.drain();
    expect(receiver.texts).toEqual(numbers(20));
  });
});

describe('a browser', () => {
  it('shows what is not acknowledged, and changes nothing', async () => {
    const partition = await bed.topic('browsed');
    const consumer = await bed.receive('browsed', queueReading());
    await bed.send(partition, ...numbers(20));
    consumer.setCredit(10);
    await until(() => consumer.given.length === 10, 'ten messages');
    for (const at of [0, 1, 2, 5, 7]) await consumer.settle(at, accepted);
    const looking = await bed.receive('browsed', browser);
    looking.setCredit(100);
    await looking.drain();
    expect(looking.texts).toEqual(['3', '4', '6', ...numbers(12, 8)]);
    expect(await looking.settle(0, accepted)).toBeUndefined();
    expect(await looking.settle(1, released)).toBeUndefined();
    const { subscriptions } = await bed.pulsar.admin.stats(partition);
    expect(subscriptions['pulsegate.queue']?.msgBacklog).toBe(15);
  });

  it('shows all of a queue of which nothing was acknowledged', async () => {
    const partition = await bed.topic('whole');
    await bed.receive('whole', queueReading());
    await bed.send(partition, ...numbers(3));
    const looking = await bed.receive('whole', browser);
    looking.setCredit(100);
    await looking.drain();
    expect(looking.texts).toEqual(numbers(3));
  });
});
