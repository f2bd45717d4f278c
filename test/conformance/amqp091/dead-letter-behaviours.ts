import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import {
  decodeBasicProperties,
  decodeFieldTable,
  fieldOf,
  fieldText,
  type FieldTable,
  type FieldValue,
} from '#libs/amqp091-codec';
import type { BehaviourArea } from './behaviour.js';
import type { BehaviourBed } from './behaviour-bed.js';
import {
  type Fields,
  queueDeclare,
  rawFields,
  textsField,
} from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import type { Delivery, Peer } from './peer.js';

const deadLetters = (exchange: string, routingKey?: string): Fields => ({
  'x-dead-letter-exchange': exchange,
  ...(routingKey === undefined ? {} : { 'x-dead-letter-routing-key': routingKey }),
});

function plain(field: FieldValue | undefined): unknown {
  if (field === undefined || field.tag === 'V') return undefined;
  if (field.tag === 'A') return field.value.map(plain);
  if (field.tag === 'F') return plainTable(field.value);
  return fieldText(field) ?? field.value;
}

function plainTable(table: FieldTable): Record<string, unknown> {
  return Object.fromEntries(table.map(([name, field]) => [name, plain(field)]));
}

const headersOf = ({ properties }: Delivery) => {
  const { headers } = decodeBasicProperties(properties);
  return headers === undefined ? {} : plainTable(decodeFieldTable(headers));
};

/** A queue whose dead letters go to another one, by an exchange of their own. */
async function deadLetterBed(bed: BehaviourBed, fields: Fields = {}, routingKey?: string) {
  const peer = await bed.peer();
  const [work, exchange, dead] = [bed.name('work'), bed.name('dlx'), bed.name('dead')];
  await peer.exchange(exchange, 'fanout');
  await peer.queue(dead);
  await peer.bind(dead, exchange);
  await peer.queue(work, { ...deadLetters(exchange, routingKey), ...fields });
  return { peer, work, exchange, dead };
}

async function rejectOne(peer: Peer, queue: string): Promise<void> {
  const { deliveryTag } = await peer.get(queue, false);
  peer.reject(deliveryTag, false);
}

/** The next one of the queue of dead letters, by a consumer of its own. */
async function deadLetter(peer: Peer, queue: string): Promise<Delivery> {
  const tag = await peer.consume(queue, {}, { noAck: true });
  const letter = await peer.wire.first('basic.deliver', ({ consumerTag }) => consumerTag === tag);
  await peer.cancel(tag);
  return letter;
}

