// Every Kafka consumer: what it reads is what native Pulsar and Kafka producers wrote (full: 1,000,000 records)
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkForm, inForm } from '../support/check-form.js';
import {
  type ReadOutcome,
  consumersSection,
  writeCompatibilitySection,
} from '../support/compatibility-page.js';
import type { ConsumerJob } from '../support/consumer-job.js';
import {
  answerDifferences,
  CrossingRecords,
  CrossingTopic,
  partitionCount,
  type Writer,
} from '../support/crossing-records.js';
import { allowAll, allowAllGroups, startGateway, type TestGateway } from '../support/gateway.js';
import { type KafkaConsumerClient, kafkaConsumerClients, runConsumer } from '../support/kafka-consumers.js';
import { kafkaProducerClients, runProducer } from '../support/kafka-producers.js';
import { codecs, type ProducerConnection, type ProducerJob } from '../support/producer-job.js';
import { buildOracle, oracleRead, type OracleWrite, oracleWrite } from '../support/pulsar-oracle.js';
import { createPartitionedTopic, testPulsar } from '../support/pulsar.js';

/** In the short form one topic has it all. */
const topics = inForm<readonly ('native' | 'kafka' | 'mix')[]>({
  short: ['mix'],
  full: ['native', 'kafka', 'mix'],
});
const recordsPerTopic = inForm({ short: 600, full: 333_334 });
/** 0: the records themselves are compared, and shown where they differ. */
const blockRecords = inForm({ short: 0, full: 1_000 });
const chunkRecords = inForm({ short: 50, full: 16_000 });
/** Each start of the official client costs a second, each record it holds some kilobytes. */
const specsPerCall = 9;
const clientTimeoutMs = inForm({ short: 60_000, full: 1_200_000 });
const writeTimeoutMs = inForm({ short: 60_000, full: 1_200_000 });

/** How native producers write; without batching every message is an entry. */
const nativeSettings: readonly Omit<OracleWrite, 'messages'>[] = [
  { compression: 'LZ4', batchMessages: 50 },
  { compression: 'NONE', batchMessages: 1_000 },
  { compression: 'ZSTD', batchMessages: 200 },
  { batching: false, compression: 'NONE' },
  { compression: 'ZLIB', batchMessages: 100 },
  { compression: 'SNAPPY', batchMessages: 7 },
];

