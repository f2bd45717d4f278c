// How AMQP 0-9-1 clients get the messages of queues: consumers, single messages, what they settle and what they do not.
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Amqp091Method, decodeBasicProperties, encodeFieldTable } from '#libs/amqp091-codec';
import {
  basicConsume,
  basicPublish,
  basicQos,
  type Rest,
} from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { type Amqp091Wire, openAmqp091Wire } from '../../support/amqp091-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { pulsarAdmin } from '../../support/pulsar.js';
import { until } from '../../support/until.js';

const setUpTimeoutMs = 120_000;
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway({
    tenants: [{ name: 'acme', permissions: [allowAll] }],
    amqp: { listener: { tenant: 'acme', anonymousTenant: 'acme' } },
  });
}, setUpTimeoutMs);

afterAll(() => gateway?.stop(), setUpTimeoutMs);

async function opened(): Promise<Amqp091Wire> {
  const wire = await openAmqp091Wire(gateway.amqp.tcp);
  await wire.open();
  await wire.openChannel();
  return wire;
}

/** Stored in their order, one after the other. */
async function publish(wire: Amqp091Wire, queue: string, ...bodies: readonly string[]): Promise<void> {
  await wire.openChannel(9);
  await wire.confirms(9);
  for (const body of bodies) {
    wire.sendContent(basicPublish('', queue), body, {}, 9);
    await wire.first('basic.ack');
  }
  const close = { replyCode: 200, replyText: '', classId: 0, methodId: 0 };
  await wire.call({ name: 'channel.close', ...close }, 'channel.close-ok', 9);
}

const consume = (queue: string, rest: Rest<'basic.consume'> = {}) =>
  basicConsume(queue, {}, { consumerTag: 'c', ...rest });

async function get(wire: Amqp091Wire, queue: string, noAck = false) {
  wire.send({ name: 'basic.get', queue, noAck });
  return wire.first('basic.get-ok');
}

const ack = (deliveryTag: number, multiple = false): Amqp091Method => ({
  name: 'basic.ack',
  deliveryTag,
  multiple,
});
const nack = (deliveryTag: number, requeue: boolean, multiple = false): Amqp091Method => ({
  ...{ name: 'basic.nack', deliveryTag, multiple, requeue },
});
const texts = (all: readonly { readonly body: Buffer }[]) => all.map(({ body }) => body.toString());

async function ready(wire: Amqp091Wire, queue: string): Promise<readonly [number, number]> {
  const { messageCount, consumerCount } = await wire.declare(queue, [], { passive: true });
  return [messageCount, consumerCount];
}

