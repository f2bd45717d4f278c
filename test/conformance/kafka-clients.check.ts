// Every Kafka producer, codec and acks setting: what it writes is what the official Pulsar client reads (full: docs/compatibility.md)
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkForm, inForm } from '../support/check-form.js';
import {
  type JobOutcome,
  producersSection,
  writeCompatibilitySection,
} from '../support/compatibility-page.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { kafkaProducerClients, type KafkaProducerClient, runProducer } from '../support/kafka-producers.js';
import { differences, partitionCount, recordsOf } from '../support/kafka-records.js';
import type { Acks, ProducerConnection, ProducerJob } from '../support/producer-job.js';
import { buildOracle, oracleRead } from '../support/pulsar-oracle.js';
import { createPartitionedTopic, testPulsar } from '../support/pulsar.js';

const recordsPerJob = inForm({ short: 60, full: 600 });
const clientTimeoutMs = inForm({ short: 90_000, full: 900_000 });
const faultsShown = 10;
const allAcks: readonly Acks[] = ['0', '1', 'all'];

type Setting = Omit<ProducerJob, 'id' | 'topic' | 'records'>;

/** All combinations. */
function everySetting(client: KafkaProducerClient): Setting[] {
  const settings: Setting[] = [];
  for (const codec of client.codecs) {
    for (const acks of allAcks) {
      for (const security of ['plain', 'anonymous'] as const) {
        for (const idempotence of acks === 'all' ? client.idempotence : (['default'] as const)) {
          settings.push({ codec, acks, security, idempotence });
        }
      }
    }
  }
  return settings;
}

/** Few of them, in which each single value occurs. */
function someSettings(client: KafkaProducerClient): Setting[] {
  return client.codecs.map((codec, index) => {
    const acks = (['all', '1', 'all', '0', 'all'] as const)[index]!;
    const security = index % 2 === 0 ? 'plain' : 'anonymous';
    const idempotence = acks === 'all' ? client.idempotence[index % client.idempotence.length]! : 'default';
    return { codec, acks, security, idempotence };
  });
}

describe('Kafka producers', () => {
  const clients = kafkaProducerClients();
  const outcomes: JobOutcome[] = [];
  let gateway: TestGateway;
  let connection: ProducerConnection;

  beforeAll(async () => {
    buildOracle();
    const password = 'a pass word, with = and : in it';
    gateway = await startGateway({
      tenants: [
        {
          name: 'acme',
          users: [{ name: 'alice', password }],
          permissions: [allowAll],
        },
      ],
      listener: { defaultTenant: 'acme', anonymousTenant: 'acme' },
    });
    connection = {
      plainBootstrap: gateway.kafka,
      anonymousBootstrap: gateway.kafka,
      username: 'alice',
      password,
    };
  }, 180_000);

  afterAll(async () => {
    await gateway?.stop();
    const all = clients.every(
      ({ name, missing }) => missing || outcomes.some(({ client }) => client === name),
    );
    if (checkForm === 'full' && all) writeCompatibilitySection(producersSection(clients, outcomes));
  }, 60_000);

  for (const [place, client] of clients.entries()) {
    const name = client.missing ? `${client.name} (${client.missing})` : client.name;
    const run = client.missing ? it.skip : it;
    run(name, () => produceAndCompare(place, client), 2 * clientTimeoutMs);
  }

  async function produceAndCompare(place: number, client: KafkaProducerClient): Promise<void> {
    const topic = `records-${place}`;
    await createPartitionedTopic(gateway.namespaceOf('acme'), topic, partitionCount);
    const settings = inForm({ short: someSettings(client), full: everySetting(client) });
    const jobs = settings.map((setting, number): ProducerJob => {
      return {
        id: String(number),
        topic,
        ...setting,
        records: recordsOf(number, recordsPerJob, client.form),
      };
    });
    const startedAt = Date.now();
    const { version, answers } = await runProducer(client, jobs, connection, clientTimeoutMs);
    const ranMs = [startedAt, Date.now()] as const;
    const url = `persistent://${gateway.namespaceOf('acme')}/${topic}`;
    const stored = await oracleRead(testPulsar.serviceUrl, url, jobs.length * recordsPerJob, {
      timeoutMs: 10_000,
    });
    const faults = jobs.flatMap((job, number) => {
      const { failure, offsets } = answers.get(job.id)!;
      const found = failure ? [failure] : differences(number, job, offsets, stored, ranMs);
      if (job.acks !== '0' && !failure && offsets!.some((each) => each < 0))
        found.push('an offset is missing');
      outcomes.push({ client: client.name, version, job, fault: found[0] });
      return found.map(
        (each) => `${job.codec}, acks ${job.acks}, ${job.security}, ${job.idempotence}: ${each}`,
      );
    });
    expect(faults.slice(0, faultsShown)).toEqual([]);
    expect(stored).toHaveLength(jobs.length * recordsPerJob);
  }
});
