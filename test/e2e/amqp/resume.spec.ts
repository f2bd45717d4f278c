// Links that lose their connection and are resumed on another (AMQP 2.6.13), and batches, over the wire and with Pulsar.
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dataMessage, messageText } from '../../../libs/amqp-gateway/src/testing/amqp-client.js';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';

const setUpTimeoutMs = 120_000;
const lasting = { expiryPolicy: 'connection-close', timeout: 60 };
const address = '/queues/resumed';
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startGateway({
    tenants: [{ name: 'acme', permissions: [allowAll] }],
    amqp: { listener: { anonymousTenant: 'acme' } },
  });
}, setUpTimeoutMs);

afterAll(() => gateway?.stop(), setUpTimeoutMs);

async function connected(containerId: string) {
  const wire = await openAmqpWire(gateway.amqp.tcp);
  await wire.open({ containerId });
  await wire.begin();
  return wire;
}

describe('a link whose connection is lost', () => {
  it('goes on with another: nothing is stored twice, nothing goes to others, and what was not settled comes again', async () => {
    const target = { type: 'target', address, ...lasting } as const;
    const sender = await connected('sender');
    await sender.attachSender(address, { name: 'out', target, rcvSettleMode: 1 });
    sender.transferAll(['a', 'b']);
    for (let told = 0; told < 2; ) {
      const { first, last = first } = await sender.first('disposition');
      told += last - first + 1;
    }
    sender.cut();
    const sendsAgain = await connected('sender');
    const tags = ['t0', 't1', 't2'].map((tag) => Buffer.from(tag));
    const unsettled = tags.map((tag) => [tag, undefined] as const);
    const known = await sendsAgain.attachSender(address, { name: 'out', target, unsettled });
    expect(known.unsettled!.map(([tag, state]) => [tag.toString(), state?.type])).toEqual([
      ['t0', 'accepted'],
      ['t1', 'accepted'],
    ]);
    for (const [at, deliveryTag] of tags.entries()) {
      sendsAgain.transfer(['a', 'b', 'c'][at]!, { deliveryTag, resume: at < 2 });
    }
    await sendsAgain.settled(3);

    const source = { type: 'source', address, ...lasting } as const;
    const receiver = await connected('receiver');
    await receiver.attachReceiver(address, { name: 'in', source, credit: 3 });
    const received = await receiver.take('transfer', 3);
    expect(received.map(({ payload }) => messageText(payload))).toEqual(['a', 'b', 'c']);
    const [a, b, c] = received.map(({ deliveryTag }) => Buffer.from(deliveryTag!));
    receiver.cut();
    const other = await connected('other');
    await other.attachReceiver(address, { credit: 0 });
    other.flow(0, 10, { drain: true });
    expect(await other.first('flow', ({ drain }) => drain)).toMatchObject({ deliveryCount: 10 });
    expect(other.has('transfer')).toBe(false);

    const receivesAgain = await connected('receiver');
    const answer = await receivesAgain.attachReceiver(address, {
      ...{ name: 'in', source, credit: 10 },
      unsettled: [
        [a!, { type: 'accepted' }],
        [b!, undefined],
        [c!, { type: 'released' }],
      ],
    });
    expect(answer.unsettled).toHaveLength(3);
    const again = await receivesAgain.take('transfer', 4);
    const resumed = again.filter(({ resume }) => resume);
    const payloadOf = (tag: Buffer) => resumed.find(({ deliveryTag }) => tag.equals(deliveryTag!))!;
    expect([payloadOf(a!).settled, payloadOf(c!).settled]).toEqual([true, true]);
    expect(messageText(payloadOf(b!).payload)).toBe('b');
    expect(
      again
        .filter(({ resume }) => !resume)
        .map(({ payload }) => messageText(payload.subarray(payload.indexOf(Buffer.from([0, 0x53, 0x75]))))),
    ).toEqual(['c']);
    receivesAgain.settle(0, { type: 'accepted' }, { last: 3 });
    await receivesAgain.close();
  });
});

describe('a batch as Azure sends it', () => {
  it('comes out as its messages', async () => {
    const wire = await connected('azure');
    await wire.attachSender('/queues/batch');
    const batch = Buffer.concat(['x', 'y', 'z'].map((text) => dataMessage(dataMessage(text))));
    const transfer = { type: 'transfer', handle: 0, deliveryId: 0, deliveryTag: Buffer.from('b') } as const;
    wire.send({ ...transfer, messageFormat: 0x8001_3700 }, 0, batch);
    await wire.settled(1);
    await wire.attachReceiver('/queues/batch', { handle: 1 });
    const received = await wire.take('transfer', 3);
    expect(received.map(({ payload }) => messageText(payload))).toEqual(['x', 'y', 'z']);
    wire.settle(0, { type: 'accepted' }, { last: 2 });
    await wire.close();
  });
});
