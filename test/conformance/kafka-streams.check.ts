// Kafka Streams' word count over the gateway: repartition and changelog topics, windows, restored state, a crash (full: more words)
import { mkdtempSync, rmSync } from 'node:fs';
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
import { createPartitionedTopic, pulsarAdmin, testPulsar } from '../support/pulsar.js';

const linesPerRound = inForm({ short: 300, full: 50_000 });
const vocabulary = 50;
const wordsPerLine = 4;
const application = 'word-count';
const installTimeoutMs = 400_000;
const startTimeoutMs = 120_000;
const countTimeoutMs = inForm({ short: 90_000, full: 600_000 });

describe('Kafka Streams', () => {
  const on = kafkaJavaMissing ? it.skip : it;
  const expected = new Map<string, number>();
  const running: KafkaProgram[] = [];
  let gateway: TestGateway;
  let folder: string;
  let classPath: string;
  const pulsarTopic = (name: string) => `persistent://${gateway.namespaceOf('acme')}/${name}`;

  beforeAll(async () => {
    if (kafkaJavaMissing) return;
    buildOracle();
    classPath = kafkaJavaClassPath('streams');
    folder = mkdtempSync(join(tmpdir(), 'pulsegate-streams-'));
    const everything = { ...allowAll, resource: { type: '*', match: 'pattern', name: '*' } };
    gateway = await startGateway({
      tenants: [{ name: 'acme', permissions: [everything] }],
      listener: { anonymousTenant: 'acme' },
      config: { kafka: { groupInitialRebalanceDelayMs: 0 } },
    });
    const namespace = gateway.namespaceOf('acme');
    await createPartitionedTopic(namespace, 'lines', 3);
    await createPartitionedTopic(namespace, 'counts', 2);
    await createPartitionedTopic(namespace, 'counts-windowed', 2);
  }, installTimeoutMs);

  afterAll(async () => {
    await Promise.all(running.map((program) => program.end('SIGKILL')));
    await gateway?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** With an empty state of its own, so that what it knows comes from the changelog. */
  async function startApplication(name: string): Promise<KafkaProgram> {
    const settings = [
      'repartition.purge.interval.ms=1000',
      'num.stream.threads=2',
      'session.timeout.ms=6000',
    ];
    const args = [gateway.kafka, application, 'lines', 'counts', join(folder, name), ...settings];
    const program = startKafkaProgram(classPath, 'WordCount', args);
    running.push(program);
    await program.untilSaid('state RUNNING', 1, startTimeoutMs);
    return program;
  }

  /** A native Pulsar producer writes the lines. */
  async function writeLines(round: number): Promise<void> {
    const messages = Array.from({ length: linesPerRound }, (_, line) => {
      const words = Array.from(
        { length: wordsPerLine },
        (_, at) => `w${(line * (at + 1) + round) % vocabulary}`,
      );
      for (const word of words) expected.set(word, (expected.get(word) ?? 0) + 1);
      return { value: words.join(' ') };
    });
    await oracleWrite(testPulsar.serviceUrl, pulsarTopic('lines'), { messages });
  }

  /** The last count of each word, as a native Pulsar reader sees them. */
  async function counted(topic: string): Promise<Map<string, number>> {
    const messages = await oracleRead(testPulsar.serviceUrl, pulsarTopic(topic), 'all');
    return new Map(
      messages.map(({ key, valueBase64 }) => [key!, Number(Buffer.from(valueBase64!, 'base64'))]),
    );
  }

  async function untilCounted(): Promise<void> {
    const sum = (counts: Map<string, number>) =>
      [...counts.values()].reduce((total, each) => total + each, 0);
    for (const topic of ['counts', 'counts-windowed']) {
      const end = Date.now() + countTimeoutMs;
      let found = await counted(topic);
      while (sum(found) < sum(expected) && Date.now() < end) {
        await delay(1_000);
        found = await counted(topic);
      }
      expect(Object.fromEntries([...found].sort())).toEqual(Object.fromEntries([...expected].sort()));
    }
  }

  on(
    'counts words, and goes on counting after a restart, a crash and a change of gateway',
    async () => {
      await writeLines(0);
      const first = await startApplication('first');
      await untilCounted();
      await first.end();
      await writeLines(1);
      const second = await startApplication('second');
      await untilCounted();
      // All that was read is committed by then, so at least once is exactly once.
      await delay(3_000);
      await second.end('SIGKILL');
      await writeLines(2);
      const third = await startApplication('third');
      await untilCounted();
      await gateway.restart();
      await writeLines(3);
      await untilCounted();
      await third.end();
      expect(third.output()).not.toContain('Exception');
    },
    4 * (startTimeoutMs + 2 * countTimeoutMs),
  );

  on('has the internal topics that it asked for', async () => {
    const namespace = gateway.namespaceOf('acme');
    const of = (topic: string, what: string) =>
      pulsarAdmin('GET', `/persistent/${namespace}/${topic}/${what}`);
    const changelog = `${application}-counts-changelog`;
    const windowed = `${application}-windowed-changelog`;
    const repartition = `${application}-words-repartition`;
    expect(await of(changelog, 'properties')).toMatchObject({ 'pulsegate.kafka.cleanup.policy': 'compact' });
    expect(await of(changelog, 'compactionThreshold')).toBeGreaterThan(0);
    expect(await of(windowed, 'properties')).toMatchObject({
      'pulsegate.kafka.cleanup.policy': 'compact,delete',
    });
    expect(await of(windowed, 'compactionThreshold')).toBeGreaterThan(0);
    expect(await of(windowed, 'retention')).toMatchObject({ retentionTimeInMinutes: (3_650 + 1) * 24 * 60 });
    expect(await of(repartition, 'retention')).toEqual({ retentionTimeInMinutes: -1, retentionSizeInMB: -1 });
    // It deletes from the repartition topic what it has counted (DeleteRecords).
    const properties = (await of(repartition, 'properties')) as Record<string, string>;
    const starts = Object.entries(properties).filter(([name]) =>
      name.startsWith('pulsegate.kafka.log-start.'),
    );
    expect(Math.max(...starts.map(([, start]) => Number(start)))).toBeGreaterThan(0);
  });
});
