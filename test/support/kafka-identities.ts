// The stock Kafka clients whose ways to say who they are get checked, and how to run one of them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type InstalledClient,
  javaOrMissing,
  nodeProgram,
  pythonOrMissing,
  pythonProgram,
} from './client-install.js';
import { runProgram } from './client-program.js';
import {
  encodeIdentityJobs,
  type IdentityAnswer,
  type IdentityJob,
  type IdentityOutcome,
} from './identity-job.js';
import { javaCommand } from './kafka-producers.js';

export interface KafkaIdentityClient extends InstalledClient {
  /** What it writes before the job's id; of letters and digits. */
  readonly mark: string;
  /** Runs in the short form of the check, too. */
  readonly inShortForm: boolean;
}

export function kafkaIdentityClients(): KafkaIdentityClient[] {
  const java = javaOrMissing();
  const javaClient = (version: string, module: string, mark: string, inShortForm: boolean) => ({
    ...{ name: `Java kafka-clients ${version}`, mark, inShortForm, ...java },
    command: () => javaCommand(module, 'IdentityClient'),
  });
  return [
    {
      ...{ name: 'kafkajs 2.2', mark: 'kafkajs', inShortForm: true },
      command: () => nodeProgram('kafkajs', 'identities'),
    },
    javaClient('4.3', 'clients-4', 'java4', true),
    javaClient('3.9', 'clients-3', 'java3', false),
    javaClient('2.8', 'clients-2', 'java2', false),
    {
      ...{
        name: 'librdkafka (confluent-kafka)',
        mark: 'librdkafka',
        inShortForm: true,
        ...pythonOrMissing(),
      },
      command: () => pythonProgram('librdkafka', 'identify.py'),
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
  const answers = new Map<string, IdentityAnswer>();
  const said = await runProgram(client, [file, bootstrap, caFile, client.mark], timeoutMs, (line) => {
    const [id, own, foreign, ...told] = line.split(' ') as [string, IdentityOutcome, IdentityOutcome];
    if (foreign !== undefined) answers.set(id, { own, foreign, told: told.join(' ') });
    return foreign !== undefined;
  });
  rmSync(folder, { recursive: true, force: true });
  for (const { id } of jobs) {
    const told = `no answer: ${said.slice(-1_000)}`;
    if (!answers.has(id)) answers.set(id, { own: 'failed', foreign: 'failed', told });
  }
  return answers;
}
