// A broker that shows no index, served with offsets made from the places of messages (docs/mapping.md).
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Admin } from 'kafkajs';
import { brokerTimeoutMs, OwnPulsar } from '../../fault/own-pulsar.js';
import { exactlyOnce, javaFlood, judgeFlood } from '../../support/flood.js';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { consume, type ReadRecord as Read, readAll, send } from '../../support/kafkajs-records.js';
import { kafkaConsumerClients, runConsumer } from '../../support/kafka-consumers.js';
import { KafkajsFlood } from '../../support/kafkajs-flood.js';
import {
  buildOracle,
  oracleFlood,
  type OracleMessage,
  type OracleMessageId,
  oracleWrite,
} from '../../support/pulsar-oracle.js';
import {
  KafkaClients,
  kafkaErrorOf,
  pulsegate,
  readiness,
  until,
  untilVerified,
} from '../gateway/gateway-fixture.js';

const noIndex = {
  brokerEntryMetadataInterceptors: '',
  exposingBrokerEntryMetadataToClientEnabled: 'false',
};
const sparse = { offsets: 'auto', retryMs: 300 };
const testMsMax = 180_000;

/** By the table of docs/mapping.md. */
function offsetOf({ ledgerId, entryId, batchIndex }: OracleMessageId): number {
  return ledgerId * 2 ** 28 + entryId * 2 ** 10 + Math.max(0, batchIndex);
}

