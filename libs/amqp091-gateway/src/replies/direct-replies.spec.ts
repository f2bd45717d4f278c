import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Amqp091MethodOf, encodeBasicProperties } from '#libs/amqp091-codec';
import { aloneCluster } from '#libs/cluster';
import { Metrics } from '#libs/telemetry';
import type { ChannelPartKind, PartChannel } from '../channels/channel-part.js';
import { basicConsume, queueDeclare } from '../testing/client-methods.js';
import { type Amqp091Bed, amqp091Bed, type BedClient } from '../testing/amqp091-bed.js';
import { linkedClusters } from '../testing/linked-clusters.js';
import { published } from '../testing/mapping-bed.js';
import { confirmSelect, declare, none, opened, publish } from '../testing/publisher.js';
import { tenantOf } from '../testing/topology-fixture.js';
import { DirectReplies, directReplyQueue, isReplyName } from './direct-replies.js';
import { decodeReply } from './reply-record.js';

/** basic.consume and basic.cancel of replies, and of nothing else. */
const replyConsumers: ChannelPartKind = {
  methods: ['basic.consume', 'basic.cancel'],
  open: (channel) => {
    const { replies } = channel.connection.services.publishing;
    let lastTag = 0;
    return {
      onCommand({ method }) {
        if (method.name === 'basic.cancel') {
          replies.cancel(channel, method.consumerTag);
          channel.send({ name: 'basic.cancel-ok', consumerTag: method.consumerTag });
          return;
        }
        const { consumerTag, noAck } = method as Amqp091MethodOf<'basic.consume'>;
        replies.consume(channel, consumerTag, noAck, () => ++lastTag);
        channel.send({ name: 'basic.consume-ok', consumerTag });
      },
      close() {},
    };
  },
};

const beds: Amqp091Bed[] = [];
const vhost = { name: 'other', pulsarNamespace: 'acme/other' };
const tenant = tenantOf({ vhosts: [vhost] });

afterEach(async () => {
  for (const bed of beds.splice(0)) await bed.close();
});

async function gateways(count: number): Promise<Amqp091Bed[]> {
  for (const cluster of linkedClusters(count)) {
    beds.push(await amqp091Bed({ tenant, cluster, parts: [replyConsumers] }));
  }
  return beds;
}

const consume = (noAck = true) => basicConsume(directReplyQueue, {}, { consumerTag: 'replies', noAck });
const check = (queue: string) => queueDeclare(queue, {}, { passive: true, durable: false });

/** What a server reads in the request of this client, whose replies come to it. */
async function asked(bed: Amqp091Bed, client: BedClient): Promise<string> {
  await declare(client, 'requests');
  await client.call(consume(), 'basic.consume-ok');
  publish(client, '', 'requests', 'question', { replyTo: directReplyQueue, correlationId: '7' });
  await confirmSelect(client);
  publish(client, '', 'requests', 'again', { replyTo: directReplyQueue });
  await client.first('basic.ack');
  const names = bed.broker.of('requests').map(({ amqp }) => amqp.basic.replyTo);
  expect(new Set(names).size).toBe(1);
  expect(isReplyName(names[0] as string)).toBe(true);
  expect(bed.broker.of('requests')[0]?.amqp.basic.correlationId).toBe('7');
  return names[0] as string;
}

describe.each([1, 2])('direct replies over %i gateways', (count) => {
  it('come to who asked, whole and in no queue', async () => {
    const [first, last] = [(await gateways(count))[0]!, beds.at(-1)!];
    const client = await opened(first);
    const replyTo = await asked(first, client);
    const server = await opened(last);
    await confirmSelect(server);
    expect(await server.call(check(replyTo), 'queue.declare-ok')).toMatchObject({
      ...{ queue: replyTo, messageCount: 0, consumerCount: 1 },
    });
    publish(server, '', replyTo, 'answer', { correlationId: '7' }, { mandatory: true });
    publish(server, '', replyTo, '', {}, { mandatory: true });
    expect(await client.next('basic.deliver')).toMatchObject({
      ...{ consumerTag: 'replies', deliveryTag: 1, redelivered: false, exchange: '', routingKey: replyTo },
      ...{ body: Buffer.from('answer'), properties: encodeBasicProperties({ correlationId: '7' }) },
    });
    expect(await client.next('basic.deliver')).toMatchObject({ deliveryTag: 2, body: none });
    await server.first('basic.ack', ({ deliveryTag }) => deliveryTag === 2);
    expect(server.has('basic.return')).toBe(false);
    expect(last.broker.entries).toHaveLength(first === last ? 2 : 0);
  });

  it('come to nobody in another vhost, or when who asked is gone', async () => {
    const [first, last] = [(await gateways(count))[0]!, beds.at(-1)!];
    const client = await opened(first);
    const replyTo = await asked(first, client);
    const stranger = last.connect();
    await stranger.open({ vhost: 'other' });
    await stranger.openChannel();
    publish(stranger, '', replyTo, 'forged');
    await expect(stranger.call(check(replyTo), 'queue.declare-ok')).rejects.toThrow(
      `404 NOT_FOUND - no queue '${replyTo}' in vhost 'other'`,
    );
    const server = await opened(last);
    await confirmSelect(server);
    await client.close();
    await client.link.closed;
    publish(server, '', replyTo, 'too late');
    await server.next('basic.ack');
    await expect(server.call(check(replyTo), 'queue.declare-ok')).rejects.toThrow('404 NOT_FOUND');
    expect(client.has('basic.deliver')).toBe(false);
  });
});

