import { expect } from '@jest/globals';
import type { BehaviourArea } from './behaviour.js';
import { until } from './behaviour-bed.js';
import {
  queueBind,
  queueDeclare,
  queueDelete,
} from '../../../libs/amqp091-gateway/src/testing/client-methods.js';

const passive = { passive: true };
const missing = (name: string) => `404 NOT_FOUND - no queue '${name}' in vhost '/'`;
const locked = (name: string) =>
  `405 RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${name}' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.`;

export const queueBehaviours: BehaviourArea = {
  title: 'Queues',
  behaviours: [
    {
      id: 'queue-server-named',
      says: 'A queue declared without a name gets one from the server, `amq.gen-` and more.',
      source: 'docs/queues, spec 1.7.2.1',
      run: async (bed) => {
        const peer = await bed.peer();
        const [one, two] = [await peer.queue(''), await peer.queue('')];
        for (const { queue } of [one, two]) expect(queue).toMatch(/^amq\.gen-[\w-]{22}$/);
        expect(one.queue).not.toBe(two.queue);
      },
    },
    {
      id: 'queue-last-declared',
      says: 'The empty name stands for the queue that the channel declared last.',
      source: 'docs/queues, spec 1.7.2.3',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.bind('', 'amq.direct', name);
        await peer.store('amq.direct', name, 'here');
        const tag = await peer.consume('');
        expect((await peer.delivery()).consumerTag).toBe(tag);
      },
    },
    {
      id: 'queue-none-declared',
      says: 'On a channel that declared none, the empty name is 404 NOT_FOUND.',
      source: 'spec 1.7.2.3, server',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.refuses(queueBind('', 'amq.direct', 'k'), '404 NOT_FOUND - no previously declared queue');
      },
    },
    {
      id: 'queue-passive-missing',
      says: 'Passive declaration of a queue that is not there is 404 NOT_FOUND.',
      source: 'docs/queues, spec 1.7.2.1',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = bed.name('q');
        await peer.refuses(queueDeclare(name, {}, passive), missing(name));
      },
    },
    {
      id: 'queue-passive-only-name',
      says: 'Passive declaration looks at the name alone: flags and arguments are not compared.',
      source: 'docs/queues, spec 1.7.2.1',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.queue(name, { 'x-max-length': 7 }, { passive: true, durable: false, autoDelete: true });
      },
    },
    {
      id: 'queue-again',
      says: 'A queue declared again in the same way keeps what is in it.',
      source: 'docs/queues, spec 1.7.2.1',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-max-length': 100 });
        await peer.fill(name, 'kept');
        await peer.queue(name, { 'x-max-length': 100 });
        expect(await peer.texts(name)).toEqual(['kept']);
      },
    },
    {
      id: 'queue-counts',
      says: 'declare-ok says how many messages are ready and how many consumers there are.',
      source: 'docs/queues, spec 1.7.2.2',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = bed.name('q');
        expect(await peer.queue(name)).toMatchObject({ messageCount: 0, consumerCount: 0 });
        await peer.fill(name, 'a', 'b', 'c');
        await until('3 are ready', async () => (await peer.ready(name)) === 3);
        await peer.qos(1);
        await peer.consume(name);
        await peer.delivery();
        await until('the counts', async () => {
          const { messageCount, consumerCount } = await peer.queue(name);
          return messageCount === 2 && consumerCount === 1;
        });
      },
    },
    {
      id: 'queue-reserved-name',
      says: 'Names that begin with `amq.` are reserved: 403 ACCESS_REFUSED.',
      source: 'docs/queues, spec 1.7.2.1',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.refuses(
          queueDeclare('amq.own'),
          "403 ACCESS_REFUSED - queue name 'amq.own' contains reserved prefix 'amq.*'",
        );
      },
    },
    {
      id: 'queue-no-wait',
      says: 'With no-wait there is no answer.',
      source: 'spec 1.7.2.1',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = bed.name('q');
        peer.send(queueDeclare(name, {}, { noWait: true }));
        await peer.queue(name, {}, passive);
        expect(peer.wire.has('queue.declare-ok')).toBe(false);
      },
    },
    {
      id: 'queue-name-any',
      says: 'Names have up to 255 bytes, of any UTF-8.',
      source: 'docs/queues',
      run: async (bed) => {
        const peer = await bed.peer();
        for (const rest of ['größe/%2F ..', 'x'.repeat(200), 'persistent://a/b/c']) {
          const name = bed.name(rest);
          await peer.queue(name);
          await peer.fill(name, rest);
          expect(await peer.texts(name)).toEqual([rest]);
        }
      },
    },
    {
      id: 'queue-exclusive-locked',
      says: 'An exclusive queue is its connection’s: for others it is 405 RESOURCE_LOCKED.',
      source: 'docs/queues, spec 1.7.2.1',
      run: async (bed) => {
        const { peer, name } = await bed.queue({}, { exclusive: true });
        const other = await bed.peer();
        await peer.queue(name, {}, { exclusive: true });
        for (const method of [
          queueDeclare(name, {}, { exclusive: true }),
          queueDeclare(name, {}, passive),
          queueBind(name, 'amq.direct', 'k'),
          queueDelete(name),
        ]) {
          await other.refuses(method, locked(name));
        }
        await other.refuses({ name: 'basic.get', queue: name, noAck: true }, locked(name));
      },
    },
    {
      id: 'queue-exclusive-publish',
      says: 'Others may publish to it.',
      source: 'docs/queues',
      run: async (bed) => {
        const [peer, other] = [await bed.peer(), await bed.peer()];
        const { queue } = await peer.queue('', {}, { exclusive: true });
        await other.store('', queue, 'from another');
        expect(await peer.texts(queue)).toEqual(['from another']);
      },
    },
    {
      id: 'queue-exclusive-deleted',
      says: 'It is deleted with its connection, however that ends.',
      source: 'docs/queues, spec 1.7.2.1',
      run: async (bed) => {
        const { peer, name } = await bed.queue({}, { exclusive: true });
        const other = await bed.peer();
        peer.wire.cut();
        await until('it is gone', async () => {
          other.send(queueDeclare(name, {}, passive));
          const { replyCode } = await other.first('channel.close');
          other.send({ name: 'channel.close-ok' });
          await other.wire.openChannel();
          return replyCode === 404;
        });
      },
    },
    {
      id: 'queue-exclusive-kind',
      says: 'One that is not exclusive is not declared again as exclusive: 405.',
      source: 'docs/queues, server',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.refuses(queueDeclare(name, {}, { exclusive: true }), locked(name));
      },
    },
    {
      id: 'queue-auto-delete',
      says: 'An auto-delete queue is deleted when its last consumer is cancelled, or its channel closed.',
      source: 'docs/queues, spec 1.7.2.1',
      run: async (bed) => {
        const { peer, name } = await bed.queue({}, { autoDelete: true });
        const tags = [await peer.consume(name), await peer.consume(name)];
        await peer.cancel(tags[0]!);
        await peer.queue(name, {}, passive);
        await peer.cancel(tags[1]!);
        await until('it is gone', async () => {
          peer.send(queueDeclare(name, {}, passive));
          const came = await peer.wire.firstOf('queue.declare-ok', 'channel.close');
          if (came.name === 'queue.declare-ok') return false;
          expect(came.replyText).toBe(missing(name).slice(4));
          return true;
        });
      },
    },
    {
      id: 'queue-auto-delete-unused',
      says: 'An auto-delete queue that never had a consumer stays.',
      source: 'docs/queues',
      run: async (bed) => {
        const name = bed.name('q');
        await (await bed.peer()).queue(name, {}, { autoDelete: true });
        const peer = await bed.peer();
        await peer.fill(name, 'a');
        await peer.get(name);
        await peer.queue(name, {}, { autoDelete: true });
      },
    },
    {
      id: 'queue-transient',
      says: 'A queue may be neither durable nor exclusive.',
      source: 'docs/queues',
      run: async (bed) => {
        const { name } = await bed.queue({}, { durable: false });
        const other = await bed.peer();
        await other.fill(name, 'a');
        expect(await other.texts(name)).toEqual(['a']);
      },
    },
    {
      id: 'queue-delete',
      says: 'Deletion says how many messages were in it, and takes its bindings with it.',
      source: 'docs/queues, spec 1.7.2.9',
      run: async (bed) => {
        const peer = await bed.peer();
        const [name, exchange] = [bed.name('q'), bed.name('e')];
        await peer.exchange(exchange, 'fanout');
        await peer.queue(name);
        await peer.bind(name, exchange);
        await peer.fill(name, 'a', 'b');
        expect(await peer.deleteQueue(name)).toMatchObject({ messageCount: 2 });
        await peer.queue(name);
        peer.publish(exchange, '', 'to nobody');
        expect(await peer.texts(name)).toEqual([]);
      },
    },
    {
      id: 'queue-delete-missing',
      says: 'A queue that is not there is deleted, too, with 0 messages.',
      source: 'server, docs/queues',
      run: async (bed) => {
        const peer = await bed.peer();
        expect(await peer.deleteQueue(bed.name('q'))).toMatchObject({ messageCount: 0 });
      },
    },
    {
      id: 'queue-delete-if-unused',
      says: '`if-unused` keeps a queue that has consumers: 406 PRECONDITION_FAILED, "in use".',
      source: 'spec 1.7.2.9',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const other = await bed.peer();
        const tag = await peer.consume(name);
        await other.refuses(
          queueDelete(name, { ifUnused: true }),
          `406 PRECONDITION_FAILED - queue '${name}' in vhost '/' in use`,
        );
        await peer.cancel(tag);
        await until('it is unused', async () => {
          other.send(queueDelete(name, { ifUnused: true }));
          const came = await other.wire.firstOf('queue.delete-ok', 'channel.close');
          if (came.name === 'queue.delete-ok') return true;
          other.send({ name: 'channel.close-ok' });
          await other.wire.openChannel();
          return false;
        });
      },
    },
    {
      id: 'queue-delete-if-empty',
      says: '`if-empty` keeps a queue that has messages: 406 PRECONDITION_FAILED, "not empty".',
      source: 'spec 1.7.2.9',
      run: async (bed) => {
        const { peer, name } = await bed.filled('a');
        await until('it is ready', async () => (await peer.ready(name)) === 1);
        await peer.refuses(
          queueDelete(name, { ifEmpty: true }),
          `406 PRECONDITION_FAILED - queue '${name}' in vhost '/' not empty`,
        );
        await peer.get(name);
        await until('it is empty', async () => (await peer.ready(name)) === 0);
        await peer.deleteQueue(name, { ifEmpty: true });
      },
    },
    {
      id: 'queue-purge',
      says: 'Purge drops what is ready and says how many messages that were.',
      source: 'docs/queues, spec 1.7.2.7',
      run: async (bed) => {
        const { peer, name } = await bed.filled('a', 'b', 'c');
        expect(await peer.purge(name)).toMatchObject({ messageCount: 3 });
        await peer.fill(name, 'after');
        expect(await peer.texts(name)).toEqual(['after']);
      },
    },
    {
      id: 'queue-purge-unacknowledged',
      says: 'What consumers have unacknowledged stays, and is not counted.',
      source: 'docs/queues, spec 1.7.2.7',
      run: async (bed) => {
        const { peer, name } = await bed.filled('held', 'ready');
        await peer.qos(1);
        const tag = await peer.consume(name);
        const { deliveryTag } = await peer.delivery();
        await peer.cancel(tag);
        await until('one is ready', async () => (await peer.ready(name)) === 1);
        expect(await peer.purge(name)).toMatchObject({ messageCount: 1 });
        peer.reject(deliveryTag, true);
        expect(await peer.texts(name)).toEqual(['held']);
      },
    },
    {
      id: 'queue-purge-missing',
      says: 'Purge of a queue that is not there is 404 NOT_FOUND.',
      source: 'spec 1.7.2.7',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = bed.name('q');
        await peer.refuses({ name: 'queue.purge', queue: name, noWait: false }, missing(name));
      },
    },
    {
      id: 'queue-deleted-cancel',
      says: 'Consumers of a queue that is deleted hear `basic.cancel` if they can (`consumer_cancel_notify`).',
      source: 'docs/consumer-cancel',
      run: async (bed) => {
        const peer = await bed.peer();
        const deaf = await bed.peer({ capabilities: [] });
        const name = bed.name('q');
        await peer.queue(name);
        const tag = await peer.consume(name);
        await deaf.consume(name);
        await peer.deleteQueue(name);
        expect(await peer.first('basic.cancel')).toMatchObject({ consumerTag: tag, noWait: true });
        await deaf.qos(1);
        expect(deaf.wire.has('basic.cancel')).toBe(false);
      },
    },
  ],
};
