import { execFileSync, spawn } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const jars = join(root, '.pulsegate', 'kafka-tools');

export interface ProducerPerformanceResult {
  readonly recordsPerSecond: number;
  readonly latencyMs: { readonly average: number; readonly p50: number; readonly p99: number };
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

/** Runs Kafka's own ProducerPerformance and reads its last, steady-state summary. */
export async function producerPerformance(
  options: ProducerPerformanceOptions,
): Promise<ProducerPerformanceResult> {
  const properties = { 'bootstrap.servers': options.bootstrap, ...options.properties };
  const args = [
    '-Xms256m',
    '-Xmx512m',
    '-cp',
    `${jars}/*`,
    'org.apache.kafka.tools.ProducerPerformance',
    ...['--topic', options.topic, '--num-records', String(options.records)],
    ...['--warmup-records', String(options.warmupRecords), '--record-size', String(options.recordBytes)],
    ...['--throughput', String(options.throughput), '--producer-props'],
    ...Object.entries(properties).map(([key, value]) => `${key}=${value}`),
  ];
  const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const summaries = [...output.matchAll(/^.*records\/sec.*99th.*$/gm)].map((match) => match[0]);
  const last = summaries.at(-1);
  if (code !== 0 || last === undefined)
    throw new Error(`ProducerPerformance failed:\n${output.slice(-2_000)}`);
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
    latencyMs: {
      average: number(/([\d.]+) ms avg latency/),
      p50: number(/([\d.]+) ms 50th/),
      p99: number(/([\d.]+) ms 99th/),
    },
  };
}
