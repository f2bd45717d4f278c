import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { aloneCluster } from '#libs/cluster';
import {
  binding,
  clientOf,
  exchange,
  queue,
  refusal,
  routed,
  table,
  type TestGateway,
  TestTopologies,
} from '../testing/topology-fixture.js';
import type { VhostTopology } from './vhost-topology.js';

const client = clientOf('c1');
const other = clientOf('c2');

let topologies: TestTopologies;
let gateway: TestGateway;
let vhost: VhostTopology;

beforeEach(async () => {
  topologies = new TestTopologies();
  gateway = topologies.gateway();
  vhost = await gateway.open();
});

afterEach(() => topologies.close());

describe('queue.declare', () => {
  it('names a queue that has no name', async () => {
    const { queue: named, isNew } = await vhost.declareQueue(queue('', { exclusive: true }), client);
    expect(named.name).toMatch(/^amq\.gen-[-\w]{22}$/);
    expect(isNew).toBe(true);
    expect((await vhost.declareQueue(queue(named.name, { exclusive: true }), client)).isNew).toBe(false);
  });

  it('reads what its arguments ask for', async () => {
    const fields = table({
      'x-message-ttl': 60_000,
      'x-expires': { tag: 'l', value: 1_800_000n },
      'x-max-length': 10,
      'x-max-length-bytes': { tag: 'u', value: 2_000 },
      'x-overflow': 'reject-publish',
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'dead',
      'x-max-priority': 10,
      'x-single-active-consumer': true,
      'x-delivery-limit': 5,
      'x-queue-type': 'quorum',
      'x-queue-mode': 'lazy',
      'x-of-somebody': 1,
    });
    const declared = await vhost.declareQueue(queue('q', { arguments: fields }), client);
    expect(declared.queue.settings).toEqual({
      type: 'quorum',
      messageTtlMs: 60_000,
      expiresMs: 1_800_000,
      maxLength: 10,
      maxLengthBytes: 2_000,
      overflow: 'reject-publish',
      deadLetterExchange: '',
      deadLetterRoutingKey: 'dead',
      maxPriority: 10,
      singleActiveConsumer: true,
      deliveryLimit: 5,
    });
  });

  it.each([
    ['x-message-ttl', -1, '{value_negative,-1}'],
    ['x-message-ttl', 'long', '{unacceptable_type,longstr}'],
    ['x-message-ttl', { tag: 'l' as const, value: 4_294_967_296n }, '{value_too_big,4294967296}'],
    ['x-expires', 0, '{value_zero,0}'],
    ['x-max-length', -5, '{value_negative,-5}'],
    ['x-max-length-bytes', { tag: 'd' as const, value: 1.5 }, '{unacceptable_type,double}'],
    ['x-max-priority', 256, '{max_value_exceeded,256}'],
    ['x-overflow', 'flood', 'invalid_overflow'],
    ['x-queue-mode', 'eager', 'invalid_queue_mode'],
    ['x-queue-type', 'stream', `"unsupported queue type 'stream'"`],
    ['x-dead-letter-exchange', 7, '{unacceptable_type,signedint}'],
    ['x-dead-letter-routing-key', 'k', 'routing_key_but_no_dlx_defined'],
    ['x-single-active-consumer', 1, '{unacceptable_type,signedint}'],
  ])('refuses a wrong %s', async (name, value, text) => {
    const declaration = queue('q', { arguments: table({ [name]: value }) });
    expect(await refusal(vhost.declareQueue(declaration, client))).toBe(
      `406 channel: PRECONDITION_FAILED - invalid arg '${name}' for queue 'q' in vhost '/': ${text}`,
    );
    expect(topologies.log.entries).toEqual([]);
  });

  it('refuses names that are reserved', async () => {
    expect(await refusal(vhost.declareQueue(queue('amq.q'), client))).toBe(
      `403 channel: ACCESS_REFUSED - queue name 'amq.q' contains reserved prefix 'amq.*'`,
    );
  });

  it.each([
    ['durable', { durable: false }, `received 'false' but current is 'true'`],
    ['auto_delete', { autoDelete: true }, `received 'true' but current is 'false'`],
    [
      'x-message-ttl',
      { arguments: table({ 'x-message-ttl': 6 }) },
      `received the value '6' of type 'signedint' but current is the value '5' of type 'signedint'`,
    ],
    ['x-message-ttl', {}, `received none but current is the value '5' of type 'signedint'`],
  ])('refuses another %s than it has', async (name, asked, text) => {
    const fields = table({ 'x-message-ttl': 5 });
    await vhost.declareQueue(queue('q', { arguments: fields }), client);
    const again = queue('q', {
      arguments: fields,
      ...('durable' in asked || 'autoDelete' in asked ? asked : {}),
    });
    const declaration = name.startsWith('x-') ? queue('q', asked) : again;
    expect(await refusal(vhost.declareQueue(declaration, client))).toBe(
      `406 channel: PRECONDITION_FAILED - inequivalent arg '${name}' for queue 'q' in vhost '/': ${text}`,
    );
  });

  it('takes whole numbers of another size, and the usual type unsaid, for the same', async () => {
    await vhost.declareQueue(queue('q', { arguments: table({ 'x-message-ttl': 5 }) }), client);
    const fields = table({ 'x-message-ttl': { tag: 'l', value: 5n }, 'x-queue-type': 'classic' });
    expect((await vhost.declareQueue(queue('q', { arguments: fields }), client)).isNew).toBe(false);
  });

  it('keeps an exclusive queue for its connection', async () => {
    const locked =
      `405 channel: RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '/'. It could be ` +
      'originally declared on another connection or the exclusive property value does not match that of the original ' +
      'declaration.';
    await vhost.declareQueue(queue('q', { exclusive: true }), client);
    await vhost.declareQueue(queue('shared'), client);
    await vhost.declareExchange(exchange('x'), client);
    expect((await vhost.checkQueue('q', client)).name).toBe('q');
    expect(await refusal(vhost.declareQueue(queue('q', { exclusive: true }), other))).toBe(locked);
    expect(await refusal(vhost.declareQueue(queue('q'), client))).toBe(locked);
    expect(await refusal(vhost.checkQueue('q', other))).toBe(locked);
    expect(await refusal(vhost.bind(binding('x', 'q'), other))).toBe(locked);
    expect(await refusal(vhost.unbind(binding('x', 'q'), other))).toBe(locked);
    expect(await refusal(vhost.deleteQueue('q', { ifUnused: false, ifEmpty: false }, other))).toBe(locked);
    expect(await refusal(vhost.declareQueue(queue('shared', { exclusive: true }), client))).toContain(
      'locked',
    );
  });

  it('deletes exclusive queues that were left when their tenant was removed, once it is back', async () => {
    await vhost.declareQueue(queue('q', { exclusive: true }), client);
    const back = topologies.gateway(aloneCluster({ instance: 'g0' }));
    const opened = await back.open();
    await back.topologies.sweep(0);
    expect(opened.findQueue('q')).toBeUndefined();
    expect(back.store.removed).toEqual(['q']);
  });

  it('deletes exclusive queues with their connection, those that come later too', async () => {
    await vhost.declareQueue(queue('q', { exclusive: true }), client);
    await vhost.declareQueue(queue('of another', { exclusive: true }), other);
    const late = vhost.declareQueue(queue('late', { exclusive: true }), client);
    await vhost.connectionClosed('c1');
    await late;
    expect([...vhost.queues()].map(({ name }) => name)).toEqual(['of another']);
    expect(gateway.store.removed.sort()).toEqual(['late', 'q']);
  });

  it('finds what nobody declared where its Pulsar topic is', async () => {
    gateway.store.topics.add('orders');
    await vhost.declareExchange(exchange('x'), client);
    expect(await vhost.checkQueue('orders', client)).toMatchObject({ name: 'orders', durable: true });
    expect(vhost.findQueue('orders')).toBeUndefined();
    expect(await refusal(vhost.deleteQueue('orders', { ifUnused: false, ifEmpty: false }, client))).toBe(
      `406 channel: PRECONDITION_FAILED - queue 'orders' in vhost '/' was not declared: its topic is not deleted`,
    );
    await vhost.bind(binding('x', 'orders', 'k'), client);
    expect(routed(vhost, 'x', 'k')).toEqual(['orders']);
    expect(await refusal(vhost.checkQueue('other', client))).toBe(
      `404 channel: NOT_FOUND - no queue 'other' in vhost '/'`,
    );
  });
});