describe('sparse offsets', () => {
  const clients = new KafkaClients();
  let pulsar: OwnPulsar;
  let one: TestGateway;
  let two: TestGateway;
  let admin: Admin;

  beforeAll(async () => {
    buildOracle();
    pulsar = await OwnPulsar.start(noIndex);
    one = await pulsar.gateway({ nodeId: 1, groupInitialRebalanceDelayMs: 0 }, sparse);
    two = await pulsar.gateway({ nodeId: 2, groupInitialRebalanceDelayMs: 0 }, sparse);
    admin = await clients.admin(one.kafka, { retry: { retries: 20, initialRetryTime: 100 } });
  }, brokerTimeoutMs);

  afterAll(async () => {
    await clients.disconnect();
    await pulsar?.stop();
  }, brokerTimeoutMs);

  async function createTopic(topic: string, numPartitions = 1): Promise<void> {
    await admin.createTopics({ topics: [{ topic, numPartitions }] });
  }

  async function stored(topic: string): Promise<OracleMessage[]> {
    const messages = await pulsar.read(pulsar.url(topic).replace(/^.*\//, ''));
    return messages.map((each) => ({ ...each, index: offsetOf(each.messageId) }));
  }

  it('are told by log, health, metric and doctor, and marked', async () => {
    const { code, body } = await readiness(one);
    expect(code).toBe(200);
    expect(body.namespaces).toMatchObject([{ tenant: 'acme', served: true, offsets: 'sparse', missing: [] }]);
    const metrics = await (await fetch(`${one.adminUrl}/metrics`)).text();
    expect(metrics).toContain('pulsegate_namespace_sparse_offsets{tenant="acme"} 1');
    expect(one.log()).toContain('served with sparse offsets');
    const { status, stdout } = await pulsegate(['doctor', '--config', one.configFile, '--json']);
    expect(status).toBe(0);
    const { findings } = JSON.parse(stdout) as { findings: { check: string; found: string }[] };
    expect(findings.find(({ check }) => check === 'offsets')).toMatchObject({ found: 'sparse' });
    expect(findings.find(({ check }) => check === 'index')).toBeUndefined();
    await createTopic('marked');
    expect(await pulsar.admin('GET', 'marked/properties')).toMatchObject({
      'pulsegate.kafka.offsets': 'sparse',
    });
  });

  it(
    'are the places of messages, for clients of two gateways and native producers at once',
    async () => {
      const partitions = 2;
      const topic = 'mixed';
      await createTopic(topic, partitions);
      const native = await Promise.all([
        oracleFlood(pulsar.broker.serviceUrl, pulsar.url(topic), { rate: 200, name: 'singly' }),
        oracleFlood(pulsar.broker.serviceUrl, pulsar.url(topic), { rate: 500, batch: 7, name: 'in-batches' }),
      ]);
      const java = javaFlood({ bootstrap: one.kafka, topic, partitions, count: 2_000, rate: 1_000 });
      const kafkajs = new KafkajsFlood({ brokers: [two.kafka], topic, partitions, name: 'kafkajs' });
      const half = java.untilAcked(1_000).then(() => pulsar.unload(topic));
      await Promise.all([java.ended, kafkajs.run(() => kafkajs.sent >= 1_000), half]);
      await Promise.all(native.map((each) => each.stop()));
      const there = await stored(topic);
      for (const flood of [java, kafkajs]) {
        const { name, sent, acked } = flood;
        const verdict = judgeFlood(flood, there);
        expect({ name, acked: acked.size, ...verdict }).toEqual({ name, acked: sent, ...exactlyOnce });
      }

      const expected = there.map((each) => `${each.partition} ${each.index}`).sort();
      const reads = await readAll(two, topic, there.length, 'all-of-mixed');
      expect(reads.map(({ partition, offset }) => `${partition} ${offset}`).sort()).toEqual(expected);

      const client = kafkaConsumerClients().find(({ name }) => name === 'Java kafka-clients 4.3')!;
      expect(client.missing).toBeUndefined();
      const job = {
        id: 'java-of-mixed',
        topic,
        records: there.length,
        protocol: 'classic',
        security: 'anonymous',
        blockRecords: 0,
      } as const;
      const connection = {
        plainBootstrap: one.kafka,
        anonymousBootstrap: one.kafka,
        username: '-',
        password: '-',
      };
      const run = await runConsumer(client, [job], connection, 120_000);
      const answer = run.answers.get(job.id)!;
      expect(answer.failure).toBeUndefined();
      const javaReads = answer.lines.map((line) => line.split(' ').slice(1, 3).join(' '));
      expect(javaReads.sort()).toEqual(expected);
    },
    testMsMax,
  );

  it(
    'stay when gateways and broker restart: a group goes on where it committed',
    async () => {
      const topic = 'restarts';
      await createTopic(topic);
      const values = Array.from({ length: 30 }, (_, at) => `v${at}`);
      for (const value of values.slice(0, 10)) await send(one, topic, [value]);
      const reads: Read[] = [];
      const before = await consume(one, topic, 'stays', reads);
      await until('ten records', async () => reads.length === 10);
      await before.disconnect();
      const { partitions } = (await admin.fetchOffsets({ groupId: 'stays', topics: [topic] }))[0]!;
      expect(Number(partitions[0]!.offset)).toBe(reads[9]!.offset + 1);
      // All is read: the end is there.
      expect(Number((await admin.fetchTopicOffsets(topic))[0]!.high)).toBe(reads[9]!.offset + 1);

      await send(two, topic, values.slice(10, 20));
      await one.restart();
      await pulsar.crashBroker();
      await until(
        'a record after the crash',
        async () => {
          return (await kafkaErrorOf(send(two, topic, values.slice(20)))) === 'none';
        },
        60_000,
      );
      const after = await consume(one, topic, 'stays', reads);
      await until('all records', async () => reads.length >= 30, 60_000);
      await after.disconnect();
      expect(reads.map(({ value }) => value)).toEqual(values);
      const sorted = reads.map(({ offset }) => offset);
      expect(sorted).toEqual([...sorted].sort((a, b) => a - b));
      expect((await readAll(two, topic, 30, 'again')).map(({ offset }) => offset)).toEqual(sorted);
      await until('mirrors that have read all', async () => {
        const stats = await pulsar.admin('GET', `${topic}-partition-0/stats`);
        const { subscriptions } = stats as { subscriptions: Record<string, { msgBacklog: number }> };
        return ['stays', 'again'].every((group) => subscriptions[group]?.msgBacklog === 0);
      });
    },
    testMsMax,
  );

  it(
    'can be sought: a place without a message is the next message',
    async () => {
      const topic = 'sought';
      await createTopic(topic);
      const first = await send(one, topic, ['a0', 'a1', 'a2']);
      const second = await send(one, topic, ['b0', 'b1']);
      expect(second - first).toBe(1_024);
      await pulsar.unload(topic);
      const third = await send(two, topic, ['c0']);
      expect(third).toBeGreaterThanOrEqual(first + 2 ** 28 - 2 ** 20);

      const expected: [number, string][] = [
        [0, 'a0'],
        [first + 1, 'a1'],
        [first + 3, 'b0'],
        [second + 1, 'b1'],
        [second + 2, 'c0'],
        [second + 5_000_000, 'c0'],
        [third, 'c0'],
      ];
      const soughtFrom = async (at: number) => {
        const groupId = `sought-${at}`;
        await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: String(at) }] });
        const reads: Read[] = [];
        const consumer = await consume(at % 2 === 0 ? one : two, topic, groupId, reads, false);
        await until(`a record from ${at}`, async () => reads.length > 0);
        await consumer.disconnect();
        return reads[0]!.value;
      };
      const found = await Promise.all(expected.map(async ([at]) => [at, await soughtFrom(at)]));
      expect(found).toEqual(expected);
      const { low, high } = (await admin.fetchTopicOffsets(topic))[0]!;
      expect([Number(low), Number(high)]).toEqual([first, third + 1]);
    },
    testMsMax,
  );

  it(
    'find records by time, and records can be deleted below them',
    async () => {
      const topic = 'times';
      await createTopic(topic);
      await send(one, topic, ['early']);
      await delay(50);
      const between = Date.now();
      await delay(50);
      const late = await send(one, topic, ['late', 'later']);
      expect(Number((await admin.fetchTopicOffsetsByTimestamp(topic, between))[0]!.offset)).toBe(late);

      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(late + 1) }] });
      const reads = await readAll(two, topic, 1, 'deleted');
      expect(reads).toEqual([{ partition: 0, offset: late + 1, value: 'later' }]);
      expect(Number((await admin.fetchTopicOffsets(topic))[0]!.low)).toBe(late + 1);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '-1' }] });
      await pulsar.unload(topic);
      const bounds = async () => {
        // While the partition is being loaded kafkajs asks once.
        const [found] = await admin.fetchTopicOffsets(topic).catch(() => []);
        return [Number(found?.low), Number(found?.high)].join();
      };
      await until('an empty log', async () => (await bounds()) === [late + 2, late + 2].join());
      await send(one, topic, ['after all']);
      expect((await readAll(two, topic, 1, 'deleted')).map(({ value }) => value)).toEqual(['after all']);
    },
    testMsMax,
  );

  it(
    'of a topic that nobody has written to begin where its consumers wait',
    async () => {
      const topic = 'waits';
      await createTopic(topic);
      const reads: Read[] = [];
      const consumer = await consume(one, topic, 'waits', reads, false);
      await delay(1_000);
      await pulsar.unload(topic);
      await delay(1_000);
      await send(two, topic, ['first']);
      await until('the first record', async () => reads.length > 0);
      await pulsar.unload(topic);
      await send(two, topic, ['second']);
      await until('the second record', async () => reads.length > 1);
      await consumer.disconnect();
      expect(reads.map(({ value }) => value)).toEqual(['first', 'second']);
    },
    testMsMax,
  );

  it(
    'hold large batches, which become several entries and are counted on',
    async () => {
      const topic = 'large';
      await createTopic(topic);
      const values = Array.from({ length: 5_000 }, (_, at) => `v${at}`);
      const plain = await send(one, topic, values);
      const idempotent = await send(one, topic, values, true);
      const reads = await readAll(two, topic, 10_000, 'large');
      const counted = (base: number) =>
        values.map((value, at) => ({ partition: 0, offset: base + at, value }));
      expect(reads).toEqual([...counted(plain), ...counted(idempotent)]);
      expect(await pulsar.count('large-partition-0')).toBe(10_000);
    },
    testMsMax,
  );

  it(
    'tell apart what one native entry may hold, and stop at an entry that holds more',
    async () => {
      const topic = 'native-entries';
      await createTopic(topic);
      const { serviceUrl } = pulsar.broker;
      const partition = `${pulsar.url(topic)}-partition-0`;
      const batch = (count: number) => ({
        batching: true,
        batchMessages: count,
        messages: [
          { value: `n${count}`, count },
          { value: 'end', flush: true },
        ],
      });
      await oracleWrite(serviceUrl, partition, batch(1_024));
      const reads = await readAll(one, topic, 1_025, 'native');
      expect(reads.map(({ offset }) => offset)).toEqual((await stored(topic)).map(({ index }) => index));

      await oracleWrite(serviceUrl, partition, batch(1_500));
      const after = await send(one, topic, ['behind it']);
      const stopped = await consume(one, topic, 'stops', []);
      const isTold = async () => `${one.log()}${two.log()}`.includes('too-many-messages');
      await until('the refusal', isTold, 60_000);
      await stopped.disconnect();
      await admin.setOffsets({
        groupId: 'past',
        topic,
        partitions: [{ partition: 0, offset: String(after) }],
      });
      expect((await readAll(two, topic, 1, 'past')).map(({ value }) => value)).toEqual(['behind it']);
    },
    testMsMax,
  );

  it(
    'are never mixed with dense ones on a topic',
    async () => {
      await createTopic('dense-once');
      await pulsar.admin('PUT', 'made-dense/partitions', 1);
      await pulsar.admin('PUT', 'made-dense/properties', {
        'pulsegate.kafka.topic-id': '0123456789abcdef0123456789abcdef',
      });
      const error = await kafkaErrorOf(
        clients
          .producer(one.kafka)
          .then((each) => each.send({ topic: 'made-dense', messages: [{ value: 'v' }] })),
      );
      expect(error).toBe('POLICY_VIOLATION');

      const { serviceUrl, adminUrl } = pulsar.broker;
      const dense = await startGateway({
        tenants: [{ name: 'acme', namespace: one.namespaceOf('acme'), permissions: [allowAll] }],
        listener: { anonymousTenant: 'acme' },
        config: { pulsar: { serviceUrl, adminUrl }, namespaces: { offsets: 'dense', retryMs: 300 } },
        untilReady: false,
      });
      try {
        await untilVerified(dense);
        const { code, body } = await readiness(dense);
        expect(code).toBe(503);
        expect(body.namespaces[0]!.missing.map(({ check }) => check)).toEqual(['index', 'offsets']);
      } finally {
        await dense.stop();
      }
    },
    testMsMax,
  );
});
