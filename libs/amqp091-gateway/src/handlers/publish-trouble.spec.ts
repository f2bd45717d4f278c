import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeBasicProperties, encodeContent } from '#libs/amqp091-codec';
import { PulsarError } from '#libs/pulsar';
import {
  type Amqp091Bed,
  type Amqp091BedSettings,
  amqp091Bed,
  type BedClient,
} from '../testing/amqp091-bed.js';
import { confirmSelect, declare, opened, publish, until } from '../testing/publisher.js';
import { tenantOf } from '../testing/topology-fixture.js';

let bed: Amqp091Bed;

afterEach(() => bed.close());

async function open(settings?: Amqp091BedSettings): Promise<BedClient> {
  bed = await amqp091Bed(settings);
  return opened(bed);
}

describe('a transaction', () => {
  async function select(): Promise<BedClient> {
    const client = await open();
    await declare(client, 'q');
    await client.call({ name: 'tx.select' }, 'tx.select-ok');
    return client;
  }

  it('stores what was published with its commit, and gives back what comes to no queue before that', async () => {
    const client = await select();
    publish(client, '', 'q', 'one');
    publish(client, '', 'gone', 'two', {}, { mandatory: true });
    await client.call({ name: 'tx.select' }, 'tx.select-ok');
    expect(bed.broker.entries).toEqual([]);
    client.send({ name: 'tx.commit' });
    expect(await client.next('basic.return')).toMatchObject({ routingKey: 'gone' });
    await client.next('tx.commit-ok');
    expect(bed.broker.bodies('q')).toEqual(['one']);
    await client.call({ name: 'tx.commit' }, 'tx.commit-ok');
    expect(bed.broker.entries).toHaveLength(1);
  });

  it('forgets what was published with its rollback', async () => {
    const client = await select();
    publish(client, '', 'q', 'one');
    await client.call({ name: 'tx.rollback' }, 'tx.rollback-ok');
    publish(client, '', 'q', 'two');
    await client.call({ name: 'tx.commit' }, 'tx.commit-ok');
    expect(bed.broker.bodies('q')).toEqual(['two']);
  });

  it('says where something of it is not stored', async () => {
    const client = await select();
    bed.broker.isSlow = true;
    publish(client, '', 'q', 'one');
    client.send({ name: 'tx.commit' });
    await until(() => bed.broker.entries.length === 1);
    bed.broker.confirm(1, new PulsarError('NotAllowedError', 'no'));
    expect(await client.next('channel.close')).toMatchObject({
      ...{ replyCode: 406, replyText: 'PRECONDITION_FAILED - partial tx completion' },
    });
  });

  it('holds so many bytes and no more', async () => {
    const client = await open({ options: { transactionBytesMax: 65_536 } });
    await declare(client, 'q');
    await client.call({ name: 'tx.select' }, 'tx.select-ok');
    for (let at = 0; at < 10; at++) {
      publish(client, '', 'q', 'x'.repeat(50_000));
      await client.call({ name: 'tx.rollback' }, 'tx.rollback-ok');
    }
    publish(client, '', 'q', 'x'.repeat(50_000));
    publish(client, '', 'q', 'x'.repeat(50_000));
    expect(await client.next('connection.close')).toMatchObject({ replyCode: 506 });
  });
});

describe('a client that publishes more than can be stored', () => {
  it('is not read, is told so, and goes on when there is room', async () => {
    const client = await open({ options: { publishBytesInFlightMax: 65_536, blockedNoticeMs: 0 } });
    await declare(client, 'q');
    await confirmSelect(client);
    bed.broker.isSlow = true;
    for (let at = 0; at < 20; at++) publish(client, '', 'q', 'x'.repeat(10_000));
    expect((await client.first('connection.blocked')).channel).toBe(0);
    await until(() => bed.broker.entries.length > 0);
    expect(bed.broker.entries.length).toBeLessThan(20);
    bed.broker.isSlow = false;
    bed.broker.confirm();
    await client.first('basic.ack', ({ deliveryTag }) => deliveryTag === 20);
    await client.first('connection.unblocked');
    expect(bed.broker.entries).toHaveLength(20);
  });

  it('is slowed by the rate of its tenant', async () => {
    const tenant = { ...tenantOf(), limits: { messagesIn: { perSecond: 100, burst: 1 } } };
    const client = await open({ tenant });
    await declare(client, 'q');
    await confirmSelect(client);
    const begun = performance.now();
    for (let at = 0; at < 10; at++) publish(client, '', 'q', 'x');
    await client.first('basic.ack', ({ deliveryTag }) => deliveryTag === 10);
    expect(performance.now() - begun).toBeGreaterThan(20);
    expect(bed.services.metrics.tenant('amqp091', 'acme').throttles).toBeGreaterThan(0);
  });
});

