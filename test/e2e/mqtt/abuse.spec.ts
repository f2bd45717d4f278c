// What happens to those who send too much, too little or too slowly, who fight for a client identifier, and to all while
// Pulsar does not answer: each is told so, nothing that was acknowledged is lost, and the process stays as large as it was.
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ConnectPacket, encodePacket, type MqttWillMessage, noProperties } from '#libs/mqtt-codec';
import { residentBytes } from '../../bench/process-memory.js';
import { collectGarbage } from '../../support/collect-garbage.js';
import { FaultyLink } from '../../support/faulty-link.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { MqttWire, publishOf } from '../../support/mqtt-wire.js';
import { hostileSockets } from '../../support/hostile-sockets.js';
import { testPulsar } from '../../support/pulsar.js';

const setUpTimeoutMs = 120_000;
const authenticationTimeoutMs = 2_000;
const connectTimeoutMs = 1_500;
const stallMs = 3_000;
const hostileCount = 1_000;
const grownBytesMax = 20_000_000;
let gateway: TestGateway;
let link: FaultyLink;
const wires: MqttWire[] = [];
const sessionExpiryIntervalSeconds = 600;

async function open(level: 4 | 5 = 5): Promise<MqttWire> {
  const wire = await MqttWire.open(gateway.mqtt.tcp, level);
  wires.push(wire);
  return wire;
}

async function connected(clientId = '', level: 4 | 5 = 5): Promise<MqttWire> {
  const wire = await open(level);
  expect((await wire.connect({ clientId })).reasonCode).toBe(0);
  return wire;
}

/** With a session that stays. */
async function resumed(clientId: string): Promise<MqttWire> {
  const wire = await open();
  await wire.connect({ clientId, cleanStart: false, properties: { sessionExpiryIntervalSeconds } });
  return wire;
}

/** Its client identifier is assigned: nobody has to be asked for that. */
async function subscribed(filter: string): Promise<MqttWire> {
  const wire = await connected();
  await wire.subscribe(filter);
  return wire;
}

beforeAll(async () => {
  link = await FaultyLink.start();
  gateway = await startGateway({
    tenants: [{ name: 'acme', permissions: [allowAll] }],
    mqtt: { listener: { anonymousTenant: 'acme', authenticationTimeoutMs } },
    config: {
      pulsar: { serviceUrl: `pulsar://127.0.0.1:${link.port}`, adminUrl: testPulsar.adminUrl },
      mqtt: { connectTimeoutMs },
    },
    env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
  });
}, setUpTimeoutMs);

afterAll(async () => {
  for (const wire of wires) wire.cut();
  await gateway?.stop();
  await link?.stop();
}, setUpTimeoutMs);

describe('a client that is slow', () => {
  it('has to have sent its CONNECT in time', async () => {
    const wire = await open();
    const bytes = encodePacket(connectPacket('slow', 'x'.repeat(1_000)), 5);
    let isClosed = false;
    const closed = wire.untilClosed().then(() => (isClosed = true));
    const began = performance.now();
    for (let at = 0; !isClosed && at < bytes.length; at++) {
      wire.send(bytes.subarray(at, at + 1));
      await delay(50);
    }
    await closed;
    const tookMs = performance.now() - began;
    expect(tookMs).toBeGreaterThan(authenticationTimeoutMs - 500);
  });

  it('and is gone is closed after 1.5 times its keep alive, and mourned', async () => {
    const watcher = await connected();
    await watcher.subscribe('mourned/#');
    const wire = await open();
    await wire.connect({ clientId: 'silent', keepAliveSeconds: 1, will: willOf('mourned', 'silent') });
    expect(await wire.refusal()).toBe(0x8d);
    expect((await watcher.message()).payload.toString()).toBe('silent');
  });
});

