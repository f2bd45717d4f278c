// Kafka Connect over the gateway: a file source and a file sink, standalone with a restart (full: distributed too)
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findFreePort } from '../../apps/cli/src/pulsar-standalone/index.js';
import { inForm } from '../support/check-form.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import {
  kafkaJavaClassPath,
  kafkaJavaMissing,
  type KafkaProgram,
  startKafkaProgram,
} from '../support/kafka-java-tools.js';
import { buildOracle, oracleRead, oracleWrite } from '../support/pulsar-oracle.js';
import { createPartitionedTopic, pulsarAdmin, testPulsar } from '../support/pulsar.js';

const linesPerRound = inForm({ short: 200, full: 10_000 });
const installTimeoutMs = 400_000;
const copyTimeoutMs = inForm({ short: 90_000, full: 180_000 });

type Settings = Readonly<Record<string, string>>;

const cli = 'org.apache.kafka.connect.cli';
const connector = (role: string) => `org.apache.kafka.connect.file.FileStream${role}Connector`;

describe('Kafka Connect', () => {
  const on = kafkaJavaMissing ? it.skip : it;
  const onFull = inForm({ short: it.skip, full: on });
  const workers: KafkaProgram[] = [];
  let gateway: TestGateway;
  let folder: string;
  let classPath: string;
  let workerSettings: Settings;
  const file = (name: string) => join(folder, name);

  beforeAll(async () => {
    if (kafkaJavaMissing) return;
    buildOracle();
    classPath = kafkaJavaClassPath('connect');
    folder = mkdtempSync(join(tmpdir(), 'pulsegate-connect-'));
    const everything = { ...allowAll, resource: { type: '*', match: 'pattern', name: '*' } };
    gateway = await startGateway({
      tenants: [{ name: 'acme', permissions: [everything] }],
      listener: { anonymousTenant: 'acme' },
      config: { kafka: { groupInitialRebalanceDelayMs: 0 } },
    });
    workerSettings = {
      'bootstrap.servers': gateway.kafka,
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'offset.flush.interval.ms': '500',
    };
  }, installTimeoutMs);

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
    await gateway?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  function propertiesFile(name: string, values: Settings): string {
    const lines = Object.entries(values).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(file(`${name}.properties`), lines.join(''));
    return file(`${name}.properties`);
  }

  function startWorker(program: string, files: readonly string[]): KafkaProgram {
    const worker = startKafkaProgram(classPath, `${cli}.${program}`, files);
    workers.push(worker);
    return worker;
  }

  on(
    'standalone copies a file into a topic and the topic into a file, each line once and in order, also after a restart',
    async () => {
      await createPartitionedTopic(gateway.namespaceOf('acme'), 'copied', 1);
      const copy = new FileCopy(file('in'), file('out'));
      const offsets = { 'offset.storage.file.filename': file('offsets'), listeners: 'HTTP://127.0.0.1:0' };
      const files = [
        propertiesFile('worker', { ...workerSettings, ...offsets }),
        propertiesFile('source', { name: 'source', ...copy.source('copied') }),
        propertiesFile('sink', { name: 'sink', ...copy.sink('copied') }),
      ];
      copy.writeLines(0);
      const worker = startWorker('ConnectStandalone', files);
      await copy.untilCopied();
      copy.writeLines(1);
      await copy.untilCopied();
      await worker.end('SIGTERM');
      copy.writeLines(2);
      const restarted = startWorker('ConnectStandalone', files);
      await copy.untilCopied();
      const topic = `persistent://${gateway.namespaceOf('acme')}/copied`;
      const stored = await oracleRead(testPulsar.serviceUrl, topic, 'all', { timeoutMs: 5_000 });
      expect(stored.map(({ valueBase64 }) => textOf(valueBase64))).toEqual(copy.expected);
      // What a native producer writes goes the same way.
      await oracleWrite(testPulsar.serviceUrl, topic, { messages: [{ value: 'from Pulsar' }] });
      copy.expected.push('from Pulsar');
      await copy.untilCopied();
      await restarted.end('SIGTERM');
    },
    5 * copyTimeoutMs,
  );

  onFull(
    'distributed keeps its configurations, offsets and states in compacted topics, and goes on after a restart',
    async () => {
      await createPartitionedTopic(gateway.namespaceOf('acme'), 'shared', 1);
      const port = await findFreePort();
      const url = `http://127.0.0.1:${port}/connectors`;
      const storage = (name: string) => ({
        [`${name}.storage.topic`]: `connect-${name}`,
        [`${name}.storage.replication.factor`]: '1',
      });
      const worker = propertiesFile('distributed', {
        ...workerSettings,
        ...storage('offset'),
        ...storage('config'),
        ...storage('status'),
        'group.id': 'connect-cluster',
        listeners: `HTTP://127.0.0.1:${port}`,
      });
      const copy = new FileCopy(file('distributed-in'), file('distributed-out'));
      copy.writeLines(0);
      const first = startWorker('ConnectDistributed', [worker]);
      await putConnector(`${url}/source/config`, copy.source('shared'));
      await putConnector(`${url}/sink/config`, copy.sink('shared'));
      await copy.untilCopied();
      await first.end('SIGTERM');
      copy.writeLines(1);
      const second = startWorker('ConnectDistributed', [worker]);
      await copy.untilCopied();
      await second.end('SIGTERM');
      for (const name of ['offset', 'config', 'status']) {
        const path = `/persistent/${gateway.namespaceOf('acme')}/connect-${name}/properties`;
        const properties = await pulsarAdmin('GET', path);
        expect(properties).toMatchObject({ 'pulsegate.kafka.cleanup.policy': 'compact' });
      }
    },
    5 * copyTimeoutMs,
  );
});

/** Lines of one file that are to arrive in another. */
class FileCopy {
  readonly expected: string[] = [];

  constructor(
    private readonly from: string,
    private readonly to: string,
  ) {}

  source(topic: string): Settings {
    return { 'connector.class': connector('Source'), 'tasks.max': '1', file: this.from, topic };
  }

  sink(topics: string): Settings {
    return { 'connector.class': connector('Sink'), 'tasks.max': '1', file: this.to, topics };
  }

  writeLines(round: number): void {
    const lines = Array.from({ length: linesPerRound }, (_, at) => `line ${round}-${at}`);
    this.expected.push(...lines);
    appendFileSync(this.from, lines.map((line) => `${line}\n`).join(''));
  }

  async untilCopied(): Promise<void> {
    const end = Date.now() + copyTimeoutMs;
    while (this.copied().length < this.expected.length && Date.now() < end) await delay(500);
    expect(this.copied()).toEqual(this.expected);
  }

  private copied(): string[] {
    return existsSync(this.to) ? readFileSync(this.to, 'utf8').split('\n').slice(0, -1) : [];
  }
}

/** Until the worker takes it: it answers 5xx, or not at all, before it has joined its group. */
async function putConnector(url: string, settings: Settings): Promise<void> {
  const request = {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(settings),
  };
  let answer = 'no answer';
  for (const end = Date.now() + copyTimeoutMs; Date.now() < end; await delay(500)) {
    const response = await fetch(url, request).catch(() => undefined);
    if (response?.ok) return;
    if (response) answer = `${response.status} ${await response.text()}`;
  }
  throw new Error(`${url}: ${answer}`);
}

function textOf(base64: string | null | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('utf8');
}