export const deadLetterBehaviours: BehaviourArea = {
  title: 'Dead letters',
  behaviours: [
    {
      id: 'dead-rejected',
      says: 'What is rejected without requeue goes to the dead-letter exchange, with its own routing key.',
      source: 'docs/dlx',
      run: async (bed) => {
        const { peer, work, exchange, dead } = await deadLetterBed(bed);
        await peer.store('', work, 'bad');
        await rejectOne(peer, work);
        expect(await deadLetter(peer, dead)).toMatchObject({
          ...{ exchange, routingKey: work, redelivered: false, body: Buffer.from('bad') },
        });
      },
    },
    {
      id: 'dead-nacked',
      says: '`basic.nack` without requeue does the same, with multiple for all of them, in their order.',
      source: 'docs/dlx, docs/nack',
      run: async (bed) => {
        const { peer, work, dead } = await deadLetterBed(bed);
        await peer.fill(work, 'a', 'b');
        await peer.consume(work);
        await peer.deliveries(2);
        peer.nack(2, false, true);
        await peer.consume(dead);
        expect(await peer.deliveredTexts(2)).toEqual(['a', 'b']);
      },
    },
    {
      id: 'dead-routing-key',
      says: 'With `x-dead-letter-routing-key`, with that key.',
      source: 'docs/dlx',
      run: async (bed) => {
        const { peer, work, dead } = await deadLetterBed(bed, {}, 'dead.key');
        await peer.store('', work, 'bad');
        await rejectOne(peer, work);
        expect((await deadLetter(peer, dead)).routingKey).toBe('dead.key');
      },
    },
    {
      id: 'dead-default-exchange',
      says: 'The default exchange may be the dead-letter exchange: the key names the queue.',
      source: 'docs/dlx',
      run: async (bed) => {
        const peer = await bed.peer();
        const [work, dead] = [bed.name('work'), bed.name('dead')];
        await peer.queue(dead);
        await peer.queue(work, deadLetters('', dead));
        await peer.store('', work, 'bad');
        await rejectOne(peer, work);
        expect(await deadLetter(peer, dead)).toMatchObject({ exchange: '', routingKey: dead });
      },
    },
    {
      id: 'dead-missing-exchange',
      says: 'A dead-letter exchange need not be there; then dead letters are dropped.',
      source: 'docs/dlx',
      run: async (bed) => {
        const peer = await bed.peer();
        const work = bed.name('work');
        await peer.queue(work, deadLetters(bed.name('absent')));
        await peer.fill(work, 'bad', 'good');
        await rejectOne(peer, work);
        expect(await peer.texts(work)).toEqual(['good']);
      },
    },
    {
      id: 'dead-requeued',
      says: 'What is rejected with requeue is no dead letter.',
      source: 'docs/dlx',
      run: async (bed) => {
        const { peer, work, dead } = await deadLetterBed(bed);
        await peer.store('', work, 'again');
        const { deliveryTag } = await peer.get(work, false);
        peer.reject(deliveryTag, true);
        expect((await peer.get(work)).body.toString()).toBe('again');
        await peer.getNothing(dead);
      },
    },
    {
      id: 'dead-x-death',
      says: '`x-death` says count, reason, queue, time, exchange and routing keys.',
      source: 'docs/dlx',
      run: async (bed) => {
        const { peer, work, dead } = await deadLetterBed(bed);
        await peer.store('', work, 'bad', { headers: rawFields({ kept: 'yes' }) });
        await rejectOne(peer, work);
        const letter = await deadLetter(peer, dead);
        const now = BigInt(Math.floor(Date.now() / 1_000));
        const headers = headersOf(letter);
        expect(headers).toMatchObject({ kept: 'yes' });
        const [death, ...more] = headers['x-death'] as Record<string, unknown>[];
        expect(more).toEqual([]);
        expect(death).toEqual({
          ...{ count: 1n, reason: 'rejected', queue: work, time: expect.anything(), exchange: '' },
          'routing-keys': [work],
        });
        expect(Number(now - (death!['time'] as bigint))).toBeLessThan(30);
      },
    },
    {
      id: 'dead-first-and-last',
      says: 'The headers `x-first-death-*` and `x-last-death-*` say reason, queue and exchange of the first and the last death.',
      source: 'docs/dlx',
      run: async (bed) => {
        const { peer, work, dead } = await deadLetterBed(bed);
        await peer.store('', work, 'bad');
        await rejectOne(peer, work);
        expect(headersOf(await deadLetter(peer, dead))).toMatchObject({
          ...{
            'x-first-death-reason': 'rejected',
            'x-first-death-queue': work,
            'x-first-death-exchange': '',
          },
          ...{ 'x-last-death-reason': 'rejected', 'x-last-death-queue': work, 'x-last-death-exchange': '' },
        });
      },
    },
    {
      id: 'dead-count',
      says: 'Deaths in one queue for one reason are counted in one table; the latest comes first.',
      source: 'docs/dlx',
      run: async (bed) => {
        const peer = await bed.peer();
        const [one, two] = [bed.name('one'), bed.name('two')];
        await peer.queue(one, deadLetters('', two));
        await peer.queue(two, deadLetters('', one));
        await peer.store('', one, 'bad');
        for (const queue of [one, two, one]) {
          const tag = await peer.consume(queue);
          const { deliveryTag } = await peer.delivery();
          peer.reject(deliveryTag, false);
          await peer.cancel(tag);
        }
        const deaths = headersOf(await deadLetter(peer, two))['x-death'];
        expect(deaths).toMatchObject([
          { queue: one, count: 2n, reason: 'rejected' },
          { queue: two, count: 1n, reason: 'rejected' },
        ]);
      },
    },
    {
      id: 'dead-cycle',
      says: 'A message that comes back to a queue without having been rejected on the way is dropped.',
      source: 'docs/dlx (automatic cycles)',
      run: async (bed) => {
        const peer = await bed.peer();
        const [one, two] = [bed.name('one'), bed.name('two')];
        await peer.queue(one, { ...deadLetters('', two), 'x-message-ttl': 300 });
        await peer.queue(two, { ...deadLetters('', one), 'x-message-ttl': 300 });
        await peer.store('', one, 'around');
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        for (const name of [one, two]) await peer.consume(name);
        await peer.hasNoDelivery();
      },
    },
    {
      id: 'dead-cc',
      says: 'Without a key of the queue it goes to the keys of `CC`, too, and `CC` stays.',
      source: 'docs/dlx, docs/sender-selected',
      run: async (bed) => {
        const peer = await bed.peer();
        const [work, exchange, dead] = [bed.name('work'), bed.name('dlx'), bed.name('dead')];
        await peer.exchange(exchange, 'direct');
        await peer.queue(dead);
        await peer.bind(dead, exchange, 'copy');
        await peer.queue(work, deadLetters(exchange));
        await peer.store('', work, 'bad', { headers: rawFields({ CC: textsField('copy') }) });
        await rejectOne(peer, work);
        expect(headersOf(await deadLetter(peer, dead))).toMatchObject({ CC: ['copy'] });
      },
    },
    {
      id: 'dead-cc-with-key',
      says: 'With a key of the queue, to that alone, and `CC` is taken off.',
      source: 'docs/dlx',
      run: async (bed) => {
        const { peer, work, dead } = await deadLetterBed(bed, {}, 'dead.key');
        const headers = rawFields({ CC: textsField('copy') });
        await peer.store('', work, 'bad', { headers });
        await rejectOne(peer, work);
        const letter = headersOf(await deadLetter(peer, dead));
        expect(letter).not.toHaveProperty('CC');
        expect(letter['x-death']).toMatchObject([{ 'routing-keys': [work, 'copy'] }]);
      },
    },
    {
      id: 'dead-properties',
      says: 'All else of the message stays as it was.',
      source: 'docs/dlx',
      run: async (bed) => {
        const { peer, work, dead } = await deadLetterBed(bed);
        const properties = {
          contentType: 'a/b',
          deliveryMode: 2,
          priority: 3,
          messageId: 'm',
          timestamp: 7n,
        };
        await peer.store('', work, 'bad', properties);
        await rejectOne(peer, work);
        const { headers: _, ...rest } = decodeBasicProperties((await deadLetter(peer, dead)).properties);
        expect(rest).toEqual(properties);
      },
    },
    {
      id: 'dead-permission',
      says: 'Who declares a queue needs write for its dead-letter exchange.',
      source: 'docs/dlx, docs/access-control',
      run: async (bed) => {
        const peer = await bed.peer({ user: 'limited@guarded' });
        await peer.refuses(
          queueDeclare('own.work', deadLetters('other.e')),
          "403 ACCESS_REFUSED - write access to exchange 'other.e' in vhost '/' refused for user 'limited'",
        );
      },
    },
    {
      id: 'dead-delivery-limit',
      says: 'A message that was given back more often than `x-delivery-limit` is a dead letter: `delivery_limit`.',
      source: 'docs/quorum-queues (poison messages), docs/dlx',
      run: async (bed) => {
        const { peer, work, dead } = await deadLetterBed(bed, {
          'x-queue-type': 'quorum',
          'x-delivery-limit': 2,
        });
        await peer.store('', work, 'poison');
        await peer.consume(work, {}, { consumerTag: 'work' });
        for (let at = 0; at < 3; at++) peer.nack((await peer.delivery()).deliveryTag);
        const headers = headersOf(await deadLetter(peer, dead));
        expect(headers['x-death']).toMatchObject([{ reason: 'delivery_limit', queue: work, count: 1n }]);
      },
    },
    {
      id: 'delivery-count',
      says: 'Consumers of a quorum queue are told how often a message was delivered before: `x-delivery-count`, from the second time on.',
      source: 'docs/quorum-queues',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-queue-type': 'quorum' });
        await peer.fill(name, 'a');
        await peer.consume(name);
        const counts: unknown[] = [];
        for (let at = 0; at < 3; at++) {
          const { properties, deliveryTag } = await peer.delivery();
          const { headers } = decodeBasicProperties(properties);
          const count = headers && fieldOf(decodeFieldTable(headers), 'x-delivery-count');
          counts.push(plain(count)?.toString());
          peer.nack(deliveryTag);
        }
        expect(counts).toEqual([undefined, '1', '2']);
      },
    },
    {
      id: 'delivery-limit-default',
      says: 'The limit of quorum queues is 20, where they say nothing.',
      source: 'docs/quorum-queues',
      run: async (bed) => {
        const { peer, work, dead } = await deadLetterBed(bed, { 'x-queue-type': 'quorum' });
        await peer.store('', work, 'poison');
        await peer.consume(work, {}, { consumerTag: 'work' });
        for (let at = 0; at <= 20; at++) peer.nack((await peer.delivery()).deliveryTag);
        const headers = headersOf(await deadLetter(peer, dead));
        expect(headers['x-death']).toMatchObject([{ reason: 'delivery_limit' }]);
      },
    },
    {
      id: 'delivery-limit-classic',
      says: 'Classic queues have none.',
      source: 'docs/quorum-queues, docs/classic-queues',
      run: async (bed) => {
        const { peer, name } = await bed.filled('a');
        await peer.consume(name);
        for (let at = 0; at < 25; at++) peer.nack((await peer.delivery()).deliveryTag);
        await peer.delivery();
      },
    },
  ],
};
