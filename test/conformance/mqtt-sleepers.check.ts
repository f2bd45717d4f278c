// Persistent sessions of clients that are away: stored, small, without Pulsar subscriptions, back after SIGKILL (full: 50,000)
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { publishOf, MqttWire } from '../support/mqtt-wire.js';
import { inForm } from '../support/check-form.js';
import { measureMemory, type MeasuredMemory } from '../support/collect-garbage.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { createPulsarNamespace, pulsarAdmin } from '../support/pulsar.js';

const sessions = inForm({ short: 2_000, full: 50_000 });
const connected = sessions / 100;
/** They are among those that come before anything is measured: what a connection needs is not a sleeper's. */
const isConnected = (index: number) => index < connected;
const asleep = sessions - connected;

/** Until the gateway has compiled what it does for each. */
const warmingSessions = 500;

/** A few sessions bear what the gateway keeps for all of them, within limits. */
const bytesEachMax = inForm({ short: 8 * 1_024, full: 2 * 1_024 });
const backWithinMs = 20_000;
/** Of the slices and of the state's own topics: the same for any number of sessions. */
const subscriptionsMax = 20;

const connectingMax = 50;
const publishingMax = 200;
const sessionExpiryIntervalSeconds = 86_400;
const settleMs = inForm({ short: 1_500, full: 5_000 });
const waitMsMax = 60_000;
const setUpTimeoutMs = 120_000;
const testTimeoutMs = inForm({ short: 120_000, full: 1_800_000 });

const clientIdOf = (index: number) => `sleeper-${index}`;
const topicOf = (index: number) => `sleepers/${index}`;
const messageOf = (index: number) => `for ${clientIdOf(index)} `.padEnd(100, 'x');

let namespace: string;
let stateNamespace: string;
let gateway: TestGateway;
const awake = new Map<number, MqttWire>();

/** A session that is there already or not; resumed, its message follows at once. */
async function connect(index: number, present: boolean): Promise<MqttWire> {
  const wire = await MqttWire.open(gateway.mqtt.tcp);
  const properties = { sessionExpiryIntervalSeconds };
  const clientId = clientIdOf(index);
  const { sessionPresent, reasonCode } = await wire.connect({ clientId, cleanStart: false, properties });
  if (reasonCode !== 0) throw new Error(`${clientId} was refused: ${reasonCode}`);
  if (sessionPresent !== present) throw new Error(`${clientId} has ${present ? 'lost its' : 'a'} session`);
  return wire;
}

async function fallAsleep(index: number): Promise<void> {
  const wire = await connect(index, false);
  const { reasonCodes } = await wire.subscribe(topicOf(index));
  if (reasonCodes[0] !== 1) throw new Error(`${clientIdOf(index)} cannot subscribe: ${reasonCodes[0]}`);
  if (isConnected(index)) awake.set(index, wire);
  else await wire.disconnect();
}

/** Its one message comes, and nothing else. */
async function expectMessage(index: number, wire: MqttWire): Promise<void> {
  const { topic, payload } = await wire.message();
  if (topic !== topicOf(index) || payload.toString() !== messageOf(index)) {
    throw new Error(`${clientIdOf(index)} got ${payload.toString()} of ${topic}`);
  }
  if ((await wire.untilPong()).length > 0) throw new Error(`${clientIdOf(index)} got more than its message`);
}

async function wakeUp(index: number): Promise<void> {
  const wire = await connect(index, true);
  await expectMessage(index, wire);
  await wire.disconnect();
}

/** A few at a time. @returns how long it took, in seconds */
async function forAll(indexes: readonly number[], act: (index: number) => Promise<void>): Promise<number> {
  const began = performance.now();
  let next = 0;
  const acting = async () => {
    while (next < indexes.length) await act(indexes[next++]!);
  };
  await Promise.all(Array.from({ length: connectingMax }, acting));
  return (performance.now() - began) / 1_000;
}

/** One message for each, at QoS 1, all stored. */
async function publishToAll(indexes: readonly number[]): Promise<number> {
  const publisher = await MqttWire.open(gateway.mqtt.tcp);
  await publisher.connect({ clientId: 'publisher' });
  const began = performance.now();
  let unanswered = 0;
  const answered = async () => {
    const { reasonCode } = await publisher.first('puback');
    if (reasonCode !== 0) throw new Error(`a message was refused: ${reasonCode}`);
    unanswered--;
  };
  for (const index of indexes) {
    const packetId = publisher.packetId();
    publisher.send(publishOf(topicOf(index), messageOf(index), { qos: 1, packetId }));
    if (++unanswered >= publishingMax) await answered();
  }
  while (unanswered > 0) await answered();
  const seconds = (performance.now() - began) / 1_000;
  await publisher.disconnect();
  return seconds;
}