describe('a topic', () => {
  const long = 'l'.repeat(65_535);
  const deep = Array.from({ length: 1_000 }, (_, level) => level).join('/');

  it.each([
    ['of 65,535 bytes', long],
    ['of 1,000 levels', deep],
    ['of empty levels alone', '/'.repeat(65_535)],
  ])('%s is refused, and its client goes on', async (_name, topic) => {
    const wire = await connected();
    expect(await wire.publish(topic, 'm', { qos: 1 })).toBe(0x90);
    expect(await wire.publish(topic, 'm', { qos: 2 })).toBe(0x90);
    expect(await wire.publish('short', 'm', { qos: 1 })).toBe(0);
    const old = await connected('', 4);
    old.send(publishOf(topic, 'm', { qos: 1, packetId: 1 }));
    expect(await old.untilClosed()).toEqual([]);
  });

  it.each([
    ['of 65,535 bytes', long, [0x01]],
    ['of 1,000 levels', deep, [0x8f]],
    ['of 32,768 wildcards', `${'+/'.repeat(32_767)}+`, [0x8f]],
  ])('filter %s is granted or refused, and its client goes on', async (_name, filter, codes) => {
    const wire = await connected();
    expect([...(await wire.subscribe(filter)).reasonCodes]).toEqual(codes);
    expect(await wire.publish('short', 'm', { qos: 1 })).toBe(0);
  });
});

describe('clients that take each other’s client identifier', () => {
  it('leave one, whose session is whole', async () => {
    const first = await resumed('wanted');
    await first.subscribe('wanted/#', 1);
    const publisher = await connected();
    const count = 30;
    let published = 0;
    const publishing = (async () => {
      for (; published < count; published++) await publisher.publish('wanted/x', `${published}`);
    })();
    for (let round = 0; round < 15; round++) {
      // All at once: each takes over from another one, most of them before they are told that they are connected.
      await Promise.all(Array.from({ length: 6 }, () => resumed('wanted').catch(() => undefined)));
    }
    await publishing;
    const last = await resumed('wanted');
    // None of them has acknowledged anything.
    expect(await last.texts(count)).toEqual(Array.from({ length: count }, (_, index) => `${index}`));
    expect(await last.untilPong()).toEqual([]);
  });
});

describe('while Pulsar does not answer', () => {
  it('nothing is acknowledged, CONNECT is refused in time, and afterwards all goes on', async () => {
    const keeper = await resumed('keeper');
    await keeper.subscribe('away/#', 1);
    const publisher = await connected();
    await publisher.publish('away/x', 'before');
    const { packetId } = await keeper.first('publish');
    const durable = await resumed('durable');
    expect(await durable.publish('away/y', 'warm', { qos: 2 })).toBe(0);
    await keeper.first('publish').then((warm) => keeper.acknowledge('puback', warm.packetId));

    // Of one whose slice is here already, and of one whose may not be.
    await (await resumed('known')).disconnect();

    link.stall(stallMs);
    const began = performance.now();
    keeper.acknowledge('puback', packetId);
    const refused: Promise<number | undefined>[] = [];
    const subscribing = subscribed('away/z');
    publisher.send(publishOf('away/x', 'meanwhile', { qos: 1, packetId: 77 }));
    durable.send(publishOf('away/y', 'meanwhile too', { qos: 2, packetId: 78 }));
    for (const clientId of ['known', 'newcomer']) {
      const wire = await open();
      wire.sendConnect({ clientId, cleanStart: false, properties: { sessionExpiryIntervalSeconds } });
      refused.push(wire.refusal());
    }
    expect(await Promise.all(refused)).toEqual([0x88, 0x88]);
    const refusedMs = performance.now() - began;
    expect([publisher.has('puback'), durable.has('pubrec')]).toEqual([false, false]);
    expect(refusedMs).toBeLessThan(stallMs);
    expect((await publisher.first('puback')).reasonCode).toBe(0);
    expect((await durable.first('pubrec')).reasonCode).toBe(0);
    durable.acknowledge('pubrel', 78);
    expect((await durable.first('pubcomp')).reasonCode).toBe(0);
    expect(performance.now() - began).toBeGreaterThan(stallMs - 100);
    const subscriber = await subscribing;
    await publisher.publish('away/z', 'after');
    expect(await subscriber.texts(1)).toEqual(['after']);
    expect((await keeper.texts(3)).sort()).toEqual(['after', 'meanwhile', 'meanwhile too']);
    keeper.cut();
    // What was acknowledged meanwhile does not come again.
    expect(await (await resumed('keeper')).untilPong()).toEqual([]);
    await Promise.all([resumed('known'), resumed('newcomer')]);
  }, 40_000);
});

