import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AmqpErrorCondition } from '#libs/amqp-codec';
import { AmqpError } from './amqp.errors.js';
import type { AmqpOptions } from './amqp.options.js';
import { type AmqpBed, amqpBed } from './testing/amqp-bed.js';
import { type AmqpClient, dataMessage } from './testing/amqp-client.js';
import { served } from './testing/begun-client.js';
import { FakeNodes, type FakeTarget } from './testing/fake-nodes.js';

let bed: AmqpBed | undefined;

afterEach(() => bed?.close());

interface SendingSettings {
  readonly options?: Partial<AmqpOptions>;
  /** The target stores nothing until the test says so. */
  readonly slow?: boolean;
  readonly attach?: Parameters<AmqpClient['attachSender']>[1];
}

/** A client with one link to `q`. */
async function sending({ options, slow = false, attach }: SendingSettings = {}) {
  const nodes = new FakeNodes();
  nodes.onTarget = (target) => {
    target.isPrompt = !slow;
  };
  bed = await amqpBed({ options, services: { nodes } });
  const client = bed.connect();
  await client.open();
  await client.begin();
  await client.attachSender('q', attach);
  return { nodes, client, target: nodes.targets.get('q')!, services: bed.services };
}

const text = (message: { bytes: Buffer }) => message.bytes.subarray(8).toString();
const texts = ({ taken }: FakeTarget) => taken.map(text);

