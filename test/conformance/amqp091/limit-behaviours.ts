import { expect } from '@jest/globals';
import { decodeBasicProperties, decodeFieldTable, fieldOf, fieldText } from '#libs/amqp091-codec';
import type { BehaviourArea } from './behaviour.js';
import { until } from './behaviour-bed.js';
import { basicConsume } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';

export const lengthBehaviours: BehaviourArea = {
  title: 'Length limits',
  behaviours: [
    {
      id: 'length-drop-head',
      says: 'Of a queue over `x-max-length` the oldest messages are dropped.',
      source: 'docs/maxlength',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-max-length': 3 });
        await peer.fill(name, '1', '2', '3', '4', '5');
        await until('3 are left', async () => (await peer.ready(name)) === 3);
        expect((await peer.get(name)).body.toString()).toBe('3');
      },
    },
    {
      id: 'length-bytes',
      says: 'Of one over `x-max-length-bytes`, too.',
      source: 'docs/maxlength',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-max-length-bytes': 25_000 });
        for (const each of ['1', '2', '3', '4']) await peer.store('', name, each.repeat(10_000));
        await until('2 are left', async () => (await peer.ready(name)) === 2);
        expect((await peer.get(name)).body[0]).toBe('3'.charCodeAt(0));
      },
    },
    {
      id: 'length-dead-letter',
      says: 'What is dropped is a dead letter: `maxlen`.',
      source: 'docs/maxlength, docs/dlx',
      run: async (bed) => {
        const peer = await bed.peer();
        const [name, dead] = [bed.name('q'), bed.name('dead')];
        await peer.queue(dead);
        const to = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
        await peer.queue(name, { 'x-max-length': 1, ...to });
        await peer.fill(name, 'old', 'new');
        await peer.consume(dead, {}, { noAck: true });
        const letter = await peer.delivery();
        expect(letter.body.toString()).toBe('old');
        const { headers } = decodeBasicProperties(letter.properties);
        expect(fieldText(fieldOf(decodeFieldTable(headers!), 'x-first-death-reason'))).toBe('maxlen');
      },
    },
    {
      id: 'length-unacknowledged',
      says: 'Only ready messages count: what consumers have does not.',
      source: 'docs/maxlength',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-max-length': 2 });
        await peer.fill(name, 'a', 'b');
        await peer.qos(2);
        const tag = await peer.consume(name);
        await peer.deliveries(2);
        await peer.cancel(tag);
        await peer.fill(name, 'c', 'd');
        await until('2 are ready', async () => (await peer.ready(name)) === 2);
        peer.ack(2, true);
        await peer.consume(name);
        expect(await peer.deliveredTexts(2)).toEqual(['c', 'd']);
      },
    },
    {
      id: 'length-reject',
      says: 'With `x-overflow: reject-publish` the newest are refused: `basic.nack` to who awaits confirms.',
      source: 'docs/maxlength',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-max-length': 2, 'x-overflow': 'reject-publish' });
        await peer.fill(name, 'a', 'b');
        await peer.confirms();
        await until('one is refused', async () => {
          peer.publish('', name, 'c');
          const came = await peer.wire.firstOf('basic.nack', 'basic.ack');
          return came.name === 'basic.nack';
        });
        expect((await peer.get(name)).body.toString()).toBe('a');
      },
    },
    {
      id: 'length-reject-room',
      says: 'When there is room again, they are taken.',
      source: 'docs/maxlength',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-max-length': 1, 'x-overflow': 'reject-publish' });
        await peer.confirms();
        const isTaken = async () => {
          peer.publish('', name, 'x');
          const came = await peer.wire.firstOf('basic.nack', 'basic.ack');
          return came.name === 'basic.ack';
        };
        await until('one is refused', async () => !(await isTaken()));
        await peer.purge(name);
        await until('one is taken', isTaken);
      },
    },
    {
      id: 'length-reject-silent',
      says: 'Who does not await confirms hears nothing of it.',
      source: 'docs/maxlength',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-max-length': 1, 'x-overflow': 'reject-publish' });
        await peer.fill(name, 'a');
        for (let at = 0; at < 5; at++) peer.publish('', name, 'b');
        await peer.served();
        expect((await peer.get(name)).body.toString()).toBe('a');
      },
    },
    {
      id: 'length-reject-dead-letter',
      says: 'With `reject-publish-dlx` what is refused is a dead letter, too.',
      source: 'docs/maxlength',
      run: async (bed) => {
        const peer = await bed.peer();
        const [name, dead] = [bed.name('q'), bed.name('dead')];
        await peer.queue(dead);
        const to = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
        await peer.queue(name, { 'x-max-length': 1, 'x-overflow': 'reject-publish-dlx', ...to });
        await peer.confirms();
        await until('one is refused', async () => {
          peer.publish('', name, 'x');
          const came = await peer.wire.firstOf('basic.nack', 'basic.ack');
          return came.name === 'basic.nack';
        });
        await peer.consume(dead, {}, { noAck: true });
        const { headers } = decodeBasicProperties((await peer.delivery()).properties);
        expect(fieldText(fieldOf(decodeFieldTable(headers!), 'x-first-death-reason'))).toBe('maxlen');
      },
    },
  ],
};