describe('Kafka consumers', () => {
  const clients = kafkaConsumerClients();
  const records = new CrossingRecords();
  const stored = new Map<string, CrossingTopic>();
  const outcomes: ReadOutcome[] = [];
  let gateway: TestGateway;
  let connection: ProducerConnection;

  beforeAll(async () => {
    buildOracle();
    const password = 'a pass word, with = and : in it';
    gateway = await startGateway({
      tenants: [
        { name: 'acme', users: [{ name: 'alice', password }], permissions: [allowAll, allowAllGroups] },
      ],
      listener: { defaultTenant: 'acme', anonymousTenant: 'acme' },
    });
    const { kafka } = gateway;
    connection = { plainBootstrap: kafka, anonymousBootstrap: kafka, username: 'alice', password };
    for (const topic of topics) stored.set(topic, await write(topic));
  }, 3 * writeTimeoutMs);

  afterAll(async () => {
    await gateway?.stop();
    const all = clients.every(
      ({ name, protocol, missing }) =>
        missing || outcomes.some((each) => each.client.name === name && each.client.protocol === protocol),
    );
    if (checkForm === 'full' && all) writeCompatibilitySection(consumersSection(clients, outcomes));
  }, 60_000);

  for (const [place, client] of clients.entries()) {
    const name = `${client.name}, ${client.protocol}${client.missing ? ` (${client.missing})` : ''}`;
    const run = client.missing ? it.skip : it;
    run(name, () => consumeAndCompare(place, client), clientTimeoutMs + 60_000);
  }

  async function write(topic: (typeof topics)[number]): Promise<CrossingTopic> {
    const url = `persistent://${gateway.namespaceOf('acme')}/${topic}`;
    await createPartitionedTopic(gateway.namespaceOf('acme'), topic, partitionCount);
    const natives = topic === 'native' ? recordsPerTopic : topic === 'kafka' ? 0 : recordsPerTopic / 2;
    await Promise.all([writeNative(url, natives), writeKafka(topic, natives)]);
    const writerOf = (number: number): Writer => (number < natives ? 'native' : 'kafka');
    const written = new CrossingTopic(records, writerOf);
    const faults: string[] = [];
    for (const message of await oracleRead(testPulsar.serviceUrl, url, 'all', { digest: true })) {
      const fault = written.add(message);
      if (fault !== undefined && faults.length < 5) faults.push(fault);
    }
    expect(faults).toEqual([]);
    expect(written.count).toBe(recordsPerTopic);
    expect(written.outOfOrder()).toBe(0);
    return written;
  }

  /** Numbers 0 to `end`, by producers one after the other, each with other settings. */
  async function writeNative(url: string, end: number): Promise<void> {
    let specs: OracleWrite[] = [];
    for (let first = 0, turn = 0; first < end; first += chunkRecords, turn++) {
      const messages = Array.from({ length: partitionCount }, (): OracleWrite['messages'][number][] => []);
      for (let number = first; number < Math.min(end, first + chunkRecords); number++) {
        messages[records.record('native', number).partition]!.push(records.item(number));
      }
      for (const [partition, each] of messages.entries()) {
        const topic = `${url}-partition-${partition}`;
        specs.push({ ...nativeSettings[turn % nativeSettings.length], topic, messages: each });
      }
      if (specs.length < specsPerCall && first + chunkRecords < end) continue;
      await oracleWrite(testPulsar.serviceUrl, url, ...specs);
      specs = [];
    }
  }

  /** Numbers from `first` on, with every codec. */
  async function writeKafka(topic: string, first: number): Promise<void> {
    const jobs: ProducerJob[] = [];
    for (let from = first; from < recordsPerTopic; from += chunkRecords) {
      const length = Math.min(chunkRecords, recordsPerTopic - from);
      jobs.push({
        id: String(from),
        topic,
        codec: codecs[jobs.length % codecs.length]!,
        acks: 'all',
        idempotence: 'default',
        security: 'plain',
        records: Array.from({ length }, (_, at) => records.record('kafka', from + at)),
      });
    }
    if (jobs.length === 0) return;
    const client = kafkaProducerClients().find(({ form, missing }) => form.headers === 'all' && !missing)!;
    const { answers } = await runProducer(client, jobs, connection, writeTimeoutMs);
    expect([...answers.values()].flatMap(({ failure }) => failure ?? [])).toEqual([]);
  }

  async function consumeAndCompare(place: number, client: KafkaConsumerClient): Promise<void> {
    const { protocol } = client;
    const jobs = topics.map((topic, number): ConsumerJob => {
      const security = (place + number) % 2 === 0 ? 'plain' : 'anonymous';
      return { id: `${topic}-${place}`, topic, records: recordsPerTopic, protocol, security, blockRecords };
    });
    const startedAt = Date.now();
    const { version, answers } = await runConsumer(client, jobs, connection, clientTimeoutMs);
    const seconds = (Date.now() - startedAt) / 1000;
    const found = topics.flatMap((topic, number) => {
      const { id } = jobs[number]!;
      const { failure, lines } = answers.get(id)!;
      const faults = failure
        ? [failure]
        : answerDifferences(lines, stored.get(topic)!.expected(client.headers, blockRecords));
      outcomes.push({ client, version, topic, records: recordsPerTopic, seconds, fault: faults[0] });
      return faults.map((each) => `${topic}: ${each}`);
    });
    expect(found).toEqual([]);
  }
});
