// The identity client for kafkajs. Arguments: job file (test/support/identity-job.ts), bootstrap, file of the authority, own name.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type KafkaConfig, type SASLOptions } from 'kafkajs';
import { type IdentityJob, type IdentityOutcome, readIdentityJobs } from '../../support/identity-job.js';
import { packageVersion } from '../../support/producer-job.js';

const { Kafka, logLevel } = kafkajs;
const [jobFile, bootstrap, caFile, ownName] = process.argv.slice(2) as [string, string, string, string];
const ca = readFileSync(caFile, 'utf8');

function saslOf({
  mechanism,
  username = '',
  password = '',
  token = '',
}: IdentityJob): SASLOptions | undefined {
  switch (mechanism) {
    case undefined:
      return undefined;
    case 'OAUTHBEARER':
      return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: token }) };
    case 'PLAIN':
      return { mechanism: 'plain', username, password };
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', username, password };
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', username, password };
  }
}

function settingsOf(job: IdentityJob): KafkaConfig {
  const { certFile, keyFile } = job;
  const sasl = saslOf(job);
  const own =
    certFile !== undefined && keyFile !== undefined
      ? { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
      : {};
  return {
    clientId: 'identity-kafkajs',
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 20_000,
    retry: { maxRetryTime: job.tryMs ?? 0, retries: 8 },
    reauthenticationThreshold: 1_500,
    ssl: { ca: [ca], ...own },
    ...(sasl && { sasl }),
  };
}

function outcomeOf(error: unknown): IdentityOutcome {
  const { name, type, cause } = error as { name?: string; type?: string; cause?: unknown };
  if (name === 'KafkaJSSASLAuthenticationError') return 'unauthenticated';
  if (type === 'TOPIC_AUTHORIZATION_FAILED') return 'forbidden';
  if (name === 'KafkaJSConnectionError' || name === 'KafkaJSConnectionClosedError') return 'refused';
  return cause === undefined ? 'failed' : outcomeOf(cause);
}

async function serve(job: IdentityJob): Promise<string> {
  const outcomes: IdentityOutcome[] = [];
  let told = '';
  for (const topic of [job.ownTopic, job.foreignTopic]) {
    // One that was not let in does not try again.
    const producer = new Kafka(settingsOf(job)).producer();
    try {
      await producer.connect();
      const endsAtMs = Date.now() + (topic === job.ownTopic ? (job.writeMs ?? 0) : 0);
      do {
        await producer.send({ topic, messages: [{ value: `${ownName}/${job.id}` }] });
        if (Date.now() < endsAtMs) await delay(250);
      } while (Date.now() < endsAtMs);
      outcomes.push('written');
    } catch (error) {
      outcomes.push(outcomeOf(error));
      told = String(error).replaceAll('\n', ' ');
    }
    await producer.disconnect().catch(() => {});
  }
  return [job.id, ...outcomes, told].join(' ');
}

// kafkajs's request queue asks Node 24 for negative timeouts, which only makes it print a warning.
process.removeAllListeners('warning');
process.stdout.write(`client kafkajs ${packageVersion('kafkajs')}\n`);
for (const job of readIdentityJobs(jobFile)) process.stdout.write(`${await serve(job)}\n`);
process.exit(0);
