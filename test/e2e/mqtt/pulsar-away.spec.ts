// What clients are told while Pulsar does not answer, and when the gateway stops: nothing that was acknowledged is lost.
import { Buffer } from 'node:buffer';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type MqttWillMessage, noProperties } from '#libs/mqtt-codec';
import { FaultyLink } from '../../support/faulty-link.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { MqttWire, publishOf } from '../../support/mqtt-wire.js';
import { testPulsar } from '../../support/pulsar.js';

const setUpTimeoutMs = 120_000;
const connectTimeoutMs = 1_500;
const stallMs = 3_000;
let gateway: TestGateway;
let link: FaultyLink;
const wires: MqttWire[] = [];
const sessionExpiryIntervalSeconds = 600;

async function open(): Promise<MqttWire> {
  const wire = await MqttWire.open(gateway.mqtt.tcp);
  wires.push(wire);
  return wire;
}

async function connected(): Promise<MqttWire> {
  const wire = await open();
  expect((await wire.connect()).reasonCode).toBe(0);
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
    mqtt: { listener: { anonymousTenant: 'acme' } },
    config: {
      pulsar: { serviceUrl: `pulsar://127.0.0.1:${link.port}`, adminUrl: testPulsar.adminUrl },
      mqtt: { connectTimeoutMs },
    },
  });
}, setUpTimeoutMs);

afterAll(async () => {
  for (const wire of wires) wire.cut();
  await gateway?.stop();
  await link?.stop();
}, setUpTimeoutMs);

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

function willOf(folder: string, clientId: string): MqttWillMessage {
  const payload = Buffer.from(clientId);
  return { topic: `${folder}/${clientId}`, payload, qos: 1, retain: false, properties: noProperties };
}
