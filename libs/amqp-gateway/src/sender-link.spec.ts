import { Buffer } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AmqpErrorCondition, amqpString } from '#libs/amqp-codec';
import { AmqpError } from './amqp.errors.js';
import type { AmqpOptions } from './amqp.options.js';
import { type AmqpBed, amqpBed } from './testing/amqp-bed.js';
import { type AmqpClient, dataMessage } from './testing/amqp-client.js';
import { served } from './testing/begun-client.js';
import { FakeNodes, type FakeSource } from './testing/fake-nodes.js';

let bed: AmqpBed | undefined;

afterEach(() => bed?.close());

interface ReceivingSettings {
  readonly options?: Partial<AmqpOptions>;
  readonly attach?: Parameters<AmqpClient['attachReceiver']>[1];
  readonly open?: Parameters<AmqpClient['open']>[0];
  readonly begin?: Parameters<AmqpClient['begin']>[1];
  readonly link?: Parameters<AmqpBed['connect']>[0];
  readonly onSource?: (source: FakeSource) => void;
}

/** A client with one link from `q`. */
async function receiving({ options, attach, open, begin, link, onSource }: ReceivingSettings = {}) {
  const nodes = new FakeNodes();
  nodes.onSource = onSource;
  bed = await amqpBed({ options, services: { nodes } });
  const client = bed.connect(link);
  await client.open(open);
  await client.begin(0, begin);
  await client.attachReceiver('q', attach);
  return { nodes, client, source: nodes.sources.get('q')!, services: bed.services };
}

const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `m${from + i}`);
const outcomes = ({ settled }: FakeSource) => settled.map(({ outcome }) => outcome.type);