describe('a consumer', () => {
  it('is given as many as its prefetch says, in order, and more for each acknowledgement', async () => {
    const wire = await opened();
    await wire.declare('prefetch');
    await publish(wire, 'prefetch', 'a', 'b', 'c', 'd', 'e');
    await wire.call(basicQos(2), 'basic.qos-ok');
    expect(await wire.call(consume('prefetch', { consumerTag: '' }), 'basic.consume-ok')).toMatchObject({
      consumerTag: expect.stringMatching(/^amq\.ctag-/),
    });
    const two = await wire.take('basic.deliver', 2);
    expect(two).toMatchObject([
      { deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'prefetch' },
      { deliveryTag: 2, redelivered: false },
    ]);
    expect(await ready(wire, 'prefetch')).toEqual([3, 1]);
    expect(wire.has('basic.deliver')).toBe(false);
    wire.send(ack(2, true));
    const more = await wire.take('basic.deliver', 2);
    expect(texts([...two, ...more])).toEqual(['a', 'b', 'c', 'd']);
    wire.send(nack(4, true));
    wire.send(ack(3));
    const [again, last] = (await wire.take('basic.deliver', 2)).sort((one) => (one.redelivered ? -1 : 1));
    expect([again, last]).toMatchObject([{ redelivered: true }, { redelivered: false }]);
    expect(texts([again!, last!])).toEqual(['d', 'e']);
    wire.send({ name: 'basic.reject', deliveryTag: again!.deliveryTag, requeue: false });
    wire.send(ack(last!.deliveryTag));
    await until(async () => (await ready(wire, 'prefetch'))[0] === 0);
    await wire.close();
  });

  it('leaves what it had to others when its connection is lost, or its channel closed', async () => {
    const wire = await opened();
    const other = await opened();
    await wire.declare('left');
    await publish(wire, 'left', 'a', 'b');
    await wire.call(consume('left'), 'basic.consume-ok');
    await wire.take('basic.deliver', 2);
    await other.call(consume('left'), 'basic.consume-ok');
    wire.cut();
    const again = await other.take('basic.deliver', 2);
    expect(texts(again)).toEqual(['a', 'b']);
    expect(again).toMatchObject([{ redelivered: true }, { redelivered: true }]);
    // What is cancelled keeps what the client has.
    await other.call({ name: 'basic.cancel', consumerTag: 'c', noWait: false }, 'basic.cancel-ok');
    other.send(ack(again[0]!.deliveryTag));
    other.send(nack(again[1]!.deliveryTag, true));
    expect(await get(other, 'left', true)).toMatchObject({ redelivered: true, body: Buffer.from('b') });
    await other.close();
  });

  it('may have no need to acknowledge, or the queue for itself', async () => {
    const wire = await opened();
    await wire.declare('own');
    await wire.call(consume('own', { noAck: true, exclusive: true }), 'basic.consume-ok');
    await publish(wire, 'own', 'a', 'b', 'c');
    expect(texts(await wire.take('basic.deliver', 3))).toEqual(['a', 'b', 'c']);
    const other = await opened();
    await expect(other.call(consume('own'), 'basic.consume-ok')).rejects.toThrow(
      "403 ACCESS_REFUSED - queue 'own' in vhost '/' in exclusive use",
    );
    await expect(wire.call(consume('own'), 'basic.consume-ok')).rejects.toThrow(
      "530 NOT_ALLOWED - attempt to reuse consumer tag 'c'",
    );
    await other.close();
  });

  it('is not kept waiting by a message that its frames are too small for, nor is who gets one', async () => {
    const wire = await openAmqp091Wire(gateway.amqp.tcp);
    await wire.open({ frameMax: 4_096 });
    await wire.openChannel();
    const other = await opened();
    await other.declare('dead');
    const dead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' };
    await other.declare(
      'frames',
      Object.entries(dead).map(([name, value]) => [name, { tag: 'S', value: Buffer.from(value) }]),
    );
    const header = { tag: 'S', value: Buffer.alloc(5_000, 'x') } as const;
    const big = { headers: encodeFieldTable([['big', header]]) };
    const method = { exchange: '', routingKey: 'frames', mandatory: false, immediate: false };
    await other.confirms();
    for (const [body, properties] of [
      ['a', big],
      ['b', {}],
      ['c', big],
      ['d', {}],
    ] as const) {
      other.sendContent({ name: 'basic.publish', ...method }, body, properties);
      await other.first('basic.ack');
    }
    expect(await get(wire, 'frames', true)).toMatchObject({ body: Buffer.from('b') });
    await wire.call(basicQos(1), 'basic.qos-ok');
    await wire.call(consume('frames'), 'basic.consume-ok');
    expect(texts(await wire.take('basic.deliver', 1))).toEqual(['d']);
    expect(texts([await get(other, 'dead', true), await get(other, 'dead', true)])).toEqual(['a', 'c']);
    await Promise.all([wire.close(), other.close()]);
  });

  it('hears that its queue was deleted', async () => {
    const wire = await opened();
    await wire.declare('deleted');
    await wire.call(consume('deleted'), 'basic.consume-ok');
    const remove = { name: 'queue.delete', queue: 'deleted', ifUnused: false, ifEmpty: false, noWait: false };
    wire.send(remove as Amqp091Method);
    expect(await wire.first('basic.cancel')).toMatchObject({ consumerTag: 'c', noWait: true });
    await wire.first('queue.delete-ok');
    await wire.close();
  });

  it('takes the queue with it where that is deleted with its last one, and is followed by the next single active one', async () => {
    const wire = await opened();
    await wire.declare('auto', [], { autoDelete: true });
    await wire.call(consume('auto'), 'basic.consume-ok');
    await wire.call({ name: 'basic.cancel', consumerTag: 'c', noWait: false }, 'basic.cancel-ok');
    await until(async () => {
      const looking = await opened();
      const isGone = await looking.declare('auto', [], { passive: true }).then(
        () => false,
        () => true,
      );
      looking.link.end();
      return isGone;
    });
    await wire.declare('single', [['x-single-active-consumer', { tag: 't', value: true }]]);
    await wire.call(consume('single', { consumerTag: 'one' }), 'basic.consume-ok');
    await wire.call(consume('single', { consumerTag: 'two' }), 'basic.consume-ok');
    await publish(wire, 'single', 'a', 'b');
    expect(await wire.take('basic.deliver', 2)).toMatchObject([
      { consumerTag: 'one' },
      { consumerTag: 'one' },
    ]);
    await wire.call({ name: 'basic.cancel', consumerTag: 'one', noWait: false }, 'basic.cancel-ok');
    await publish(wire, 'single', 'c');
    expect(await wire.first('basic.deliver')).toMatchObject({ consumerTag: 'two' });
    await wire.close();
  });
});

