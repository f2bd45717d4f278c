import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { encodeBasicProperties } from '#libs/amqp091-codec';
import type { BehaviourArea } from './behaviour.js';

export const confirmBehaviours: BehaviourArea = {
  title: 'Publisher confirms and returned messages',
  behaviours: [
    {
      id: 'confirm-tags',
      says: 'Messages are counted from 1 on from `confirm.select`, each confirmed once, alone or by `multiple`.',
      source: 'docs/confirms',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        peer.publish('', name, 'before');
        await peer.confirms();
        for (let at = 1; at <= 50; at++) peer.publish('', name, String(at));
        let confirmed = 0;
        while (confirmed < 50) {
          const { deliveryTag, multiple } = await peer.first('basic.ack');
          if (multiple) expect(deliveryTag).toBeGreaterThan(confirmed);
          else expect(deliveryTag).toBe(confirmed + 1);
          confirmed = deliveryTag;
        }
        expect(confirmed).toBe(50);
      },
    },
    {
      id: 'confirm-stored',
      says: 'A confirmed message is in its queues.',
      source: 'docs/confirms',
      run: async (bed) => {
        const peer = await bed.peer();
        const names = [bed.name('a'), bed.name('b')];
        const exchange = bed.name('e');
        await peer.exchange(exchange, 'fanout');
        for (const name of names) {
          await peer.queue(name);
          await peer.bind(name, exchange);
        }
        await peer.confirms();
        peer.publish(exchange, '', 'x');
        await peer.first('basic.ack');
        const other = await bed.peer();
        for (const name of names) expect((await other.get(name)).body.toString()).toBe('x');
      },
    },
    {
      id: 'confirm-unroutable',
      says: 'A message that comes to no queue is confirmed, too.',
      source: 'docs/confirms',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.confirms();
        peer.publish('amq.direct', bed.name('nowhere'), 'x');
        expect(await peer.first('basic.ack')).toMatchObject({ deliveryTag: 1 });
        expect(peer.wire.has('basic.return')).toBe(false);
      },
    },
    {
      id: 'confirm-again',
      says: '`confirm.select` once more is answered, and the count goes on.',
      source: 'docs/confirms, server',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.confirms();
        peer.publish('amq.direct', bed.name('nowhere'), 'x');
        await peer.first('basic.ack');
        await peer.confirms();
        peer.publish('amq.direct', bed.name('nowhere'), 'x');
        expect(await peer.first('basic.ack')).toMatchObject({ deliveryTag: 2 });
      },
    },
    {
      id: 'confirm-no-wait',
      says: '`confirm.select` with no-wait has no answer.',
      source: 'docs/confirms',
      run: async (bed) => {
        const peer = await bed.peer();
        peer.send({ name: 'confirm.select', noWait: true });
        peer.publish('amq.direct', bed.name('nowhere'), 'x');
        await peer.first('basic.ack');
        expect(peer.wire.has('confirm.select-ok')).toBe(false);
      },
    },
    {
      id: 'confirm-in-transaction',
      says: 'A transactional channel cannot confirm: 406 PRECONDITION_FAILED.',
      source: 'docs/confirms',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.call({ name: 'tx.select' }, 'tx.select-ok');
        await peer.refuses(
          { name: 'confirm.select', noWait: false },
          '406 PRECONDITION_FAILED - cannot switch from tx to confirm mode',
        );
      },
    },
    {
      id: 'transaction-in-confirm',
      says: 'A channel that confirms cannot become transactional: 406 PRECONDITION_FAILED.',
      source: 'docs/confirms',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.confirms();
        await peer.refuses(
          { name: 'tx.select' },
          '406 PRECONDITION_FAILED - cannot switch from confirm to tx mode',
        );
      },
    },
    {
      id: 'mandatory-returned',
      says: 'A mandatory message that comes to no queue is returned as it was: 312 NO_ROUTE, exchange and key.',
      source: 'docs/publishers, spec 1.8.3.8',
      run: async (bed) => {
        const peer = await bed.peer();
        const properties = { contentType: 'text/plain', messageId: 'm' };
        peer.publish('amq.direct', bed.name('nowhere'), 'back', properties, true);
        expect(await peer.first('basic.return')).toMatchObject({
          ...{ replyCode: 312, replyText: 'NO_ROUTE', exchange: 'amq.direct' },
          ...{ routingKey: bed.name('nowhere'), body: Buffer.from('back') },
          properties: encodeBasicProperties(properties),
        });
      },
    },
    {
      id: 'mandatory-default-exchange',
      says: 'By the default exchange, too, to a queue that is not there.',
      source: 'docs/publishers',
      run: async (bed) => {
        const peer = await bed.peer();
        peer.publish('', bed.name('absent'), 'back', {}, true);
        expect(await peer.first('basic.return')).toMatchObject({
          exchange: '',
          routingKey: bed.name('absent'),
        });
      },
    },
    {
      id: 'mandatory-return-before-ack',
      says: 'It is returned before it is confirmed.',
      source: 'docs/confirms',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.confirms();
        for (let at = 1; at <= 5; at++) {
          peer.publish('amq.direct', bed.name('nowhere'), String(at), {}, true);
          expect((await peer.wire.next('basic.return')).body.toString()).toBe(String(at));
          expect(await peer.wire.next('basic.ack')).toMatchObject({ deliveryTag: at });
        }
      },
    },
    {
      id: 'mandatory-routed',
      says: 'One that comes to a queue is not returned.',
      source: 'docs/publishers',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.confirms();
        peer.publish('', name, 'x', {}, true);
        await peer.first('basic.ack');
        expect(peer.wire.has('basic.return')).toBe(false);
      },
    },
    {
      id: 'unroutable-dropped',
      says: 'Without mandatory, what comes to no queue is dropped without a word.',
      source: 'docs/publishers',
      run: async (bed) => {
        const peer = await bed.peer();
        peer.publish('amq.direct', bed.name('nowhere'), 'x');
        await peer.served();
        expect(peer.wire.has('basic.return')).toBe(false);
      },
    },
    {
      id: 'publish-order',
      says: 'Messages of a channel come to a queue in the order of their publishing.',
      source: 'docs/semantics, spec 4.7',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const texts = Array.from({ length: 200 }, (_, at) => String(at));
        for (const text of texts) peer.publish('', name, text);
        expect(await peer.texts(name)).toEqual(texts);
      },
    },
  ],
};

