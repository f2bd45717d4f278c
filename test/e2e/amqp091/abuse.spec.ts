// What happens to 0-9-1 clients that send too much, too little or too slowly, and to all while Pulsar does not answer: each is
// told so, nothing that was answered is lost, and the process stays as large as it was.
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Amqp091Method,
  encodeFrame,
  encodeMethod,
  encodeProtocolHeader,
  FrameType,
} from '#libs/amqp091-codec';
import { openAmqp091Wire } from '../../support/amqp091-wire.js';
import { collectGarbage, measureMemory } from '../../support/collect-garbage.js';
import { FaultyLink } from '../../support/faulty-link.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { testPulsar } from '../../support/pulsar.js';

const setUpTimeoutMs = 120_000;
const authenticationTimeoutMs = 1_500;
const hostileCount = 1_000;
const grownBytesMax = 20_000_000;
const idleBytesMax = 30_000;
const header = encodeProtocolHeader();
const none = Buffer.alloc(0);
const startOk = encodeMethod(0, {
  ...{ name: 'connection.start-ok', clientProperties: none, mechanism: 'ANONYMOUS', locale: 'en_US' },
  response: none,
});
const tuneOk = encodeMethod(0, {
  name: 'connection.tune-ok',
  channelMax: 100,
  frameMax: 131_072,
  heartbeat: 60,
});
const open = encodeMethod(0, { name: 'connection.open', virtualHost: '/' });
const openOn = (channel: number) => encodeMethod(channel, { name: 'channel.open' });
const declare = (queue: string): Amqp091Method => ({
  ...{ name: 'queue.declare', queue, passive: false, durable: true, exclusive: false },
  ...{ autoDelete: false, noWait: false, arguments: none },
});
let gateway: TestGateway;
let link: FaultyLink;

beforeAll(async () => {
  link = await FaultyLink.start();
  gateway = await startGateway({
    tenants: [{ name: 'acme', permissions: [allowAll] }],
    amqp: { listener: { anonymousTenant: 'acme', authenticationTimeoutMs } },
    config: { pulsar: { serviceUrl: `pulsar://127.0.0.1:${link.port}`, adminUrl: testPulsar.adminUrl } },
    env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
  });
}, setUpTimeoutMs);

afterAll(async () => {
  await gateway?.stop();
  await link?.stop();
}, setUpTimeoutMs);

async function size(): Promise<number> {
  await collectGarbage(gateway.log());
  const { heap, external } = await measureMemory(gateway.log());
  return heap + external;
}

describe('a client that is slow', () => {
  it('has to be open in time, whatever it has said by then, and sends heartbeats from then on', async () => {
    const beginnings = [
      Buffer.from('AMQP\x00\x00'),
      header,
      Buffer.concat([header, startOk]),
      Buffer.concat([header, startOk, tuneOk]),
    ];
    const began = performance.now();
    const slow = beginnings.map(async (bytes) => {
      const wire = await openAmqp091Wire(gateway.amqp.tcp);
      wire.sendBytes(bytes);
      await wire.link.closed;
      return performance.now() - began;
    });
    const silent = await openAmqp091Wire(gateway.amqp.tcp);
    await silent.open({ heartbeat: 1 });
    await silent.link.closed;
    expect(silent.heartbeats).toBeGreaterThan(1);
    expect(gateway.log()).toContain('heartbeat-timeout');
    expect(Math.min(...(await Promise.all(slow)))).toBeGreaterThan(authenticationTimeoutMs - 500);
  });
});

describe('while Pulsar does not answer', () => {
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

describe('1,000 connections', () => {
  const opened = Buffer.concat([header, startOk, tuneOk, open, openOn(1)]);
  const frameHead = (type: number, channel: number, bytes: number) => {
    const head = Buffer.alloc(7);
    head[0] = type;
    head.writeUInt16BE(channel, 1);
    head.writeUInt32BE(bytes, 3);
    return head;
  };
  const publish = encodeMethod(1, {
    ...{ name: 'basic.publish', exchange: '', routingKey: 'q', mandatory: false, immediate: false },
  });
  const contentHeader = Buffer.from([0, 60, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0, 0]);
  const body = encodeFrame({ type: FrameType.BODY, channel: 1, payload: Buffer.alloc(4_000) });
  const kinds: readonly Buffer[] = [
    none,
    Buffer.from('AMQP\x00\x00'),
    Buffer.from('AMQP\x01\x01\x00\x09'),
    Buffer.concat([header, Buffer.alloc(65_536, 0xff)]),
    Buffer.concat([header, header]),
    // 32 KiB announced, and less of it.
    Buffer.concat([header, frameHead(1, 0, 32_000), Buffer.alloc(4_096)]),
    Buffer.concat([header, frameHead(1, 0, 900_000_000), Buffer.alloc(65_536)]),
    Buffer.concat([header, startOk, startOk, startOk]),
    Buffer.concat([header, startOk, tuneOk, openOn(1)]),
    Buffer.concat([opened, frameHead(1, 1, 131_064), Buffer.alloc(32_768)]),
    Buffer.concat([opened, frameHead(3, 1, 900_000_000), Buffer.alloc(65_536)]),
    Buffer.concat([
      opened,
      publish,
      encodeFrame({ type: FrameType.HEADER, channel: 1, payload: contentHeader }),
      body,
    ]),
    Buffer.concat([opened, publish, publish]),
    Buffer.concat([opened, body]),
    Buffer.concat([opened, openOn(1)]),
    Buffer.concat([opened, ...Array.from({ length: 64 }, (_, at) => openOn(at + 2))]),
    Buffer.concat([
      opened,
      ...Array.from({ length: 100 }, () =>
        encodeMethod(1, { ...declare('absent'), passive: true } as Amqp091Method),
      ),
    ]),
  ];

  async function connected(bytesOf: (index: number) => Buffer): Promise<Socket[]> {
    const [host, port] = gateway.amqp.tcp.split(':') as [string, string];
    const sockets = Array.from({ length: hostileCount }, (_, index) => {
      const socket = connect(Number(port), host);
      socket.on('error', () => {});
      socket.on('data', () => {});
      socket.write(bytesOf(index));
      return socket;
    });
    await Promise.all(sockets.map((socket) => once(socket, 'connect').catch(() => undefined)));
    await serves();
    return sockets;
  }

  async function serves(): Promise<void> {
    const wire = await openAmqp091Wire(gateway.amqp.tcp);
    await wire.open();
    await wire.openChannel();
    await wire.close();
  }

  async function end(sockets: readonly Socket[]): Promise<void> {
    for (const socket of sockets) socket.resetAndDestroy();
    await serves();
  }

  it('that are hostile do not make the process grow, and keep nobody from being served', async () => {
    const attack = () => connected((index) => kinds[index % kinds.length]!);
    // What the process takes once for so many at a time.
    await end(await attack());
    const before = await size();
    const sockets = await attack();
    expect((await size()) - before).toBeLessThan(grownBytesMax);
    await end(sockets);
    expect((await size()) - before).toBeLessThan(grownBytesMax / 4);
    expect(gateway.log()).not.toContain('connection.failure');
  }, 60_000);

  it('that are idle cost little each', async () => {
    const before = await size();
    const sockets = await connected(() => opened);
    expect(((await size()) - before) / hostileCount).toBeLessThan(idleBytesMax);
    await end(sockets);
  }, 60_000);
});
