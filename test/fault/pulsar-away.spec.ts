// Without Pulsar nothing is acknowledged, clients are told to try again, memory stays bounded; with it all goes on by itself.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Kafka, type KafkaJSProtocolError, logLevel } from 'kafkajs';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { residentBytes } from '../bench/process-memory.js';
import { exactlyOnce, javaFlood, judgeFlood } from '../support/flood.js';
import type { TestGateway } from '../support/gateway.js';
import { buildOracle } from '../support/pulsar-oracle.js';
import { GreedyProducers } from './greedy-producers.js';
import { brokerTimeoutMs, OwnPulsar } from './own-pulsar.js';

const mebibyte = 1_048_576;
const partitions = 3;
const drainTimeoutMs = 10_000; // of test gateways
/** After draining: two seconds for the producers' last flush, then their ends, on a machine that is busy. */
const closeTimeMs = 8_000;
/** What requests in flight may take in the process, twice: as read from the socket, and as entries for Pulsar. */
const requestBytesMax = 64 * mebibyte;
const growthBytesMax = 2 * requestBytesMax + 128 * mebibyte;

async function health(gateway: TestGateway, kind: 'live' | 'ready'): Promise<number> {
  const response = await fetch(`${gateway.adminUrl}/health/${kind}`);
  await response.text();
  return response.status;
}

async function untilReady(gateway: TestGateway, status: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while ((await health(gateway, 'ready')) !== status) {
    if (Date.now() > deadline) throw new Error(`/health/ready is not ${status}`);
    expect(await health(gateway, 'live')).toBe(200);
    await delay(100);
  }
}

describe('while Pulsar is away', () => {
  let pulsar: OwnPulsar;
  let gateway: TestGateway;

  beforeAll(async () => {
    buildOracle();
    pulsar = await OwnPulsar.start();
    gateway = await pulsar.gateway({ requestBytesInFlightMaxPerProcess: requestBytesMax });
  }, brokerTimeoutMs);

  afterAll(() => pulsar?.stop(), brokerTimeoutMs);

  /** One try each: what the application would see. */
  async function errorOf(topic: string): Promise<KafkaJSProtocolError> {
    const retry = { retries: 0 };
    const kafka = new Kafka({ brokers: [gateway.kafka], logLevel: logLevel.NOTHING, retry });
    const producer = kafka.producer();
    await producer.connect();
    try {
      const messages = [{ value: 'v', partition: 0 }];
      await producer.send({ topic, acks: -1, timeout: 1_000, messages });
    } catch (error) {
      return ((error as Error).cause ?? error) as KafkaJSProtocolError;
    } finally {
      await producer.disconnect();
    }
    throw new Error('the record was acknowledged');
  }

  it(
    'nothing is acknowledged, errors are retriable, and afterwards a waiting producer goes on as if nothing had been',
    async () => {
      await pulsar.createTopic('waits', partitions);
      await pulsar.createTopic('unused', 1);
      const flood = javaFlood({ bootstrap: gateway.kafka, topic: 'waits', partitions, rate: 2_000 });
      await flood.untilAcked(2_000);
      expect(await health(gateway, 'ready')).toBe(200);

      await pulsar.broker.kill();
      await untilReady(gateway, 503);
      const acked = flood.acked.size;
      for (const topic of ['waits', 'unused', 'absent']) {
        const error = await errorOf(topic);
        expect([topic, error.name, error.retriable]).toEqual([topic, 'KafkaJSProtocolError', true]);
      }
      await delay(2_000);
      expect(flood.acked.size).toBe(acked);
      expect(await health(gateway, 'live')).toBe(200);

      await pulsar.broker.restart();
      await untilReady(gateway, 200);
      await flood.untilAcked(acked + 4_000);
      await flood.stop();
      expect([...flood.failed]).toEqual([]);
      expect(judgeFlood(flood, await pulsar.read('waits'))).toEqual(exactlyOnce);
    },
    brokerTimeoutMs,
  );

  it(
    'memory is bounded however much is produced to however many partitions',
    async () => {
      const many = 32;
      await pulsar.createTopic('greedy', many);
      // They are told soon that it took too long, and come back with more.
      const greedy = new GreedyProducers({
        bootstrap: gateway.kafka,
        topic: 'greedy',
        partitions: many,
        connections: 2 * many,
        requestBytes: 200_000,
        timeoutMs: 1_000,
      });
      const untilStored = async (more: number) => {
        const wanted = greedy.answered(KafkaErrorCode.NONE) + more;
        while (greedy.answered(KafkaErrorCode.NONE) < wanted) await delay(20);
      };
      await untilStored(5 * many);
      const before = residentBytes(gateway.pid);

      await pulsar.broker.kill();
      await untilReady(gateway, 503);
      const stored = greedy.answered(KafkaErrorCode.NONE);
      let most = 0;
      for (const end = Date.now() + 12_000; Date.now() < end; await delay(100)) {
        most = Math.max(most, residentBytes(gateway.pid) - before);
      }
      expect(greedy.answered(KafkaErrorCode.NONE)).toBe(stored);
      expect(greedy.answered(KafkaErrorCode.REQUEST_TIMED_OUT)).toBeGreaterThan(0);
      expect(await health(gateway, 'live')).toBe(200);
      expect(most).toBeLessThan(growthBytesMax);

      await pulsar.broker.restart();
      await untilReady(gateway, 200);
      await untilStored(5 * many);
      greedy.stop();
    },
    brokerTimeoutMs,
  );

  it(
    'SIGTERM ends the gateway within its drain time',
    async () => {
      const flood = javaFlood({ bootstrap: gateway.kafka, topic: 'waits', partitions, rate: 2_000 });
      await flood.untilAcked(500);
      await pulsar.broker.kill();
      await untilReady(gateway, 503);
      const before = performance.now();
      expect(await gateway.stop()).toBe('exit status 0');
      expect(performance.now() - before).toBeLessThan(drainTimeoutMs + closeTimeMs);
      await Promise.all([gateway.restart().catch(() => {}), pulsar.broker.restart()]);
      await untilReady(gateway, 200);
      await flood.untilAcked(flood.acked.size + 500);
      await flood.stop();
      expect([...flood.failed]).toEqual([]);
    },
    brokerTimeoutMs,
  );
});
