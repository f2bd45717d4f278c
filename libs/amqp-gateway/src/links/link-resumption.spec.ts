import { Buffer } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AmqpCompositeInput } from '#libs/amqp-codec';
import type { AmqpOptions } from '../amqp.options.js';
import { type AmqpBed, amqpBed } from '../testing/amqp-bed.js';
import { type AmqpClient, dataMessage } from '../testing/amqp-client.js';
import { served } from '../testing/begun-client.js';
import { FakeNodes, type FakeSource, type FakeTarget } from '../testing/fake-nodes.js';
import type { UnsettledMap } from './outcome-memory.js';

type Unsettled = AmqpCompositeInput<'attach'>['unsettled'];

let bed: AmqpBed | undefined;

afterEach(async () => {
  await bed?.services.suspendedLinks.close();
  bed?.close();
});

const name = 'the link';
const lasting = { expiryPolicy: 'connection-close', timeout: 30 };
const toQ = { name, target: { type: 'target', address: 'q', ...lasting } } as const;
const fromQ = { name, source: { type: 'source', address: 'q', ...lasting } } as const;
const accepted = { type: 'accepted' } as const;
const tag = (text: string) => Buffer.from(text);
const told = (unsettled: UnsettledMap | undefined) =>
  unsettled?.map(([its, state]) => [its.toString(), state?.type]);
const texts = ({ taken }: FakeTarget) => taken.map(({ bytes }) => bytes.subarray(8).toString());
const text = ({ payload }: { payload: Buffer }) => payload.subarray(8).toString();
const outcomes = ({ settled }: FakeSource) => settled.map(({ outcome }) => outcome.type);

async function bedOf(options?: Partial<AmqpOptions>): Promise<FakeNodes> {
  const nodes = new FakeNodes();
  bed = await amqpBed({ options, services: { nodes } });
  return nodes;
}

async function connected(open: Parameters<AmqpClient['open']>[0] = {}) {
  const client = bed!.connect();
  await client.open(open);
  await client.begin();
  return client;
}