describe('direct replies', () => {
  it('are returned where nobody can await them', async () => {
    const [bed] = await gateways(1);
    const server = await opened(bed!);
    for (const name of [`${directReplyQueue}.x.0`, `${directReplyQueue}.x.99`, `${directReplyQueue}.`]) {
      publish(server, '', name, 'answer', {}, { mandatory: true });
      expect(await server.next('basic.return')).toMatchObject({ replyCode: 312, routingKey: name });
    }
  });

  it('are dropped when the gateway of who asked is away, which is counted', async () => {
    const [first, last] = (await gateways(2)) as [Amqp091Bed, Amqp091Bed];
    const client = await opened(first);
    const replyTo = await asked(first, client);
    const server = await opened(last);
    await confirmSelect(server);
    (first.services.cluster as unknown as { isAway: boolean }).isAway = true;
    publish(server, '', replyTo, 'lost');
    await server.next('basic.ack');
    expect(await last.services.metrics.exposition()).toContain('pulsegate_amqp091_replies_dropped_total 1');
  });

  it.each<[string, (client: BedClient) => Promise<unknown>, string]>([
    ['twice', (client) => client.call(consume(), 'basic.consume-ok'), 'reply consumer already set'],
    ['with acknowledgements', (client) => again(client), 'reply consumer cannot acknowledge'],
  ])('are not awaited %s', async (_, work, text) => {
    const [bed] = await gateways(1);
    const client = await opened(bed!);
    await client.call(consume(), 'basic.consume-ok');
    await expect(work(client)).rejects.toThrow(`406 PRECONDITION_FAILED - ${text}`);
  });

  it('are awaited until they are cancelled', async () => {
    const [bed] = await gateways(1);
    const client = await opened(bed!);
    const replyTo = await asked(bed!, client);
    await client.call({ name: 'basic.cancel', consumerTag: 'replies', noWait: false }, 'basic.cancel-ok');
    publish(client, '', replyTo, 'late', {}, { mandatory: true });
    expect(await client.next('basic.return')).toMatchObject({ routingKey: replyTo });
    publish(client, '', 'requests', '', { replyTo: directReplyQueue });
    expect(await client.next('channel.close')).toMatchObject({ replyCode: 406 });
  });

  it('are dropped for who does not read them, beyond so many bytes', async () => {
    const metrics = new Metrics({ processMetrics: false });
    const replies = new DirectReplies(aloneCluster(), metrics);
    const scope = { tenant, vhost: '/', pulsarNamespace: 'acme/shop' };
    const written: (() => void)[] = [];
    const channel = {
      isOpen: true,
      connection: { topology: { scope } },
      sendContent: (_method: unknown, _content: unknown, onFlushed: () => void) =>
        written.push(onFlushed) > 0,
    } as unknown as PartChannel;
    replies.consume(channel, 'replies', true, () => 1);
    const name = replies.nameFor(channel);
    const large = published({}, { exchange: '', routingKey: name, body: [Buffer.alloc(6 * 1024 * 1024)] });
    for (let at = 0; at < 5; at++) expect(replies.send(scope, name, large)).toBe(1);
    expect(written).toHaveLength(2);
    for (const flushed of written.splice(0)) flushed();
    replies.send(scope, name, large);
    expect(written).toHaveLength(1);
    expect(await metrics.exposition()).toContain('pulsegate_amqp091_replies_dropped_total 3');
  });

  it.each<[string, () => Buffer]>([
    ['nothing', () => Buffer.alloc(0)],
    ['a length beyond its end', () => Buffer.from([0, 0, 0, 2, 0x7b, 0x7d, 0, 0, 0, 9])],
  ])('of a gateway that says %s are no replies', (_, payload) => {
    expect(() => decodeReply(payload())).toThrow();
  });
});

async function again(client: BedClient): Promise<unknown> {
  await client.call({ name: 'basic.cancel', consumerTag: 'replies', noWait: false }, 'basic.cancel-ok');
  return client.call(consume(false), 'basic.consume-ok');
}
