import { expect } from '@jest/globals';
import { decodeBasicProperties, decodeFieldTable, fieldOf, fieldText } from '#libs/amqp091-codec';
import type { BehaviourArea } from './behaviour.js';
import { type BehaviourBed, until } from './behaviour-bed.js';
import { type Fields, queueDeclare } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import type { Delivery } from './peer.js';

/** A queue that nobody consumes, whose dead letters go to another. */
async function waitingBed(bed: BehaviourBed, fields: Fields) {
  const peer = await bed.peer();
  const [waiting, dead] = [bed.name('waiting'), bed.name('dead')];
  await peer.queue(dead);
  await peer.queue(waiting, { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead, ...fields });
  return { peer, waiting, dead };
}

function deathOf({ properties }: Delivery) {
  const { headers, expiration } = decodeBasicProperties(properties);
  const deaths = fieldOf(decodeFieldTable(headers!), 'x-death');
  if (deaths?.tag !== 'A' || deaths.value[0]?.tag !== 'F') throw new Error('there is no x-death');
  const table = deaths.value[0].value;
  const original = fieldText(fieldOf(table, 'original-expiration'));
  return { reason: fieldText(fieldOf(table, 'reason')), original, expiration };
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export const messageTtlBehaviours: BehaviourArea = {
  title: 'Message TTL',
  behaviours: [
    {
      id: 'ttl-of-queue',
      says: 'A message that is in a queue with `x-message-ttl` for so long is not delivered any more.',
      source: 'docs/ttl',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-message-ttl': 700 });
        await peer.fill(name, 'old');
        await later(800);
        await peer.consume(name);
        await peer.hasNoDelivery();
      },
    },
    {
      id: 'ttl-of-message',
      says: 'The property `expiration` does the same for one message.',
      source: 'docs/ttl',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.store('', name, 'short', { expiration: '500' });
        await peer.store('', name, 'long', { expiration: '60000' });
        await later(600);
        await peer.consume(name);
        expect(await peer.deliveredTexts(1)).toEqual(['long']);
        await peer.hasNoDelivery();
      },
    },
    {
      id: 'ttl-lower-wins',
      says: 'Of both, the lower counts.',
      source: 'docs/ttl',
      run: async (bed) => {
        const peer = await bed.peer();
        const [low, high] = [bed.name('low'), bed.name('high')];
        await peer.queue(low, { 'x-message-ttl': 500 });
        await peer.queue(high, { 'x-message-ttl': 60_000 });
        for (const name of [low, high]) {
          await peer.store('', name, 'long', { expiration: '50000' });
          await peer.store('', name, 'short', { expiration: '500' });
        }
        await later(700);
        for (const name of [low, high]) await peer.consume(name);
        expect(await peer.deliveredTexts(1)).toEqual(['long']);
        await peer.hasNoDelivery();
      },
    },
    {
      id: 'ttl-kept-expiration',
      says: 'Whoever gets it in time sees its `expiration`.',
      source: 'docs/ttl',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.store('', name, 'x', { expiration: '60000' });
        expect(decodeBasicProperties((await peer.get(name)).properties).expiration).toBe('60000');
      },
    },
    {
      id: 'ttl-unacknowledged',
      says: 'What a consumer has does not expire; given back when it is over, it is gone.',
      source: 'docs/ttl',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-message-ttl': 2_500 });
        await peer.fill(name, 'held');
        const { deliveryTag } = await peer.get(name, false);
        await later(2_600);
        peer.reject(deliveryTag, true);
        await peer.consume(name);
        await peer.hasNoDelivery();
      },
    },
    {
      id: 'ttl-each-queue',
      says: 'Each queue counts for itself.',
      source: 'docs/ttl',
      run: async (bed) => {
        const peer = await bed.peer();
        const [short, long] = [bed.name('short'), bed.name('long')];
        const exchange = bed.name('e');
        await peer.exchange(exchange, 'fanout');
        await peer.queue(short, { 'x-message-ttl': 500 });
        await peer.queue(long);
        for (const name of [short, long]) await peer.bind(name, exchange);
        await peer.store(exchange, '', 'x');
        await later(600);
        for (const name of [short, long]) await peer.consume(name, {}, { consumerTag: name });
        expect(await peer.delivery()).toMatchObject({ consumerTag: long });
        await peer.hasNoDelivery();
      },
    },
    {
      id: 'ttl-at-the-head',
      says: 'It is dropped from a queue that nobody consumes, too: counts go down.',
      source: 'docs/ttl',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-message-ttl': 500 });
        await peer.fill(name, 'a', 'b');
        await until('none is ready', async () => (await peer.ready(name)) === 0);
      },
    },
    {
      id: 'ttl-dead-letter',
      says: 'Of a queue with a dead-letter exchange it becomes a dead letter when its time is over: reason `expired`.',
      source: 'docs/ttl, docs/dlx',
      run: async (bed) => {
        const { peer, waiting, dead } = await waitingBed(bed, { 'x-message-ttl': 500 });
        const began = Date.now();
        await peer.fill(waiting, 'a', 'b');
        await peer.consume(dead);
        const letters = await peer.deliveries(2);
        expect(Date.now() - began).toBeGreaterThan(450);
        expect(letters.map(({ body }) => body.toString())).toEqual(['a', 'b']);
        expect(deathOf(letters[0]!)).toEqual({
          reason: 'expired',
          original: undefined,
          expiration: undefined,
        });
      },
    },
    {
      id: 'ttl-original-expiration',
      says: 'A dead letter has no `expiration`, so that it does not expire again; `x-death` says what it was.',
      source: 'docs/dlx',
      run: async (bed) => {
        const { peer, waiting, dead } = await waitingBed(bed, {});
        await peer.store('', waiting, 'a', { expiration: '300' });
        await peer.consume(dead);
        expect(deathOf(await peer.delivery())).toEqual({
          ...{ reason: 'expired', original: '300', expiration: undefined },
        });
      },
    },
    {
      id: 'ttl-behind-the-head',
      says: 'In a classic queue a message expires when it is at the head, so one of a shorter time waits behind others.',
      source: 'docs/ttl',
      run: async (bed) => {
        const { peer, waiting, dead } = await waitingBed(bed, {});
        await peer.store('', waiting, 'first', { expiration: '1200' });
        await peer.store('', waiting, 'second', { expiration: '100' });
        await peer.consume(dead);
        expect(await peer.deliveredTexts(2)).toEqual(['first', 'second']);
      },
    },
    {
      id: 'ttl-retry',
      says: 'Two queues that are each other’s dead-letter queue, one with a TTL, make a retry queue.',
      source: 'docs/dlx, docs/ttl',
      run: async (bed) => {
        const peer = await bed.peer();
        const [work, retry] = [bed.name('work'), bed.name('retry')];
        const to = (queue: string) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue });
        await peer.queue(work, to(retry));
        await peer.queue(retry, { ...to(work), 'x-message-ttl': 300 });
        await peer.fill(work, 'try');
        await peer.consume(work);
        for (let at = 0; at < 2; at++) peer.nack((await peer.delivery()).deliveryTag, false);
        const { headers } = decodeBasicProperties((await peer.delivery()).properties);
        const deaths = fieldOf(decodeFieldTable(headers!), 'x-death');
        const counts = (deaths?.tag === 'A' ? deaths.value : []).map(
          (each) =>
            each.tag === 'F' && [fieldText(fieldOf(each.value, 'queue')), fieldOf(each.value, 'count')],
        );
        expect(counts).toEqual([
          [retry, { tag: 'l', value: 2n }],
          [work, { tag: 'l', value: 2n }],
        ]);
      },
    },
    {
      id: 'ttl-zero-waiting',
      says: 'With a TTL of 0 a message goes to a consumer that waits for it.',
      source: 'docs/ttl',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-message-ttl': 0 });
        await peer.consume(name, {}, { noAck: true });
        // It has half a second, which the first one of a queue may need to be stored.
        await until('one is delivered', async () => {
          await peer.store('', name, 'now');
          return peer.wire.has('basic.deliver');
        });
        expect(await peer.deliveredTexts(1)).toEqual(['now']);
      },
    },
    {
      id: 'ttl-zero-nobody',
      says: 'Where nobody waits, it is dead at once.',
      source: 'docs/ttl',
      run: async (bed) => {
        const { peer, waiting, dead } = await waitingBed(bed, { 'x-message-ttl': 0 });
        await peer.fill(waiting, 'now');
        await peer.consume(dead);
        expect(deathOf(await peer.delivery()).reason).toBe('expired');
      },
    },
  ],
};

