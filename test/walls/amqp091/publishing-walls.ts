import { expect } from '@jest/globals';
import {
  type BasicProperties,
  decodeBasicProperties,
  encodeFieldTable,
  type FieldTable,
  type FieldValue,
  textField,
} from '#libs/amqp091-codec';
import { userName } from '../two-tenants.js';
import type { Wall } from '../wall.js';
import { type Amqp091Side, type Hand, hands } from './amqp091-side.js';

/** Both publish, where they do not consume; both find their own. */
async function bothFindTheirOwn(
  [one, other]: readonly [Amqp091Side, Amqp091Side],
  [mine, theirs]: readonly [Hand, Hand],
  queue: string,
  publish: (hand: Hand) => Promise<boolean>,
): Promise<void> {
  const publishers = await hands([one, other], 'far');
  for (const publisher of publishers) expect(await publish(await publisher.confirms())).toBe(true);
  expect([await mine.texts(queue), await theirs.texts(queue)]).toEqual([[one.said], [other.said]]);
}

const byExchange = (type: string, key: string, fields: FieldTable): Wall<Amqp091Side> => ({
  operation: 'basic.publish',
  tries: `to a ${type} exchange of one name, with one routing key and one queue behind it`,
  run: async (one, other, name) => {
    const sides = await hands([one, other]);
    for (const hand of sides) {
      await hand.exchange(name, type);
      await hand.queue(name);
      await hand.bind(name, name, key, fields);
    }
    const headers = encodeFieldTable([['kind', textField('same')]]);
    await bothFindTheirOwn([one, other], sides, name, (hand) => hand.publish(name, 'a.b', { headers }));
  },
});

const selected = (header: 'CC' | 'BCC', key: string): BasicProperties => {
  const value: FieldValue[] = [textField(key)];
  return { headers: encodeFieldTable([[header, { tag: 'A', value }]]) };
};

const routingWalls: readonly Wall<Amqp091Side>[] = [
  {
    operation: 'basic.publish',
    tries: 'by the default exchange to a queue that both have, and to one that only the other has',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await Promise.all([mine.queue(name), theirs.queue(name), mine.queue(`${name}-only`)]);
      await bothFindTheirOwn([one, other], [mine, theirs], name, (hand) => hand.publish('', name));
      const over = await (await other.hand('far')).confirms();
      const { namespace } = one.settings;
      for (const key of [
        ...[`${name}-only`, `persistent://${namespace}/${name}-only`, `${namespace}/${name}-only`],
        ...[`../n/${name}-only`, `persistent://${namespace}/${name}-only-partition-0`],
      ]) {
        expect([key, await over.publish('', key)]).toEqual([key, false]);
      }
      expect(await mine.texts(`${name}-only`)).toEqual([]);
    },
  },
  byExchange('direct', 'a.b', []),
  byExchange('topic', 'a.*', []),
  byExchange('fanout', '', []),
  byExchange('headers', '', [['kind', textField('same')]]),
  {
    operation: 'basic.publish',
    tries: 'to an exchange that only the other has',
    run: async (one, other, name) => {
      const mine = await one.hand();
      await mine.bound(name);
      const over = await other.hand('far');
      over.wire.publish(name, name, other.said);
      const { replyText, replyCode } = await over.wire.first('channel.close');
      expect([replyCode, replyText]).toEqual([404, expect.stringContaining(`no exchange '${name}'`)]);
      expect(await mine.texts(name)).toEqual([]);
    },
  },
  {
    operation: 'basic.publish',
    tries: 'CC and BCC to queues that only the other has',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await Promise.all([mine.queue(`${name}-only`), theirs.queue(name)]);
      const over = await (await other.hand('far')).confirms();
      for (const header of ['CC', 'BCC'] as const) {
        expect(await over.publish('', name, selected(header, `${name}-only`))).toBe(true);
      }
      expect(await theirs.texts(name)).toHaveLength(2);
      expect(await mine.texts(`${name}-only`)).toEqual([]);
    },
  },
  {
    operation: 'basic.publish',
    tries: 'by an x-delayed-message exchange of one name',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      for (const hand of [mine, theirs]) {
        await hand.bound(name, 'x-delayed-message', [['x-delayed-type', textField('direct')]]);
        await hand.consume(name);
      }
      const headers = encodeFieldTable([['x-delay', { tag: 'I', value: 100 }]]);
      for (const hand of await hands([one, other], 'far')) {
        expect(await (await hand.confirms()).publish(name, name, { headers })).toBe(true);
      }
      expect([await mine.delivered(), await theirs.delivered()]).toEqual([one.said, other.said]);
    },
  },
  {
    operation: 'basic.publish',
    tries: 'as the user of the other (user-id)',
    between: ['tenants'],
    run: async (one, other, name) => {
      const theirs = await other.hand();
      await theirs.queue(name);
      for (const userId of [`${one.settings.tenant}/${userName}`, `${userName}@${one.settings.tenant}`]) {
        const over = await other.hand('far');
        over.wire.publish('', name, other.said, { userId });
        expect((await over.wire.first('channel.close')).replyCode).toBe(406);
      }
      expect(await theirs.texts(name)).toEqual([]);
    },
  },
];

