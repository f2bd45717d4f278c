// Idempotent Kafka producers while topic, broker and gateway go away and come back: each record once and in order (full: 200,000 records)
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inForm } from '../support/check-form.js';
import { exactlyOnce, type FloodOutcome, type JavaFlood, javaFlood, judgeFlood } from '../support/flood.js';
import type { TestGateway } from '../support/gateway.js';
import { KafkajsFlood } from '../support/kafkajs-flood.js';
import { buildOracle } from '../support/pulsar-oracle.js';
import { brokerTimeoutMs, OwnPulsar } from './own-pulsar.js';

const partitions = 3;
const testTimeoutMs = inForm({ short: 300_000, full: 1_800_000 });

type Fault = () => Promise<unknown>;

/** Lets the faults happen one after the other, each while records flow, and ends the flood when `atLeast` are stored. */
async function during(flood: JavaFlood, atLeast: number, faults: readonly Fault[]): Promise<void> {
  const between = Math.floor(atLeast / (faults.length + 1));
  for (const fault of faults) {
    await flood.untilAcked(flood.acked.size + between);
    await fault();
  }
  await flood.untilAcked(Math.max(atLeast, flood.acked.size + between));
  await flood.stop();
}

async function inTurn(faults: readonly Fault[]): Promise<void> {
  for (const fault of faults) await fault();
}

describe('an idempotent producer', () => {
  let pulsar: OwnPulsar;
  let gateway: TestGateway;

  beforeAll(async () => {
    buildOracle();
    pulsar = await OwnPulsar.start();
    gateway = await pulsar.gateway({ nodeId: 1 });
  }, brokerTimeoutMs);

  afterAll(() => pulsar?.stop(), brokerTimeoutMs);

  async function topicFor(name: string): Promise<string> {
    await pulsar.createTopic(name, partitions);
    return name;
  }

  async function expectExactlyOnce(topic: string, flood: FloodOutcome): Promise<void> {
    const stored = await pulsar.read(topic);
    expect({ ...judgeFlood(flood, stored), failed: [...flood.failed] }).toEqual({
      ...exactlyOnce,
      failed: [],
    });
    expect([flood.acked.size, stored.length]).toEqual([flood.sent, flood.sent]);
  }

  it(
    'of Java goes on over unloads, a killed and a stopped broker, a killed and a stopped gateway',
    async () => {
      const atLeast = inForm({ short: 12_000, full: 200_000 });
      const topic = await topicFor('java');
      const rate = inForm({ short: 4_000, full: 6_000 });
      const flood = javaFlood({ bootstrap: gateway.kafka, topic, partitions, rate });
      const unload = () => pulsar.unload(topic);
      const killGateway = () => gateway.kill().then(() => gateway.restart());
      const stopGateway = async () => {
        expect(await gateway.stop()).toBe('exit status 0');
        await gateway.restart();
      };
      await during(flood, atLeast, [
        unload,
        () => pulsar.crashBroker(),
        killGateway,
        unload,
        stopGateway,
        () => pulsar.restartBroker(),
        ...inForm<Fault[]>({
          short: [],
          full: [
            killGateway,
            () => Promise.all([unload(), killGateway()]),
            () => Promise.all([pulsar.crashBroker(), stopGateway().catch(() => gateway.restart())]),
            () => pulsar.stallBroker(),
            killGateway,
            stopGateway,
            () => pulsar.crashBroker(),
          ],
        }),
      ]);
      await expectExactlyOnce(topic, flood);
    },
    testTimeoutMs,
  );

  describe('before two gateways', () => {
    let other: TestGateway;

    beforeAll(async () => {
      other = await pulsar.gateway({ nodeId: 2 });
    }, brokerTimeoutMs);

    it(
      'of Java moves to the other one when its own dies, and back',
      async () => {
        const atLeast = inForm({ short: 4_000, full: 60_000 });
        const topic = await topicFor('java-two-gateways');
        const bootstrap = `${gateway.kafka},${other.kafka}`;
        const flood = javaFlood({ bootstrap, topic, partitions, rate: 2_000 });
        await during(flood, atLeast, moves(flood));
        await expectExactlyOnce(topic, flood);
      },
      testTimeoutMs,
    );

    it(
      'of kafkajs moves to the other one when its own dies, and back',
      async () => {
        const topic = await topicFor('kafkajs-two-gateways');
        const brokers = [gateway.kafka, other.kafka];
        const producer = { idempotent: true };
        const flood = new KafkajsFlood({ brokers, topic, name: 'kafkajs', partitions, producer });
        let moving = true;
        const moved = inTurn(moves(flood)).finally(() => (moving = false));
        await flood.run(() => !moving);
        await moved;
        await expectExactlyOnce(topic, flood);
      },
      testTimeoutMs,
    );

    /** Each of the two dies and comes back: whichever the client uses, it has to move. */
    function moves(flood: FloodOutcome): Fault[] {
      const more = async (records: number) => {
        for (const wanted = flood.acked.size + records; flood.acked.size < wanted; ) await delay(20);
      };
      const each = inForm({
        short: [gateway, other],
        full: [gateway, other, gateway, other, gateway, other],
      });
      return each.map((one) => async () => {
        await more(300);
        await one.kill();
        // The client goes on with the other one alone.
        await more(300);
        await one.restart();
      });
    }
  });
});
