// docs/compatibility.md: each section from what a full run of the check that it names found.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cell, tableRow, tableSection } from './clients-section.js';
import type { KafkaConsumerClient } from './kafka-consumers.js';
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
  return tableRow(client.name, version, ...cells, client.form.headers, records);
}

/** Puts a section, which begins with its `## ` heading, in the place of the one with the same heading. */
export function writeCompatibilitySection(section: string): void {
  const page = fileURLToPath(new URL('../../../docs/compatibility.md', import.meta.url));
  const [introduction, ...sections] = readFileSync(page, 'utf8').split(/^(?=## )/m) as [string, ...string[]];
  const [heading] = section.split('\n', 1) as [string];
  const place = sections.findIndex((each) => each.startsWith(`${heading}\n`));
  if (place < 0) sections.push(section);
  else sections[place] = section;
  writeFileSync(page, [introduction, ...sections].map((each) => `${each.trimEnd()}\n`).join('\n'));
}

export function producersSection(
  clients: readonly KafkaProducerClient[],
  outcomes: readonly JobOutcome[],
): string {
  const faults = outcomes
    .filter(({ fault }) => fault !== undefined)
    .map(
      ({ client, job, fault }) => `- ${client}, ${job.codec}, acks ${job.acks}, ${job.security}: ${fault}`,
    );
  return tableSection({
    heading: 'Kafka producers',
    about: [
      'Written by `npm run check -- kafka-clients`: each producer sends records through a gateway to a real Pulsar, with every',
      'codec, acks setting and way to connect that it has. The official Java client of Pulsar then reads them, and count, order',
      'per partition, key (null, empty, text, binary), value (tombstones, empty), headers, timestamp and offset must be equal.',
    ],
    titles: ['client', 'version tested', ...columns.map(([title]) => title), 'headers', 'records'],
    rows: clients.map((client) => row(client, outcomes)),
    notes: [
      '`yes`: all combinations with this value were equal; `–`: the client does not have it. Kafka clients before 0.11 have no',
      'headers; kafkajs cannot write a header without a value. @platformatic/kafka 2.12.1 sends wrong timestamps when those of',
      'one batch are more than 24 days apart, so its records are not that far apart here.',
    ],
    ...{ faultsHeading: 'Differences', faults },
  });
}

export interface ReadOutcome {
  readonly client: KafkaConsumerClient;
  /** As the client names itself. */
  readonly version: string;
  /** Who wrote what it read. */
  readonly topic: 'native' | 'kafka' | 'mix' | 'gaps';
  readonly records: number;
  /** The first difference, or why it failed. */
  readonly fault: string | undefined;
}

export function consumersSection(
  clients: readonly KafkaConsumerClient[],
  outcomes: readonly ReadOutcome[],
): string {
  const rows = clients.map((client) => {
    const own = outcomes.filter(
      (each) => each.client.name === client.name && each.client.protocol === client.protocol,
    );
    const cells = (['native', 'kafka', 'mix', 'gaps'] as const).map((topic) => {
      const outcome = own.find((each) => each.topic === topic);
      return outcome === undefined ? '–' : outcome.fault === undefined ? 'yes' : 'no';
    });
    const version = own[0]?.version ?? `not run: ${client.missing ?? 'unknown'}`;
    const records = own.reduce((sum, each) => sum + each.records, 0);
    return tableRow(client.name, version, client.protocol, ...cells, records);
  });
  const faults = outcomes
    .filter(({ fault }) => fault !== undefined)
    .map(({ client, topic, fault }) => `- ${client.name}, ${client.protocol}, ${topic}: ${fault}`);
  return tableSection({
    heading: 'Kafka consumers',
    about: [
      'Written by `npm run check -- kafka-consumers`: each consumer reads, as the only member of a group, what the official Java',
      'client of Pulsar wrote (in batches of many sizes, unbatched, with every codec), what a Kafka producer wrote, and what both',
      'wrote at the same time. Order, offset (dense from 0), timestamp, key, value and headers of every record must be equal; in a',
      'compacted topic with a chunked message, where offsets are missing, too. Group protocol none: all partitions, no group.',
    ],
    titles: ['client', 'version tested', 'group protocol', 'native', 'Kafka', 'both', 'compacted', 'records'],
    rows,
    notes: [
      'Kafka clients before 0.11 have no headers. @platformatic/kafka 2.12.1 reads wrong timestamps when those of one batch are',
      'more than 24 days apart, so they are not that far apart here.',
    ],
    ...{ faultsHeading: 'Differences', faults },
  });
}