const replyQueue = 'amq.rabbitmq.reply-to';

/** Asks over the queue, and gives the `reply-to` that a worker of the same side is told. */
async function ask(side: Amqp091Side, name: string): Promise<{ asker: Hand; replyTo: string }> {
  const [asker, worker] = [await (await side.hand()).confirms(), await side.hand('far')];
  await worker.queue(name);
  await asker.consume(replyQueue, { noAck: true });
  await asker.publish('', name, { replyTo: replyQueue });
  worker.wire.send({ name: 'basic.get', queue: name, noAck: true });
  const { properties } = await worker.wire.first('basic.get-ok');
  return { asker, replyTo: String(decodeBasicProperties(properties).replyTo) };
}

const transacted = (end: 'tx.commit' | 'tx.rollback'): Wall<Amqp091Side> => ({
  operation: end,
  tries: 'messages of both in transactions on the same channel number, ended by one',
  run: async (one, other, name) => {
    const [mine, theirs] = await hands([one, other]);
    await Promise.all([mine.queue(name), theirs.queue(name)]);
    const publishers = await hands([one, other], 'far');
    for (const { wire } of publishers) await wire.call({ name: 'tx.select' }, 'tx.select-ok');
    publishers[0].wire.publish('', name, one.said);
    publishers[1].wire.publish('', name, other.said);
    await publishers[1].wire.call({ name: end }, `${end}-ok`);
    const ended = end === 'tx.commit' ? [other.said] : [];
    expect([await mine.texts(name), await theirs.texts(name)]).toEqual([[], ended]);
    await publishers[0].wire.call({ name: 'tx.commit' }, 'tx.commit-ok');
    expect([await mine.texts(name), await theirs.texts(name)]).toEqual([[one.said], []]);
  },
});

export const publishingWalls: readonly Wall<Amqp091Side>[] = [
  ...routingWalls,
  {
    operation: 'basic.publish',
    tries: 'to the other’s direct reply-to, whose name it was told',
    run: async (one, other, name) => {
      const { asker, replyTo } = await ask(one, name);
      const their = await ask(other, name);
      expect(their.replyTo).not.toBe(replyTo);
      for (const place of ['near', 'far'] as const) {
        const stranger = await other.hand(place);
        expect(await stranger.hasQueue(replyTo)).toBe(false);
        // Over gateways nobody is asked whether the name is somebody's: it is not returned, and reaches nobody.
        await (await stranger.confirms()).publish('', replyTo);
      }
      const worker = await (await one.hand('far')).confirms();
      expect(await worker.publish('', replyTo)).toBe(true);
      expect(await asker.delivered()).toBe(one.said);
      expect(asker.wire.has('basic.deliver')).toBe(false);
    },
  },
  {
    operation: 'confirm.select',
    tries: 'confirms on the same channel number',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await Promise.all([mine.queue(name), theirs.queue(name)]);
      await Promise.all([mine.confirms(), theirs.confirms()]);
      await mine.publish('', name);
      expect(theirs.wire.has('basic.ack')).toBe(false);
      await theirs.publish('', name);
      expect([await mine.texts(name), await theirs.texts(name)]).toEqual([[one.said], [other.said]]);
    },
  },
  {
    operation: 'tx.select',
    tries: 'a transaction on the channel number of the other, which has none',
    run: async (one, other, name) => {
      const [mine, theirs] = await hands([one, other]);
      await Promise.all([mine.queue(name), theirs.queue(name)]);
      await theirs.wire.call({ name: 'tx.select' }, 'tx.select-ok');
      await (await mine.confirms()).publish('', name);
      expect(await mine.texts(name)).toEqual([one.said]);
    },
  },
  transacted('tx.commit'),
  transacted('tx.rollback'),
];