describe('a link that a client receives on', () => {
  it('gives as much as there is credit for, with tags that are unique', async () => {
    const { client, source, services } = await receiving({ attach: { credit: 3 } });
    source.offer(...numbered(5));
    const frames = await client.take('transfer', 3);
    expect(frames.map(({ payload }) => payload.subarray(8).toString())).toEqual(numbered(3));
    expect(frames.map(({ deliveryId, settled }) => [deliveryId, settled])).toEqual([
      ...[0, 1, 2].map((id) => [id, false]),
    ]);
    expect(new Set(frames.map(({ deliveryTag }) => deliveryTag!.toString('hex'))).size).toBe(3);
    await served(client);
    expect(client.has('transfer')).toBe(false);
    client.flow(0, 1, { deliveryCount: 3 });
    expect((await client.first('transfer')).payload.subarray(8).toString()).toBe('m3');
    expect(services.counters.deliveriesSent).toBe(4);
    expect(source.given).toBe(4);
  });

  it('counts what is on its way against the credit: the client had not seen it', async () => {
    const { client, source } = await receiving({ attach: { credit: 2 } });
    source.offer(...numbered(9));
    await client.take('transfer', 2);
    client.flow(0, 4, { deliveryCount: 1 });
    await client.take('transfer', 3);
    await served(client);
    expect(source.given).toBe(5);
  });

  it('tells the source how each ended, by ranges and at random, and once', async () => {
    const { client, source, services } = await receiving();
    source.offer(...numbered(10));
    await client.take('transfer', 10);
    client.settle(2, { type: 'released' });
    client.settle(0, { type: 'accepted' }, { last: 4 });
    client.settle(9, { type: 'modified', deliveryFailed: true });
    client.settle(8, { type: 'rejected' });
    client.settle(0, { type: 'accepted' }, { last: 0x7000_0000 });
    client.settle(0, { type: 'rejected' }, { last: 9 });
    await served(client);
    const accepted = Array.from({ length: 4 }, () => 'accepted');
    expect(outcomes(source)).toEqual(['released', ...accepted, 'modified', 'rejected', ...accepted.slice(1)]);
    expect(services.counters.settledByClients).toEqual({
      ...{ accepted: 7, released: 1, modified: 1, rejected: 1 },
    });
    // It has settled them: no more is said.
    expect(client.has('disposition')).toBe(false);
  });

  it('is settled in answer, when Pulsar has the outcome, where the client settles second', async () => {
    const onSource = (source: FakeSource) => {
      source.isPrompt = false;
    };
    const { client, source } = await receiving({ attach: { rcvSettleMode: 1 }, onSource });
    source.offer(...numbered(3));
    await client.take('transfer', 3);
    client.settle(0, { type: 'accepted' }, { last: 2, settled: false });
    await served(client);
    expect(client.has('disposition')).toBe(false);
    for (const { done } of source.settled) done(undefined);
    expect(await client.first('disposition')).toMatchObject({
      ...{ role: false, first: 0, last: 2, settled: true, state: { type: 'accepted' } },
    });
  });

  it('says that a delivery is released whose outcome Pulsar did not take: it comes again', async () => {
    const onSource = (source: FakeSource) => {
      source.isPrompt = false;
    };
    const { client, source } = await receiving({ onSource });
    source.offer('m');
    await client.first('transfer');
    client.settle(0, { type: 'accepted' }, { settled: false });
    await served(client);
    source.settled[0]!.done(new AmqpError(AmqpErrorCondition.INTERNAL_ERROR, 'Pulsar is away'));
    expect(await client.first('disposition')).toMatchObject({ settled: true, state: { type: 'released' } });
  });

  it('is as the source says where the client settles without saying how; else it comes again', async () => {
    const source = { type: 'source', address: 'q', defaultOutcome: { type: 'rejected' } } as const;
    const first = await receiving({ attach: { source } });
    first.source.offer('m');
    await first.client.first('transfer');
    first.client.settle(0, { type: 'received', sectionNumber: 0, sectionOffset: 0n });
    await served(first.client);
    expect(outcomes(first.source)).toEqual(['rejected']);
    const second = await receiving();
    second.source.offer('m');
    await second.client.first('transfer');
    second.client.send({ type: 'disposition', role: true, first: 0, settled: true });
    await served(second.client);
    expect(outcomes(second.source)).toEqual(['released']);
  });

  it('is in pieces as large as the client takes, and may be settled early', async () => {
    const { client, source } = await receiving({ open: { maxFrameSize: 512 } });
    source.offer('x'.repeat(5_000), 'y');
    const parts: Buffer[] = [];
    for (let more = true; more; ) {
      const frame = await client.first('transfer');
      parts.push(frame.payload);
      ({ more } = frame);
    }
    expect(Buffer.concat(parts).equals(dataMessage('x'.repeat(5_000)))).toBe(true);
    expect(parts.length).toBeGreaterThan(9);
    expect((await client.first('transfer')).deliveryId).toBe(1);
  });

  it('is settled when it is sent where the client wants that, and told to the source when it has left', async () => {
    const { client, source, services } = await receiving({ attach: { sndSettleMode: 1 } });
    source.offer(...numbered(3));
    const frames = await client.take('transfer', 3);
    expect(frames.map(({ settled }) => settled)).toEqual([true, true, true]);
    await served(client);
    expect(outcomes(source)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(services.counters.presettledSent).toBe(3);
  });

  it('leaves so many unsettled and no more', async () => {
    const { client, source } = await receiving({ options: { unsettledMax: 8 } });
    source.offer(...numbered(30));
    await client.take('transfer', 8);
    client.settle(0);
    await served(client);
    expect(client.has('transfer')).toBe(false);
    client.settle(1);
    await client.take('transfer', 2);
    client.settle(2, { type: 'accepted' }, { last: 9 });
    await client.take('transfer', 8);
    expect(source.given).toBe(18);
  });

  it('does not give a message that is larger than the client takes', async () => {
    const { client, source } = await receiving({ attach: { maxMessageSize: 100n } });
    source.offer('x'.repeat(200), 'small');
    expect((await client.first('transfer')).payload.subarray(8).toString()).toBe('small');
    expect(source.settled[0]!.outcome).toMatchObject({ type: 'modified', undeliverableHere: true });
  });

  it('goes on behind messages that are larger than the client takes, with the credit that is left', async () => {
    const { client, source } = await receiving({ attach: { maxMessageSize: 100n, credit: 1 } });
    source.offer('x'.repeat(200), 'y'.repeat(200), 'small');
    expect((await client.first('transfer')).payload.subarray(8).toString()).toBe('small');
    expect(outcomes(source)).toEqual(['modified', 'modified']);
  });

  it('is told to a client that settles second without its own details: they might not fit its frames', async () => {
    const { client, source } = await receiving({ open: { maxFrameSize: 512 } });
    source.offer('m', 'n');
    await client.take('transfer', 2);
    const info = new Map([['text', amqpString('x'.repeat(1_000))]]);
    const error = { type: 'error', condition: 'a:b', description: 'd'.repeat(600), info } as const;
    client.settle(0, { type: 'rejected', error }, { settled: false });
    const messageAnnotations = new Map([['x-a', amqpString('x'.repeat(1_000))]]);
    client.settle(1, { type: 'modified', deliveryFailed: true, messageAnnotations }, { settled: false });
    expect(await client.take('disposition', 2)).toMatchObject([
      { first: 0, settled: true, state: { type: 'rejected' } },
      { first: 1, settled: true, state: { type: 'modified', deliveryFailed: true } },
    ]);
    expect(Math.max(...client.bytes.map(({ length }) => length))).toBeLessThan(512);
    expect(source.settled[0]!.outcome).toMatchObject({ error: { condition: 'a:b' } });
  });

  it('comes again when its transaction is rolled back and the client settled it behind its outcome', async () => {
    const onSource = (source: FakeSource) => {
      source.isPrompt = false;
    };
    const { client, source } = await receiving({ onSource });
    source.offer('m');
    await client.first('transfer');
    const outcome = { type: 'accepted' } as const;
    const state = { type: 'transactional-state', txnId: Buffer.from('txn'), outcome } as const;
    client.settle(0, state, { settled: false });
    client.settle(0, state);
    await served(client);
    source.settled[0]!.done(new AmqpError(AmqpErrorCondition.TRANSACTION_ROLLBACK, 'rolled back'));
    expect(outcomes(source)).toEqual(['accepted', 'modified']);
  });

  it('that was settled when it was sent does not come again where its link is detached before all has left', async () => {
    const { client, source } = await receiving({
      ...{ attach: { sndSettleMode: 1 }, link: { sendBufferBytesMax: 1_000_000 } },
    });
    client.memory.client.pauseReading();
    source.offer('x'.repeat(200_000));
    client.send({ type: 'detach', handle: 0, closed: true });
    while (source.closed === undefined) await setImmediate();
    client.memory.client.resumeReading();
    await client.first('transfer');
    expect(outcomes(source)).toEqual(['accepted']);
  });

  it('is a part of a transaction that the client names, and is its own again when that is rolled back', async () => {
    const onSource = (source: FakeSource) => {
      source.isPrompt = false;
    };
    const { client, source } = await receiving({ onSource });
    source.offer('m', 'n');
    await client.take('transfer', 2);
    const outcome = { type: 'accepted' } as const;
    const state = { type: 'transactional-state', txnId: Buffer.from('txn'), outcome } as const;
    client.settle(0, state, { settled: false });
    client.settle(1, state);
    await served(client);
    expect(source.settled.map(({ outcome, transactionId }) => [outcome.type, String(transactionId)])).toEqual(
      [
        ['accepted', 'txn'],
        ['accepted', 'txn'],
      ],
    );
    const rolledBack = new AmqpError(AmqpErrorCondition.TRANSACTION_ROLLBACK, 'rolled back');
    for (const { done } of source.settled.slice()) done(rolledBack);
    // The client has settled the second, so it comes again; it still has the first.
    expect(source.settled[2]).toMatchObject({ outcome: { type: 'modified', deliveryFailed: true } });
    client.settle(0, { type: 'released' });
    await served(client);
    expect(outcomes(source)).toEqual(['accepted', 'accepted', 'modified', 'released']);
  });
});

describe('drain', () => {
  it('uses up the credit when nothing more can be given', async () => {
    const onSource = (source: FakeSource) => {
      source.isDrainedAtOnce = false;
    };
    const { client, source } = await receiving({ attach: { credit: 0 }, onSource });
    client.flow(0, 10, { drain: true });
    await served(client);
    source.offer(...numbered(2));
    await client.take('transfer', 2);
    expect(source.drains).toHaveLength(1);
    source.drains[0]!();
    expect(await client.first('flow')).toMatchObject({
      ...{ handle: 0, deliveryCount: 10, linkCredit: 0, drain: true },
    });
    source.offer('later');
    await served(client);
    expect(client.has('transfer')).toBe(false);
    client.flow(0, 1, { deliveryCount: 10 });
    await client.first('transfer');
  });

  it('is answered behind what waits for the session window', async () => {
    const { client, source } = await receiving({ attach: { credit: 0 }, begin: { incomingWindow: 1 } });
    source.offer(...numbered(2));
    client.flow(0, 5, { drain: true, incomingWindow: 1, nextIncomingId: 0 });
    await client.first('transfer');
    client.send({ type: 'flow', nextIncomingId: 1, incomingWindow: 5, nextOutgoingId: 0, outgoingWindow: 1 });
    await client.first('transfer');
    expect(await client.first('flow')).toMatchObject({ deliveryCount: 5, linkCredit: 0, drain: true });
  });

  it('that was taken back is not answered', async () => {
    const onSource = (source: FakeSource) => {
      source.isDrainedAtOnce = false;
    };
    const { client, source } = await receiving({ attach: { credit: 0 }, onSource });
    client.flow(0, 10, { drain: true });
    client.flow(0, 10);
    await served(client);
    source.drains[0]!();
    source.offer('m');
    await client.first('transfer');
    expect(client.has('flow')).toBe(false);
  });
});

describe('credit that is given up', () => {
  it('takes nothing more of the source', async () => {
    const { client, source } = await receiving();
    client.flow(0, 0);
    await served(client);
    expect(source.credit).toBe(0);
  });

  it('gives back what waited for the session', async () => {
    const { client, source } = await receiving({ begin: { incomingWindow: 1 }, attach: { credit: 0 } });
    client.flow(0, 10, { incomingWindow: 1 });
    await served(client, { incomingWindow: 1 });
    source.offer(...numbered(5));
    await client.first('transfer');
    expect(source.given).toBe(2);
    client.flow(0, 0, { deliveryCount: 1, incomingWindow: 0, nextIncomingId: 1 });
    await served(client, { incomingWindow: 0, nextIncomingId: 1 });
    expect(outcomes(source)).toEqual(['released']);
  });
});

describe('what is not settled when the link ends', () => {
  it.each([
    ['a detach', true, (client: AmqpClient) => client.send({ type: 'detach', handle: 0, closed: false })],
    ['an end', true, (client: AmqpClient) => client.send({ type: 'end' })],
    ['a close', true, (client: AmqpClient) => client.send({ type: 'close' })],
    ['no word', false, (client: AmqpClient) => client.link.end()],
  ])('was not failed at by a client that says that it goes: %s', async (_, orderly, leave) => {
    const { client, source } = await receiving();
    source.offer(...numbered(3));
    await client.take('transfer', 3);
    client.settle(1, { type: 'accepted' });
    leave(client);
    while (source.closed === undefined) await setImmediate();
    expect(source.closedOrderly).toBe(orderly);
    expect(outcomes(source)).toEqual(['accepted']);
  });
});
