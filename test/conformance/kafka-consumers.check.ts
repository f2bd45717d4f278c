// Every Kafka consumer: what it reads is what native Pulsar and Kafka producers wrote (full: 1,000,000 records)
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkForm, inForm } from '../support/check-form.js';
import {
  type ReadOutcome,
  consumersSection,
  writeCompatibilitySection,
} from '../support/compatibility-page.js';
import { type ConsumerJob, recordLine } from '../support/consumer-job.js';
import {
  answerDifferences,
  CrossingRecords,
  CrossingTopic,
  partitionCount,
  type Writer,
} from '../support/crossing-records.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import {
  type ConsumerRun,
  type KafkaConsumerClient,
  kafkaConsumerClients,
  runConsumer,
} from '../support/kafka-consumers.js';
import { kafkaProducerClients, runProducer } from '../support/kafka-producers.js';
import { codecs, type ProducerConnection, type ProducerJob } from '../support/producer-job.js';
import {
  buildOracle,
  type OracleMessage,
  oracleRead,
  type OracleWrite,
  oracleWrite,
} from '../support/pulsar-oracle.js';
import { createPartitionedTopic, pulsarAdmin, testPulsar } from '../support/pulsar.js';

/** In the short form one topic has it all. */
const topics = inForm<readonly ('native' | 'kafka' | 'mix')[]>({
  short: ['mix'],
  full: ['native', 'kafka', 'mix'],
});
const recordsPerTopic = inForm({ short: 600, full: 333_334 });
/** 0: the records themselves are compared, and shown where they differ. */
const blockRecords = inForm({ short: 0, full: 1_000 });
const chunkRecords = inForm({ short: 50, full: 16_000 });
/** Each start of a client costs a second, each record that it is given at once some kilobytes. */
const specsPerCall = 9;
const jobsPerCall = 5;
const clientsAtOnce = inForm({ short: 3, full: 1 });
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

function gappyLine({ index, eventTime, keyBase64, valueBase64 }: OracleMessage): string {
  const bytes = (base64: string | null | undefined) => Buffer.from(base64!, 'base64');
  const record = { key: bytes(keyBase64), value: bytes(valueBase64), headers: [] };
  return `record 0 ${recordLine({ partition: 0, offset: index!, timestamp: eventTime, ...record })}`;
}

/** The topic in which offsets are missing: some compacted away, some taken by chunks. */
const gappyTopic = 'gaps';
const gappyRounds = 4;
const gappyKeys = 10;
const compactionMsMax = 30_000;

