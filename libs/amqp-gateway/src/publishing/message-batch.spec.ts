import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { amqpString, encodeProperties, encodeValueSection } from '#libs/amqp-codec';
import { AmqpErrorCondition } from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import { dataMessage } from '../testing/amqp-client.js';
import { type BegunClient, begunClient } from '../testing/begun-client.js';
import { batchFormat } from './message-batch.js';

let begun: BegunClient | undefined;

afterEach(() => begun?.close());

async function sending() {
  begun = await begunClient();
  const { client, nodes, services } = begun;
  await client.attachSender('q');
  const target = nodes.targets.get('q')!;
  let deliveryId = 0;
  const send = (payload: Buffer, messageFormat = batchFormat) => {
    const deliveryTag = Buffer.from(`b${deliveryId}`);
    client.send(
      { type: 'transfer', handle: 0, deliveryId: deliveryId++, deliveryTag, messageFormat },
      0,
      payload,
    );
    return client.first('disposition');
  };
  return { client, target, send, services };
}

const batchOf = (...messages: readonly Buffer[]) => Buffer.concat(messages.map((each) => dataMessage(each)));
const value = (text: string) => encodeValueSection(amqpString(text));

describe('a batch of messages', () => {
  it('becomes its messages, in their order', async () => {
    const { target, send, services } = await sending();
    const messages = [
      dataMessage('a'),
      value('b'),
      Buffer.concat([encodeProperties({ type: 'properties', subject: 's' }), value('c')]),
    ];
    const around = encodeProperties({ type: 'properties', subject: 'of the batch' });
    const told = await send(Buffer.concat([around, batchOf(...messages)]));
    expect(told).toMatchObject({ first: 0, settled: true, state: { type: 'accepted' } });
    expect(target.taken.map(({ bytes }) => bytes)).toEqual(messages);
    expect(services.metrics.tenant('amqp', 'acme').produceMessages).toBe(3);
    expect(services.counters.deliveriesReceived).toBe(1);
  });

  it('is accepted when all of it is stored, and rejected when one could not be', async () => {
    const { client, target, send } = await sending();
    target.isPrompt = false;
    for (const error of [undefined, new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, 'full')]) {
      const told = send(batchOf(dataMessage('a'), dataMessage('b')));
      while (target.taken.length < 2) await new Promise(setImmediate);
      const [first, second] = target.taken.splice(0);
      second!.done(error);
      await new Promise(setImmediate);
      expect(client.has('disposition')).toBe(false);
      first!.done(undefined);
      const type = error === undefined ? 'accepted' : 'rejected';
      expect(await told).toMatchObject({ settled: true, state: { type } });
    }
  });

  it.each([
    [
      'with a message that is none',
      batchOf(dataMessage('a'), Buffer.from('no message')),
      'amqp:decode-error',
    ],
    [
      'of somebody else',
      batchOf(dataMessage('a'), encodeProperties({ type: 'properties', userId: Buffer.from('eve') })),
      'amqp:unauthorized-access',
    ],
    ['that is a value', value('a'), 'amqp:decode-error'],
    ['of nothing', Buffer.alloc(0), 'amqp:decode-error'],
    [
      'of too many',
      batchOf(...Array.from({ length: 10_001 }, () => Buffer.alloc(0))),
      'amqp:resource-limit-exceeded',
    ],
  ])('is rejected before anything of it is stored: one %s', async (_, batch, condition) => {
    const { target, send } = await sending();
    target.messageBytesMax = 1_000_000;
    expect(await send(batch)).toMatchObject({ state: { type: 'rejected', error: { condition } } });
    expect(target.taken).toEqual([]);
  });

  it('is the only other format that is taken', async () => {
    const { target, send } = await sending();
    for (const format of [1, 0x8001_3701]) {
      expect(await send(batchOf(dataMessage('a')), format)).toMatchObject({
        state: { type: 'rejected', error: { condition: 'amqp:not-implemented' } },
      });
    }
    expect(target.taken).toEqual([]);
  });
});
