// What happens to those who send too much, too little or too slowly, and to all while Pulsar does not answer: each is told so,
// nothing that was accepted is lost, and the process stays as large as it was.
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeFrame, encodeProtocolHeader, encodeSaslFrame, heartbeatFrame } from '#libs/amqp-codec';
import type { AmqpClient } from '../../../libs/amqp-gateway/src/testing/amqp-client.js';
import { openAmqpWire } from '../../support/amqp-wire.js';
import { collectGarbage, measureMemory } from '../../support/collect-garbage.js';
import { FaultyLink } from '../../support/faulty-link.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { hostileSockets } from '../../support/hostile-sockets.js';
import { testPulsar } from '../../support/pulsar.js';

const setUpTimeoutMs = 120_000;
const authenticationTimeoutMs = 2_500;
const idleTimeoutMs = 2_000;
const hostileCount = 1_000;
const grownBytesMax = 20_000_000;
const saslHeader = encodeProtocolHeader('sasl');
const amqpHeader = encodeProtocolHeader('amqp');
const init = encodeSaslFrame({ type: 'sasl-init', mechanism: 'ANONYMOUS' });
const open = encodeFrame(0, { type: 'open', containerId: 'hostile' });
const begin = encodeFrame(0, { type: 'begin', nextOutgoingId: 0, incomingWindow: 9, outgoingWindow: 9 });
let gateway: TestGateway;
let link: FaultyLink;

beforeAll(async () => {
  link = await FaultyLink.start();
  gateway = await startGateway({
    tenants: [{ name: 'acme', permissions: [allowAll] }],
    amqp: { listener: { anonymousTenant: 'acme', authenticationTimeoutMs } },
    config: {
      pulsar: { serviceUrl: `pulsar://127.0.0.1:${link.port}`, adminUrl: testPulsar.adminUrl },
      amqp: { idleTimeoutMs },
    },
    env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
  });
}, setUpTimeoutMs);

afterAll(async () => {
  await gateway?.stop();
  await link?.stop();
}, setUpTimeoutMs);

describe('clients that are slow', () => {
  it('have to be open in time, whatever they have said by then, and heard of afterwards', async () => {
    const beginnings = [Buffer.from('AMQ'), saslHeader, Buffer.concat([saslHeader, init, amqpHeader])];
    const began = performance.now();
    const silent = await openAmqpWire(gateway.amqp.tcp);
    const { idleTimeOut } = await silent.open({ idleTimeOut: 1_000 });
    const unopened = await Promise.all(
      beginnings.map(async (bytes) => {
        const wire = await openAmqpWire(gateway.amqp.tcp);
        wire.sendBytes(bytes);
        return wire;
      }),
    );
    expect(idleTimeOut).toBe(idleTimeoutMs / 2);
    expect(await silent.closeCondition()).toBe('amqp:resource-limit-exceeded');
    // It was kept alive meanwhile.
    expect(silent.heartbeats).toBeGreaterThan(0);
    await Promise.all(unopened.map((wire) => wire.untilClosed()));
    expect(performance.now() - began).toBeGreaterThan(authenticationTimeoutMs - 500);
  });
});

describe('while Pulsar does not answer', () => {
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

describe('1,000 hostile connections', () => {
  const opened = Buffer.concat([saslHeader, init, amqpHeader, open]);
  const announced = (bytes: number) => Buffer.from([...uint32(bytes), 2, 0, 0, 0]);
  /** An array in an array, ..., each with one element more announced than is there. */
  const nested = frameOf([0, 0x53, 0x12, ...Array.from({ length: 4_000 }, () => 0xf0)]);
  const lying = frameOf([0, 0x53, 0x11, 0xf0, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x40]);
  const kinds: readonly Buffer[] = [
    Buffer.alloc(0),
    Buffer.from('AMQP\x00\x01'),
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.alloc(65_536, 0xff),
    // 8 KiB announced, and less of it.
    Buffer.concat([saslHeader, Buffer.from([...uint32(8_192), 2, 1, 0, 0]), Buffer.alloc(4_096)]),
    Buffer.concat([saslHeader, Buffer.from([...uint32(900_000_000), 2, 1, 0, 0]), Buffer.alloc(65_536)]),
    Buffer.concat([saslHeader, init, init, init]),
    Buffer.concat([saslHeader, amqpHeader]),
    Buffer.concat([amqpHeader, begin]),
    Buffer.concat([amqpHeader, announced(8_000), Buffer.alloc(4_096)]),
    Buffer.concat([opened, announced(0)]),
    Buffer.concat([opened, announced(900_000_000), Buffer.alloc(65_536)]),
    // The largest frame there is, and half of it.
    Buffer.concat([opened, announced(131_072), Buffer.alloc(32_768)]),
    Buffer.concat([opened, nested]),
    Buffer.concat([opened, lying]),
    Buffer.concat([opened, begin, begin]),
    Buffer.concat([opened, ...Array.from({ length: 64 }, (_, channel) => beginOn(channel))]),
  ];

  const attack = () => hostileSockets(gateway.amqp.tcp, hostileCount, kinds, { reads: true });

  async function size(): Promise<number> {
    await collectGarbage(gateway.log());
    const { heap, external } = await measureMemory(gateway.log());
    return heap + external;
  }

  async function serves(): Promise<void> {
    const wire = await openAmqpWire(gateway.amqp.tcp);
    await wire.open();
    await wire.begin();
    await wire.close();
  }

  it('do not make the process grow, and keep nobody from being served', async () => {
    const end = async (sockets: readonly Socket[]) => {
      for (const socket of sockets) socket.resetAndDestroy();
      await serves();
    };
    // What the process takes once for so many at a time.
    await end(await attack());
    const before = await size();
    const sockets = await attack();
    await serves();
    expect((await size()) - before).toBeLessThan(grownBytesMax);
    await end(sockets);
    expect((await size()) - before).toBeLessThan(grownBytesMax / 4);
    expect(gateway.log()).not.toContain('connection.failure');
  }, 60_000);

  function uint32(value: number): number[] {
    return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
  }

  function frameOf(body: readonly number[]): Buffer {
    return Buffer.from([...uint32(body.length + 8), 2, 0, 0, 0, ...body]);
  }

  function beginOn(channel: number): Buffer {
    return encodeFrame(channel, { type: 'begin', nextOutgoingId: 0, incomingWindow: 9, outgoingWindow: 9 });
  }
});
