import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LatencyRun } from '../support/pulsar-oracle.js';

/** Beside the jars: what is compiled against them. */
const classes = 'classes';
const root = fileURLToPath(new URL('../../../', import.meta.url));
const jars = join(root, '.pulsegate', 'kafka-tools');

export interface ProducerPerformanceResult {
  readonly recordsPerSecond: number;
}

export interface ProducerPerformanceOptions {
  readonly bootstrap: string;
  readonly topic: string;
  readonly records: number;
  readonly warmupRecords: number;
  readonly recordBytes: number;
  /** Records per second; -1 for as fast as it goes. */
  readonly throughput: number;
  readonly properties: Readonly<Record<string, string>>;
  /** A file with more of them: the command line takes no value with a `=` in it. */
  readonly propertiesFile?: string;
}

/** Brings Kafka's tools from Maven, once. */
export function resolveKafkaTools(): void {
  if (existsSync(jars)) return;
  const partial = `${jars}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const pom = join(root, 'test', 'bench', 'kafka-tools', 'pom.xml');
  execFileSync(
    'mvn',
    ['-q', '-B', '-f', pom, goal, '-DincludeScope=runtime', `-DoutputDirectory=${partial}`],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  renameSync(partial, jars);
}

/** Kafka's ConsumerPerformance: records per second while it fetches, from the start of the topic. */
export async function consumerPerformance(
  bootstrap: string,
  topic: string,
  records: number,
): Promise<number> {
  const output = await java('org.apache.kafka.tools.ConsumerPerformance', [
    ...['--bootstrap-server', bootstrap, '--topic', topic, '--num-records', String(records)],
    ...['--timeout', '60000', '--group', `bench-${topic}-${Date.now()}`],
  ]);
  // start, end, MB, MB/s, records, records/s, rebalance ms, fetch ms, fetch MB/s, fetch records/s
  const numbers = output.trim().split('\n').at(-1)?.split(', ') ?? [];
  const [consumed, perSecond] = [Number(numbers[4]), Number(numbers[9])];
  if (!(consumed >= records) || !(perSecond > 0)) throw new Error(`ConsumerPerformance failed:\n${output}`);
  return perSecond;
}

/** What `LatencyClient.java` measures; batches wait for one millisecond. */
export async function kafkaLatency(options: {
  readonly bootstrap: string;
  readonly topic: string;
  readonly records: number;
  readonly warmupRecords: number;
  readonly recordBytes: number;
  readonly rate: number;
}): Promise<LatencyRun> {
  const { bootstrap, topic, records, warmupRecords, recordBytes, rate } = options;
  const source = join(root, 'test', 'bench', 'kafka-tools', 'LatencyClient.java');
  const folder = join(jars, classes);
  mkdirSync(folder, { recursive: true });
  execFileSync('javac', ['-d', folder, '-cp', `${jars}/*`, source]);
  const args = [bootstrap, topic, records, warmupRecords, recordBytes, rate, 1].map(String);
  const output = await java('LatencyClient', args);
  return JSON.parse(output.trim().split('\n').at(-1)!) as LatencyRun;
}

/** The command line of a class of Kafka's tools, or of one of ours. */
function javaArguments(main: string, args: readonly string[]): string[] {
  return ['-Xms256m', '-Xmx512m', '-cp', `${join(jars, classes)}:${jars}/*`, main, ...args];
}

/** Runs a class of Kafka's tools, or one of ours, and gives what it printed. */
async function java(main: string, args: readonly string[]): Promise<string> {
  const child = spawn('java', javaArguments(main, args), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-4_000)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${main} failed:\n${output.slice(-2_000)}${errors}`);
  return output;
}

const performanceMain = 'org.apache.kafka.tools.ProducerPerformance';

function performanceArguments(load: Omit<ProducerPerformanceOptions, 'warmupRecords'>): string[] {
  const properties = { 'bootstrap.servers': load.bootstrap, ...load.properties };
  return [
    ...['--topic', load.topic, '--num-records', String(load.records)],
    ...['--record-size', String(load.recordBytes), '--throughput', String(load.throughput)],
    ...(load.propertiesFile === undefined ? [] : ['--producer.config', load.propertiesFile]),
    ...['--producer-props', ...Object.entries(properties).map(([key, value]) => `${key}=${value}`)],
  ];
}

/** Kafka's own ProducerPerformance, as fast as it goes, until it is killed. */
export function endlessProducer({
  bootstrap,
  topic,
  recordBytes,
  properties,
}: Pick<ProducerPerformanceOptions, 'bootstrap' | 'topic' | 'recordBytes' | 'properties'>): ChildProcess {
  const load = { bootstrap, topic, records: 2 ** 31 - 1, recordBytes, throughput: -1, properties };
  return spawn('java', javaArguments(performanceMain, performanceArguments(load)), { stdio: 'ignore' });
}

/** Runs Kafka's own ProducerPerformance and reads its last, steady-state summary. */
export async function producerPerformance(
  options: ProducerPerformanceOptions,
): Promise<ProducerPerformanceResult> {
  const warmup = ['--warmup-records', String(options.warmupRecords)];
  const output = await java(performanceMain, [...warmup, ...performanceArguments(options)]);
  const summaries = [...output.matchAll(/^.*records\/sec.*99th.*$/gm)].map((match) => match[0]);
  const last = summaries.at(-1);
  if (last === undefined) throw new Error(`ProducerPerformance said no result:\n${output.slice(-2_000)}`);
  return parseSummary(last);
}

function parseSummary(line: string): ProducerPerformanceResult {
  const number = (pattern: RegExp): number => {
    const match = pattern.exec(line);
    if (match?.[1] === undefined) throw new Error(`ProducerPerformance printed something new: ${line}`);
    return Number(match[1]);
  };
  return {
    recordsPerSecond: number(/([\d.]+) records\/sec/),
  };
}
