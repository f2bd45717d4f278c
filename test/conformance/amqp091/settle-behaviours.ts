import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import type { BehaviourArea } from './behaviour.js';
import type { BehaviourBed } from './behaviour-bed.js';
import type { Peer } from './peer.js';

const unknownTag = (tag: number) => `406 PRECONDITION_FAILED - unknown delivery tag ${tag}`;

/** A consumer that has these, by delivery tags from 1 on. */
async function given(bed: BehaviourBed, ...bodies: readonly string[]): Promise<{ peer: Peer; name: string }> {
  const { peer, name } = await bed.filled(...bodies);
  await peer.consume(name);
  await peer.deliveries(bodies.length);
  return { peer, name };
}

/** What is still in the queue when the client is gone: text, and whether it was delivered before. */
async function left(bed: BehaviourBed, { peer, name }: { peer: Peer; name: string }) {
  await peer.served();
  peer.wire.cut();
  const contents = await (await bed.peer()).contents(name);
  return contents.map(({ body, redelivered }) => [body.toString(), redelivered]);
}

export const settleBehaviours: BehaviourArea = {
  title: 'Acknowledgements',
  behaviours: [
    {
      id: 'ack-one',
      says: 'An acknowledged message is gone; the others come again when the channel ends.',
      source: 'docs/confirms, spec 1.8.3.13',
      run: async (bed) => {
        const it = await given(bed, 'a', 'b', 'c');
        it.peer.ack(2);
        expect(await left(bed, it)).toEqual([
          ['a', true],
          ['c', true],
        ]);
      },
    },
    {
      id: 'ack-multiple',
      says: 'With multiple, all up to the tag.',
      source: 'docs/confirms, spec 1.8.3.13',
      run: async (bed) => {
        const it = await given(bed, 'a', 'b', 'c');
        it.peer.ack(2, true);
        expect(await left(bed, it)).toEqual([['c', true]]);
      },
    },
    {
      id: 'ack-all',
      says: 'With multiple and tag 0, all that the channel has.',
      source: 'spec 1.8.3.13',
      run: async (bed) => {
        const it = await given(bed, 'a', 'b', 'c');
        it.peer.ack(0, true);
        expect(await left(bed, it)).toEqual([]);
      },
    },
    {
      id: 'ack-all-of-none',
      says: 'With multiple and tag 0 on a channel that has none, nothing happens.',
      source: 'server',
      run: async (bed) => {
        const peer = await bed.peer();
        peer.ack(0, true);
        peer.nack(0, true, true);
        await peer.served();
      },
    },
    {
      id: 'ack-multiple-gaps',
      says: 'What was acknowledged before is no gap for multiple.',
      source: 'docs/confirms',
      run: async (bed) => {
        const it = await given(bed, 'a', 'b', 'c', 'd');
        it.peer.ack(2);
        it.peer.ack(3, true);
        expect(await left(bed, it)).toEqual([['d', true]]);
      },
    },
    {
      id: 'ack-unknown',
      says: 'A tag that the channel does not have is 406 PRECONDITION_FAILED, "unknown delivery tag".',
      source: 'docs/confirms, spec 1.8.3.13',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.refuses({ name: 'basic.ack', deliveryTag: 7, multiple: false }, unknownTag(7));
        await peer.refuses({ name: 'basic.ack', deliveryTag: 7, multiple: true }, unknownTag(7));
        await peer.refuses({ name: 'basic.reject', deliveryTag: 7, requeue: false }, unknownTag(7));
      },
    },
    {
      id: 'ack-twice',
      says: 'A message is acknowledged once: again is 406 PRECONDITION_FAILED.',
      source: 'docs/confirms',
      run: async (bed) => {
        const { peer } = await given(bed, 'a');
        peer.ack(1);
        await peer.refuses({ name: 'basic.ack', deliveryTag: 1, multiple: false }, unknownTag(1));
      },
    },
    {
      id: 'ack-other-channel',
      says: 'Tags are of the channel of their delivery: on another they are unknown.',
      source: 'docs/confirms, docs/channels',
      run: async (bed) => {
        const { peer } = await given(bed, 'a');
        const other = await peer.another(2);
        await other.refuses({ name: 'basic.ack', deliveryTag: 1, multiple: false }, unknownTag(1));
      },
    },
    {
      id: 'ack-no-ack',
      says: 'What needs no acknowledgement cannot be acknowledged.',
      source: 'docs/confirms',
      run: async (bed) => {
        const { peer, name } = await bed.filled('a');
        const { deliveryTag } = await peer.get(name);
        await peer.refuses({ name: 'basic.ack', deliveryTag, multiple: false }, unknownTag(deliveryTag));
      },
    },
    {
      id: 'tags-count',
      says: 'Delivery tags count up from 1 over all consumers and gets of the channel.',
      source: 'docs/confirms',
      run: async (bed) => {
        const peer = await bed.peer();
        const names = [bed.name('one'), bed.name('two')];
        for (const name of names) {
          await peer.queue(name);
          await peer.fill(name, 'a', 'b');
        }
        expect((await peer.get(names[0]!)).deliveryTag).toBe(1);
        expect((await peer.get(names[1]!)).deliveryTag).toBe(2);
        for (const name of names) await peer.consume(name);
        const tags = (await peer.deliveries(2)).map(({ deliveryTag }) => deliveryTag);
        expect(tags).toEqual([3, 4]);
      },
    },
    {
      id: 'reject-requeue',
      says: 'A message that is rejected with requeue comes again, with `redelivered`.',
      source: 'docs/nack, spec 1.8.3.14',
      run: async (bed) => {
        const { peer } = await given(bed, 'a');
        peer.reject(1, true);
        expect(await peer.delivery()).toMatchObject({ deliveryTag: 2, redelivered: true });
      },
    },
    {
      id: 'reject-drop',
      says: 'One that is rejected without requeue is gone, where there is no dead-letter exchange.',
      source: 'docs/nack, docs/dlx',
      run: async (bed) => {
        const it = await given(bed, 'a', 'b');
        it.peer.reject(1, false);
        expect(await left(bed, it)).toEqual([['b', true]]);
      },
    },
    {
      id: 'nack-multiple',
      says: '`basic.nack` with multiple gives back all up to the tag.',
      source: 'docs/nack',
      run: async (bed) => {
        const { peer } = await given(bed, 'a', 'b', 'c');
        peer.nack(2, true, true);
        const again = await peer.deliveries(2);
        expect(again.map(({ body }) => body.toString())).toEqual(['a', 'b']);
        expect(again.every(({ redelivered }) => redelivered)).toBe(true);
      },
    },
    {
      id: 'nack-all-drop',
      says: '`basic.nack` with multiple, tag 0 and without requeue drops all.',
      source: 'docs/nack',
      run: async (bed) => {
        const it = await given(bed, 'a', 'b');
        it.peer.nack(0, false, true);
        expect(await left(bed, it)).toEqual([]);
      },
    },
    {
      id: 'requeue-position',
      says: 'What is given back takes its former place: before what was not delivered yet.',
      source: 'docs/nack, docs/confirms',
      run: async (bed) => {
        const { peer, name } = await bed.filled('a', 'b', 'c');
        await peer.qos(1);
        const tag = await peer.consume(name);
        const { deliveryTag } = await peer.delivery();
        await peer.cancel(tag);
        peer.nack(deliveryTag);
        expect(await left(bed, { peer, name })).toEqual([
          ['a', true],
          ['b', false],
          ['c', false],
        ]);
      },
    },
    {
      id: 'requeue-to-another',
      says: 'It may come to another consumer.',
      source: 'docs/nack',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const other = await bed.peer();
        const tag = await peer.consume(name);
        await peer.fill(name, 'a');
        const { deliveryTag } = await peer.delivery();
        await peer.cancel(tag);
        await other.consume(name);
        peer.reject(deliveryTag, true);
        expect(await other.delivery()).toMatchObject({ redelivered: true, deliveryTag: 1 });
      },
    },
    {
      id: 'connection-lost-requeues',
      says: 'What a client has unacknowledged when its connection is lost comes again, with `redelivered`.',
      source: 'docs/confirms, docs/reliability',
      run: async (bed) => {
        const it = await given(bed, 'a', 'b');
        it.peer.wire.cut();
        const other = await bed.peer();
        await other.consume(it.name);
        const again = await other.deliveries(2);
        expect(again.map(({ body, redelivered }) => [body.toString(), redelivered])).toEqual([
          ['a', true],
          ['b', true],
        ]);
      },
    },
    {
      id: 'acknowledgement-timeout',
      says: 'Who keeps a message longer than `x-consumer-timeout`, by default 30 minutes, loses its channel: 406 PRECONDITION_FAILED.',
      source: 'docs/consumers (delivery acknowledgement timeout)',
      instead:
        'there is no such time: the argument means nothing, and a consumer may keep a message as long as its channel lives',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-consumer-timeout': 1_000 });
        await peer.fill(name, 'a');
        await peer.consume(name);
        const { deliveryTag } = await peer.delivery();
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        peer.ack(deliveryTag);
        await peer.served();
      },
    },
    {
      id: 'recover',
      says: '`basic.recover` gives back all that the channel has unacknowledged.',
      source: 'spec 1.8.3.16, docs/specification',
      run: async (bed) => {
        const { peer } = await given(bed, 'a', 'b');
        peer.ack(1);
        await peer.call({ name: 'basic.recover', requeue: true }, 'basic.recover-ok');
        expect(await peer.delivery()).toMatchObject({ deliveryTag: 3, redelivered: true });
      },
    },
    {
      id: 'recover-async',
      says: '`basic.recover-async` does the same without an answer.',
      source: 'spec 1.8.3.15',
      run: async (bed) => {
        const { peer } = await given(bed, 'a');
        peer.send({ name: 'basic.recover-async', requeue: true });
        expect(await peer.delivery()).toMatchObject({ redelivered: true });
        expect(peer.wire.has('basic.recover-ok')).toBe(false);
      },
    },
    {
      id: 'recover-no-requeue',
      says: '`basic.recover` without requeue is not served: 540 NOT_IMPLEMENTED.',
      source: 'docs/specification',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.ends({ name: 'basic.recover', requeue: false }, '540 NOT_IMPLEMENTED - requeue=false');
      },
    },
  ],
};

