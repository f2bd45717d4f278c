import { expect } from '@jest/globals';
import type { BehaviourArea } from './behaviour.js';
import { exchangeBind, exchangeDeclare } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';

const alternate = (name: string) => ({ 'alternate-exchange': name });

export const alternateBehaviours: BehaviourArea = {
  title: 'Alternate exchanges',
  behaviours: [
    {
      id: 'alternate-takes-unroutable',
      says: 'A message that an exchange cannot route goes to its alternate exchange; others do not.',
      source: 'docs/ae',
      run: async (bed) => {
        const peer = await bed.peer();
        const [name, other, routed, rest] = ['e', 'ae', 'routed', 'rest'].map((each) => bed.name(each)) as [
          ...[string, string, string, string],
        ];
        await peer.exchange(other, 'fanout');
        await peer.exchange(name, 'direct', alternate(other));
        for (const queue of [routed, rest]) await peer.queue(queue);
        await peer.bind(routed, name, 'known');
        await peer.bind(rest, other);
        peer.publish(name, 'known', 'one');
        peer.publish(name, 'unknown', 'two');
        expect(await peer.texts(routed)).toEqual(['one']);
        const [delivery] = await peer.contents(rest);
        expect(delivery).toMatchObject({ exchange: name, routingKey: 'unknown', body: Buffer.from('two') });
      },
    },
    {
      id: 'alternate-counts-as-routed',
      says: 'A mandatory message that an alternate exchange routes is not returned.',
      source: 'docs/ae',
      run: async (bed) => {
        const peer = await bed.peer();
        const [name, other, queue] = [bed.name('e'), bed.name('ae'), bed.name('q')];
        await peer.exchange(other, 'fanout');
        await peer.exchange(name, 'direct', alternate(other));
        await peer.queue(queue);
        await peer.bind(queue, other);
        await peer.confirms();
        peer.publish(name, 'unknown', 'taken', {}, true);
        await peer.first('basic.ack');
        expect(peer.wire.has('basic.return')).toBe(false);
        expect(await peer.texts(queue)).toEqual(['taken']);
      },
    },
    {
      id: 'alternate-missing',
      says: 'An alternate exchange need not be there; then the message is returned or dropped.',
      source: 'docs/ae',
      run: async (bed) => {
        const { peer, name } = await bed.exchange('direct', alternate(bed.name('absent')));
        peer.publish(name, 'unknown', 'back', {}, true);
        expect(await peer.first('basic.return')).toMatchObject({ replyCode: 312, exchange: name });
      },
    },
    {
      id: 'alternate-chain',
      says: 'An alternate exchange may have one itself, and so on; a circle ends.',
      source: 'docs/ae',
      run: async (bed) => {
        const peer = await bed.peer();
        const [one, two, three] = [bed.name('one'), bed.name('two'), bed.name('three')];
        const queue = bed.name('q');
        await peer.exchange(one, 'direct', alternate(two));
        await peer.exchange(two, 'direct', alternate(three));
        await peer.exchange(three, 'direct', alternate(one));
        await peer.queue(queue);
        await peer.bind(queue, three, 'here');
        peer.publish(one, 'here', 'third');
        peer.publish(one, 'nowhere', 'back', {}, true);
        await peer.first('basic.return');
        expect(await peer.texts(queue)).toEqual(['third']);
      },
    },
    {
      id: 'alternate-argument-type',
      says: 'An alternate exchange whose name is no string is 406 PRECONDITION_FAILED.',
      source: 'docs/ae, server',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = bed.name('e');
        await peer.refuses(
          exchangeDeclare(name, 'direct', { 'alternate-exchange': 7 }),
          `406 PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange '${name}' in vhost '/'`,
        );
      },
    },
  ],
};

