import { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import { decodeBasicProperties } from '#libs/amqp091-codec';
import type { BehaviourArea } from './behaviour.js';
import type { BehaviourBed } from './behaviour-bed.js';
import { basicConsume, queueDeclare } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';

const pseudoQueue = 'amq.rabbitmq.reply-to';
const replies = { noAck: true, consumerTag: 'replies' };

/** Somebody who asked, who has not been answered, and where the answer is to go. */
async function asked(bed: BehaviourBed) {
  const [requester, server] = [await bed.peer(), await bed.peer()];
  const name = bed.name('requests');
  await server.queue(name);
  await requester.consume(pseudoQueue, {}, replies);
  requester.publish('', name, 'request', { replyTo: pseudoQueue, correlationId: '1' });
  await server.consume(name, {}, { noAck: true });
  const { replyTo } = decodeBasicProperties((await server.delivery()).properties);
  return { requester, server, replyTo: String(replyTo) };
}

export const replyBehaviours: BehaviourArea = {
  title: 'Direct reply-to',
  behaviours: [
    {
      id: 'reply',
      says: 'Replies come straight to the requester, who consumes `amq.rabbitmq.reply-to` without acknowledgements.',
      source: 'docs/direct-reply-to',
      run: async (bed) => {
        const { requester, server, replyTo } = await asked(bed);
        server.publish('', replyTo, 'reply', { correlationId: '1' });
        expect(await requester.delivery()).toMatchObject({
          ...{ consumerTag: 'replies', exchange: '', routingKey: replyTo, redelivered: false },
          body: Buffer.from('reply'),
        });
      },
    },
    {
      id: 'reply-name',
      says: 'The server is told another name in `reply-to`, `amq.rabbitmq.reply-to.` and what cannot be guessed.',
      source: 'docs/direct-reply-to',
      run: async (bed) => {
        const { replyTo } = await asked(bed);
        expect(replyTo).toMatch(/^amq\.rabbitmq\.reply-to\.[\w-]{24}\.\d+$/);
      },
    },
    {
      id: 'reply-acknowledged',
      says: 'Who would acknowledge replies is refused: 406 PRECONDITION_FAILED.',
      source: 'docs/direct-reply-to',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.refuses(
          basicConsume(pseudoQueue),
          '406 PRECONDITION_FAILED - reply consumer cannot acknowledge',
        );
      },
    },
    {
      id: 'reply-consumer-again',
      says: 'A channel has one consumer of replies: 406 PRECONDITION_FAILED.',
      source: 'docs/direct-reply-to, server',
      run: async (bed) => {
        const peer = await bed.peer();
        await peer.consume(pseudoQueue, {}, replies);
        await peer.refuses(
          basicConsume(pseudoQueue, {}, { noAck: true }),
          '406 PRECONDITION_FAILED - reply consumer already set',
        );
      },
    },
    {
      id: 'reply-no-consumer',
      says: 'A request on a channel without such a consumer is 406 PRECONDITION_FAILED.',
      source: 'docs/direct-reply-to',
      run: async (bed) => {
        const peer = await bed.peer();
        peer.publish('', bed.name('q'), 'request', { replyTo: pseudoQueue });
        await peer.isClosed('406 PRECONDITION_FAILED - fast reply consumer does not exist', 'basic.publish');
      },
    },
    {
      id: 'reply-declare',
      says: 'Passive declaration of the name says whether the requester is still there: else 404 NOT_FOUND.',
      source: 'docs/direct-reply-to',
      run: async (bed) => {
        const { requester, server, replyTo } = await asked(bed);
        expect(await server.queue(replyTo, {}, { passive: true })).toMatchObject({
          messageCount: 0,
          consumerCount: 1,
        });
        await requester.cancel('replies');
        await server.refuses(
          queueDeclare(replyTo, {}, { passive: true }),
          `404 NOT_FOUND - no queue '${replyTo}' in vhost '/'`,
        );
      },
    },
    {
      id: 'reply-gone',
      says: 'A mandatory reply to who is gone is returned.',
      source: 'docs/direct-reply-to',
      run: async (bed) => {
        const { requester, replyTo } = await asked(bed);
        await requester.cancel('replies');
        // Who is at another gateway is not waited for.
        const near = await requester.another(2);
        near.publish('', replyTo, 'late', {}, true);
        expect(await near.first('basic.return')).toMatchObject({ replyCode: 312, routingKey: replyTo });
      },
    },
    {
      id: 'reply-mandatory',
      says: 'A mandatory reply is returned though it is delivered: such names are no queues.',
      source: 'docs/direct-reply-to',
      instead: 'it is delivered and not returned',
      run: async (bed) => {
        const { requester, server, replyTo } = await asked(bed);
        server.publish('', replyTo, 'reply', {}, true);
        expect(await requester.deliveredTexts(1)).toEqual(['reply']);
        await server.served();
        expect(server.wire.has('basic.return')).toBe(false);
      },
    },
    {
      id: 'reply-forged',
      says: 'A name that was not given out reaches nobody.',
      source: 'docs/direct-reply-to',
      run: async (bed) => {
        const { requester, replyTo } = await asked(bed);
        const forged = replyTo.replace(/\.[\w-]{24}\./, `.${'A'.repeat(24)}.`);
        const near = await requester.another(2);
        near.publish('', forged, 'forged', {}, true);
        await near.first('basic.return');
        expect(requester.wire.has('basic.deliver')).toBe(false);
      },
    },
  ],
};