export const getBehaviours: BehaviourArea = {
  title: 'Getting single messages',
  behaviours: [
    {
      id: 'get',
      says: '`basic.get` gives the first message, with its tag, and how many are left.',
      source: 'docs/consumers, spec 1.8.3.10',
      run: async (bed) => {
        const { peer, name } = await bed.filled('a', 'b', 'c');
        expect(await peer.get(name)).toMatchObject({
          ...{ deliveryTag: 1, redelivered: false, exchange: '', routingKey: name, messageCount: 2 },
          body: Buffer.from('a'),
        });
        expect(await peer.get(name)).toMatchObject({ deliveryTag: 2, messageCount: 1 });
        expect(await peer.get(name)).toMatchObject({ deliveryTag: 3, messageCount: 0 });
      },
    },
    {
      id: 'get-empty',
      says: 'Of an empty queue, get-empty.',
      source: 'spec 1.8.3.12',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.getNothing(name);
      },
    },
    {
      id: 'get-unacknowledged',
      says: 'What others have unacknowledged is not ready: get-empty.',
      source: 'docs/queues',
      run: async (bed) => {
        const { peer, name } = await given(bed, 'a');
        const other = await bed.peer();
        await other.getNothing(name);
        peer.ack(1);
      },
    },
    {
      id: 'get-missing',
      says: 'Of a queue that is not there, 404 NOT_FOUND.',
      source: 'spec 1.8.3.10',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = bed.name('q');
        await peer.refuses(
          { name: 'basic.get', queue: name, noAck: true },
          `404 NOT_FOUND - no queue '${name}' in vhost '/'`,
        );
      },
    },
    {
      id: 'get-requeue',
      says: 'What was got and given back is got again, with `redelivered`.',
      source: 'docs/consumers, docs/nack',
      run: async (bed) => {
        const { peer, name } = await bed.filled('a');
        const { deliveryTag } = await peer.get(name, false);
        peer.reject(deliveryTag, true);
        expect(await peer.get(name, false)).toMatchObject({ redelivered: true, deliveryTag: 2 });
      },
    },
    {
      id: 'get-no-consumer',
      says: 'Who gets is no consumer of the queue.',
      source: 'docs/consumers',
      run: async (bed) => {
        const { peer, name } = await bed.filled('a');
        await peer.get(name, false);
        expect((await peer.queue(name, {}, { passive: true })).consumerCount).toBe(0);
      },
    },
  ],
};