describe('queue.delete', () => {
  it('says how many messages went with it; 0 for what is not there', async () => {
    await vhost.declareQueue(queue('q'), client);
    gateway.store.messages = 7;
    expect(await vhost.deleteQueue('q', { ifUnused: false, ifEmpty: false }, client)).toBe(7);
    expect(await vhost.deleteQueue('q', { ifUnused: true, ifEmpty: true }, client)).toBe(0);
    expect(gateway.store.removed).toEqual(['q']);
  });

  it.each([
    ['in use', { ifUnused: true, ifEmpty: true }],
    ['not empty', { ifUnused: false, ifEmpty: true }],
  ])('refuses one that is %s', async (why, options) => {
    await vhost.declareQueue(queue('q'), client);
    gateway.store.messages = 1;
    gateway.store.consumers = 1;
    expect(await refusal(vhost.deleteQueue('q', options, client))).toBe(
      `406 channel: PRECONDITION_FAILED - queue 'q' in vhost '/' ${why}`,
    );
    expect(vhost.findQueue('q')).toBeDefined();
  });

  it('leaves it declared where its messages could not be deleted', async () => {
    await vhost.declareQueue(queue('q'), client);
    gateway.store.isAway = true;
    await expect(vhost.deleteQueue('q', { ifUnused: false, ifEmpty: false }, client)).rejects.toThrow('away');
    expect(vhost.findQueue('q')).toBeDefined();
  });

  it('expires one declaration, not the next of its name', async () => {
    const { queue: first } = await vhost.declareQueue(queue('q'), client);
    expect(await vhost.expireQueue(first)).toBe(true);
    const { queue: second } = await vhost.declareQueue(queue('q'), client);
    expect(await vhost.expireQueue(first)).toBe(false);
    expect(vhost.findQueue('q')).toBe(second);
  });
});