/** By name; absent ones are 0. */
async function gauges(...names: readonly string[]): Promise<number[]> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  return names.map((name) => Number(new RegExp(`^pulsegate_mqtt_${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0));
}

/** Resolves when the gateway holds all sessions, so many of them asleep, and so many messages. */
async function untilThere(sleeping: number, messages: number): Promise<void> {
  const wanted = [sessions, sleeping, messages];
  const deadline = Date.now() + waitMsMax;
  for (;;) {
    const found = await gauges('persistent_sessions', 'persistent_sessions_asleep', 'session_queue_messages');
    if (found.join() === wanted.join()) return;
    if (Date.now() > deadline) expect(found).toEqual(wanted);
    await delay(100);
  }
}

/** Without what is only there until it is collected. */
async function settledMemory(): Promise<MeasuredMemory> {
  await delay(settleMs);
  return await measureMemory(gateway.log());
}

/** Of all topics of the tenant and of the gateway's state. */
async function pulsarSubscriptions(): Promise<number> {
  let count = 0;
  for (const each of [namespace, stateNamespace]) {
    for (const topic of (await pulsarAdmin('GET', `/persistent/${each}`)) as string[]) {
      const path = `/${topic.replace('://', '/')}/stats`;
      const { subscriptions } = (await pulsarAdmin('GET', path)) as { subscriptions: object };
      count += Object.keys(subscriptions).length;
    }
  }
  return count;
}

const measured: string[] = [];

interface BytesEach {
  readonly used: number;
  readonly text: string;
}

function bytesEach(after: MeasuredMemory, before: MeasuredMemory): BytesEach {
  const of = (kind: keyof MeasuredMemory) =>
    Math.round((after[kind] - before[kind]) / (sessions - warmingSessions));
  const [heap, external] = [of('heap'), of('external')];
  const text = `${heap} B of objects and ${external} B of buffers each, ${of('resident')} B resident`;
  return { used: heap + external, text };
}

beforeAll(async () => {
  namespace = await createPulsarNamespace('mqtt-sleepers');
  stateNamespace = `${namespace}-state`;
  const connectionsMax = 10_000;
  gateway = await startGateway({
    tenants: [{ name: 'acme', namespace, permissions: [allowAll] }],
    stateNamespace,
    mqtt: {
      listener: { anonymousTenant: 'acme', connectionsMax, connectionsPerAddressMax: connectionsMax },
    },
    // For `measureMemory`.
    env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
  });
}, setUpTimeoutMs);

afterAll(async () => {
  for (const wire of awake.values()) wire.cut();
  await gateway?.stop();
  process.stdout.write(`${measured.join('\n')}\n`);
});

describe(`${sessions} persistent sessions, 1 % connected`, () => {
  const all = Array.from({ length: sessions }, (_, index) => index);
  const isAway = (index: number) => !isConnected(index);
  const warming = all.slice(0, warmingSessions);
  const measuredOnes = all.slice(warmingSessions);

  it(
    'sleep small, are not subscriptions of Pulsar, survive SIGKILL and get what came while they were away',
    async () => {
      // What the gateway needs once, whoever connects, is not a session's.
      await forAll(warming, fallAsleep);
      await publishToAll(warming);
      for (const [index, wire] of awake) await expectMessage(index, wire);
      const before = await settledMemory();
      const subscribed = await forAll(measuredOnes, fallAsleep);
      await untilThere(asleep, warmingSessions - connected);
      const subscriptions = await pulsarSubscriptions();
      const empty = bytesEach(await settledMemory(), before);
      const published = await publishToAll(measuredOnes);
      await untilThere(asleep, asleep);
      const waiting = bytesEach(await settledMemory(), before);

      await gateway.kill();
      awake.clear();
      const began = performance.now();
      await gateway.restart();
      const restarted = performance.now() - began;
      await untilThere(sessions, asleep);
      const back = performance.now() - began;
      const returned = await forAll(all.filter(isAway), wakeUp);
      await untilThere(sessions, 0);

      measured.push(
        `${measuredOnes.length} sessions in ${subscribed.toFixed(1)} s, ${subscriptions} Pulsar subscriptions`,
        `asleep: ${empty.text}`,
        `with a message: ${waiting.text}; published in ${published.toFixed(1)} s`,
        `SIGKILL: serves after ${Math.round(restarted)} ms, all state back after ${Math.round(back)} ms`,
        `all came back and had their message in ${returned.toFixed(1)} s`,
      );
      expect(subscriptions).toBeLessThanOrEqual(subscriptionsMax);
      expect(empty.used).toBeLessThan(bytesEachMax);
      expect(waiting.used).toBeLessThan(bytesEachMax);
      expect(back).toBeLessThan(backWithinMs);
    },
    testTimeoutMs,
  );
});