export const exchangeBindingBehaviours: BehaviourArea = {
  title: 'Exchange to exchange bindings',
  behaviours: [
    {
      id: 'e2e-routes',
      says: 'What comes to an exchange goes on to exchanges that are bound to it, by their binding keys.',
      source: 'docs/e2e',
      run: async (bed) => {
        const peer = await bed.peer();
        const [source, destination, queue] = [bed.name('source'), bed.name('destination'), bed.name('q')];
        await peer.exchange(source, 'direct');
        await peer.exchange(destination, 'topic');
        await peer.queue(queue);
        await peer.bindExchange(destination, source, 'a.b');
        await peer.bind(queue, destination, '*.b');
        peer.publish(source, 'a.b', 'on');
        peer.publish(source, 'c.b', 'not on');
        const deliveries = await peer.contents(queue);
        expect(deliveries).toMatchObject([{ exchange: source, routingKey: 'a.b', body: Buffer.from('on') }]);
      },
    },
    {
      id: 'e2e-once',
      says: 'A queue gets a message once, however many ways lead there.',
      source: 'docs/e2e',
      run: async (bed) => {
        const peer = await bed.peer();
        const [source, left, right, queue] = ['source', 'left', 'right', 'q'].map((each) =>
          bed.name(each),
        ) as [...[string, string, string, string]];
        for (const name of [source, left, right]) await peer.exchange(name, 'fanout');
        await peer.queue(queue);
        for (const name of [left, right]) {
          await peer.bindExchange(name, source);
          await peer.bind(queue, name);
        }
        await peer.bind(queue, source);
        peer.publish(source, '', 'once');
        expect(await peer.texts(queue)).toEqual(['once']);
      },
    },
    {
      id: 'e2e-circle',
      says: 'Exchanges may be bound in a circle: a message passes each once.',
      source: 'docs/e2e',
      run: async (bed) => {
        const peer = await bed.peer();
        const [one, two, queue] = [bed.name('one'), bed.name('two'), bed.name('q')];
        for (const name of [one, two]) await peer.exchange(name, 'fanout');
        await peer.bindExchange(two, one);
        await peer.bindExchange(one, two);
        await peer.queue(queue);
        await peer.bind(queue, two);
        peer.publish(one, '', 'around');
        expect(await peer.texts(queue)).toEqual(['around']);
      },
    },
    {
      id: 'e2e-unbind',
      says: 'What is unbound gets nothing more; what is not bound is unbound, too.',
      source: 'docs/e2e',
      run: async (bed) => {
        const peer = await bed.peer();
        const [source, destination, queue] = [bed.name('source'), bed.name('destination'), bed.name('q')];
        for (const name of [source, destination]) await peer.exchange(name, 'fanout');
        await peer.queue(queue);
        await peer.bind(queue, destination);
        await peer.bindExchange(destination, source);
        peer.publish(source, '', 'before');
        await peer.unbindExchange(destination, source);
        await peer.unbindExchange(destination, source);
        peer.publish(source, '', 'after');
        expect(await peer.texts(queue)).toEqual(['before']);
      },
    },
    {
      id: 'e2e-missing',
      says: 'Source and destination have to be there: 404 NOT_FOUND.',
      source: 'docs/e2e',
      run: async (bed) => {
        const peer = await bed.peer();
        const name = bed.name('absent');
        const says = `404 NOT_FOUND - no exchange '${name}' in vhost '/'`;
        await peer.refuses(exchangeBind('amq.fanout', name), says);
        await peer.refuses(exchangeBind(name, 'amq.fanout'), says);
      },
    },
    {
      id: 'e2e-source-deleted',
      says: 'With one of its ends a binding is gone.',
      source: 'docs/e2e',
      run: async (bed) => {
        const peer = await bed.peer();
        const [source, destination, queue] = [bed.name('source'), bed.name('destination'), bed.name('q')];
        for (const name of [source, destination]) await peer.exchange(name, 'fanout');
        await peer.queue(queue);
        await peer.bind(queue, destination);
        await peer.bindExchange(destination, source);
        await peer.deleteExchange(destination);
        await peer.exchange(destination, 'fanout');
        await peer.bind(queue, destination);
        peer.publish(source, '', 'not on');
        peer.publish(destination, '', 'here');
        expect(await peer.texts(queue)).toEqual(['here']);
      },
    },
    {
      id: 'e2e-auto-delete',
      says: 'An auto-delete exchange is deleted when the last exchange is unbound from it.',
      source: 'docs/e2e, docs/exchanges',
      run: async (bed) => {
        const peer = await bed.peer();
        const [source, destination] = [bed.name('source'), bed.name('destination')];
        await peer.exchange(source, 'fanout', {}, { autoDelete: true });
        await peer.exchange(destination, 'fanout');
        await peer.bindExchange(destination, source);
        await peer.unbindExchange(destination, source);
        await peer.refuses(
          exchangeDeclare(source, 'fanout', {}, { passive: true }),
          `404 NOT_FOUND - no exchange '${source}' in vhost '/'`,
        );
      },
    },
  ],
};
