import { expect } from '@jest/globals';
import { type FieldTable, textField } from '#libs/amqp091-codec';
import type { Wall } from '../wall.js';
import {
  exchangeBind,
  exchangeDeclare,
  exchangeUnbind,
  queueBind,
  queueDeclare,
} from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { type Amqp091Side, hands, none } from './amqp091-side.js';

/** Names that could lead out of a namespace, or to what has another name. `é`: once composed, once not. */
function hostileNames({ settings: { namespace, tenant, vhost } }: Amqp091Side, name: string): string[] {
  return [
    ...[`persistent://${namespace}/${name}`, `${namespace}/${name}`, `${tenant}/${name}`],
    ...[`../${namespace.split('/')[1]}/${name}`, `../../${namespace}/${name}`, `./${name}`, `/${name}`],
    ...[`%2F${name}`, `..%2F..%2F${name}`, `${vhost}:${name}`, `${name}-partition-0`, `${name}.`, ` ${name}`],
    ...[`${name}\u00e9`, `${name}e\u0301`, `${name}\u200b`, name.toUpperCase()],
  ];
}

const exchangeWalls: readonly Wall<Amqp091Side>[] = [
  {
    operation: 'exchange.declare',
    tries: 'one name with different types; passively what only the other has',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await mine.exchange(name, 'fanout');
      expect(await theirs.hasExchange(name)).toBe(false);
      await theirs.exchange(name, 'direct');
      const again = exchangeDeclare(name, 'topic');
      expect(await mine.refusal(again, 'exchange.declare-ok')).toContain("current is 'fanout'");
      expect(await theirs.refusal(again, 'exchange.declare-ok')).toContain("current is 'direct'");
    },
  },
  {
    operation: 'exchange.declare',
    tries: 'the other’s exchange by full Pulsar names, paths, escapes and twins',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await mine.exchange(name);
      for (const hostile of hostileNames(one, name)) {
        expect([hostile, await theirs.hasExchange(hostile)]).toEqual([hostile, false]);
      }
    },
  },
  {
    operation: 'exchange.declare',
    tries: 'an alternate exchange of one name, and one that only the other has',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      const alternate = (to: string) => [['alternate-exchange', textField(to)]] as const;
      for (const hand of [mine, theirs]) {
        await hand.bound(name, 'fanout');
        await hand.exchange(`${name}-main`, 'direct', alternate(name));
      }
      await mine.bound(`${name}-only`, 'fanout');
      await theirs.exchange(`${name}-lost`, 'direct', alternate(`${name}-only`));
      const [from, over] = await hands([one, other], 'far');
      await from.confirms();
      await over.confirms();
      expect(await from.publish(`${name}-main`, 'k')).toBe(true);
      expect(await over.publish(`${name}-main`, 'k')).toBe(true);
      expect(await over.publish(`${name}-lost`, 'k')).toBe(false);
      expect(await mine.texts(name)).toEqual([one.said]);
      expect(await theirs.texts(name)).toEqual([other.said]);
      expect(await mine.texts(`${name}-only`)).toEqual([]);
    },
  },
  {
    operation: 'exchange.delete',
    tries: 'the exchange that both have, and one that only the other has',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      const remove = (exchange: string) => ({ exchange, ifUnused: false, noWait: false });
      await mine.bound(name);
      await mine.exchange(`${name}-only`);
      await theirs.bound(name);
      await theirs.wire.call({ name: 'exchange.delete', ...remove(name) }, 'exchange.delete-ok');
      await theirs.wire.call({ name: 'exchange.delete', ...remove(`${name}-only`) }, 'exchange.delete-ok');
      expect([await mine.hasExchange(name), await mine.hasExchange(`${name}-only`)]).toEqual([true, true]);
      const from = await (await one.hand('far')).confirms();
      expect(await from.publish(name, name)).toBe(true);
      expect(await mine.texts(name)).toEqual([one.said]);
    },
  },
  {
    operation: 'exchange.bind',
    tries: 'exchanges of one name, bound by one alone; to and from what only the other has',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      for (const hand of [mine, theirs]) {
        await hand.exchange(`${name}-source`, 'fanout');
        await hand.bound(name, 'fanout');
      }
      await mine.wire.call(exchangeBind(name, `${name}-source`), 'exchange.bind-ok');
      await mine.exchange(`${name}-only`);
      for (const [source, destination] of [
        [name, `${name}-only`],
        [`${name}-only`, name],
      ] as const) {
        const bind = exchangeBind(destination, source);
        expect(await theirs.refusal(bind, 'exchange.bind-ok')).toMatch(
          /^404 NOT_FOUND - no exchange 'row.*only'/,
        );
      }
      const [from, over] = await hands([one, other], 'far');
      await from.confirms();
      await over.confirms();
      expect(await from.publish(`${name}-source`, '')).toBe(true);
      expect(await over.publish(`${name}-source`, '')).toBe(false);
      expect([await mine.texts(name), await theirs.texts(name)]).toEqual([[one.said], []]);
    },
  },
  {
    operation: 'exchange.unbind',
    tries: 'exchanges of one name, unbound by one alone',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      for (const hand of [mine, theirs]) {
        await hand.exchange(`${name}-source`, 'fanout');
        await hand.bound(name, 'fanout');
        await hand.wire.call(exchangeBind(name, `${name}-source`), 'exchange.bind-ok');
      }
      await theirs.wire.call(exchangeUnbind(name, `${name}-source`), 'exchange.unbind-ok');
      await theirs.confirms();
      expect(await theirs.publish(`${name}-source`, '')).toBe(false);
      const from = await (await one.hand('far')).confirms();
      expect(await from.publish(`${name}-source`, '')).toBe(true);
      expect([await mine.texts(name), await theirs.texts(name)]).toEqual([[one.said], []]);
    },
  },
];