export const queueTtlBehaviours: BehaviourArea = {
  title: 'Queue TTL',
  behaviours: [
    {
      id: 'expires',
      says: 'A queue with `x-expires` that is not used for so long is deleted.',
      source: 'docs/ttl',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-expires': 1_500 });
        await later(2_000);
        await until('it is gone', async () => {
          // Passive declaration is a use as any other.
          await later(1_700);
          peer.send(queueDeclare(name, {}, { passive: true }));
          const came = await peer.wire.firstOf('queue.declare-ok', 'channel.close');
          return came.name === 'channel.close' && came.replyCode === 404;
        });
      },
    },
    {
      id: 'expires-consumed',
      says: 'While it has consumers it stays.',
      source: 'docs/ttl',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-expires': 1_000 });
        await peer.consume(name);
        await later(3_000);
        expect((await peer.queue(name, {}, { passive: true })).consumerCount).toBe(1);
      },
    },
    {
      id: 'expires-used',
      says: 'A declaration or `basic.get` is a use.',
      source: 'docs/ttl',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-expires': 2_000 });
        for (let at = 0; at < 5; at++) {
          await later(800);
          if (at % 2 === 0) await peer.getNothing(name);
          else await peer.queue(name, {}, { passive: true });
        }
      },
    },
  ],
};
