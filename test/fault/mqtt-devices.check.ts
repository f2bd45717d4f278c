// Devices at QoS 1 and 2 while connections are cut and gateways and broker are killed: nothing acknowledged is lost, QoS 2 exactly once (full: 200 devices, 100,000 messages)
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inForm } from '../support/check-form.js';
import type { TestGateway } from '../support/gateway.js';

import { MqttDevice } from '../support/mqtt-device.js';
import { buildOracle } from '../support/pulsar-oracle.js';
import { brokerTimeoutMs, OwnPulsar } from './own-pulsar.js';
import { until } from '../support/until.js';

const deviceCount = inForm({ short: 40, full: 200 });
const messagesMin = inForm({ short: 6_000, full: 100_000 });
const messagesPerSecond = inForm({ short: 300, full: 1_500 });
const cutEveryMs = inForm({ short: 200, full: 100 });
const tickMs = 20;
/** What is left when the last fault is over. */
const calmMsMax = 90_000;
const testTimeoutMs = inForm({ short: 240_000, full: 1_800_000 });

describe('devices', () => {
  let pulsar: OwnPulsar;
  let gateways: TestGateway[];
  let publishers: MqttDevice[] = [];
  let subscribers: MqttDevice[] = [];

  beforeAll(async () => {
    buildOracle();
    pulsar = await OwnPulsar.start();
    // A subscriber that is away for long must not lose what is over its queue's limit.
    const queue = { sessionQueueMessagesMax: 200_000, sessionQueueBytesMax: 256 << 20 };
    gateways = [await pulsar.gateway({}, {}, queue), await pulsar.gateway({}, {}, queue)];
    const endpoints = gateways.map(({ mqtt }) => mqtt.tcp);
    subscribers = ([1, 2] as const).map(
      (qos) =>
        new MqttDevice({
          ...{ clientId: `subscriber-${qos}`, endpoints, level: qos === 1 ? 5 : 4 },
          subscribe: { filter: 'devices/#', qos },
        }),
    );
    publishers = Array.from({ length: deviceCount }, (_, index) => {
      const qos = ((index % 2) + 1) as 1 | 2;
      const clientId = `device-${index}`;
      return new MqttDevice({
        ...{ clientId, endpoints, qos, topic: `devices/${clientId}` },
        level: index % 4 < 2 ? 5 : 4,
      });
    });
  }, brokerTimeoutMs);

  afterAll(async () => {
    for (const each of [...publishers, ...subscribers]) each.end();
    await pulsar?.stop();
  }, brokerTimeoutMs);

  const acknowledged = () => publishers.reduce((sum, each) => sum + each.acknowledged.size, 0);
  const published = () => publishers.reduce((sum, each) => sum + each.published, 0);
  const report = (stored: number) => {
    const all = [...publishers, ...subscribers];
    const connections = all.reduce((sum, each) => sum + each.connections, 0);
    const refused = new Map<string, number>();
    for (const { refusals } of all) {
      for (const [told, times] of refusals) refused.set(told, (refused.get(told) ?? 0) + times);
    }
    const again = subscribers[0]!.received.length - new Set(subscribers[0]!.received).size;
    process.stdout.write(
      `${published()} published, ${stored} stored, ${again} delivered again at QoS 1, ${connections} connections, refused: ${[...refused].map(([told, times]) => `${told} x ${times}`).join(', ')}\n`,
    );
  };
  const tell = () => [...subscribers, ...publishers].join('\n');

  async function publishUntil(isOver: () => boolean): Promise<void> {
    let next = 0;
    let owed = 0;
    let last = Date.now();
    while (!isOver() || published() < messagesMin) {
      owed = Math.min(messagesPerSecond, owed + ((Date.now() - last) * messagesPerSecond) / 1_000);
      last = Date.now();
      for (let tries = deviceCount; owed >= 1 && tries > 0; tries--) {
        const device = publishers[next++ % deviceCount]!;
        if (!device.hasRoom) continue;
        device.publish();
        owed--;
      }
      await delay(tickMs);
    }
  }

  async function cutUntil(isOver: () => boolean): Promise<void> {
    const all = [...publishers, ...subscribers];
    for (let count = 0; !isOver(); count++) {
      const one =
        count % 10 === 0 ? subscribers[(count / 10) % 2]! : all[Math.floor(Math.random() * all.length)]!;
      one.cut();
      await delay(cutEveryMs);
    }
  }

  /** Each while messages flow. */
  async function trouble(): Promise<void> {
    const killGateway = async (at: number) => {
      await gateways[at]!.kill();
      await more();
      await gateways[at]!.restart();
    };
    const faults = [
      () => killGateway(0),
      () => pulsar.crashBroker(),
      () => killGateway(1),
      ...inForm<(() => Promise<unknown>)[]>({
        short: [],
        full: [
          () => pulsar.unload('devices'),
          () => Promise.all([killGateway(0), pulsar.unload('devices')]),
          () => gateways[1]!.restart(),
          () => pulsar.restartBroker(),
          () => killGateway(1),
          () =>
            Promise.all([pulsar.crashBroker(), gateways[0]!.restart().catch(() => gateways[0]!.restart())]),
          () => killGateway(0),
        ],
      }),
    ];
    const between = messagesMin / (3 * faults.length);
    const more = async () => {
      const wanted = acknowledged() + between;
      await until(() => acknowledged() >= wanted, tell, calmMsMax);
    };
    for (const fault of faults) {
      await more();
      await fault();
    }
    await more();
  }

  function expectAll(what: string, found: ReadonlyMap<string, readonly number[]>, isOnce: boolean[]): void {
    for (const [index, { clientId, published: count, publishedAgain }] of publishers.entries()) {
      const numbers = found.get(clientId) ?? [];
      const seen = isOnce[index]! ? numbers : [...new Set(numbers)];
      // What was refused came later, as another message.
      const fault = seen.length === count ? faultOf(seen, publishedAgain) : `${seen.length} of ${count}`;
      expect([what, clientId, fault]).toEqual([what, clientId, undefined]);
    }
  }

  it(
    'lose nothing that was acknowledged, have nothing twice at QoS 2, and their subscribers are sent all, in order',
    async () => {
      for (const each of subscribers) each.start();
      await Promise.all(subscribers.map((each) => each.subscribed()));
      for (const each of publishers) each.start();
      let over = false;
      const isOver = () => over;
      const troubled = trouble().finally(() => (over = true));
      await Promise.all([troubled, cutUntil(isOver), publishUntil(isOver)]);
      const isAcknowledged = () => publishers.every(({ unacknowledged }) => unacknowledged === 0);
      await until(isAcknowledged, tell, calmMsMax);
      const count = published();
      const hasAll = () => subscribers.every(({ received }) => new Set(received).size >= count);
      await until(hasAll, tell, calmMsMax);
      const stored = await pulsar.read('devices');
      report(stored.length);
      const complaints = [...publishers, ...subscribers].flatMap((each) => each.complaints);
      expect(complaints).toEqual([]);
      const isQos2 = publishers.map((_, index) => index % 2 === 1);
      const never = publishers.map(() => false);
      const payloads = stored.map(({ valueBase64 }) => Buffer.from(valueBase64!, 'base64').toString());
      expectAll('stored', numbersOf(payloads), isQos2);
      expectAll('received at QoS 1', numbersOf(subscribers[0]!.received), never);
      expectAll('received at QoS 2', numbersOf(subscribers[1]!.received), isQos2);
      expect(acknowledged()).toBe(count);
    },
    testTimeoutMs,
  );
});

/** By client id, in their order. */
function numbersOf(payloads: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const payload of payloads) {
    const [clientId, number] = payload.split(' ') as [string, string];
    const numbers = found.get(clientId) ?? [];
    numbers.push(Number(number));
    found.set(clientId, numbers);
  }
  return found;
}

/** The first thing that is not in the order of publishing, or there twice. */
function faultOf(numbers: readonly number[], publishedAgain: ReadonlySet<number>): string | undefined {
  const ordered = numbers.filter((number) => !publishedAgain.has(number));
  const at = ordered.findIndex((number, index) => index > 0 && number <= ordered[index - 1]!);
  if (at >= 0) return `${ordered.slice(Math.max(0, at - 3), at + 4).join(' ')} at ${at}`;
  return new Set(numbers).size === numbers.length ? undefined : 'one is there twice';
}