describe('a link that a client sends on', () => {
  it('publishes messages, and settles a run of them in one disposition when they are stored', async () => {
    const { client, target, services } = await sending({ slow: true });
    for (let i = 0; i < 5; i++) client.transfer(`m${i}`);
    client.transfer('settled', { settled: true });
    await served(client);
    expect(texts(target)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'settled']);
    expect(client.has('disposition')).toBe(false);
    for (const { done } of target.taken) done(undefined);
    expect(await client.first('disposition')).toMatchObject({
      ...{ role: true, first: 0, last: 4, settled: true, state: { type: 'accepted' } },
    });
    expect(services.counters).toMatchObject({ deliveriesReceived: 6, presettledReceived: 1 });
    expect(services.counters.settledToClients.accepted).toBe(5);
  });

  it('puts messages together from their frames, interleaved with those of another link', async () => {
    const { client, nodes, target } = await sending();
    await client.attachSender('r', { handle: 1 });
    const [long, other] = [dataMessage('a'.repeat(3_000)), dataMessage('b'.repeat(3_000))];
    const tag = (name: string) => ({ deliveryTag: Buffer.from(name) });
    const part = (handle: number, payload: Buffer, fields = {}) =>
      client.send({ type: 'transfer', handle, more: true, ...fields }, 0, payload);
    part(0, long.subarray(0, 1_000), { deliveryId: 0, ...tag('x') });
    part(1, other.subarray(0, 10), { deliveryId: 1, ...tag('y') });
    part(0, long.subarray(1_000, 1_001));
    part(0, long.subarray(1_001), { more: false });
    part(1, other.subarray(10), { more: false, deliveryId: 1 });
    await client.take('disposition', 1);
    await served(client);
    expect(target.taken[0]!.bytes.equals(long)).toBe(true);
    expect(nodes.targets.get('r')!.taken[0]!.bytes.equals(other)).toBe(true);
  });

  it('forgets a message that is aborted, and its credit is used', async () => {
    const { client, target } = await sending({ options: { linkCreditMessages: 2 } });
    const transfer = { type: 'transfer', handle: 0 } as const;
    const first = { ...transfer, deliveryId: 0, deliveryTag: Buffer.from('x') };
    client.send({ ...first, more: true }, 0, Buffer.from('gone'));
    client.send({ ...transfer, aborted: true }, 0, Buffer.from('ignored'));
    // Half of the credit is new again.
    expect(await client.first('flow')).toMatchObject({ handle: 0, deliveryCount: 1, linkCredit: 2 });
    client.send({ ...first, deliveryId: 1 }, 0, dataMessage('kept'));
    await client.first('disposition');
    expect(texts(target)).toEqual(['kept']);
  });

  it('tells the outcome first where the client settles second', async () => {
    const { client, target } = await sending({ slow: true, attach: { rcvSettleMode: 1 } });
    client.transfer('m');
    client.transfer('at once', { rcvSettleMode: 0 });
    await served(client);
    for (const { done } of target.taken) done(undefined);
    expect(await client.first('disposition')).toMatchObject({ first: 0, settled: false });
    expect(await client.first('disposition')).toMatchObject({ first: 1, settled: true });
    // Its tag is still in use.
    client.send({ type: 'disposition', role: false, first: 0, settled: true });
    client.transfer('m', { deliveryTag: Buffer.from('t0') });
    await served(client);
    expect(target.taken).toHaveLength(3);
  });

  it('is settled by the client, whatever came whole between its first frame and its last', async () => {
    const options = { linkCreditMessages: 1 };
    const { client } = await sending({ options, attach: { rcvSettleMode: 1 } });
    await client.attachSender('r', { handle: 1, rcvSettleMode: 1 });
    client.transfer('in two', { more: true });
    client.transfer('in one', { handle: 1 });
    client.send({ type: 'transfer', handle: 0 }, 0, Buffer.alloc(0));
    expect(await client.first('disposition')).toMatchObject({ first: 0, last: 1, settled: false });
    client.send({ type: 'disposition', role: false, first: 0, settled: true });
    expect(await client.first('flow')).toMatchObject({ handle: 0, deliveryCount: 1, linkCredit: 1 });
  });

  it('tells which messages were refused and why, and goes on', async () => {
    const { client, target, services } = await sending({ slow: true });
    client.transfer('m');
    client.transfer('n');
    await served(client);
    target.taken[0]!.done(new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, 'too much'));
    target.taken[1]!.done(undefined);
    const frames = await client.take('disposition', 2);
    expect(frames.map(({ first, state }) => [first, state])).toEqual([
      [1, { type: 'accepted' }],
      [
        0,
        {
          type: 'rejected',
          error: {
            ...{ type: 'error', condition: 'amqp:resource-limit-exceeded', description: 'too much' },
            info: undefined,
          },
        },
      ],
    ]);
    expect(services.counters.settledToClients).toMatchObject({ accepted: 1, rejected: 1 });
  });

  it('is detached when a message fails that was settled by the client: there is no other answer', async () => {
    const { client, target } = await sending({ slow: true });
    client.transfer('m', { settled: true });
    await served(client);
    target.taken[0]!.done(new AmqpError(AmqpErrorCondition.INTERNAL_ERROR, 'lost'));
    expect(await client.first('detach')).toMatchObject({ closed: true, error: { description: 'lost' } });
    expect(target.isClosed).toBe(true);
  });

  it('says of what is in a transaction that it is', async () => {
    const { client, target } = await sending({ slow: true });
    const txnId = Buffer.from('txn');
    client.transfer('m', { state: { type: 'transactional-state', txnId } });
    await served(client);
    expect(target.taken[0]!.transactionId).toEqual(txnId);
    target.taken[0]!.done(undefined);
    const { state } = await client.first('disposition');
    expect(state).toEqual({ type: 'transactional-state', txnId, outcome: { type: 'accepted' } });
  });

  it('passes on what else than accepted a coordinator says', async () => {
    const { client, target } = await sending({ slow: true });
    client.transfer('declare');
    await served(client);
    const txnId = Buffer.from('txn');
    target.taken[0]!.done(undefined, { type: 'declared', txnId });
    expect((await client.first('disposition')).state).toEqual({ type: 'declared', txnId });
  });

  it('answers what was sent before it answers a detach', async () => {
    const { client, target } = await sending({ slow: true });
    client.transfer('m');
    client.send({ type: 'detach', handle: 0, closed: true });
    await served(client);
    expect([client.has('detach'), target.isClosed]).toEqual([false, false]);
    target.taken[0]!.done(undefined);
    expect((await client.next('disposition')).state?.type).toBe('accepted');
    expect((await client.next('detach')).error).toBeUndefined();
    expect(target.isClosed).toBe(true);
  });

  it('says in its answer to a detach that a message failed which the client had settled', async () => {
    const { client, target } = await sending({ slow: true });
    client.transfer('m', { settled: true });
    client.send({ type: 'detach', handle: 0, closed: true });
    await served(client);
    target.taken[0]!.done(new AmqpError(AmqpErrorCondition.INTERNAL_ERROR, 'lost'));
    expect((await client.next('detach')).error?.description).toBe('lost');
  });

  it('closes its target when the session ends before what was sent is answered', async () => {
    const { client, target } = await sending({ slow: true });
    client.transfer('m');
    client.send({ type: 'detach', handle: 0, closed: true });
    client.send({ type: 'end' });
    await client.first('end');
    expect(target.isClosed).toBe(true);
    target.taken[0]!.done(undefined);
    await client.begin();
    expect(client.has('disposition')).toBe(false);
  });

  it('ignores what a client resumes: attaching, it was told of nothing that could be', async () => {
    const { client, target } = await sending();
    client.transfer('resumed', { resume: true, more: true });
    client.send({ type: 'transfer', handle: 0 }, 0, Buffer.from('its end'));
    client.transfer('new');
    expect((await client.first('disposition')).first).toBe(1);
    expect(texts(target)).toEqual(['new']);
  });

  it('ignores what a client resumes and aborts up to there, whatever that frame says of more', async () => {
    const { client, target } = await sending();
    client.transfer('resumed', { resume: true, more: true });
    client.send({ type: 'transfer', handle: 0, aborted: true, more: true });
    client.transfer('new');
    expect((await client.first('disposition')).first).toBe(1);
    expect(texts(target)).toEqual(['new']);
  });

  it('detaches with the error when its target ends', async () => {
    const { client, target } = await sending();
    target.end(new AmqpError(AmqpErrorCondition.UNAUTHORIZED_ACCESS, 'revoked'));
    expect(await client.first('detach')).toMatchObject({
      ...{ handle: 0, closed: true, error: { condition: 'amqp:unauthorized-access' } },
    });
    // The client does not know yet: what it sends is dropped.
    client.transfer('too late');
    client.send({ type: 'detach', handle: 0, closed: true });
    await client.attachSender('q', { handle: 0 });
    expect(target.taken).toEqual([]);
  });
});

