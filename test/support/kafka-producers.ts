// The Kafka producers whose records are checked, what each of them has, and how to get and run it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type InstalledClient,
  installed,
  javaCommandOf,
  javaOrMissing,
  nodeProgram,
  onceFor,
  pythonOrMissing,
  pythonProgram,
  runOnce,
  sources,
} from './client-install.js';
import { runProgram } from './client-program.js';
import type { RecordForm } from './kafka-records.js';
import { type CodecName, encodeJobs, type ProducerConnection, type ProducerJob } from './producer-job.js';

export interface KafkaProducerClient extends InstalledClient {
  readonly codecs: readonly CodecName[];
  /** No headers before Kafka 0.11; some clients cannot write one without a value. */
  readonly form: RecordForm;
  /** The settings of `enable.idempotence` worth trying; `default` leaves it out. */
  readonly idempotence: readonly ProducerJob['idempotence'][];
}

export interface JobAnswer {
  readonly offsets?: readonly number[];
  readonly failure?: string;
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
  return javaCommandOf([join(javaInstalled, 'classes'), join(javaInstalled, module, '*')], program);
}

function javaClients(): KafkaProducerClient[] {
  const missing = javaOrMissing();
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
  return [
    {
      name: 'kafkajs 2.2',
      codecs,
      form: { headers: 'without null', ownTimestamps: true },
      idempotence: ['default', 'on'],
      command: () => nodeProgram('kafkajs', 'producer'),
    },
    ...javaClients(),
    {
      name: 'librdkafka (confluent-kafka)',
      codecs,
      form: { headers: 'all', ownTimestamps: true },
      idempotence: ['default', 'on'],
      ...pythonOrMissing(),
      command: () => pythonProgram('librdkafka', 'produce.py'),
    },
    {
      name: '@platformatic/kafka',
      codecs,
      // Its 64-bit varints are wrong beyond 31 bits (2.12.1), so timestamps of one batch must be within weeks.
      form: { headers: 'all', ownTimestamps: false },
      idempotence: ['default', 'on'],
      command: () => nodeProgram('platformatic-kafka', 'producer'),
    },
  ];
}

export interface ClientRun {
  /** As the client names itself. */
  readonly version: string;
  readonly answers: ReadonlyMap<string, JobAnswer>;
}

/** Runs all jobs, one after the other, in one process of the client. */
export async function runProducer(
  client: KafkaProducerClient,
  jobs: readonly ProducerJob[],
  connection: ProducerConnection,
  timeoutMs: number,
): Promise<ClientRun> {
  let version = client.name;
  const answers = new Map<string, JobAnswer>();
  const said = await runJobs(client, encodeJobs(jobs), connection, timeoutMs, (line) => {
    const [id, outcome, ...rest] = line.split(' ');
    if (id === 'client') version = [outcome, ...rest].join(' ');
    else if (outcome === 'ok') answers.set(id!, { offsets: rest.map(Number) });
    else if (outcome === 'failed') answers.set(id!, { failure: rest.join(' ') });
    else return false;
    return true;
  });
  for (const { id } of jobs) {
    if (!answers.has(id)) answers.set(id, { failure: `no answer: ${said.slice(-1_000)}` });
  }
  return { version, answers };
}

/** As {@link runProgram}, with the jobs in a file. */
export async function runJobs(
  client: InstalledClient,
  jobs: string,
  connection: ProducerConnection,
  timeoutMs: number,
  hear: (line: string) => boolean,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pulsegate-jobs-'));
  const file = join(folder, 'jobs');
  writeFileSync(file, jobs);
  const { plainBootstrap, anonymousBootstrap, username, password } = connection;
  const args = [file, plainBootstrap, anonymousBootstrap, username, password];
  const said = await runProgram(client, args, timeoutMs, hear);
  rmSync(folder, { recursive: true, force: true });
  return said;
}
