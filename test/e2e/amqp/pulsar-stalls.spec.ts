// While Pulsar does not answer, clients of both AMQPs are told nothing that is not so, and nothing that was accepted is lost.
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { heartbeatFrame } from '#libs/amqp-codec';
import type { Amqp091Method } from '#libs/amqp091-codec';
import type { AmqpClient } from '../../../libs/amqp-gateway/src/testing/amqp-client.js';
import { openAmqp091Wire } from '../../support/amqp091-wire.js';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { FaultyLink } from '../../support/faulty-link.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { testPulsar } from '../../support/pulsar.js';

const setUpTimeoutMs = 120_000;
const idleTimeoutMs = 2_000;
let gateway: TestGateway;
let link: FaultyLink;

beforeAll(async () => {
  link = await FaultyLink.start();
  gateway = await startGateway({
    tenants: [{ name: 'acme', permissions: [allowAll] }],
    amqp: { listener: { anonymousTenant: 'acme' } },
    config: {
      pulsar: { serviceUrl: `pulsar://127.0.0.1:${link.port}`, adminUrl: testPulsar.adminUrl },
      amqp: { idleTimeoutMs },
    },
  });
}, setUpTimeoutMs);

afterAll(async () => {
  await gateway?.stop();
  await link?.stop();
}, setUpTimeoutMs);

describe('AMQP 1.0', () => {
  const unsettled = 1_000;
  const stallMs = 1_500;
  const address = '/queues/away';

  it('nothing is accepted, credit ends, and afterwards all of it is done', async () => {
    const [receiver, sender] = [await opened(), await opened()];
    const alive = setInterval(() => {
      for (const wire of [receiver, sender]) wire.sendBytes(heartbeatFrame);
    }, idleTimeoutMs / 4);
    try {
      await sender.attachSender(address);
      await receiver.attachReceiver(address, { credit: unsettled });
      sender.transferAll(Array.from({ length: unsettled }, (_, at) => `${at}`));
      await sender.settled(unsettled);
      await receiver.take('transfer', unsettled);

      link.stall(stallMs);
      receiver.settle(0, { type: 'accepted' }, { last: unsettled - 1, settled: false });
      const more = sender.creditUpTo() - unsettled;
      sender.transferAll(Array.from({ length: more }, (_, at) => `more ${at}`));
      await sender.begin(1);
      await receiver.begin(1);
      expect(more).toBeGreaterThan(0);
      expect(sender.creditUpTo()).toBe(unsettled + more);
      expect([sender.has('disposition'), receiver.has('disposition')]).toEqual([false, false]);

      await sender.settled(more);
      await receiver.settled(unsettled);
      receiver.flow(0, more, { deliveryCount: unsettled, nextIncomingId: unsettled });
      await receiver.take('transfer', more);
    } finally {
      clearInterval(alive);
    }
  }, 60_000);

  async function opened(): Promise<AmqpClient> {
    const wire = await openAmqpWire(gateway.amqp.tcp);
    await wire.open();
    await wire.begin();
    return wire;
  }
});

describe('AMQP 0-9-1', () => {
  const declare = (queue: string): Amqp091Method => ({
    ...{ name: 'queue.declare', queue, passive: false, durable: true, exclusive: false },
    ...{ autoDelete: false, noWait: false, arguments: Buffer.alloc(0) },
  });

  it('nothing is declared, other channels are served, and afterwards all of it is done', async () => {
    const wire = await openAmqp091Wire(gateway.amqp.tcp);
    await wire.open();
    await wire.openChannel(1);
    await wire.openChannel(2);
    await wire.call(declare('before'), 'queue.declare-ok');
    link.stall(1_000);
    const names = Array.from({ length: 20 }, (_, at) => `away ${at}`);
    for (const name of names) wire.send(declare(name));
    await wire.call({ name: 'channel.flow', active: true }, 'channel.flow-ok', 2);
    expect(wire.has('queue.declare-ok')).toBe(false);
    const declared = await wire.take('queue.declare-ok', names.length);
    expect(declared.map(({ queue }) => queue)).toEqual(names);
    await wire.close();
  });
});
