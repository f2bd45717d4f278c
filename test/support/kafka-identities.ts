// The stock Kafka clients whose ways to say who they are get checked, and how to run one of them.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  encodeIdentityJobs,
  type IdentityAnswer,
  type IdentityJob,
  type IdentityOutcome,
} from './identity-job.js';
import { isThere, javaCommand, nodeCommand, pythonCommand } from './kafka-producers.js';

export interface KafkaIdentityClient {
  readonly name: string;
  /** What it writes before the job's id; of letters and digits. */
  readonly mark: string;
  /** Runs in the short form of the check, too. */
  readonly inShortForm: boolean;
  /** Why it cannot run here, in words that name it; undefined when it can. */
  readonly missing?: string;
  readonly command: () => readonly string[];
}

export function kafkaIdentityClients(): KafkaIdentityClient[] {
  const java =
    isThere('javac', '-version') && isThere('mvn', '--version') ? {} : { missing: 'no JDK or no Maven' };
  const python = isThere('python3', '-c', 'import venv, ensurepip')
    ? {}
    : { missing: 'no python3 with venv' };
  const javaClient = (version: string, module: string, mark: string, inShortForm: boolean) => ({
    ...{ name: `Java kafka-clients ${version}`, mark, inShortForm, ...java },
    command: () => javaCommand(module, 'IdentityClient'),
  });
  return [
    {
      ...{ name: 'kafkajs 2.2', mark: 'kafkajs', inShortForm: true },
      command: () => nodeCommand('kafkajs', 'identities'),
    },
    javaClient('4.3', 'clients-4', 'java4', true),
    javaClient('3.9', 'clients-3', 'java3', false),
    javaClient('2.8', 'clients-2', 'java2', false),
    {
      ...{ name: 'librdkafka (confluent-kafka)', mark: 'librdkafka', inShortForm: true, ...python },
      command: () => pythonCommand('identify.py'),
    },
  ];
}

/** Does all jobs, one after the other, in one process of the client. Who gave no answer has `failed` ones. */
export async function runIdentities(
  client: KafkaIdentityClient,
  jobs: readonly IdentityJob[],
  bootstrap: string,
  caFile: string,
  timeoutMs: number,
): Promise<ReadonlyMap<string, IdentityAnswer>> {
  const folder = mkdtempSync(join(tmpdir(), 'pulsegate-identities-'));
  const file = join(folder, 'jobs');
  writeFileSync(file, encodeIdentityJobs(jobs));
  const [command, ...args] = client.command();
  const child = spawn(command!, [...args, file, bootstrap, caFile, client.mark], {
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let said = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (errors.length < 20_000) errors += text;
  });
  const ended = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  rmSync(folder, { recursive: true, force: true });
  const answers = new Map<string, IdentityAnswer>();
  for (const line of said.split('\n')) {
    const [id, own, foreign, ...told] = line.split(' ') as [string, IdentityOutcome, IdentityOutcome];
    if (foreign !== undefined) answers.set(id, { own, foreign, told: told.join(' ') });
  }
  for (const { id } of jobs) {
    const told = `no answer (${ended}) ${errors.slice(-1_000)}`;
    if (!answers.has(id)) answers.set(id, { own: 'failed', foreign: 'failed', told });
  }
  return answers;
}
