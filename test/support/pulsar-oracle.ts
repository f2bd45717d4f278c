// The official Java client of Pulsar, as an oracle: it reads what ours wrote and writes what ours must read.
// Built by Maven into .pulsegate/ when its sources have changed (test/conformance/pulsar-java).
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finished, type PipedProcess, ServingProcesses } from './serving-processes.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const project = join(root, 'test', 'conformance', 'pulsar-java');
const buildRoot = join(root, '.pulsegate', 'conformance');

/** A message as the Java client reads it; what it cannot show (repeated properties) is not here. */
export interface OracleMessage {
  /** -1 in a topic without partitions. */
  readonly partition: number;
  readonly messageId: OracleMessageId;
  /** The broker's index of the message. */
  readonly index: number | null;
  readonly key: string | null;
  /** The key's bytes. */
  readonly keyBase64: string | null;
  readonly hasBase64EncodedKey: boolean;
  readonly orderingKey: string | null;
  /** Null for a null value; absent when digests were asked for. */
  readonly valueBase64?: string | null;
  /** Of the value's bytes, in hex; only when digests were asked for. */
  readonly valueSha256?: string | null;
  /** -1 for a null value. */
  readonly valueBytes: number;
  /** 0 when absent. */
  readonly eventTime: number;
  readonly publishTime: number;
  readonly brokerPublishTime: number | null;
  readonly properties: Readonly<Record<string, string>>;
  readonly producerName: string;
  readonly sequenceId: number;
  readonly schemaVersion: string | null;
}

export interface OracleMessageId {
  readonly ledgerId: number;
  readonly entryId: number;
  readonly batchIndex: number;
  readonly batchSize: number;
  readonly partition: number;
  readonly firstChunk?: OracleMessageId;
}

/** See Write.java. Without a batch size, a batch ends at 1,000 messages, 128 KiB or `flush`. */
export interface OracleWrite {
  /** Where the call's topic is not meant. */
  readonly topic?: string;
  readonly name?: string;
  readonly batching?: boolean;
  readonly batchMessages?: number;
  readonly batchBytes?: number;
  readonly compression?: 'NONE' | 'LZ4' | 'ZLIB' | 'ZSTD' | 'SNAPPY';
  readonly chunking?: boolean;
  readonly chunkBytes?: number;
  readonly schema?: 'BYTES' | 'STRING' | 'INT64' | 'JSON' | 'AVRO';
  readonly messages: readonly OracleItem[];
}

export interface OracleItem {
  readonly key?: string;
  readonly keyBase64?: string;
  readonly orderingKeyBase64?: string;
  /** UTF-8. */
  readonly value?: string;
  readonly valueBase64?: string;
  /** For the schemas JSON and AVRO. */
  readonly valueObject?: { readonly sensor: string; readonly celsius: number; readonly sequence?: number };
  /** So many bytes of `patternBytes` instead of a value. */
  readonly valueBytes?: number;
  readonly seed?: number;
  readonly nullValue?: boolean;
  readonly eventTime?: number;
  readonly sequenceId?: number;
  readonly deliverAfterMs?: number;
  readonly properties?: Readonly<Record<string, string>>;
  readonly count?: number;
  /** Ends the batch after this message. */
  readonly flush?: boolean;
}

/** What `valueBytes` and `seed` stand for. */
export function patternBytes(length: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = seed + at * 7 + Math.floor(at / 256);
  return bytes;
}

export interface OracleReadOptions {
  readonly timeoutMs?: number;
  /** SHA-256 of the values instead of the values. */
  readonly digest?: boolean;
  readonly compacted?: boolean;
}

/** The messages from the earliest on, in order within each partition: so many, or `all` that are there. */
export async function oracleRead(
  serviceUrl: string,
  topic: string,
  count: number | 'all',
  options: OracleReadOptions = {},
): Promise<OracleMessage[]> {
  const messages: OracleMessage[] = [];
  const flags = [
    ...(options.timeoutMs === undefined ? [] : ['--timeout-ms', String(options.timeoutMs)]),
    ...(options.digest ? ['--digest'] : []),
    ...(options.compacted ? ['--compacted'] : []),
  ];
  await run(['read', serviceUrl, topic, String(count), ...flags], (line) =>
    messages.push(line as OracleMessage),
  );
  return messages;
}

