// The Kafka producers whose records are checked, what each of them has, and how to get and run it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RecordForm } from './kafka-records.js';
import { type CodecName, encodeJobs, type ProducerConnection, type ProducerJob } from './producer-job.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sources = join(root, 'test', 'conformance');
const compiled = join(root, 'dist', 'test', 'conformance');
const installed = join(root, '.pulsegate', 'conformance');

export interface KafkaProducerClient {
  readonly name: string;
  readonly codecs: readonly CodecName[];
  /** No headers before Kafka 0.11; some clients cannot write one without a value. */
  readonly form: RecordForm;
  /** The settings of `enable.idempotence` worth trying; `default` leaves it out. */
  readonly idempotence: readonly ProducerJob['idempotence'][];
  /** Why it cannot run here, in words that name it; undefined when it can. */
  readonly missing?: string;
  readonly command: () => readonly string[];
}

export interface JobAnswer {
  readonly offsets?: readonly number[];
  readonly failure?: string;
}

export function isThere(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

export function runOnce(command: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}:\n${stdout}${stderr}`);
}

/** Longest time that an installation by another worker of the test run is waited for. */
const installWaitMsMax = 300_000;

/**
 * Does `install` unless it was done with the same `recipe` (the contents of these files). Suites run side by side, so one
 * installs and the others wait.
 */
export function onceFor(recipe: readonly string[], stampFile: string, install: () => void): void {
  const wanted = recipe.map((file) => readFileSync(file, 'utf8')).join('\n');
  const isDone = () => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted;
  if (isDone()) return;
  mkdirSync(dirname(stampFile), { recursive: true });
  const lockFolder = `${stampFile}.lock`;
  for (const end = Date.now() + installWaitMsMax; !tookLock(lockFolder) && Date.now() < end; ) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  try {
    if (isDone()) return;
    install();
    writeFileSync(stampFile, wanted);
  } finally {
    rmSync(lockFolder, { recursive: true, force: true });
  }
}

function tookLock(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

const javaFolder = join(sources, 'kafka-java');
const javaInstalled = join(installed, 'kafka-java');

/** Runs one of the programs beside ConformanceProducer.java with the jars of a module there, e.g. `clients-4`. */
export function javaCommand(module: string, program = 'ConformanceProducer'): string[] {
  const poms = ['4', '3', '2', '1', '0'].map((each) => join(javaFolder, `clients-${each}`, 'pom.xml'));
  const programs = [
    'ConformanceProducer.java',
    'ConformanceConsumer.java',
    'FloodProducer.java',
    'GroupMember.java',
    'ChurnMembers.java',
    'IdentityClient.java',
  ].map((each) => join(javaFolder, each));
  const [producer, consumer, ...current] = programs as [string, string, ...string[]];
  onceFor([join(javaFolder, 'pom.xml'), ...poms, ...programs], join(javaInstalled, '.recipe'), () => {
    const resolve = ['-B', '-q', '-f', join(javaFolder, 'pom.xml'), 'dependency:copy-dependencies'];
    runOnce('mvn', [...resolve, `-Dclients.folder=${javaInstalled}`]);
    const compile = (source: string, against: string) =>
      runOnce('javac', [
        '-d',
        join(javaInstalled, 'classes'),
        '-cp',
        join(javaInstalled, against, '*'),
        source,
      ]);
    compile(producer, 'clients-0');
    compile(consumer, 'clients-0');
    for (const program of current) compile(program, 'clients-4');
  });
  const classPath = [join(javaInstalled, 'classes'), join(javaInstalled, module, '*')].join(':');
  return ['java', '-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', classPath, program];
}

export function pythonCommand(program = 'produce.py'): string[] {
  const folder = join(installed, 'librdkafka');
  const requirements = join(sources, 'librdkafka', 'requirements.txt');
  onceFor([requirements], join(installed, 'librdkafka.recipe'), () => {
    runOnce('python3', ['-m', 'venv', '--clear', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
    runOnce(join(folder, 'bin', 'python'), pip);
  });
  return [join(folder, 'bin', 'python'), join(sources, 'librdkafka', program)];
}

export function nodeCommand(
  folder: string,
  role: 'producer' | 'consumer' | 'identities' = 'producer',
): string[] {
  return [process.execPath, join(compiled, folder, `${folder}.${role}.js`)];
}

function javaClients(): KafkaProducerClient[] {
  const missing =
    isThere('javac', '-version') && isThere('mvn', '--version') ? {} : { missing: 'no JDK or no Maven' };
  const all = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
  const beforeZstd = ['none', 'gzip', 'snappy', 'lz4'] as const;
  const client = (
    version: string,
    module: string,
    codecs: readonly CodecName[],
    headers: RecordForm['headers'],
    idempotence: KafkaProducerClient['idempotence'],
  ): KafkaProducerClient => ({
    name: `Java ${version}`,
    codecs,
    form: { headers, ownTimestamps: true },
    idempotence,
    ...missing,
    command: () => javaCommand(module),
  });
  return [
    client('kafka-clients 4.3', 'clients-4', all, 'all', ['on', 'off']),
    client('kafka-clients 3.9', 'clients-3', all, 'all', ['on', 'off']),
    client('kafka-clients 2.8', 'clients-2', all, 'all', ['default', 'on']),
    client('kafka-clients 1.1', 'clients-1', beforeZstd, 'all', ['default', 'on']),
    client('kafka-clients 0.10.2', 'clients-0', beforeZstd, 'none', ['default']),
  ];
}

export function kafkaProducerClients(): KafkaProducerClient[] {
  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
  const python = isThere('python3', '-c', 'import venv, ensurepip')
    ? {}
    : { missing: 'no python3 with venv' };
  return [
    {
      name: 'kafkajs 2.2',
      codecs,
      form: { headers: 'without null', ownTimestamps: true },
      idempotence: ['default', 'on'],
      command: () => nodeCommand('kafkajs'),
    },
    ...javaClients(),
    {
      name: 'librdkafka (confluent-kafka)',
      codecs,
      form: { headers: 'all', ownTimestamps: true },
      idempotence: ['default', 'on'],
      ...python,
      command: () => pythonCommand(),
    },
    {
      name: '@platformatic/kafka',
      codecs,
      // Its 64-bit varints are wrong beyond 31 bits (2.12.1), so timestamps of one batch must be within weeks.
      form: { headers: 'all', ownTimestamps: false },
      idempotence: ['default', 'on'],
      command: () => nodeCommand('platformatic-kafka'),
    },
  ];
}

export interface ClientRun {
  /** As the client names itself. */
  readonly version: string;
  readonly answers: ReadonlyMap<string, JobAnswer>;
  /** What it said besides, e.g. its log on stderr. */
  readonly said: string;
}

/** Runs all jobs, one after the other, in one process of the client. */
export async function runProducer(
  client: KafkaProducerClient,
  jobs: readonly ProducerJob[],
  connection: ProducerConnection,
  timeoutMs: number,
): Promise<ClientRun> {
  const [command, ...args] = client.command();
  const folder = mkdtempSync(join(tmpdir(), 'pulsegate-jobs-'));
  const file = join(folder, 'jobs');
  writeFileSync(file, encodeJobs(jobs));
  const { plainBootstrap, anonymousBootstrap, username, password } = connection;
  const child = spawn(command!, [...args, file, plainBootstrap, anonymousBootstrap, username, password], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let version = client.name;
  let said = '';
  const answers = new Map<string, JobAnswer>();
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (said.length < 20_000) said += `${line}\n`;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [id, outcome, ...rest] = line.split(' ');
    if (id === 'client') version = [outcome, ...rest].join(' ');
    else if (outcome === 'ok') answers.set(id!, { offsets: rest.map(Number) });
    else if (outcome === 'failed') answers.set(id!, { failure: rest.join(' ') });
    else said += `${line}\n`;
  });
  const status = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  rmSync(folder, { recursive: true, force: true });
  for (const { id } of jobs) {
    if (!answers.has(id)) answers.set(id, { failure: `no answer (${status}) ${said.slice(-1_000)}` });
  }
  return { version, answers, said };
}