export const transactionBehaviours: BehaviourArea = {
  title: 'Transactions',
  behaviours: [
    {
      id: 'tx-commit',
      says: 'What was published is there when it is committed, not before.',
      source: 'docs/semantics, spec 1.9',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const other = await bed.peer();
        await peer.call({ name: 'tx.select' }, 'tx.select-ok');
        for (const text of ['a', 'b']) peer.publish('', name, text);
        expect(await other.texts(name)).toEqual([]);
        await peer.call({ name: 'tx.commit' }, 'tx.commit-ok');
        expect(await other.texts(name)).toEqual(['a', 'b']);
      },
    },
    {
      id: 'tx-rollback',
      says: 'What is rolled back was never published; a new transaction begins at once.',
      source: 'docs/semantics, spec 1.9.2.6',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const other = await bed.peer();
        await peer.call({ name: 'tx.select' }, 'tx.select-ok');
        peer.publish('', name, 'never');
        await peer.call({ name: 'tx.rollback' }, 'tx.rollback-ok');
        peer.publish('', name, 'then');
        await peer.call({ name: 'tx.commit' }, 'tx.commit-ok');
        expect(await other.texts(name)).toEqual(['then']);
      },
    },
    {
      id: 'tx-acknowledgements',
      says: 'Acknowledgements take part: what is rolled back can be acknowledged again.',
      source: 'docs/semantics, spec 1.9',
      run: async (bed) => {
        const { peer, name } = await bed.filled('a');
        await peer.call({ name: 'tx.select' }, 'tx.select-ok');
        await peer.consume(name);
        const { deliveryTag } = await peer.delivery();
        peer.ack(deliveryTag);
        await peer.call({ name: 'tx.rollback' }, 'tx.rollback-ok');
        peer.ack(deliveryTag);
        await peer.call({ name: 'tx.commit' }, 'tx.commit-ok');
        peer.wire.cut();
        expect(await (await bed.peer()).texts(name)).toEqual([]);
      },
    },
    {
      id: 'tx-unacknowledged',
      says: 'An acknowledgement that was not committed is none when the channel ends.',
      source: 'docs/semantics',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        const other = await bed.peer();
        await peer.fill(name, 'a');
        await peer.call({ name: 'tx.select' }, 'tx.select-ok');
        await peer.consume(name);
        peer.ack((await peer.delivery()).deliveryTag);
        await peer.served();
        peer.wire.cut();
        await other.consume(name);
        expect(await other.delivery()).toMatchObject({ redelivered: true, body: Buffer.from('a') });
      },
    },
    {
      id: 'tx-not-selected',
      says: 'Commit and rollback of a channel that is not transactional are 406 PRECONDITION_FAILED.',
      source: 'spec 1.9.2.3, 1.9.2.5',
      run: async (bed) => {
        const peer = await bed.peer();
        const says = '406 PRECONDITION_FAILED - channel is not transactional';
        await peer.refuses({ name: 'tx.commit' }, says);
        await peer.refuses({ name: 'tx.rollback' }, says);
      },
    },
    {
      id: 'tx-select-again',
      says: '`tx.select` once more is answered; a commit of nothing, too.',
      source: 'spec 1.9.2.1, server',
      run: async (bed) => {
        const peer = await bed.peer();
        for (let at = 0; at < 2; at++) await peer.call({ name: 'tx.select' }, 'tx.select-ok');
        await peer.call({ name: 'tx.commit' }, 'tx.commit-ok');
      },
    },
    {
      id: 'tx-mandatory',
      says: 'A mandatory message that comes to no queue is returned by the commit, before commit-ok.',
      source: 'spec 1.9, docs/semantics',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.call({ name: 'tx.select' }, 'tx.select-ok');
        peer.publish('amq.direct', bed.name('nowhere'), 'back', {}, true);
        await peer.served();
        expect(peer.wire.has('basic.return')).toBe(false);
        peer.send({ name: 'tx.commit' });
        await peer.wire.next('basic.return');
        await peer.wire.next('tx.commit-ok');
      },
    },
    {
      id: 'tx-publish-refused',
      says: 'A message to an exchange that is not there closes the channel when it is published; the transaction is lost.',
      source: 'docs/semantics, server',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.call({ name: 'tx.select' }, 'tx.select-ok');
        peer.publish('', name, 'lost');
        peer.publish(bed.name('absent'), '', 'x');
        await peer.isClosed(
          `404 NOT_FOUND - no exchange '${bed.name('absent')}' in vhost '/'`,
          'basic.publish',
        );
        expect(await peer.texts(name)).toEqual([]);
      },
    },
  ],
};