export const priorityBehaviours: BehaviourArea = {
  title: 'Priorities',
  behaviours: [
    {
      id: 'priority-order',
      says: 'A queue with `x-max-priority` gives out the highest priority first, the same in its order.',
      source: 'docs/priority',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-max-priority': 5 });
        const priorities = [1, 3, 2, 3, 0];
        for (const [at, priority] of priorities.entries())
          await peer.store('', name, String(at), { priority });
        await peer.consume(name, {}, { noAck: true });
        expect(await peer.deliveredTexts(5)).toEqual(['1', '3', '2', '0', '4']);
      },
    },
    {
      id: 'priority-none',
      says: 'A message without a priority has 0; one above the highest has the highest.',
      source: 'docs/priority',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-max-priority': 5 });
        await peer.store('', name, 'none');
        await peer.store('', name, 'highest', { priority: 5 });
        await peer.store('', name, 'above', { priority: 200 });
        await peer.consume(name, {}, { noAck: true });
        expect(await peer.deliveredTexts(3)).toEqual(['highest', 'above', 'none']);
      },
    },
    {
      id: 'priority-other-queues',
      says: 'Queues without it keep the order of publishing.',
      source: 'docs/priority',
      run: async (bed) => {
        const { peer, name } = await bed.queue();
        await peer.store('', name, 'low', { priority: 0 });
        await peer.store('', name, 'high', { priority: 9 });
        expect(await peer.texts(name)).toEqual(['low', 'high']);
      },
    },
    {
      id: 'priority-quorum',
      says: 'A quorum queue gives messages of a priority over 4 first, without an argument.',
      source: 'docs/quorum-queues',
      instead: 'only queues with `x-max-priority` have priorities, of whichever type',
      run: async (bed) => {
        const { peer, name } = await bed.queue({ 'x-queue-type': 'quorum' });
        await peer.store('', name, 'low', { priority: 0 });
        await peer.store('', name, 'high', { priority: 9 });
        expect(await peer.texts(name)).toEqual(['low', 'high']);
      },
    },
  ],
};

const singleActive = { 'x-single-active-consumer': true };

export const singleActiveBehaviours: BehaviourArea = {
  title: 'Single active consumer',
  behaviours: [
    {
      id: 'single-active',
      says: 'All messages go to the consumer that came first; the others wait.',
      source: 'docs/consumers',
      run: async (bed) => {
        const [peer, one, two] = [await bed.peer(), await bed.peer(), await bed.peer()];
        const name = bed.name('q');
        await peer.queue(name, singleActive);
        await one.consume(name, {}, { noAck: true });
        await two.consume(name, {}, { noAck: true });
        await peer.fill(name, 'a', 'b', 'c');
        expect(await one.deliveredTexts(3)).toEqual(['a', 'b', 'c']);
        expect(two.wire.has('basic.deliver')).toBe(false);
      },
    },
    {
      id: 'single-active-cancelled',
      says: 'When it is cancelled the next one is active.',
      source: 'docs/consumers',
      run: async (bed) => {
        const [peer, one, two] = [await bed.peer(), await bed.peer(), await bed.peer()];
        const name = bed.name('q');
        await peer.queue(name, singleActive);
        const tag = await one.consume(name);
        await two.consume(name);
        await one.cancel(tag);
        await peer.fill(name, 'a');
        expect(await two.deliveredTexts(1)).toEqual(['a']);
      },
    },
    {
      id: 'single-active-lost',
      says: 'When its connection is lost, too; what it had unacknowledged comes first.',
      source: 'docs/consumers',
      run: async (bed) => {
        const [peer, one, two] = [await bed.peer(), await bed.peer(), await bed.peer()];
        const name = bed.name('q');
        await peer.queue(name, singleActive);
        await one.consume(name);
        await two.consume(name);
        await peer.fill(name, 'a', 'b');
        await one.deliveries(2);
        one.wire.cut();
        const again = await two.deliveries(2);
        expect(again.map(({ body, redelivered }) => [body.toString(), redelivered])).toEqual([
          ['a', true],
          ['b', true],
        ]);
      },
    },
    {
      id: 'single-active-count',
      says: 'All of them count as consumers.',
      source: 'docs/consumers',
      run: async (bed) => {
        const [peer, one, two] = [await bed.peer(), await bed.peer(), await bed.peer()];
        const name = bed.name('q');
        await peer.queue(name, singleActive);
        for (const each of [one, two]) await each.consume(name);
        await until('2 consumers', async () => {
          return (await peer.queue(name, {}, { passive: true })).consumerCount === 2;
        });
      },
    },
    {
      id: 'single-active-priority',
      says: 'In a quorum queue a consumer of a higher `x-priority` becomes the active one.',
      source: 'docs/quorum-queues, docs/consumers',
      instead: 'who came first stays active, as in classic queues',
      run: async (bed) => {
        const [peer, one, two] = [await bed.peer(), await bed.peer(), await bed.peer()];
        const name = bed.name('q');
        await peer.queue(name, { ...singleActive, 'x-queue-type': 'quorum' });
        await one.consume(name, {}, { noAck: true });
        await two.consume(name, { 'x-priority': 10 }, { noAck: true });
        await peer.fill(name, 'a', 'b');
        expect(await one.deliveredTexts(2)).toEqual(['a', 'b']);
        expect(two.wire.has('basic.deliver')).toBe(false);
      },
    },
    {
      id: 'single-active-exclusive',
      says: 'Nobody consumes such a queue exclusively: 403 ACCESS_REFUSED.',
      source: 'docs/consumers',
      run: async (bed) => {
        const { peer, name } = await bed.queue(singleActive);
        await peer.refuses(
          basicConsume(name, {}, { exclusive: true }),
          `403 ACCESS_REFUSED - queue '${name}' in vhost '/' in exclusive use`,
        );
      },
    },
  ],
};
