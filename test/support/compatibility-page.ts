// docs/compatibility.md from what a full run of the Kafka clients' check found.
import type { KafkaProducerClient } from './kafka-producers.js';
import type { ProducerJob } from './producer-job.js';

export interface JobOutcome {
  readonly client: string;
  /** As the client names itself. */
  readonly version: string;
  readonly job: ProducerJob;
  /** The first difference, or why it failed. */
  readonly fault: string | undefined;
}

function cell(outcomes: readonly JobOutcome[]): string {
  if (outcomes.length === 0) return '–';
  const failed = outcomes.filter(({ fault }) => fault !== undefined).length;
  return failed === 0 ? 'yes' : `${failed} of ${outcomes.length} fail`;
}

const columns: readonly (readonly [title: string, matches: (job: ProducerJob) => boolean])[] = [
  ...(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const).map(
    (codec) => [codec, (job: ProducerJob) => job.codec === codec] as const,
  ),
  ...(['0', '1', 'all'] as const).map(
    (acks) => [`acks ${acks}`, (job: ProducerJob) => job.acks === acks] as const,
  ),
  ['idempotent', (job) => job.idempotence === 'on'],
  ['SASL/PLAIN', (job) => job.security === 'plain'],
  ['anonymous', (job) => job.security === 'anonymous'],
];

function row(client: KafkaProducerClient, outcomes: readonly JobOutcome[]): string {
  const own = outcomes.filter((each) => each.client === client.name);
  const records = own.reduce((sum, { job }) => sum + job.records.length, 0);
  const cells = columns.map(([, matches]) => cell(own.filter(({ job }) => matches(job))));
  const version = own[0]?.version ?? `not run: ${client.missing ?? 'unknown'}`;
  return `| ${[client.name, version, ...cells, client.form.headers, records].join(' | ')} |`;
}

export function compatibilityPage(
  clients: readonly KafkaProducerClient[],
  outcomes: readonly JobOutcome[],
): string {
  const titles = ['client', 'version tested', ...columns.map(([title]) => title), 'headers', 'records'];
  const faults = outcomes
    .filter(({ fault }) => fault !== undefined)
    .map(
      ({ client, job, fault }) => `- ${client}, ${job.codec}, acks ${job.acks}, ${job.security}: ${fault}`,
    );
  return [
    '# Compatibility',
    '',
    'Written by `npm run check -- kafka-clients`: each producer sends records through a gateway to a real Pulsar, with every',
    'codec, acks setting and way to connect that it has. The official Java client of Pulsar then reads them, and count, order',
    'per partition, key (null, empty, text, binary), value (tombstones, empty), headers, timestamp and offset must be equal.',
    'A short form of it is part of `npm test`.',
    '',
    '## Kafka producers',
    '',
    `| ${titles.join(' | ')} |`,
    `|${titles.map(() => '---').join('|')}|`,
    ...clients.map((client) => row(client, outcomes)),
    '',
    '`yes`: all combinations with this value were equal; `–`: the client does not have it. Kafka clients before 0.11 have no',
    'headers; kafkajs cannot write a header without a value. @platformatic/kafka 2.12.1 sends wrong timestamps when those of',
    'one batch are more than 24 days apart, so its records are not that far apart here.',
    ...(faults.length > 0 ? ['', '### Differences', '', ...faults] : []),
    '',
  ].join('\n');
}
