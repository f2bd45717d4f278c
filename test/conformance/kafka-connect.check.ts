// Kafka Connect standalone: a file source and a file sink over the gateway, with a restart
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inForm } from '../support/check-form.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import {
  kafkaJavaClassPath,
  kafkaJavaMissing,
  type KafkaProgram,
  startKafkaProgram,
} from '../support/kafka-java-tools.js';
import { buildOracle, oracleRead, oracleWrite } from '../support/pulsar-oracle.js';
import { createPartitionedTopic, testPulsar } from '../support/pulsar.js';

const linesPerRound = inForm({ short: 200, full: 100_000 });
const installTimeoutMs = 400_000;
const copyTimeoutMs = inForm({ short: 90_000, full: 300_000 });

describe('Kafka Connect', () => {
  const on = kafkaJavaMissing ? it.skip : it;
  const expected: string[] = [];
  let gateway: TestGateway;
  let folder: string;
  let classPath: string;
  let worker: KafkaProgram | undefined;
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
    });
    await createPartitionedTopic(gateway.namespaceOf('acme'), 'copied', 1);
    properties('worker', {
      'bootstrap.servers': gateway.kafka,
      'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'offset.storage.file.filename': file('offsets'),
      'offset.flush.interval.ms': '500',
      listeners: 'HTTP://127.0.0.1:0',
    });
    const connector = (role: string) => `org.apache.kafka.connect.file.FileStream${role}Connector`;
    properties('source', {
      name: 'source',
      'connector.class': connector('Source'),
      file: file('in'),
      topic: 'copied',
    });
    properties('sink', {
      name: 'sink',
      'connector.class': connector('Sink'),
      file: file('out'),
      topics: 'copied',
    });
  }, installTimeoutMs);

  afterAll(async () => {
    await worker?.end('SIGKILL');
    await gateway?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  function properties(name: string, values: Readonly<Record<string, string>>): void {
    const lines = Object.entries(values).map(([key, value]) => `${key}=${value}\n`);
    writeFileSync(file(`${name}.properties`), lines.join(''));
  }

  function startWorker(): KafkaProgram {
    const files = ['worker', 'source', 'sink'].map((name) => file(`${name}.properties`));
    return startKafkaProgram(classPath, 'org.apache.kafka.connect.cli.ConnectStandalone', files);
  }

  function writeLines(round: number): void {
    const lines = Array.from({ length: linesPerRound }, (_, at) => `line ${round}-${at}`);
    expected.push(...lines);
    appendFileSync(file('in'), lines.map((line) => `${line}\n`).join(''));
  }

  async function untilCopied(): Promise<void> {
    const end = Date.now() + copyTimeoutMs;
    const copied = () =>
      existsSync(file('out')) ? readFileSync(file('out'), 'utf8').split('\n').slice(0, -1) : [];
    while (copied().length < expected.length && Date.now() < end) await delay(500);
    expect(copied()).toEqual(expected);
  }

  on(
    'copies a file into a topic and the topic into a file, each line once and in order, also after a restart',
    async () => {
      writeLines(0);
      worker = startWorker();
      await untilCopied();
      writeLines(1);
      await untilCopied();
      await worker.end('SIGTERM');
      writeLines(2);
      worker = startWorker();
      await untilCopied();
      const topic = `persistent://${gateway.namespaceOf('acme')}/copied`;
      const stored = await oracleRead(testPulsar.serviceUrl, topic, 'all', { timeoutMs: 5_000 });
      expect(stored.map(({ valueBase64 }) => textOf(valueBase64))).toEqual(expected);
      // What a native producer writes goes the same way.
      await oracleWrite(testPulsar.serviceUrl, topic, { messages: [{ value: 'from Pulsar' }] });
      expected.push('from Pulsar');
      await untilCopied();
      await worker.end('SIGTERM');
    },
    5 * copyTimeoutMs,
  );
});

function textOf(base64: string | null | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('utf8');
}