describe('1,000 hostile connections', () => {
  const connectBytes = encodePacket(connectPacket('', ''), 5);
  const announced = (bytes: string) => Buffer.from(bytes, 'hex');
  const kinds: readonly Buffer[] = [
    // 64 KiB announced, and 1 KiB of it.
    Buffer.concat([announced('1080fc03'), Buffer.alloc(1_024)]),
    announced('10ffffff2f'),
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    Buffer.alloc(65_536, 0xff),
    connectBytes,
    // A publish of 1 MB, and 1 KiB of it.
    Buffer.concat([connectBytes, announced('3280de3e0001'), Buffer.alloc(1_024, 'x')]),
    Buffer.concat([connectBytes, announced('f0ffffff7f')]),
    Buffer.concat([connectBytes, connectBytes]),
    Buffer.concat([connectBytes, Buffer.alloc(20_000, announced('c000'))]),
    announced('c000'),
  ];

  const attack = () => hostileSockets(gateway.mqtt.tcp, hostileCount, kinds, { reads: false });

  async function size(): Promise<number> {
    await collectGarbage(gateway.log());
    await collectGarbage(gateway.log());
    return residentBytes(gateway.pid);
  }

  it('do not make the process grow, and keep nobody from being served', async () => {
    const end = async (sockets: readonly Socket[]) => {
      for (const socket of sockets) socket.resetAndDestroy();
      await connected();
    };
    // What the process takes once for so many at a time.
    await end(await attack());
    const before = await size();
    const sockets = await attack();
    const client = await connected();
    expect(await client.publish('hostile', 'm')).toBe(0);
    expect((await size()) - before).toBeLessThan(grownBytesMax);
    await end(sockets);
    expect((await size()) - before).toBeLessThan(grownBytesMax);
  }, 30_000);
});

describe('the wills of connected clients', () => {
  it('are published when the gateway stops: by it, or by who has the session then', async () => {
    const keeper = await resumed('heir');
    await keeper.subscribe('last/#', 1);
    const passing = await open();
    await passing.connect({ clientId: 'passing', will: willOf('last', 'passing') });
    const staying = await open();
    await staying.connect({
      ...{ clientId: 'staying', cleanStart: false, will: willOf('last', 'staying') },
      properties: { sessionExpiryIntervalSeconds },
    });
    const leaving = await open();
    await leaving.connect({ clientId: 'leaving', will: willOf('last', 'leaving') });
    await leaving.disconnect();
    await gateway.restart();
    expect([await passing.refusal(), await staying.refusal()]).toEqual([0x8b, 0x8b]);
    const heir = await resumed('heir');
    expect((await heir.texts(2)).sort()).toEqual(['passing', 'staying']);
    expect(await heir.untilPong()).toEqual([]);
  }, 60_000);
});

function connectPacket(clientId: string, userName: string): ConnectPacket {
  return {
    type: 'connect',
    protocolLevel: 5,
    ...{ cleanStart: true, keepAliveSeconds: 0, clientId, userName },
    properties: noProperties,
  };
}

function willOf(folder: string, clientId: string): MqttWillMessage {
  const payload = Buffer.from(clientId);
  return { topic: `${folder}/${clientId}`, payload, qos: 1, retain: false, properties: noProperties };
}
