// The Kafka consumers that are checked, what each of them shows, and how to run it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ConsumerJob, encodeConsumerJobs } from './consumer-job.js';
import { isThere, javaCommand, nodeCommand, pythonCommand } from './kafka-producers.js';
import type { ProducerConnection } from './producer-job.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface KafkaConsumerClient {
  readonly name: string;
  readonly protocol: ConsumerJob['protocol'];
  /** Kafka before 0.11 has none. */
  readonly headers: boolean;
  /** Why it cannot run here, in words that name it; undefined when it can. */
  readonly missing?: string;
  readonly command: () => readonly string[];
}

export interface ConsumerAnswer {
  /** What it read, without the job's id: see consumer-job.ts. */
  readonly lines: readonly string[];
  readonly failure?: string;
}

export interface ConsumerRun {
  /** As the client names itself. */
  readonly version: string;
  readonly answers: ReadonlyMap<string, ConsumerAnswer>;
}

export function kafkaConsumerClients(): KafkaConsumerClient[] {
  const java =
    isThere('javac', '-version') && isThere('mvn', '--version') ? {} : { missing: 'no JDK or no Maven' };
  const python = isThere('python3', '-c', 'import venv, ensurepip')
    ? {}
    : { missing: 'no python3 with venv' };
  const javaClient = (version: string, module: string, protocol: ConsumerJob['protocol'] = 'classic') => ({
    name: `Java kafka-clients ${version}`,
    protocol,
    headers: module !== 'clients-0',
    ...java,
    command: () => javaCommand(module, 'ConformanceConsumer'),
  });
  const librdkafka = (protocol: ConsumerJob['protocol']) => ({
    name: 'librdkafka (confluent-kafka)',
    protocol,
    headers: true,
    ...python,
    command: () => pythonCommand('consume.py'),
  });
  const nodeClient = (name: string, folder: string, protocol: ConsumerJob['protocol'] = 'classic') => ({
    name,
    protocol,
    headers: true,
    command: () => nodeCommand(folder, 'consumer'),
  });
  return [
    nodeClient('kafkajs 2.2', 'kafkajs'),
    javaClient('4.3', 'clients-4'),
    javaClient('4.3', 'clients-4', 'consumer'),
    javaClient('4.3', 'clients-4', 'none'),
    javaClient('3.9', 'clients-3'),
    javaClient('2.8', 'clients-2'),
    javaClient('1.1', 'clients-1'),
    javaClient('0.10.2', 'clients-0'),
    javaClient('0.10.2', 'clients-0', 'none'),
    librdkafka('classic'),
    librdkafka('consumer'),
    librdkafka('none'),
    nodeClient('@platformatic/kafka', 'platformatic-kafka'),
    nodeClient('@platformatic/kafka', 'platformatic-kafka', 'consumer'),
  ];
}

/** Runs all jobs, one after the other, in one process of the client. */
export async function runConsumer(
  client: KafkaConsumerClient,
  jobs: readonly ConsumerJob[],
  connection: ProducerConnection,
  timeoutMs: number,
): Promise<ConsumerRun> {
  const [command, ...args] = client.command();
  const folder = mkdtempSync(join(tmpdir(), 'pulsegate-jobs-'));
  const file = join(folder, 'jobs');
  writeFileSync(file, encodeConsumerJobs(jobs));
  const { plainBootstrap, anonymousBootstrap, username, password } = connection;
  const child = spawn(command!, [...args, file, plainBootstrap, anonymousBootstrap, username, password], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let version = client.name;
  let said = '';
  const lines = new Map(jobs.map(({ id }) => [id, [] as string[]]));
  const ends = new Map<string, string | undefined>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (said.length < 20_000) said += `${line}\n`;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [id, what] = line.split(' ', 2) as [string, string];
    const rest = line.slice(id.length + 1);
    if (id === 'client') version = rest;
    else if (!lines.has(id)) said += `${line}\n`;
    else if (what === 'ok') ends.set(id, undefined);
    else if (what === 'failed') ends.set(id, rest.slice('failed '.length));
    else lines.get(id)!.push(rest);
  });
  const status = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  rmSync(folder, { recursive: true, force: true });
  const answers = jobs.map(({ id }): [string, ConsumerAnswer] => {
    const failure = ends.has(id) ? ends.get(id) : `no answer (${status}) ${said.slice(-1_000)}`;
    return [id, { lines: lines.get(id)!, ...(failure === undefined ? {} : { failure }) }];
  });
  return { version, answers: new Map(answers) };
}
