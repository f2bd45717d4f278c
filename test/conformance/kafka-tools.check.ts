// Kafka's own console and admin tools do their job (full: those of 3.9 too)
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import {
  kafkaJavaClassPath,
  kafkaJavaMissing,
  type KafkaTool,
  kafkaToolClass,
  kafkaToolVersions,
  runKafkaTool,
  type ToolRun,
} from '../support/kafka-java-tools.js';
import { buildOracle, oracleRead, oracleWrite } from '../support/pulsar-oracle.js';
import { pulsarAdmin, testPulsar } from '../support/pulsar.js';

const installTimeoutMs = 400_000;
const scenarioTimeoutMs = 300_000;
/** Records that the console producer writes, and more that a native producer writes. */
const written = 20;
const nativelyWritten = 7;

describe.each(kafkaToolVersions)("Kafka's tools $name", ({ module }) => {
  const on = kafkaJavaMissing ? it.skip : it;
  let gateway: TestGateway;
  let folder: string;
  const pulsarTopic = (name: string) => `persistent://${gateway.namespaceOf('acme')}/${name}`;

  beforeAll(async () => {
    if (kafkaJavaMissing) return;
    buildOracle();
    kafkaJavaClassPath(module);
    folder = mkdtempSync(join(tmpdir(), 'pulsegate-tools-'));
    const everything = { ...allowAll, resource: { type: '*', match: 'pattern', name: '*' } };
    gateway = await startGateway({
      tenants: [{ name: 'acme', permissions: [everything] }],
      listener: { anonymousTenant: 'acme' },
      config: { kafka: { groupInitialRebalanceDelayMs: 0 } },
    });
  }, installTimeoutMs);

  afterAll(async () => {
    await gateway?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  function run(tool: KafkaTool, args: string, input = ''): Promise<ToolRun> {
    const command = ['--bootstrap-server', gateway.kafka, ...args.split(' ')];
    return runKafkaTool(module, kafkaToolClass(tool, module), command, input);
  }

  /** The tool's words; fails unless it says that it did what it was told. */
  async function done(tool: KafkaTool, args: string, input = ''): Promise<string> {
    const { exitCode, output } = await run(tool, args, input);
    expect({ tool, args, exitCode, output: exitCode === 0 ? '' : output }).toMatchObject({
      exitCode: 0,
      output: '',
    });
    return output;
  }

  /** `[partition, committed, end, lag]` by partition. */
  async function lags(group: string): Promise<number[][]> {
    const output = await done('groups', `--describe --group ${group}`);
    const rows = [
      ...output.matchAll(new RegExp(`^${group}\\s+\\S+\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)`, 'gm')),
    ];
    return rows.map((row) => row.slice(1, 5).map(Number)).sort((a, b) => a[0]! - b[0]!);
  }

  async function offsets(args: string): Promise<string[]> {
    return (await done('getOffsets', args)).trim().split('\n').sort();
  }

  on(
    'create, list, describe, grow, configure and delete topics',
    async () => {
      await done('topics', '--create --topic shop --partitions 2 --config retention.ms=3600000');
      expect((await done('topics', '--list')).split('\n')).toContain('shop');
      expect((await run('topics', '--create --topic shop')).exitCode).toBe(1);
      await done('topics', '--alter --topic shop --partitions 3');
      const described = await done('topics', '--describe --topic shop');
      expect(described).toMatch(
        /Topic: shop\s.*PartitionCount: 3\s.*ReplicationFactor: 1\s.*retention.ms=3600000/,
      );
      expect(described).toMatch(/Topic: shop\s+Partition: 2\s+Leader: 0\s+Replicas: 0\s+Isr: 0/);
      const topic = '--entity-type topics --entity-name shop';
      await done('configs', `--alter ${topic} --add-config retention.ms=7200000,max.message.bytes=2000`);
      const retention = await pulsarAdmin('GET', `/persistent/${gateway.namespaceOf('acme')}/shop/retention`);
      expect(retention).toMatchObject({ retentionTimeInMinutes: 120 });
      const refused = await run('configs', `--alter ${topic} --add-config segment.ms=60000`);
      expect(refused.output).toContain('InvalidConfigurationException: segment.ms has no effect here');
      const configs = await done('configs', `--describe ${topic}`);
      expect(configs).toContain('retention.ms=7200000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:');
      expect(configs).toContain('max.message.bytes=2000 ');
      await done('configs', `--alter ${topic} --delete-config retention.ms,max.message.bytes`);
      expect(await done('configs', `--describe ${topic}`)).not.toContain('=');
      const broker = await done('configs', '--describe --entity-type brokers --entity-name 0 --all');
      expect(broker).toContain(`advertised.listeners=KAFKA://${gateway.kafka} `);
      await done('topics', '--delete --topic shop');
      expect((await done('topics', '--list')).split('\n')).not.toContain('shop');
    },
    scenarioTimeoutMs,
  );

  on(
    'write, read, count and delete records',
    async () => {
      await done('topics', '--create --topic orders --partitions 2');
      const lines = Array.from({ length: written }, (_, at) => `k${at}:v${at}\n`);
      const parsing = '--property parse.key=true --property key.separator=:';
      await done('produce', `--topic orders ${parsing}`, lines.join(''));
      const stored = await oracleRead(testPulsar.serviceUrl, pulsarTopic('orders'), written);
      expect(stored.map(({ key }) => key).sort()).toEqual(lines.map((line) => line.split(':')[0]).sort());
      const read = await done(
        'consume',
        `--topic orders --from-beginning --max-messages ${written} --property print.key=true --timeout-ms 20000`,
      );
      const seen = read.split('\n').filter((line) => /^k\d+\tv\d+$/.test(line));
      expect(seen.sort()).toEqual(lines.map((line) => line.trim().replace(':', '\t')).sort());
      const ends = (await offsets('--topic orders')).map((line) => Number(line.split(':')[2]));
      expect(ends[0]! + ends[1]!).toBe(written);
      expect(await offsets('--topic orders --time earliest')).toEqual(['orders:0:0', 'orders:1:0']);
      const file = join(folder, 'delete.json');
      writeFileSync(
        file,
        JSON.stringify({ partitions: [{ topic: 'orders', partition: 0, offset: 3 }], version: 1 }),
      );
      expect(await done('deleteRecords', `--offset-json-file ${file}`)).toMatch(
        /orders-0\s+low_watermark: 3/,
      );
      expect(await offsets('--topic orders --time earliest')).toEqual(['orders:0:3', 'orders:1:0']);
      const dirs = JSON.parse(
        (await done('logDirs', '--describe --topic-list orders')).split('\n').find(isJson)!,
      );
      const sizes = dirs.brokers[0].logDirs[0].partitions.map(({ size }: { size: number }) => size);
      expect(sizes).toHaveLength(2);
      expect(Math.min(...sizes)).toBeGreaterThan(0);
    },
    scenarioTimeoutMs,
  );

  on(
    'show how far a group is behind, and move it',
    async () => {
      await done('topics', '--create --topic jobs --partitions 1');
      const lines = Array.from({ length: written }, (_, at) => `job-${at}\n`);
      await done('produce', '--topic jobs', lines.join(''));
      const consume = `--topic jobs --group workers --timeout-ms 20000 --consumer-property auto.offset.reset=earliest`;
      await done('consume', `${consume} --max-messages ${written}`);
      expect((await done('groups', '--list')).split('\n')).toContain('workers');
      expect(await lags('workers')).toEqual([[0, written, written, 0]]);
      const messages = Array.from({ length: nativelyWritten }, (_, at) => ({ value: `native-${at}` }));
      await oracleWrite(testPulsar.serviceUrl, pulsarTopic('jobs'), { messages });
      const end = written + nativelyWritten;
      expect(await lags('workers')).toEqual([[0, written, end, nativelyWritten]]);
      const rest = await done('consume', `${consume} --max-messages ${nativelyWritten}`);
      expect(rest.split('\n').filter((line) => line.startsWith('native-'))).toHaveLength(nativelyWritten);
      expect(await lags('workers')).toEqual([[0, end, end, 0]]);
      const reset = '--reset-offsets --group workers --topic jobs --execute';
      await done('groups', `${reset} --to-offset 5`);
      expect(await lags('workers')).toEqual([[0, 5, end, end - 5]]);
      await done('groups', `${reset} --to-datetime 2020-01-01T00:00:00.000`);
      expect(await lags('workers')).toEqual([[0, 0, end, end]]);
      await done('groups', `${reset} --to-latest`);
      expect(await lags('workers')).toEqual([[0, end, end, 0]]);
      expect(await done('groups', '--describe --group workers --state')).toMatch(/^workers\s.*Empty\s/m);
      await done('groups', '--delete-offsets --group workers --topic jobs');
      await done('groups', '--delete --group workers');
      expect((await done('groups', '--list')).split('\n')).not.toContain('workers');
    },
    scenarioTimeoutMs,
  );
});

function isJson(line: string): boolean {
  return line.startsWith('{');
}
