import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeBasicProperties, encodeFieldTable, textField } from '#libs/amqp091-codec';
import { PulsarError } from '#libs/pulsar';
import {
  type Amqp091Bed,
  type Amqp091BedSettings,
  amqp091Bed,
  type BedClient,
} from '../testing/amqp091-bed.js';
import {
  bind,
  confirmSelect,
  declare,
  declareExchange,
  none,
  opened,
  publish,
  turn,
  until,
} from '../testing/publisher.js';
import { table, tenantOf } from '../testing/topology-fixture.js';

let bed: Amqp091Bed;

afterEach(() => bed.close());

async function open(settings?: Amqp091BedSettings): Promise<BedClient> {
  bed = await amqp091Bed(settings);
  return opened(bed);
}

describe('publishing', () => {
  it('stores a message once in each queue that it comes to', async () => {
    const client = await open();
    await declareExchange(client, 'orders', 'topic');
    for (const [queue, key] of [
      ['eu', 'eu.#'],
      ['paid', '*.paid'],
      ['paid', 'eu.*'],
      ['us', 'us.#'],
    ] as const) {
      await declare(client, queue);
      await bind(client, queue, 'orders', key);
    }
    await confirmSelect(client);
    const properties = { messageId: 'm', headers: encodeFieldTable(table({ a: 1 })), deliveryMode: 2 };
    publish(client, 'orders', 'eu.paid', 'first', properties);
    publish(client, '', 'us', 'second');
    await client.first('basic.ack', ({ deliveryTag }) => deliveryTag === 2);
    const { broker } = bed;
    expect(['eu', 'paid', 'us'].map((queue) => broker.bodies(queue))).toEqual([
      ['first'],
      ['first'],
      ['second'],
    ]);
    const [stored] = broker.of('paid');
    expect([stored?.amqp.exchange, stored?.amqp.routingKey]).toEqual(['orders', 'eu.paid']);
    expect(stored?.amqp.properties).toEqual(encodeBasicProperties(properties));
    expect([...bed.queues.prepared].sort()).toEqual(['eu', 'eu', 'paid', 'paid', 'paid', 'us', 'us']);
  });

  it('is confirmed in order after the receipts of all queues, and refused where one has none', async () => {
    const client = await open();
    await declareExchange(client, 'all', 'fanout');
    for (const queue of ['a', 'b']) {
      await declare(client, queue);
      await bind(client, queue, 'all', '');
    }
    await confirmSelect(client);
    bed.broker.isSlow = true;
    for (const body of ['1', '2', '3']) publish(client, 'all', '', body);
    await until(() => bed.broker.entries.length === 6);
    // Three in the one, three in the other: the first two of `a` alone confirm nothing.
    bed.broker.confirm(2);
    await turn();
    expect(client.has('basic.ack')).toBe(false);
    bed.broker.confirm(1);
    bed.broker.confirm(2);
    bed.broker.confirm(1, new PulsarError('ProducerBlockedQuotaExceededException', 'full'));
    expect(await client.next('basic.ack')).toMatchObject({ deliveryTag: 2, multiple: true });
    expect(await client.next('basic.nack')).toMatchObject({
      deliveryTag: 3,
      multiple: false,
      requeue: false,
    });
  });

  it('gives back what came to no queue where it is mandatory, before it is confirmed', async () => {
    const client = await open();
    await confirmSelect(client);
    const properties = { messageId: 'm', contentType: 'text/plain' };
    publish(client, 'amq.direct', 'nowhere', 'body', properties, { mandatory: true });
    const returned = await client.next('basic.return');
    expect(returned).toMatchObject({
      ...{ replyCode: 312, replyText: 'NO_ROUTE', exchange: 'amq.direct', routingKey: 'nowhere' },
      ...{ body: Buffer.from('body'), properties: encodeBasicProperties(properties) },
    });
    expect(await client.next('basic.ack')).toMatchObject({ deliveryTag: 1 });
    publish(client, 'amq.direct', 'nowhere', 'body');
    expect(await client.next('basic.ack')).toMatchObject({ deliveryTag: 2 });
    publish(client, '', 'no queue', '', {}, { mandatory: true });
    expect(await client.next('basic.return')).toMatchObject({
      exchange: '',
      routingKey: 'no queue',
      body: none,
    });
    expect(await client.next('basic.ack')).toMatchObject({ deliveryTag: 3 });
    const { returned: count, unroutable } = bed.services.publishing.counters;
    expect([count, unroutable]).toEqual([2, 1]);
  });

  it('does nothing for a queue that is bound after the message, however many come to none', async () => {
    const client = await open();
    await declare(client, 'q');
    await confirmSelect(client);
    const asked = bed.log.asked;
    for (let at = 0; at < 500; at++) publish(client, 'amq.fanout', '', 'before');
    await bind(client, 'q', 'amq.fanout', '');
    publish(client, 'amq.fanout', '', 'after');
    await client.first('basic.ack', ({ deliveryTag }) => deliveryTag === 501);
    expect(bed.broker.bodies('q')).toEqual(['after']);
    expect(bed.log.asked - asked).toBeLessThan(50);
  });

  it('finds by the default exchange Pulsar topics that nobody declared', async () => {
    const client = await open();
    await confirmSelect(client);
    // The topology and the queues of the bed have stores of their own.
    bed.store.topics.add('native');
    publish(client, '', 'native', 'one', {}, { mandatory: true });
    publish(client, '', 'native', 'two', {}, { mandatory: true });
    await client.first('basic.ack', ({ deliveryTag }) => deliveryTag === 2);
    expect(bed.broker.bodies('native')).toEqual(['one', 'two']);
    expect(client.has('basic.return')).toBe(false);
  });

  it('has a queue per routing key in CC and BCC, and tells of CC alone', async () => {
    const client = await open();
    for (const queue of ['to', 'copy', 'blind']) await declare(client, queue);
    await confirmSelect(client);
    const headers = encodeFieldTable([
      ['CC', { tag: 'A', value: [textField('copy'), textField('to')] }],
      ['BCC', { tag: 'A', value: [textField('blind')] }],
    ]);
    publish(client, '', 'to', 'x', { headers });
    await client.next('basic.ack');
    const { broker } = bed;
    expect(['to', 'copy', 'blind'].map((queue) => broker.bodies(queue))).toEqual([['x'], ['x'], ['x']]);
    expect(broker.of('blind')[0]?.amqp.headers.map(([name]) => name)).toEqual(['CC']);
    expect(broker.of('blind')[0]?.amqp.routingKey).toBe('to');
  });

  it('ends messages by their expiration or the TTL of the queue, whichever is sooner', async () => {
    const client = await open();
    await declare(client, 'short', { 'x-message-ttl': 1_000 });
    await declare(client, 'none');
    await confirmSelect(client);
    for (const queue of ['short', 'none']) {
      publish(client, '', queue, 'a', { expiration: '60000' });
      publish(client, '', queue, 'b', { expiration: '500' });
      publish(client, '', queue, 'c');
    }
    await client.first('basic.ack', ({ deliveryTag }) => deliveryTag === 6);
    const left = (queue: string) =>
      bed.broker
        .of(queue)
        .map(({ amqp: { expiresAtMs } }) =>
          expiresAtMs === undefined ? undefined : Math.round((expiresAtMs - Date.now()) / 500) * 500,
        );
    expect(left('short')).toEqual([1_000, 500, 1_000]);
    expect(left('none')).toEqual([60_000, 500, undefined]);
  });

  it('delays what comes through a delaying exchange', async () => {
    const client = await open();
    await declareExchange(client, 'later', 'x-delayed-message', {}, { 'x-delayed-type': 'direct' });
    await declare(client, 'q');
    await bind(client, 'q', 'later', 'k');
    await confirmSelect(client);
    const headers = encodeFieldTable(table({ 'x-delay': 5_000 }));
    publish(client, 'later', 'k', 'delayed', { headers });
    publish(client, '', 'q', 'at once', { headers });
    await client.first('basic.ack', ({ deliveryTag }) => deliveryTag === 2);
    const [delayed, atOnce] = bed.broker.of('q');
    expect(delayed?.deliverAtMs).toBeGreaterThan(Date.now() + 3_000);
    expect(delayed?.amqp.headers).toEqual(table({ 'x-delay': -5_000 }));
    expect(atOnce?.deliverAtMs).toBeUndefined();
    expect(atOnce?.amqp.headers).toEqual(table({ 'x-delay': 5_000 }));
  });

  it('is always to the same partition of a topic that has several', async () => {
    const client = await open();
    await declare(client, 'partitioned');
    await confirmSelect(client);
    for (const body of ['1', '2', '3']) publish(client, '', 'partitioned', body);
    await client.first('basic.ack', ({ deliveryTag }) => deliveryTag === 3);
    expect(bed.broker.bodies('partitioned')).toEqual(['1', '2', '3']);
    expect(new Set(bed.broker.entries.map(({ topic }) => topic)).size).toBe(1);
    expect(bed.broker.entries[0]?.topic).toMatch(/-partition-[012]$/);
  });
});