describe('an unload of the topic', () => {
  it('brings nothing again that was acknowledged, or that the client has', async () => {
    const wire = await opened();
    await wire.declare('moved');
    const bodies = Array.from({ length: 40 }, (_, at) => String(at));
    await publish(wire, 'moved', ...bodies);
    await wire.call(consume('moved'), 'basic.consume-ok');
    const given = await wire.take('basic.deliver', 40);
    wire.send(ack(given[19]!.deliveryTag, true));
    await pulsarAdmin('PUT', `/persistent/${gateway.namespaceOf('acme')}/moved-partition-0/unload`);
    await publish(wire, 'moved', 'after');
    const next = await wire.first('basic.deliver');
    expect(next).toMatchObject({ redelivered: false, body: Buffer.from('after') });
    wire.send(ack(next.deliveryTag, true));
    await wire.call({ name: 'basic.cancel', consumerTag: 'c', noWait: false }, 'basic.cancel-ok');
    await until(async () => (await ready(wire, 'moved')).every((count) => count === 0));
    expect(wire.has('basic.deliver')).toBe(false);
    await wire.close();
  });
});

describe('a channel', () => {
  it('gets single messages of as many queues as it likes', async () => {
    const wire = await opened();
    const queues = Array.from({ length: 20 }, (_, at) => `single-${at}`);
    for (const queue of queues) await wire.declare(queue, [], { durable: false, exclusive: true });
    for (const queue of queues) wire.send({ name: 'basic.get', queue, noAck: true });
    expect(await wire.take('basic.get-empty', queues.length)).toHaveLength(queues.length);
    await wire.close();
  });

  it('gets single messages, says how many are left, and gives again what is recovered', async () => {
    const wire = await opened();
    await wire.declare('single-get');
    wire.send({ name: 'basic.get', queue: 'single-get', noAck: false });
    await wire.first('basic.get-empty');
    await publish(wire, 'single-get', 'a', 'b', 'c');
    expect(await get(wire, 'single-get')).toMatchObject({
      deliveryTag: 1,
      messageCount: 2,
      redelivered: false,
    });
    expect(await get(wire, 'single-get')).toMatchObject({ deliveryTag: 2, messageCount: 1 });
    expect(await get(wire, 'single-get')).toMatchObject({ deliveryTag: 3, messageCount: 0 });
    wire.send({ name: 'basic.get', queue: 'single-get', noAck: false });
    await wire.first('basic.get-empty');
    await wire.call({ name: 'basic.recover', requeue: true }, 'basic.recover-ok');
    expect(await get(wire, 'single-get')).toMatchObject({ redelivered: true, body: Buffer.from('a') });
    wire.send(ack(99));
    expect(await wire.first('channel.close')).toMatchObject({
      ...{ replyCode: 406, replyText: 'PRECONDITION_FAILED - unknown delivery tag 99' },
    });
    await wire.close();
  });

  it('has one prefetch limit for all its consumers, or empties the queue', async () => {
    const wire = await opened();
    await wire.declare('purged');
    await publish(wire, 'purged', 'a', 'b', 'c');
    await wire.call(basicQos(1, true), 'basic.qos-ok');
    await wire.call(consume('purged', { consumerTag: 'one' }), 'basic.consume-ok');
    await wire.call(consume('purged', { consumerTag: 'two' }), 'basic.consume-ok');
    await wire.first('basic.deliver');
    await ready(wire, 'purged');
    expect(wire.has('basic.deliver')).toBe(false);
    wire.send(ack(1));
    expect(await wire.first('basic.deliver')).toMatchObject({ deliveryTag: 2 });
    for (const consumerTag of ['one', 'two']) {
      await wire.call({ name: 'basic.cancel', consumerTag, noWait: false }, 'basic.cancel-ok');
    }
    wire.send(ack(2));
    await until(async () => (await ready(wire, 'purged'))[0] === 1);
    expect(
      await wire.call({ name: 'queue.purge', queue: 'purged', noWait: false }, 'queue.purge-ok'),
    ).toMatchObject({
      messageCount: 1,
    });
    expect((await ready(wire, 'purged'))[0]).toBe(0);
    await wire.close();
  });

  it('is given the highest priority first, and nothing more often than the queue allows', async () => {
    const wire = await opened();
    await wire.declare('ranked', [['x-max-priority', { tag: 'I', value: 5 }]]);
    const method = { exchange: '', routingKey: 'ranked', mandatory: false, immediate: false };
    await wire.confirms();
    for (const priority of [0, 5, 9, 2]) {
      wire.sendContent({ name: 'basic.publish', ...method }, `p${priority}`, { priority });
      await wire.first('basic.ack');
    }
    await wire.call(basicQos(1), 'basic.qos-ok');
    await wire.call(consume('ranked'), 'basic.consume-ok');
    const given: string[] = [];
    for (let at = 0; at < 4; at++) {
      const { body, deliveryTag } = await wire.first('basic.deliver');
      given.push(body.toString());
      wire.send(ack(deliveryTag));
    }
    // The first may be given before the others came.
    expect(given.filter((text) => text !== 'p0')).toEqual(['p5', 'p9', 'p2']);
    await wire.declare('limited', [['x-delivery-limit', { tag: 'I', value: 1 }]]);
    await publish(wire, 'limited', 'poison');
    await wire.call(consume('limited', { consumerTag: 'd' }), 'basic.consume-ok');
    for (const redelivered of [false, true]) {
      const delivered = await wire.first('basic.deliver');
      expect(delivered).toMatchObject({ redelivered });
      wire.send(nack(delivered.deliveryTag, true));
    }
    await until(async () => (await ready(wire, 'limited'))[0] === 0);
    expect(wire.has('basic.deliver')).toBe(false);
    await wire.close();
  });

  it('acknowledges with its transaction, and receives direct replies', async () => {
    const wire = await opened();
    await wire.declare('acked-in-tx');
    await publish(wire, 'acked-in-tx', 'a');
    await wire.call({ name: 'tx.select' }, 'tx.select-ok');
    await wire.call(consume('acked-in-tx'), 'basic.consume-ok');
    const { deliveryTag } = await wire.first('basic.deliver');
    wire.send(ack(deliveryTag));
    await wire.call({ name: 'tx.rollback' }, 'tx.rollback-ok');
    wire.send(nack(deliveryTag, true));
    expect(wire.has('basic.deliver')).toBe(false);
    await wire.call({ name: 'tx.commit' }, 'tx.commit-ok');
    const again = await wire.first('basic.deliver');
    expect(again).toMatchObject({ redelivered: true });
    await wire.openChannel(2);
    const replies = consume('amq.rabbitmq.reply-to', { consumerTag: 'replies', noAck: true });
    await wire.call(replies, 'basic.consume-ok', 2);
    const method = { exchange: '', routingKey: 'acked-in-tx', mandatory: false, immediate: false };
    wire.sendContent(
      { name: 'basic.publish', ...method },
      'request',
      { replyTo: 'amq.rabbitmq.reply-to' },
      2,
    );
    const request = await wire.first('basic.deliver');
    const replyTo = decodeBasicProperties(request.properties).replyTo as string;
    const answer = { name: 'basic.publish', ...method, routingKey: replyTo } as const;
    const answering = await opened();
    answering.sendContent(answer, 'reply');
    expect(await wire.first('basic.deliver')).toMatchObject({ channel: 2, consumerTag: 'replies' });
    await answering.close();
    await wire.close();
  });
});