/** Publishes, one spec after the other, and resolves with the ids in the order given, after all receipts. */
export async function oracleWrite(
  serviceUrl: string,
  topic: string,
  ...specs: readonly OracleWrite[]
): Promise<OracleMessageId[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pulsegate-oracle-'));
  const file = join(folder, 'spec.json');
  writeFileSync(file, JSON.stringify(specs));
  const ids: OracleMessageId[] = [];
  try {
    await run(['write', serviceUrl, topic, file], (line) =>
      ids.push((line as { messageId: OracleMessageId }).messageId),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return ids;
}

export interface OracleFloodOptions {
  /** Messages per second; 0 for as fast as it goes. */
  readonly rate: number;
  readonly sizeBytes?: number;
  readonly batch?: number;
  readonly count?: number;
  readonly name?: string;
}

export interface OracleFlood {
  /** Ends it and resolves with what it published. Values are `flood-<number>`, padded with dots. */
  stop(): Promise<{ readonly sent: number; readonly stored: number; readonly failed: number }>;
}

/** A native producer beside the gateway. Resolves when its first message is stored. */
export async function oracleFlood(
  serviceUrl: string,
  topic: string,
  options: OracleFloodOptions,
): Promise<OracleFlood> {
  const flags = [
    ['--rate', options.rate],
    ['--size', options.sizeBytes ?? 100],
    ['--batch', options.batch ?? 1],
    ...(options.count === undefined ? [] : [['--count', options.count]]),
    ...(options.name === undefined ? [] : [['--name', options.name]]),
  ];
  const child = start(['flood', serviceUrl, topic, ...flags.flat().map(String)]);
  let summary: unknown;
  let started: (() => void) | undefined;
  const firstStored = new Promise<void>((resolve) => (started = resolve));
  const ended = finished(child, (line) => {
    if ((line as { started?: boolean }).started) started!();
    else summary = line;
  });
  await Promise.race([firstStored, ended]);
  return {
    async stop() {
      child.stdin.end();
      await ended;
      return summary as { sent: number; stored: number; failed: number };
    },
  };
}

export interface OraclePerfOptions {
  readonly records: number;
  readonly warmupRecords: number;
  readonly recordBytes: number;
  /** Records per second; absent for as fast as it goes. */
  readonly rate?: number;
  readonly runs?: number;
  readonly compression?: NonNullable<OracleWrite['compression']>;
  readonly batchBytes?: number;
  readonly batchDelayMs?: number;
}

export interface OraclePerfRun {
  readonly run: number;
  readonly records: number;
  readonly failed: number;
  readonly seconds: number;
  readonly recordsPerSecond: number;
  readonly megabytesPerSecond: number;
  /** Of the client's process. */
  readonly cpuSeconds: number;
  readonly latencyMs: {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly p999: number;
    readonly max: number;
  };
}

/** The native baseline: how fast the official client publishes into an existing topic, in steady state. */
export async function oraclePerf(
  serviceUrl: string,
  topic: string,
  options: OraclePerfOptions,
): Promise<OraclePerfRun[]> {
  const flags = [
    ['--records', options.records],
    ['--warmup', options.warmupRecords],
    ['--size', options.recordBytes],
    ['--runs', options.runs ?? 1],
    ...(options.rate === undefined ? [] : [['--rate', options.rate]]),
    ...(options.compression === undefined ? [] : [['--compression', options.compression]]),
    ...(options.batchBytes === undefined ? [] : [['--batch-bytes', options.batchBytes]]),
    ...(options.batchDelayMs === undefined ? [] : [['--batch-delay-ms', options.batchDelayMs]]),
  ];
  const runs: OraclePerfRun[] = [];
  const child = start(['perf', serviceUrl, topic, ...flags.flat().map(String)], ['-Xms256m', '-Xmx512m']);
  await finished(child, (line) => runs.push(line as OraclePerfRun));
  return runs;
}

/** Messages per second that the official client reads, of those after the first; from the start of the topic. */
export async function oracleReadPerf(serviceUrl: string, topic: string, records: number): Promise<number> {
  let recordsPerSecond = Number.NaN;
  const child = start(
    ['read-perf', serviceUrl, topic, '--records', String(records)],
    ['-Xms256m', '-Xmx512m'],
  );
  await finished(child, (line) => ({ recordsPerSecond } = line as { recordsPerSecond: number }));
  return recordsPerSecond;
}

/** Milliseconds from send to acknowledgement, and from send to receive. */
export interface LatencyRun {
  readonly produceMs: { readonly p50: number; readonly p99: number };
  readonly endToEndMs: { readonly p50: number; readonly p99: number };
}

/** The native baseline of latency; batches wait for one millisecond. */
export async function oracleLatency(
  serviceUrl: string,
  topic: string,
  options: {
    readonly records: number;
    readonly warmupRecords: number;
    readonly recordBytes: number;
    readonly rate: number;
  },
): Promise<LatencyRun> {
  const { records, warmupRecords, recordBytes, rate } = options;
  const flags = ['--records', records, '--warmup', warmupRecords, '--size', recordBytes, '--rate', rate];
  let result: LatencyRun | undefined;
  const child = start(['latency', serviceUrl, topic, ...flags.map(String)], ['-Xms256m', '-Xmx512m']);
  await finished(child, (line) => {
    result = line as LatencyRun;
  });
  return result!;
}

/** Starts fast rather than runs fast: most runs are a second. */
const quickStart = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx512m'];

function start(args: readonly string[], javaOptions: readonly string[] = quickStart): PipedProcess {
  const folder = buildOracle();
  const classpath = `${join(folder, 'classes')}:${join(folder, 'lib', '*')}`;
  return spawn('java', [...javaOptions, '-cp', classpath, 'io.pulsegate.oracle.Main', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

const servers = new ServingProcesses(() => start(['serve']));

function run(args: readonly string[], onLine: (line: unknown) => void): Promise<void> {
  return servers.call(args, onLine);
}

/** The folder with `classes` and `lib`; its name has the digest of the sources, so a stale one is never used. */
export function buildOracle(): string {
  const folder = join(buildRoot, `pulsar-java-${sourceDigest()}`);
  if (existsSync(folder)) return folder;
  mkdirSync(buildRoot, { recursive: true });
  const partial = mkdtempSync(join(buildRoot, 'pulsar-java-partial-'));
  try {
    const pom = join(project, 'pom.xml');
    execFileSync('mvn', ['-q', '-B', '-f', pom, 'package', `-Doracle.directory=${partial}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    for (const old of readdirSync(buildRoot)) {
      if (/^pulsar-java-[0-9a-f]{12}$/.test(old) && !folder.endsWith(old)) {
        rmSync(join(buildRoot, old), { recursive: true, force: true });
      }
    }
    // Another process may have built the same at the same time.
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}

function sourceDigest(): string {
  const hash = createHash('sha256').update(readFileSync(join(project, 'pom.xml')));
  const sources = readdirSync(join(project, 'src'), { recursive: true, encoding: 'utf8' });
  for (const source of sources.filter((path) => path.endsWith('.java')).sort()) {
    hash.update(readFileSync(join(project, 'src', source)));
  }
  return hash.digest('hex').slice(0, 12);
}