describe('the credit of a link that a client sends on', () => {
  it('is renewed by halves as messages are stored, and counts those that are not', async () => {
    const { client, target } = await sending({ slow: true, options: { linkCreditMessages: 10 } });
    for (let i = 0; i < 10; i++) client.transfer(`m${i}`);
    await served(client);
    for (const { done } of target.taken.slice(0, 4)) done(undefined);
    await served(client);
    expect(client.has('flow')).toBe(false);
    target.taken[4]!.done(undefined);
    expect(await client.first('flow')).toMatchObject({ handle: 0, deliveryCount: 10, linkCredit: 5 });
    client.transfer('with credit');
    await served(client);
    for (const { done } of target.taken.slice(5)) done(undefined);
    expect(await client.first('flow')).toMatchObject({ deliveryCount: 11, linkCredit: 10 });
  });

  it('is withheld while there is too much in flight to Pulsar, of one client and of all', async () => {
    const options = { linkCreditMessages: 4, publishBytesInFlightMax: 65_536 };
    const { client, target, services } = await sending({ slow: true, options });
    for (let i = 0; i < 4; i++) client.transfer('x'.repeat(30_000));
    await served(client);
    target.taken[0]!.done(undefined);
    target.taken[1]!.done(undefined);
    await served(client);
    // By their size no more than two fit, and two are in flight.
    expect(client.has('flow')).toBe(false);
    target.taken[2]!.done(undefined);
    expect(await client.first('flow')).toMatchObject({ deliveryCount: 4, linkCredit: 1 });
    let relieve: (() => void) | undefined;
    target.pressure = {
      onRelief: (listener) => {
        relieve = listener;
        return () => {};
      },
    };
    client.transfer('under pressure');
    await served(client);
    for (const { done } of target.taken.slice(3)) done(undefined);
    await served(client);
    expect(client.has('flow')).toBe(false);
    expect(services.counters.creditWithheld).toBeGreaterThan(0);
    relieve!();
    expect(await client.first('flow')).toMatchObject({ deliveryCount: 5 });
  });
});
