import type { BehaviourArea } from './behaviour.js';
import { expect } from '@jest/globals';
import {
  basicPublish,
  exchangeDeclare,
  exchangeDelete,
} from '../../../libs/amqp091-gateway/src/testing/client-methods.js';

const passive = { passive: true };
const inequivalent = (name: string, argument: string, received: string, current: string) =>
  `406 PRECONDITION_FAILED - inequivalent arg '${argument}' for exchange '${name}' in vhost '/': received ${received} but current is ${current}`;

export const exchangeBehaviours: BehaviourArea = {
  title: 'Exchanges',
  behaviours: [
    {
      id: 'exchange-types',
      says: 'There are the types direct, fanout, topic and headers.',
      source: 'docs/exchanges, spec 3.1.3',
      run: async (bed) => {
        const peer = await bed.peer();
        for (const type of ['direct', 'fanout', 'topic', 'headers']) {
          await peer.exchange(bed.name(type), type);
          await peer.exchange(bed.name(type), type, {}, passive);
        }
      },
    },
    {
      id: 'exchange-type-unknown',
      says: 'An exchange of an unknown type ends the connection: 503 COMMAND_INVALID, "unknown exchange type".',
      source: 'spec 1.6.2.1, server',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.ends(
          exchangeDeclare(bed.name('e'), 'x-none'),
          "503 COMMAND_INVALID - unknown exchange type 'x-none'",
        );
      },
    },
    {
      id: 'exchange-local-random',
      says: 'There is the type x-local-random, since RabbitMQ 4.0.',
      source: 'docs/local-random-exchange',
      instead: '503 COMMAND_INVALID, as of an unknown type',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.ends(
          exchangeDeclare(bed.name('e'), 'x-local-random'),
          "503 COMMAND_INVALID - unknown exchange type 'x-local-random'",
        );
      },
    },
    {
      id: 'exchanges-predeclared',
      says: '`amq.direct`, `amq.fanout`, `amq.topic`, `amq.headers` and `amq.match` are there in each vhost, durable.',
      source: 'docs/exchanges, spec 3.1.3',
      run: async (bed) => {
        const peer = await bed.peer();
        const types = {
          direct: 'direct',
          fanout: 'fanout',
          topic: 'topic',
          headers: 'headers',
          match: 'headers',
        };
        for (const [name, type] of Object.entries(types)) await peer.exchange(`amq.${name}`, type);
      },
    },
    {
      id: 'exchange-predeclared-otherwise',
      says: 'A predeclared exchange declared otherwise is 406, as any other.',
      source: 'spec 1.6.2.1',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.refuses(
          exchangeDeclare('amq.direct', 'topic'),
          inequivalent('amq.direct', 'type', "'topic'", "'direct'"),
        );
      },
    },
    {
      id: 'exchange-reserved-name',
      says: 'Names that begin with `amq.` are reserved: 403 ACCESS_REFUSED.',
      source: 'docs/exchanges, spec 1.6.2.1',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.refuses(
          exchangeDeclare('amq.own'),
          "403 ACCESS_REFUSED - exchange name 'amq.own' contains reserved prefix 'amq.*'",
        );
      },
    },
    {
      id: 'exchange-predeclared-delete',
      says: 'Predeclared exchanges cannot be deleted: 403 ACCESS_REFUSED.',
      source: 'spec 1.6.2.3, server',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.refuses(
          exchangeDelete('amq.topic'),
          "403 ACCESS_REFUSED - deletion of system exchange 'amq.topic' in vhost '/' not allowed",
        );
      },
    },
    {
      id: 'exchange-passive-missing',
      says: 'Passive declaration of an exchange that is not there is 404 NOT_FOUND.',
      source: 'spec 1.6.2.1',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = bed.name('e');
        await peer.refuses(
          exchangeDeclare(name, 'direct', {}, passive),
          `404 NOT_FOUND - no exchange '${name}' in vhost '/'`,
        );
      },
    },
    {
      id: 'exchange-passive-only-name',
      says: 'Passive declaration looks at the name alone: type, flags and arguments are not compared.',
      source: 'spec 1.6.2.1',
      run: async (bed) => {
        const { peer, name } = await bed.exchange('fanout');
        await peer.exchange(name, 'topic', { 'alternate-exchange': 'x' }, { passive: true, durable: false });
      },
    },
    {
      id: 'exchange-again',
      says: 'An exchange declared again in the same way is answered and not changed.',
      source: 'spec 1.6.2.1',
      run: async (bed) => {
        const peer = await bed.peer();
        const [name, queue] = [bed.name('e'), bed.name('q')];
        await peer.exchange(name, 'fanout');
        await peer.queue(queue);
        await peer.bind(queue, name);
        await peer.exchange(name, 'fanout');
        peer.publish(name, '', 'still bound');
        expect(await peer.texts(queue)).toEqual(['still bound']);
      },
    },
    {
      id: 'exchange-inequivalent-type',
      says: 'Another type is 406 PRECONDITION_FAILED, "inequivalent arg".',
      source: 'spec 1.6.2.1, server',
      run: async (bed) => {
        const { peer, name } = await bed.exchange('topic');
        await peer.refuses(
          exchangeDeclare(name, 'direct'),
          inequivalent(name, 'type', "'direct'", "'topic'"),
        );
      },
    },
    {
      id: 'exchange-inequivalent-durable',
      says: 'Another durability is 406.',
      source: 'spec 1.6.2.1, server',
      run: async (bed) => {
        const { peer, name } = await bed.exchange();
        await peer.refuses(
          exchangeDeclare(name, 'direct', {}, { durable: false }),
          inequivalent(name, 'durable', "'false'", "'true'"),
        );
      },
    },
    {
      id: 'exchange-inequivalent-auto-delete',
      says: 'Another auto-delete flag is 406.',
      source: 'spec 1.6.2.1, server',
      run: async (bed) => {
        const { peer, name } = await bed.exchange();
        await peer.refuses(
          exchangeDeclare(name, 'direct', {}, { autoDelete: true }),
          inequivalent(name, 'auto_delete', "'true'", "'false'"),
        );
      },
    },
    {
      id: 'exchange-inequivalent-internal',
      says: 'Another internal flag is 406.',
      source: 'server',
      run: async (bed) => {
        const { peer, name } = await bed.exchange();
        await peer.refuses(
          exchangeDeclare(name, 'direct', {}, { internal: true }),
          inequivalent(name, 'internal', "'true'", "'false'"),
        );
      },
    },
    {
      id: 'exchange-inequivalent-alternate',
      says: 'Another alternate exchange is 406.',
      source: 'docs/ae, server',
      run: async (bed) => {
        const { peer, name } = await bed.exchange('direct', { 'alternate-exchange': 'one' });
        await peer.refuses(
          exchangeDeclare(name, 'direct', { 'alternate-exchange': 'two' }),
          inequivalent(
            name,
            'alternate-exchange',
            "the value 'two' of type 'longstr'",
            "the value 'one' of type 'longstr'",
          ),
        );
      },
    },
    {
      id: 'exchange-unknown-arguments',
      says: 'Arguments that nobody knows mean nothing, and are not compared.',
      source: 'server',
      run: async (bed) => {
        const { peer, name } = await bed.exchange('direct', { 'x-own': 1 });
        await peer.exchange(name, 'direct', { 'x-own': 2 });
      },
    },
    {
      id: 'exchange-no-wait',
      says: 'With no-wait there is no answer.',
      source: 'spec 1.6.2.1',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = bed.name('e');
        peer.send(exchangeDeclare(name, 'direct', {}, { noWait: true }));
        await peer.exchange(name, 'direct', {}, passive);
        expect(peer.wire.has('exchange.declare-ok')).toBe(false);
      },
    },
    {
      id: 'exchange-internal-publish',
      says: 'Clients do not publish to an internal exchange: 403 ACCESS_REFUSED.',
      source: 'docs/exchanges, server',
      run: async (bed) => {
        const { peer, name } = await bed.exchange('fanout', {}, { internal: true });
        peer.publish(name, '', 'x');
        await peer.isClosed(
          `403 ACCESS_REFUSED - cannot publish to internal exchange '${name}' in vhost '/'`,
          'basic.publish',
        );
      },
    },
    {
      id: 'exchange-internal-routes',
      says: 'An internal exchange routes what comes to it by a binding.',
      source: 'docs/exchanges, docs/e2e',
      run: async (bed) => {
        const peer = await bed.peer();
        const [source, inner, queue] = [bed.name('source'), bed.name('inner'), bed.name('q')];
        await peer.exchange(source, 'fanout');
        await peer.exchange(inner, 'fanout', {}, { internal: true });
        await peer.queue(queue);
        await peer.bindExchange(inner, source);
        await peer.bind(queue, inner);
        peer.publish(source, '', 'through');
        expect(await peer.texts(queue)).toEqual(['through']);
      },
    },
    {
      id: 'exchange-auto-delete',
      says: 'An auto-delete exchange is deleted with the last of its bindings.',
      source: 'docs/exchanges, spec 1.6.2.1 (RabbitMQ’s extension)',
      run: async (bed) => {
        const peer = await bed.peer();
        const [name, queue] = [bed.name('e'), bed.name('q')];
        await peer.exchange(name, 'direct', {}, { autoDelete: true });
        await peer.queue(queue);
        for (const key of ['a', 'b']) await peer.bind(queue, name, key);
        await peer.unbind(queue, name, 'a');
        await peer.exchange(name, 'direct', {}, passive);
        await peer.unbind(queue, name, 'b');
        await peer.refuses(
          exchangeDeclare(name, 'direct', {}, passive),
          `404 NOT_FOUND - no exchange '${name}' in vhost '/'`,
        );
      },
    },
    {
      id: 'exchange-auto-delete-by-queue',
      says: 'It is deleted with the last queue that was bound to it, too.',
      source: 'docs/exchanges',
      run: async (bed) => {
        const peer = await bed.peer();
        const [name, queue] = [bed.name('e'), bed.name('q')];
        await peer.exchange(name, 'direct', {}, { autoDelete: true });
        await peer.queue(queue);
        await peer.bind(queue, name, 'a');
        await peer.deleteQueue(queue);
        await peer.refuses(
          exchangeDeclare(name, 'direct', {}, passive),
          `404 NOT_FOUND - no exchange '${name}' in vhost '/'`,
        );
      },
    },
    {
      id: 'exchange-auto-delete-unused',
      says: 'An auto-delete exchange to which nothing was ever bound stays.',
      source: 'docs/exchanges',
      run: async (bed) => {
        const { name } = await bed.exchange('direct', {}, { autoDelete: true });
        await (await bed.peer()).exchange(name, 'direct', {}, passive);
      },
    },
    {
      id: 'exchange-delete-if-unused',
      says: '`if-unused` keeps an exchange that something is bound to: 406 PRECONDITION_FAILED, "in use".',
      source: 'spec 1.6.2.3',
      run: async (bed) => {
        const peer = await bed.peer();
        const [name, queue] = [bed.name('e'), bed.name('q')];
        await peer.exchange(name, 'direct');
        await peer.queue(queue);
        await peer.bind(queue, name, 'k');
        await peer.refuses(
          exchangeDelete(name, true),
          `406 PRECONDITION_FAILED - exchange '${name}' in vhost '/' in use`,
        );
        await peer.unbind(queue, name, 'k');
        await peer.deleteExchange(name, true);
      },
    },
    {
      id: 'exchange-delete-missing',
      says: 'An exchange that is not there is deleted, too.',
      source: 'docs/specification (idempotent deletion), server',
      run: async (bed) => {
        await (await bed.peer()).deleteExchange(bed.name('e'));
      },
    },
    {
      id: 'exchange-delete-bindings',
      says: 'With an exchange its bindings are gone: declared again it has none.',
      source: 'spec 1.6.2.3',
      run: async (bed) => {
        const peer = await bed.peer();
        const [name, queue] = [bed.name('e'), bed.name('q')];
        await peer.exchange(name, 'fanout');
        await peer.queue(queue);
        await peer.bind(queue, name);
        await peer.deleteExchange(name);
        await peer.exchange(name, 'fanout');
        peer.publish(name, '', 'to nobody');
        expect(await peer.texts(queue)).toEqual([]);
      },
    },
    {
      id: 'exchange-publish-missing',
      says: 'A message to an exchange that is not there closes the channel: 404 NOT_FOUND.',
      source: 'spec 1.8.3.7',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = bed.name('e');
        peer.wire.sendContent(basicPublish(name, 'k'), 'x');
        await peer.isClosed(`404 NOT_FOUND - no exchange '${name}' in vhost '/'`, 'basic.publish');
      },
    },
    {
      id: 'exchange-name-long',
      says: 'Names have up to 255 bytes, of any UTF-8.',
      source: 'spec 1.1 (short strings), docs/exchanges',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = `${bed.name('ü')}${'x'.repeat(200)}`;
        await peer.exchange(name, 'fanout');
        await peer.exchange(name, 'fanout', {}, passive);
      },
    },
  ],
};