const queueWalls: readonly Wall<Amqp091Side>[] = [
  {
    operation: 'queue.declare',
    tries: 'one name with different arguments; passively what only the other has',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      const limit = (value: number) => [['x-max-length', { tag: 'I', value }]] as const;
      await mine.queue(name, limit(5));
      expect(await theirs.hasQueue(name)).toBe(false);
      await theirs.queue(name, limit(6));
      await mine.queue(name, limit(5));
      expect(await theirs.refusal(queueDeclare(name, limit(5)), 'queue.declare-ok')).toContain(
        "inequivalent arg 'x-max-length'",
      );
    },
  },
  {
    operation: 'queue.declare',
    tries: 'and publishes to the other’s queue by full Pulsar names, paths, escapes and twins',
    run: async (one, other, name) => {
      const mine = await one.hand();
      await mine.queue(name);
      await (await (await one.hand('far')).confirms()).publish('', name);
      // Each is a queue of its own, in the own namespace.
      await Promise.all(
        hostileNames(one, name).map(async (each) => {
          const [self, stranger] = await hands([one, other]);
          expect([each, await stranger.hasQueue(each), await self.hasQueue(each)]).toEqual([
            each,
            false,
            false,
          ]);
          await stranger.confirms();
          await stranger.queue(each);
          expect(await stranger.publish('', each, {}, each)).toBe(true);
          expect([each, await self.hasQueue(each)]).toEqual([each, false]);
          expect(await stranger.texts(each)).toEqual([each]);
        }),
      );
      expect(await mine.texts(name)).toEqual([one.said]);
    },
  },
  {
    operation: 'queue.declare',
    tries: 'exclusive queues of one name; the server-named queue of the other',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      for (const hand of [mine, theirs]) await hand.queue(name, [], { exclusive: true });
      const { queue } = await mine.queue('', [], { exclusive: true });
      expect(await theirs.hasQueue(queue)).toBe(false);
      const third = await one.hand();
      const declare = queueDeclare(name, [], { passive: true });
      expect(await third.refusal(declare, 'queue.declare-ok')).toContain('405 RESOURCE_LOCKED');
      theirs.wire.cut();
      await mine.queue(name, [], { exclusive: true });
    },
  },
  {
    operation: 'queue.declare',
    tries: 'a TTL, and a limit of length, with dead letters to an exchange and queue of one name',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      const ending: FieldTable = [
        ['x-message-ttl', { tag: 'I', value: 300 }],
        ['x-dead-letter-exchange', textField(`${name}-dead`)],
      ];
      const limited: FieldTable = [
        ['x-max-length', { tag: 'I', value: 1 }],
        ['x-overflow', textField('reject-publish')],
      ];
      for (const hand of [mine, theirs]) {
        await hand.bound(`${name}-dead`, 'fanout');
        await hand.queue(name, ending);
        await hand.queue(`${name}-limited`, limited);
        await hand.consume(`${name}-dead`, { noAck: true });
      }
      for (const publisher of await hands([one, other], 'far')) {
        await publisher.confirms();
        await publisher.publish('', name);
        // Full for one is not full for the other.
        await publisher.publish('', `${name}-limited`);
      }
      expect([await mine.delivered(), await theirs.delivered()]).toEqual([one.said, other.said]);
      for (const [at, hand] of [mine, theirs].entries()) {
        expect(await hand.texts(`${name}-limited`)).toEqual([[one, other][at]!.said]);
        expect(hand.wire.has('basic.deliver')).toBe(false);
      }
    },
  },
  {
    operation: 'queue.bind',
    tries: 'names that both have, bound by one alone; queues and exchanges that only the other has',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      for (const hand of [mine, theirs]) {
        await hand.exchange(name);
        await hand.queue(name);
      }
      await mine.bind(name, name);
      await mine.exchange(`${name}-only`);
      await mine.queue(`${name}-only`);
      expect(await theirs.refusal(queueBind(name, `${name}-only`, ''), 'queue.bind-ok')).toContain(
        `404 NOT_FOUND - no exchange '${name}-only'`,
      );
      expect(await theirs.refusal(queueBind(`${name}-only`, name, ''), 'queue.bind-ok')).toContain(
        `404 NOT_FOUND - no queue '${name}-only'`,
      );
      const [from, over] = await hands([one, other], 'far');
      await from.confirms();
      await over.confirms();
      expect(await over.publish(name, name)).toBe(false);
      expect(await from.publish(name, name)).toBe(true);
      expect([await mine.texts(name), await theirs.texts(name)]).toEqual([[one.said], []]);
    },
  },
  {
    operation: 'queue.unbind',
    tries: 'names that both have, unbound by one alone',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await Promise.all([mine.bound(name), theirs.bound(name)]);
      const binding = { queue: name, exchange: name, routingKey: name, arguments: none };
      await theirs.wire.call({ name: 'queue.unbind', ...binding }, 'queue.unbind-ok');
      await theirs.confirms();
      expect(await theirs.publish(name, name)).toBe(false);
      const from = await (await one.hand('far')).confirms();
      expect(await from.publish(name, name)).toBe(true);
      expect(await mine.texts(name)).toEqual([one.said]);
    },
  },
  {
    operation: 'queue.purge',
    tries: 'the queue that both have, and one that only the other has',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await Promise.all([mine.queue(name), theirs.queue(name), mine.queue(`${name}-only`)]);
      const [from, over] = await hands([one, other], 'far');
      await from.confirms();
      await over.confirms();
      for (const queue of [name, `${name}-only`]) await from.publish('', queue);
      await over.publish('', name);
      await theirs.wire.call({ name: 'queue.purge', queue: name, noWait: false }, 'queue.purge-ok');
      const foreign = { name: 'queue.purge', queue: `${name}-only`, noWait: false } as const;
      expect(await theirs.refusal(foreign, 'queue.purge-ok')).toContain('404 NOT_FOUND');
      expect(await theirs.texts(name)).toEqual([]);
      expect([await mine.texts(name), await mine.texts(`${name}-only`)]).toEqual([[one.said], [one.said]]);
    },
  },
  {
    operation: 'queue.delete',
    tries: 'the queue that both have and consume, and one that only the other has',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await Promise.all([mine.queue(name), theirs.queue(name), mine.queue(`${name}-only`)]);
      await Promise.all([mine.consume(name), theirs.consume(name)]);
      const remove = (queue: string) => ({ queue, ifUnused: false, ifEmpty: false, noWait: false });
      const over = await (await other.hand('far')).confirms();
      await over.wire.call({ name: 'queue.delete', ...remove(name) }, 'queue.delete-ok');
      await over.wire.call({ name: 'queue.delete', ...remove(`${name}-only`) }, 'queue.delete-ok');
      // The other's consumer hears of it, this one not.
      expect((await theirs.wire.first('basic.cancel')).consumerTag).toBe('consumer');
      const from = await (await one.hand('far')).confirms();
      expect([await from.publish('', name), await from.publish('', `${name}-only`)]).toEqual([true, true]);
      expect(await mine.delivered()).toBe(one.said);
      expect(mine.wire.has('basic.cancel')).toBe(false);
    },
  },
];

export const declaringWalls = [...exchangeWalls, ...queueWalls];