async function detached(client: AmqpClient): Promise<void> {
  client.send({ type: 'detach', handle: 0, closed: false });
  await client.first('detach');
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

/** Its connection breaks off. */
async function lost(client: Awaited<ReturnType<typeof connected>>): Promise<void> {
  client.memory.client.end();
  await until(() => bed!.services.counters.sessionsOpen === 0);
}

describe('what a client sent on a link that is resumed', () => {
  it('is settled with the outcome that it had, and stored once', async () => {
    const nodes = await bedOf();
    const first = await connected();
    await first.attachSender('q', { ...toQ, rcvSettleMode: 1 });
    first.transferAll(['a', 'b']);
    await first.first('disposition');
    await lost(first);
    const target = nodes.targets.get('q')!;
    const again = await connected();
    const unsettled: Unsettled = [
      [tag('t0'), undefined],
      [tag('t1'), undefined],
      [tag('t9'), undefined],
    ];
    const answer = await again.attachSender('q', { ...toQ, rcvSettleMode: 1, unsettled });
    expect(answer.target).toMatchObject({ expiryPolicy: 'connection-close', timeout: 30 });
    expect(told(answer.unsettled)).toEqual([
      ['t0', 'accepted'],
      ['t1', 'accepted'],
    ]);
    again.transfer('a', { resume: true, deliveryTag: tag('t0') });
    expect(await again.first('disposition')).toMatchObject({ first: 0, settled: false, state: accepted });
    again.send({ type: 'disposition', role: false, first: 0, settled: true });
    // Settled by the resuming transfer itself.
    again.transfer('b', { resume: true, deliveryTag: tag('t1'), settled: true });
    // Not known here: it is to be sent again as what it is.
    again.transfer('c', { resume: true, deliveryTag: tag('t9') });
    again.transfer('c', { deliveryTag: tag('t9') });
    expect(await again.first('disposition')).toMatchObject({ first: 3, state: accepted });
    expect(texts(target)).toEqual(['a', 'b']);
    expect(texts(nodes.targets.get('q')!)).toEqual(['c']);
    await detached(again);
    const third = await again.attachSender('q', { ...toQ, unsettled: [[tag('t0'), undefined]] });
    expect(told(third.unsettled)).toEqual([]);
  });

  it('is told when it is stored, if that is after the link was resumed; and what the client did not hear of mode first', async () => {
    const nodes = await bedOf();
    nodes.onTarget = (target) => {
      target.isPrompt = false;
    };
    const first = await connected();
    await first.attachSender('q', toQ);
    first.transferAll(['a', 'b']);
    const target = nodes.targets.get('q')!;
    await until(() => target.taken.length === 2);
    target.taken[0]!.done(undefined);
    await lost(first);
    const again = await connected();
    const unsettled: Unsettled = ['t0', 't1'].map((each) => [tag(each), undefined] as const);
    const answer = await again.attachSender('q', { ...toQ, unsettled });
    expect(told(answer.unsettled)).toEqual([
      ['t0', 'accepted'],
      ['t1', undefined],
    ]);
    again.transfer('b', { resume: true, deliveryTag: tag('t1') });
    again.transfer('a', { resume: true, deliveryTag: tag('t0') });
    expect(await again.first('disposition')).toMatchObject({ first: 1, settled: true, state: accepted });
    target.taken[1]!.done(undefined);
    expect(await again.first('disposition')).toMatchObject({ first: 0, settled: true, state: accepted });
    expect(nodes.targets.get('q')!.taken).toEqual([]);
  });

  it('is forgotten when the client lists nothing, is another, or its time is over', async () => {
    await bedOf({ suspendedLinkMsMax: 20 });
    const client = await connected();
    for (const change of [{}, { target: { ...toQ.target, address: 'other' } }, undefined] as const) {
      await client.attachSender('q', { ...toQ, rcvSettleMode: 1 });
      client.transfer('a', { deliveryTag: tag('a') });
      await client.first('disposition');
      await detached(client);
      const { suspendedLinks } = bed!.services;
      if (change === undefined) await until(() => suspendedLinks.size === 0);
      const unsettled: Unsettled =
        change !== undefined && !('target' in change) ? undefined : [[tag('a'), undefined]];
      const answer = await client.attachSender('q', { ...toQ, ...change, unsettled });
      expect(told(answer.unsettled)).toEqual(unsettled === undefined ? undefined : []);
      await detached(client);
      await until(() => suspendedLinks.size === 0);
      expect(suspendedLinks.deliveries.total).toBe(0);
    }
  });

  it('is still known when the attach that resumes it breaks off, or finds nothing', async () => {
    const nodes = await bedOf();
    const first = await connected();
    await first.attachSender('q', toQ);
    first.transfer('a', { deliveryTag: tag('a') });
    await first.first('disposition');
    await lost(first);
    const unsettled: Unsettled = [[tag('a'), undefined]];
    nodes.hold('q');
    const second = await connected();
    second.send({ type: 'attach', handle: 0, role: false, ...toQ, unsettled });
    await until(() => bed!.services.suspendedLinks.size === 0);
    await lost(second);
    expect(bed!.services.suspendedLinks.size).toBe(1);
    nodes.letGo('q');
    const third = await connected();
    expect(told((await third.attachSender('q', { ...toQ, unsettled })).unsettled)).toEqual([
      ['a', 'accepted'],
    ]);
  });

  it('is waited for by who resumes it while another connection still detaches it', async () => {
    const nodes = await bedOf();
    nodes.onTarget = (target) => {
      target.isPrompt = false;
    };
    const first = await connected();
    await first.attachSender('q', toQ);
    first.transfer('a', { deliveryTag: tag('a') });
    const target = nodes.targets.get('q')!;
    await until(() => target.taken.length === 1);
    first.send({ type: 'detach', handle: 0, closed: false });
    await served(first);
    const second = await connected();
    const answer = second.attachSender('q', { ...toQ, unsettled: [[tag('a'), undefined]] });
    await served(second);
    target.taken[0]!.done(undefined);
    expect(told((await answer).unsettled)).toEqual([['a', 'accepted']]);
  });

  it('is listed as far as it fits the frames of the client', async () => {
    const nodes = await bedOf();
    nodes.onTarget = (target) => {
      target.isPrompt = false;
    };
    const client = await connected({ maxFrameSize: 512 });
    await client.attachSender('q', toQ);
    const sent = Array.from({ length: 100 }, (_, i) => `m${i}`);
    client.transferAll(sent);
    await until(() => nodes.targets.get('q')!.taken.length === 100);
    const second = await connected({ maxFrameSize: 512 });
    const unsettled: Unsettled = sent.map((_, i) => [tag(`t${i}`), undefined] as const);
    // The gateway does not know yet that the first connection is gone.
    const answer = await second.attachSender('q', { ...toQ, unsettled });
    expect(await client.first('detach')).toMatchObject({ error: { condition: 'amqp:link:stolen' } });
    expect(answer.incompleteUnsettled).toBe(true);
    expect(answer.unsettled!.length).toBeGreaterThan(10);
  });
});

/** Three deliveries, of which the client settled none. */
async function received(count = 3, settings: Partial<AmqpOptions> = {}) {
  const nodes = await bedOf(settings);
  const client = await connected();
  await client.attachReceiver('q', { ...fromQ, credit: 10 });
  const source = nodes.sources.get('q')!;
  source.offer(...Array.from({ length: count }, (_, i) => `m${i}`));
  const frames = await client.take('transfer', count);
  return { nodes, client, source, tags: frames.map(({ deliveryTag }) => Buffer.from(deliveryTag!)) };
}

describe('what a client received on a link that is resumed', () => {
  it('is settled as it says, sent again, or comes as something new', async () => {
    const { nodes, client, source, tags } = await received();
    await lost(client);
    expect([source.closed, source.credit, outcomes(source)]).toEqual([undefined, 0, []]);
    const again = await connected();
    const unsettled: Unsettled = [
      [tags[0]!, accepted],
      [tags[1]!, undefined],
    ];
    const answer = await again.attachReceiver('q', { ...fromQ, unsettled, credit: 0 });
    expect(answer.unsettled!.map(([its]) => its)).toEqual([tags[0], tags[1]]);
    // The third was lost on its way, or with the client: it is counted.
    expect(outcomes(source)).toEqual(['accepted', 'modified']);
    again.flow(0, 2);
    const [settled, resumed] = await again.take('transfer', 2);
    expect(settled).toMatchObject({
      deliveryTag: tags[0],
      resume: true,
      settled: true,
      payload: Buffer.alloc(0),
    });
    expect(resumed).toMatchObject({ deliveryTag: tags[1], resume: true, settled: false });
    expect(text(resumed!)).toBe('m1');
    expect(again.has('transfer')).toBe(false);
    again.settle(resumed!.deliveryId!);
    source.offer('new');
    again.flow(0, 10);
    expect(text(await again.first('transfer'))).toBe('new');
    expect(nodes.sources.get('q')).toBe(source);
    expect(outcomes(source)).toEqual(['accepted', 'modified', 'accepted']);
    expect(source.credit).toBe(7);
  });

  it('is given back when nobody comes, and at once when the client comes and lists nothing', async () => {
    const { client, source } = await received(2, { suspendedLinkMsMax: 30 });
    await detached(client);
    await until(() => source.closed !== undefined);
    expect(source.closedOrderly).toBe(true);
    const { bytes, deliveries } = bed!.services.suspendedLinks;
    expect([bytes.total, deliveries.total]).toEqual([0, 0]);
    const other = await received(2);
    await detached(other.client);
    expect(other.source.closed).toBeUndefined();
    await other.client.attachReceiver('q', fromQ);
    expect(other.source.closed).toBe(false);
    expect(other.nodes.sources.get('q')).not.toBe(other.source);
  });

  it('is given back to a client that asks for other messages', async () => {
    const { client, source, tags } = await received(1);
    await detached(client);
    const unsettled: Unsettled = [[tags[0]!, undefined]];
    const browses = { ...fromQ.source, distributionMode: 'copy' };
    const answer = await client.attachReceiver('q', { ...fromQ, source: browses, unsettled });
    expect([answer.unsettled, source.closed]).toEqual([[], false]);
  });

  it('ends nothing else when its source cannot be closed in order', async () => {
    const { client, source } = await received(1);
    source.closing = Promise.reject(new Error('no broker'));
    source.closing.catch(() => {});
    await detached(client);
    await expect(bed!.services.suspendedLinks.close()).resolves.toBeUndefined();
    expect(source.closed).toBe(false);
  });

  it('counts right for two links of a tenant that have nothing unsettled', async () => {
    await bedOf();
    const { deliveries } = bed!.services.suspendedLinks;
    for (const amount of [0, 0]) expect(deliveries.take('acme', amount)).toBe(true);
    for (const amount of [0, 0]) deliveries.give('acme', amount);
    expect(deliveries.take('acme', 100_001)).toBe(false);
  });

  it('is aborted, and comes as something new, where its bytes could not be kept', async () => {
    const nodes = await bedOf();
    const client = await connected();
    expect(bed!.services.suspendedLinks.bytes.take('acme', 16 * 1024 * 1024)).toBe(true);
    await client.attachReceiver('q', fromQ);
    const source = nodes.sources.get('q')!;
    source.offer('m0');
    const { deliveryTag } = await client.first('transfer');
    await detached(client);
    await client.attachReceiver('q', { ...fromQ, unsettled: [[Buffer.from(deliveryTag!), undefined]] });
    expect(await client.first('transfer')).toMatchObject({ deliveryTag, resume: true, aborted: true });
    expect(outcomes(source)).toEqual(['released']);
  });

  it('leaves nothing counted when its connection is refused', async () => {
    const { client, source } = await received();
    expect(bed!.services.suspendedLinks.bytes.total).toBeGreaterThan(0);
    // A fault of its own.
    client.sendBytes([0, 0, 0, 4, 2, 0, 0, 0]);
    await until(() => source.closed !== undefined);
    const { bytes, deliveries, size } = bed!.services.suspendedLinks;
    expect([bytes.total, deliveries.total, size]).toEqual([0, 0, 0]);
  });

  it('is all that comes while the list of the client is not complete', async () => {
    const { client, source, tags } = await received();
    await detached(client);
    const unsettled: Unsettled = [[tags[1]!, accepted]];
    const answer = await client.attachReceiver('q', { ...fromQ, unsettled, incompleteUnsettled: true });
    expect(answer.unsettled).toHaveLength(3);
    source.offer('new');
    expect(await client.first('transfer')).toMatchObject({ deliveryTag: tags[1], settled: true });
    await served(client);
    expect(client.has('transfer')).toBe(false);
    await detached(client);
    const rest: Unsettled = [tags[0]!, tags[2]!].map((each) => [each, undefined] as const);
    await client.attachReceiver('q', { ...fromQ, unsettled: rest });
    expect((await client.take('transfer', 3)).map(text)).toEqual(['m0', 'm2', 'new']);
  });

  it('is released at once by a client that never said that it resumes', async () => {
    const nodes = await bedOf();
    const client = await connected();
    const source = { type: 'source', address: 'q', expiryPolicy: 'never' } as const;
    await client.attachReceiver('q', { name, source });
    nodes.sources.get('q')!.offer('m0');
    await client.first('transfer');
    await detached(client);
    expect(nodes.sources.get('q')!.closedOrderly).toBe(true);
    expect(bed!.services.suspendedLinks.size).toBe(0);
  });

  it('goes on in several frames, and where the session has no room at first', async () => {
    const nodes = await bedOf();
    const client = await connected({ maxFrameSize: 512 });
    await client.attachReceiver('q', fromQ);
    nodes.sources.get('q')!.offer(Buffer.alloc(1_000, 'x'));
    const frames = await client.take('transfer', 3);
    await detached(client);
    await client.attachReceiver('q', {
      ...{ ...fromQ, unsettled: [[Buffer.from(frames[0]!.deliveryTag!), undefined]], credit: 0 },
    });
    client.flow(0, 5, { nextIncomingId: 3, incomingWindow: 1 });
    const [head] = await client.take('transfer', 1);
    await served(client, { nextIncomingId: 4, incomingWindow: 0 });
    expect(client.has('transfer')).toBe(false);
    client.flow(0, 5, { nextIncomingId: 4, incomingWindow: 100 });
    const rest = await client.take('transfer', 2);
    expect(head).toMatchObject({ resume: true, more: true, deliveryTag: frames[0]!.deliveryTag });
    const joined = Buffer.concat([head!, ...rest].map(({ payload }) => payload));
    expect(joined).toEqual(dataMessage(Buffer.alloc(1_000, 'x')));
  });
});

describe('how long a link waits to be resumed', () => {
  it('ends with the session for who says no more', async () => {
    const nodes = await bedOf();
    const client = await connected();
    const source = { type: 'source', address: 'q' } as const;
    await client.attachReceiver('q', { name, source, unsettled: [] });
    await detached(client);
    expect(bed!.services.suspendedLinks.size).toBe(1);
    client.send({ type: 'end' });
    await client.first('end');
    await until(() => nodes.sources.get('q')!.closed !== undefined);
    expect(bed!.services.suspendedLinks.size).toBe(0);
  });
});
