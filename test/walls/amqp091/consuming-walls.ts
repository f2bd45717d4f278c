import { expect } from '@jest/globals';
import { type Amqp091Method, type FieldTable, textField } from '#libs/amqp091-codec';
import type { Wall } from '../wall.js';
import { basicConsume } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { type Amqp091Side, type Hand, hands } from './amqp091-side.js';

/** Both have the queue; each has so many of its own messages in it. */
async function filled(
  sides: readonly [Amqp091Side, Amqp091Side],
  queue: string,
  messages = 1,
  fields: FieldTable = [],
): Promise<[Hand, Hand]> {
  const both = await hands(sides);
  await Promise.all(both.map((hand) => hand.queue(queue, fields)));
  for (const publisher of await hands(sides, 'far')) {
    await publisher.confirms();
    for (let count = 0; count < messages; count++) await publisher.publish('', queue);
  }
  return both;
}

/** @throws Error when there are more, or never so many */
async function untilConsumers(hand: Hand, queue: string, count: number): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const { consumerCount } = await hand.queue(queue, [], { passive: true });
    if (consumerCount === count) return;
    if (consumerCount > count || Date.now() > deadline) throw new Error(`${consumerCount} consumers`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Both hold a message with delivery tag 1; the other settles that tag of its own. */
const settled = (operation: string, tries: string, method: Amqp091Method): Wall<Amqp091Side> => ({
  operation,
  tries,
  run: async (one, other, name) => {
    const [mine, theirs] = await filled([one, other], name);
    await Promise.all([mine.consume(name), theirs.consume(name)]);
    expect([await mine.delivered(), await theirs.delivered()]).toEqual([one.said, other.said]);
    theirs.wire.send(method);
    // Settled when this is answered: one channel's methods are served in order.
    await theirs.wire.call(
      { name: 'basic.qos', prefetchSize: 0, prefetchCount: 5, global: true },
      'basic.qos-ok',
    );
    // What one has unsettled is still its own to give back.
    const heir = await one.hand('far');
    mine.wire.cut();
    await heir.consume(name);
    expect(await heir.delivered()).toBe(one.said);
  },
});

/** What both do with a message that is delivered to them: it goes to the exchange and queue of one name. */
const deadLettered = (operation: string, method: Amqp091Method): Wall<Amqp091Side> => ({
  operation,
  tries: 'into dead-letter exchanges of one name, and into one that only the other has',
  run: async (one, other, name) => {
    const both = await hands([one, other]);
    const [mine, theirs] = both;
    const to = (exchange: string): FieldTable => [['x-dead-letter-exchange', textField(exchange)]];
    for (const hand of both) {
      await hand.bound(`${name}-dead`, 'fanout');
      await hand.queue(name, to(`${name}-dead`));
      await hand.consume(name);
    }
    await mine.bound(`${name}-only`, 'fanout');
    await theirs.queue(`${name}-lost`, to(`${name}-only`));
    await theirs.consume(`${name}-lost`, { consumerTag: 'lost' });
    const [from, over] = await hands([one, other], 'far');
    await (await from.confirms()).publish('', name);
    await (await over.confirms()).publish('', name);
    for (const hand of both) {
      await hand.delivered();
      hand.wire.send(method);
    }
    await over.publish('', `${name}-lost`);
    await theirs.delivered();
    theirs.wire.send({ ...method, deliveryTag: 2 } as Amqp091Method);
    // After it in their log, and in that of one's queue: what came over the wall would be before it.
    for (const [at, hand] of both.entries()) {
      await hand.consume(`${name}-dead`, { consumerTag: 'dead', noAck: true });
      expect(await hand.delivered()).toBe([one, other][at]!.said);
    }
    await from.publish(`${name}-only`, '', {}, 'last');
    expect(await mine.texts(`${name}-only`)).toEqual(['last']);
    expect([mine, theirs].some(({ wire }) => wire.has('basic.deliver'))).toBe(false);
  },
});

export const consumingWalls: readonly Wall<Amqp091Side>[] = [
  {
    operation: 'basic.consume',
    tries: 'one queue name with one consumer tag',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await Promise.all([mine.queue(name), theirs.queue(name)]);
      await Promise.all([mine.consume(name), theirs.consume(name)]);
      for (const publisher of await hands([one, other], 'far')) {
        await (await publisher.confirms()).publish('', name);
      }
      expect([await mine.delivered(), await theirs.delivered()]).toEqual([one.said, other.said]);
      expect([mine, theirs].some(({ wire }) => wire.has('basic.deliver'))).toBe(false);
    },
  },
  {
    operation: 'basic.consume',
    tries: 'a queue that only the other has, by its name and by full Pulsar names',
    run: async (one, other, name) => {
      const mine = await one.hand();
      await mine.queue(name);
      const theirs = await other.hand();
      const { namespace } = one.settings;
      for (const queue of [name, `persistent://${namespace}/${name}`, `${namespace}/${name}`, `../${name}`]) {
        expect(await theirs.refusal(basicConsume(queue), 'basic.consume-ok')).toContain('404 NOT_FOUND');
      }
    },
  },
  {
    operation: 'basic.consume',
    tries: 'both exclusively, and both as single active consumers, whose numbers are their own',
    run: async (one, other, name) => {
      const single: FieldTable = [['x-single-active-consumer', { tag: 't', value: true }]];
      const [mine, theirs] = await hands([one, other]);
      for (const hand of [mine, theirs]) {
        await Promise.all([hand.queue(name), hand.queue(`${name}-single`, single)]);
        await hand.consume(name, { exclusive: true });
        await hand.consume(`${name}-single`, { consumerTag: 'single' });
      }
      for (const hand of [mine, theirs]) {
        for (const queue of [name, `${name}-single`]) await untilConsumers(hand, queue, 1);
      }
      for (const publisher of await hands([one, other], 'far')) {
        await (await publisher.confirms()).publish('', `${name}-single`);
      }
      expect([await mine.delivered(), await theirs.delivered()]).toEqual([one.said, other.said]);
    },
  },
  {
    operation: 'basic.cancel',
    tries: 'a consumer tag that both have',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await Promise.all([mine.queue(name), theirs.queue(name)]);
      await Promise.all([mine.consume(name), theirs.consume(name)]);
      const cancel = { name: 'basic.cancel', consumerTag: 'consumer', noWait: false } as const;
      await theirs.wire.call(cancel, 'basic.cancel-ok');
      await (await (await one.hand('far')).confirms()).publish('', name);
      expect(await mine.delivered()).toBe(one.said);
    },
  },
  {
    operation: 'basic.get',
    tries: 'a queue that both have, and one that only the other has',
    run: async (one, other, name) => {
      const [mine, theirs] = await filled([one, other], name, 2);
      await mine.queue(`${name}-only`);
      expect(await theirs.texts(name)).toEqual([other.said, other.said]);
      expect(await mine.texts(name)).toEqual([one.said, one.said]);
      const foreign = { name: 'basic.get', queue: `${name}-only`, noAck: true } as const;
      expect(await theirs.refusal(foreign, 'basic.get-ok')).toContain('404 NOT_FOUND');
    },
  },
  {
    operation: 'basic.qos',
    tries: 'a limit for all consumers of the channel number that both have',
    run: async (one, other, name) => {
      const [mine, theirs] = await filled([one, other], name, 2);
      const qos = { name: 'basic.qos', prefetchSize: 0, prefetchCount: 1, global: true } as const;
      await theirs.wire.call(qos, 'basic.qos-ok');
      await Promise.all([mine.consume(name), theirs.consume(name)]);
      expect([await mine.delivered(), await mine.delivered()]).toEqual([one.said, one.said]);
      expect(await theirs.delivered()).toBe(other.said);
      expect(theirs.wire.has('basic.deliver')).toBe(false);
    },
  },
  settled('basic.ack', 'a delivery tag that both have, and all before it', {
    ...{ name: 'basic.ack', deliveryTag: 1, multiple: true },
  }),
  settled('basic.nack', 'a delivery tag that both have, and all before it', {
    ...{ name: 'basic.nack', deliveryTag: 1, multiple: true, requeue: false },
  }),
  settled('basic.reject', 'a delivery tag that both have', {
    ...{ name: 'basic.reject', deliveryTag: 1, requeue: false },
  }),
  deadLettered('basic.nack', { name: 'basic.nack', deliveryTag: 1, multiple: false, requeue: false }),
  deadLettered('basic.reject', { name: 'basic.reject', deliveryTag: 1, requeue: false }),
  ...(['basic.recover', 'basic.recover-async'] as const).map(
    (operation): Wall<Amqp091Side> => ({
      operation,
      tries: 'while both have unsettled messages with one delivery tag',
      run: async (one, other, name) => {
        const [mine, theirs] = await filled([one, other], name);
        await Promise.all([mine.consume(name), theirs.consume(name)]);
        expect([await mine.delivered(), await theirs.delivered()]).toEqual([one.said, other.said]);
        theirs.wire.send({ name: operation, requeue: true });
        const again = await theirs.wire.first('basic.deliver');
        expect([again.body.toString(), again.redelivered]).toEqual([other.said, true]);
        expect(mine.wire.has('basic.deliver')).toBe(false);
        mine.wire.send({ name: 'basic.ack', deliveryTag: 1, multiple: false });
        await mine.wire.call(
          { name: 'basic.cancel', consumerTag: 'consumer', noWait: false },
          'basic.cancel-ok',
        );
        expect(await mine.texts(name)).toEqual([]);
      },
    }),
  ),
];
