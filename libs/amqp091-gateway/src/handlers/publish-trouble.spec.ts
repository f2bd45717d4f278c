import { afterEach, describe, expect, it } from '@jest/globals';
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
    const tenant = { ...tenantOf(), limits: { produceMessagesPerSecond: 100, produceBurstSeconds: 0.01 } };
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
});