describe('what a publisher may not', () => {
  it.each<[string, (client: BedClient) => void, number, string]>([
    [
      'an exchange that is not there',
      (client) => publish(client, 'gone', 'k', ''),
      404,
      "NOT_FOUND - no exchange 'gone' in vhost '/'",
    ],
    [
      'an internal exchange',
      (client) => publish(client, 'inside', 'k', ''),
      403,
      "ACCESS_REFUSED - cannot publish to internal exchange 'inside' in vhost '/'",
    ],
    [
      'the name of somebody else',
      (client) => publish(client, '', 'q', '', { userId: 'root' }),
      406,
      "PRECONDITION_FAILED - user_id property set to 'root' but authenticated user was 'anonymous'",
    ],
    [
      'an expiration that is none',
      (client) => publish(client, '', 'q', '', { expiration: 'x' }),
      406,
      "PRECONDITION_FAILED - invalid expiration 'x': no_integer",
    ],
    [
      'replies that nobody awaits',
      (client) => publish(client, '', 'q', '', { replyTo: 'amq.rabbitmq.reply-to' }),
      406,
      'PRECONDITION_FAILED - fast reply consumer does not exist',
    ],
    [
      'a commit without a transaction',
      (client) => client.send({ name: 'tx.commit' }),
      406,
      'PRECONDITION_FAILED - channel is not transactional',
    ],
    [
      'a rollback without a transaction',
      (client) => client.send({ name: 'tx.rollback' }),
      406,
      'PRECONDITION_FAILED - channel is not transactional',
    ],
  ])('is %s: the channel is closed', async (_, work, replyCode, replyText) => {
    const client = await open();
    await declareExchange(client, 'inside', 'fanout', { internal: true });
    await declare(client, 'q');
    work(client);
    expect(await client.next('channel.close')).toMatchObject({ replyCode, replyText });
    expect(bed.broker.entries).toEqual([]);
  });

  it('is immediate, which closes the connection', async () => {
    const client = await open();
    publish(client, '', 'q', '', {}, { immediate: true });
    expect(await client.next('connection.close')).toMatchObject({
      ...{ replyCode: 540, replyText: 'NOT_IMPLEMENTED - immediate=true', classId: 60, methodId: 40 },
    });
  });

  it('is both confirms and transactions', async () => {
    const client = await open();
    await confirmSelect(client);
    client.send({ name: 'tx.select' });
    expect(await client.next('channel.close')).toMatchObject({
      ...{ replyCode: 406, replyText: 'PRECONDITION_FAILED - cannot switch from confirm to tx mode' },
    });
    client.send({ name: 'channel.close-ok' });
    await client.openChannel();
    await client.call({ name: 'tx.select' }, 'tx.select-ok');
    client.send({ name: 'confirm.select', noWait: false });
    expect(await client.next('channel.close')).toMatchObject({
      ...{ replyCode: 406, replyText: 'PRECONDITION_FAILED - cannot switch from tx to confirm mode' },
    });
  });

  it('is what no rule allows, CC included, and what is allowed no more', async () => {
    const resource = (name: string) => ({ type: 'queue', match: 'literal', name }) as const;
    const allow = (name: string) =>
      ({
        effect: 'allow',
        principals: ['*'],
        actions: ['produce', 'create'],
        resource: resource(name),
      }) as const;
    const client = await open({ rules: [allow('mine'), { ...allow('theirs'), actions: ['create'] }] });
    for (const queue of ['mine', 'theirs']) await declare(client, queue);
    publish(client, '', 'mine', 'x');
    const headers = encodeFieldTable([['BCC', { tag: 'A', value: [textField('theirs')] }]]);
    publish(client, '', 'mine', 'y', { headers });
    expect(await client.next('channel.close')).toMatchObject({ replyCode: 403 });
    await until(() => bed.broker.entries.length > 0);
    expect([bed.broker.bodies('mine'), bed.broker.bodies('theirs')]).toEqual([['x'], []]);
  });
});

describe('while all clients together owe too much', () => {
  it('who awaits confirms hears basic.nack, others are only not read', async () => {
    const limits = { bytesIn: { perSecond: 100, burst: 100 } };
    const tenant = { ...tenantOf(), limits };
    const confirming = await open({ tenant });
    const plain = await opened(bed);
    await declare(confirming, 'q');
    await confirmSelect(confirming);
    const others = bed.services.limits.open({ tenant, user: 'others', clientId: '' });
    others.admitIn(550, 1);
    publish(confirming, '', 'q', 'taken');
    await confirming.first('basic.ack', ({ deliveryTag }) => deliveryTag === 1);
    others.admitIn(550, 1);
    const refused = await opened(bed);
    await confirmSelect(refused);
    publish(refused, '', 'q', 'refused');
    publish(plain, '', 'q', 'lent');
    expect(await refused.next('basic.nack')).toMatchObject({ deliveryTag: 1, requeue: false });
    await until(() => bed.broker.entries.length === 2);
    expect(bed.broker.bodies('q')).toEqual(['taken', 'lent']);
    expect(bed.services.metrics.tenant('amqp091', 'acme').throttles).toBe(3);
  });
});