describe('Pulsar away', () => {
  it('refuses what waited for too long, and keeps the channel', async () => {
    const client = await open({ options: { publishTimeoutMs: 1_000 } });
    await declare(client, 'q');
    await confirmSelect(client);
    bed.broker.refusal = new PulsarError('ConnectFailed', 'away');
    publish(client, '', 'q', 'lost');
    expect(await client.next('basic.nack')).toMatchObject({ deliveryTag: 1 });
    bed.broker.refusal = undefined;
    publish(client, '', 'q', 'kept');
    expect(await client.next('basic.ack')).toMatchObject({ deliveryTag: 2 });
    bed.broker.endProducers();
    publish(client, '', 'q', 'kept, too');
    expect(await client.next('basic.ack')).toMatchObject({ deliveryTag: 3 });
    expect(bed.broker.bodies('q')).toEqual(['kept', 'kept, too']);
  });

  it('makes no queue again that was deleted while something was on its way there', async () => {
    const client = await open({ options: { publishTimeoutMs: 5_000 } });
    await declare(client, 'q');
    await confirmSelect(client);
    bed.broker.refusal = new PulsarError('ConnectFailed', 'away');
    publish(client, '', 'q', 'lost');
    await until(() => bed.queues.prepared.length > 1);
    const prepared = bed.queues.prepared.length;
    await client.call(
      { name: 'queue.delete', queue: 'q', ifUnused: false, ifEmpty: false, noWait: false },
      'queue.delete-ok',
    );
    expect(await client.next('basic.nack')).toMatchObject({ deliveryTag: 1 });
    expect(bed.queues.prepared.length).toBeLessThanOrEqual(prepared + 1);
    bed.broker.refusal = undefined;
    publish(client, '', 'q', '', {}, { mandatory: true });
    await client.next('basic.return');
    expect(bed.broker.entries).toEqual([]);
  });
});

describe('while it cannot be asked what is declared', () => {
  it('what has a queue is stored, and of the rest nobody is told that it came to none', async () => {
    const client = await open();
    await declare(client, 'q');
    await confirmSelect(client);
    bed.log.isAway = true;
    publish(client, '', 'q', 'stored');
    publish(client, '', 'unknown', '', {}, { mandatory: true });
    publish(client, 'amq.fanout', '', '', {}, { mandatory: true });
    expect(await client.next('basic.ack')).toMatchObject({ deliveryTag: 1 });
    expect(await client.first('basic.nack', ({ deliveryTag }) => deliveryTag === 3)).toBeDefined();
    bed.log.isAway = false;
    publish(client, 'amq.fanout', '', '', {}, { mandatory: true });
    await client.first('basic.return');
    expect(await client.next('basic.ack')).toMatchObject({ deliveryTag: 4 });
  });

  it('who awaits no confirms is told by the end of the connection', async () => {
    const client = await open();
    bed.log.isAway = true;
    publish(client, 'amq.fanout', '', '');
    expect(await client.next('connection.close')).toMatchObject({ replyCode: 541 });
  });
});

describe('a queue that is full', () => {
  it('refuses what comes to it, and nothing else', async () => {
    const client = await open();
    await declare(client, 'full');
    await declare(client, 'q');
    await confirmSelect(client);
    bed.services.publishing.publisher.admission = {
      isFull: (_, { name }) => name === 'full',
      refused: () => undefined,
    };
    publish(client, '', 'full', 'one');
    publish(client, '', 'q', 'two');
    expect(await client.next('basic.nack')).toMatchObject({ deliveryTag: 1, multiple: false });
    expect(await client.next('basic.ack')).toMatchObject({ deliveryTag: 2 });
    expect([bed.broker.bodies('full'), bed.broker.bodies('q')]).toEqual([[], ['two']]);
  });
});

describe('a flood of what comes to no queue', () => {
  it('is given back whole to a client that reads slowly', async () => {
    bed = await amqp091Bed();
    const client = bed.connect({ sendBufferBytesMax: 4_096 });
    await client.open();
    await client.openChannel();
    await confirmSelect(client);
    const count = 300;
    for (let at = 0; at < count; at++) {
      publish(client, 'amq.fanout', '', String(at).padEnd(1_000), {}, { mandatory: true });
    }
    const returned = await client.take('basic.return', count);
    expect(returned.map(({ body }) => Number(body))).toEqual(returned.map((_, at) => at));
    await client.first('basic.ack', ({ deliveryTag }) => deliveryTag === count);
  });

  it('waits for confirms behind what is not stored, so many and no more', async () => {
    const client = await open({ options: { blockedNoticeMs: 0 } });
    await declare(client, 'q');
    await confirmSelect(client);
    bed.broker.isSlow = true;
    publish(client, '', 'q', 'slow');
    const count = 70_000;
    const one = Buffer.concat(
      encodeContent(
        1,
        { name: 'basic.publish', exchange: 'amq.fanout', routingKey: '', mandatory: false, immediate: false },
        { properties: encodeBasicProperties({}), body: Buffer.alloc(0) },
        131_072,
      ),
    );
    client.sendBytes(Buffer.concat(Array.from({ length: count }, () => one)));
    expect(await client.first('connection.blocked')).toMatchObject({
      reason: 'too much of what was published is not confirmed yet',
    });
    expect(client.has('basic.ack')).toBe(false);
    bed.broker.confirm();
    await client.first('basic.ack', ({ deliveryTag }) => deliveryTag === count + 1);
    await client.first('connection.unblocked');
  });
});