describe('Kafka consumers', () => {
  const clients = kafkaConsumerClients();
  const records = new CrossingRecords();
  const stored = new Map<string, CrossingTopic>();
  const outcomes: ReadOutcome[] = [];
  const runs = new Map<number, Promise<ConsumerRun>>();
  let gappy: OracleMessage[];
  let gateway: TestGateway;
  let connection: ProducerConnection;

  beforeAll(async () => {
    buildOracle();
    const password = 'a pass word, with = and : in it';
    gateway = await startGateway({
      tenants: [{ name: 'acme', users: [{ name: 'alice', password }], permissions: [allowAll] }],
      listener: { defaultTenant: 'acme', anonymousTenant: 'acme' },
      config: { kafka: { groupInitialRebalanceDelayMs: 0 } },
    });
    const { kafka } = gateway;
    connection = { plainBootstrap: kafka, anonymousBootstrap: kafka, username: 'alice', password };
    for (const topic of topics) stored.set(topic, await write(topic));
    gappy = await writeGappy();
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

  /** Keys that are written again and again, in batches and one by one, compacted; then a message in chunks. */
  async function writeGappy(): Promise<OracleMessage[]> {
    const namespace = gateway.namespaceOf('acme');
    const url = `persistent://${namespace}/${gappyTopic}`;
    const path = `/persistent/${namespace}/${gappyTopic}`;
    await createPartitionedTopic(namespace, gappyTopic, 1);
    await pulsarAdmin('PUT', `${path}/properties`, { 'pulsegate.kafka.cleanup.policy': 'compact' });
    const eventTime = Date.now() - 60_000;
    const rounds = Array.from({ length: gappyRounds }, (_, round): OracleWrite => {
      const keys = Array.from({ length: gappyKeys }, (_, key) => ({
        // The first key of each round is written once.
        key: key === 0 ? `once-${round}` : `key-${key}`,
        value: `round ${round} key ${key}`,
        eventTime: eventTime + round,
      }));
      return { batching: round % 2 === 0, batchMessages: 5, messages: keys };
    });
    await oracleWrite(testPulsar.serviceUrl, url, ...rounds);
    await pulsarAdmin('PUT', `${path}-partition-0/compaction`);
    for (const end = Date.now() + compactionMsMax; ; await delay(200)) {
      const { status } = (await pulsarAdmin('GET', `${path}-partition-0/compaction`)) as { status: string };
      if (status === 'SUCCESS') break;
      if (Date.now() > end) throw new Error(`the compaction is ${status}`);
    }
    // Pulsar's compaction would leave the last chunk alone.
    const chunked = { key: 'chunked', valueBytes: 5_000, eventTime };
    const inChunks = { batching: false, chunking: true, chunkBytes: 1_000, messages: [chunked] };
    await oracleWrite(testPulsar.serviceUrl, url, inChunks, {
      messages: [{ key: 'end', value: 'end', eventTime }],
    });
    const messages = await oracleRead(testPulsar.serviceUrl, url, 'all', { compacted: true });
    // Every key once: those of the last round, one of each round before, and two after the compaction.
    expect(messages.length).toBe(gappyKeys + gappyRounds - 1 + 2);
    return messages;
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
    const client = kafkaProducerClients().find(({ form, missing }) => form.headers === 'all' && !missing)!;
    let jobs: ProducerJob[] = [];
    for (let from = first, turn = 0; from < recordsPerTopic; from += chunkRecords, turn++) {
      const length = Math.min(chunkRecords, recordsPerTopic - from);
      jobs.push({
        id: String(from),
        topic,
        codec: codecs[turn % codecs.length]!,
        acks: 'all',
        idempotence: 'default',
        security: 'plain',
        records: Array.from({ length }, (_, at) => records.record('kafka', from + at)),
      });
      if (jobs.length < jobsPerCall && from + length < recordsPerTopic) continue;
      const { answers } = await runProducer(client, jobs, connection, writeTimeoutMs);
      expect([...answers.values()].flatMap(({ failure }) => failure ?? [])).toEqual([]);
      jobs = [];
    }
  }

  const gappyIdOf = (place: number) => `${gappyTopic}-${place}`;
  const idOf = (place: number, topic: string) => `${topic}-${place}`;

  function jobsOf(place: number): ConsumerJob[] {
    const { protocol } = clients[place]!;
    const gappyJob = {
      topic: gappyTopic,
      records: gappy.length,
      security: 'plain',
      blockRecords: 0,
    } as const;
    return [
      ...topics.map((topic, number): ConsumerJob => {
        const security = (place + number) % 2 === 0 ? 'plain' : 'anonymous';
        return {
          ...{ id: idOf(place, topic), topic, records: recordsPerTopic },
          ...{ protocol, security, blockRecords },
        };
      }),
      { ...gappyJob, id: gappyIdOf(place), protocol },
    ];
  }

  /** Clients wait for most of their time: those that come next run beside. */
  function runOf(place: number): Promise<ConsumerRun> {
    for (const [at, client] of clients.entries()) {
      if (at < place || at >= place + clientsAtOnce || client.missing || runs.has(at)) continue;
      const run = runConsumer(client, jobsOf(at), connection, clientTimeoutMs);
      run.catch(() => {}); // its test tells
      runs.set(at, run);
    }
    return runs.get(place)!;
  }

  async function consumeAndCompare(place: number, client: KafkaConsumerClient): Promise<void> {
    const { version, answers } = await runOf(place);
    const outcome = (topic: ReadOutcome['topic'], id: string, expected: () => string[][]): string[] => {
      const { failure, lines } = answers.get(id)!;
      const faults = failure ? [failure] : answerDifferences(lines, expected());
      outcomes.push({
        client,
        version,
        topic,
        records: topic === gappyTopic ? gappy.length : recordsPerTopic,
        fault: faults[0],
      });
      return faults.map((each) => `${topic}: ${each}`);
    };
    const found = [
      ...topics.flatMap((topic) =>
        outcome(topic, idOf(place, topic), () => stored.get(topic)!.expected(client.headers, blockRecords)),
      ),
      ...outcome(gappyTopic, gappyIdOf(place), () => [gappy.map(gappyLine)]),
    ];
    expect(found).toEqual([]);
  }
});
