// The Kafka consumers that are checked, what each of them shows, and how to run it.
import {
  type InstalledClient,
  javaOrMissing,
  nodeProgram,
  pythonOrMissing,
  pythonProgram,
} from './client-install.js';
import { type ConsumerJob, encodeConsumerJobs } from './consumer-job.js';
import { javaCommand, runJobs } from './kafka-producers.js';
import type { ProducerConnection } from './producer-job.js';

export interface KafkaConsumerClient extends InstalledClient {
  readonly protocol: ConsumerJob['protocol'];
  /** Kafka before 0.11 has none. */
  readonly headers: boolean;
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
  const [java, python] = [javaOrMissing(), pythonOrMissing()];
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
    command: () => pythonProgram('librdkafka', 'consume.py'),
  });
  const nodeClient = (name: string, folder: string, protocol: ConsumerJob['protocol'] = 'classic') => ({
    name,
    protocol,
    headers: true,
    command: () => nodeProgram(folder, 'consumer'),
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
  let version = client.name;
  const lines = new Map(jobs.map(({ id }) => [id, [] as string[]]));
  const ends = new Map<string, string | undefined>();
  const said = await runJobs(client, encodeConsumerJobs(jobs), connection, timeoutMs, (line) => {
    const [id, what] = line.split(' ', 2) as [string, string];
    const rest = line.slice(id.length + 1);
    if (id === 'client') version = rest;
    else if (!lines.has(id)) return false;
    else if (what === 'ok') ends.set(id, undefined);
    else if (what === 'failed') ends.set(id, rest.slice('failed '.length));
    else lines.get(id)!.push(rest);
    return true;
  });
  const answers = jobs.map(({ id }): [string, ConsumerAnswer] => {
    const failure = ends.has(id) ? ends.get(id) : `no answer: ${said.slice(-1_000)}`;
    return [id, { lines: lines.get(id)!, ...(failure === undefined ? {} : { failure }) }];
  });
  return { version, answers: new Map(answers) };
}
