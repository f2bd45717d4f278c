// The section of docs/compatibility.md about AMQP 0-9-1 clients.
import type { ConformingAmqp091Client } from './amqp091-clients.js';
import { type Amqp091ScenarioOutcome, amqp091Scenarios } from './amqp091-scenario.js';
import { type CeleryOutcome, type CeleryScenario, celeryScenarios } from './celery-scenario.js';
import {
  cell,
  cellsOf,
  type ClientOutcomes,
  clientRows,
  faultLines,
  tableRow,
  tableSection,
} from './clients-section.js';

const celeryWhat: Readonly<Record<CeleryScenario, string>> = {
  tasks: 'results and failures of 32 tasks',
  canvas: 'a chain, and a group of 10',
  chord: 'of 8 tasks and a sum',
  retry: 'a task that retries itself twice',
  countdown: 'a task that is not begun before its time',
  'acks late': 'a worker is killed in its task: another one does it, `redelivered`',
  'remote control': 'ping, registered, active queues, stats, rate limit',
  events: 'of tasks and heartbeats, received by a monitor',
  revoke: 'a running task is ended',
  purge: 'tells how many it dropped',
  workers: 'find each other (mingle), and end when all are told to',
};

function celeryPart(version: string, outcomes: readonly CeleryOutcome[]): string[] {
  const rows = celeryScenarios.map((scenario) => {
    const [first, ...rest] = outcomes.filter((each) => each.scenario === scenario);
    const over = [first, ...rest].map((each) => each?.transport.toUpperCase()).join(', ');
    return tableRow(scenario, celeryWhat[scenario], over, cell(first ? [first, ...rest] : []));
  });
  return [
    '',
    '### Celery',
    '',
    `An application of ${version} with two workers (\`celery worker\`, prefork, with gossip, mingle, events and heartbeats as they are by default),`,
    'in the same check. Results go by `rpc://`, those of chords, which Celery does not have there, to files.',
    '',
    '| what | | over | works |',
    '|---|---|---|---|',
    ...rows,
  ];
}

export function amqp091ClientsSection(
  clients: readonly ConformingAmqp091Client[],
  outcomes: readonly ClientOutcomes<ConformingAmqp091Client, Amqp091ScenarioOutcome>[],
  celery: { readonly version: string; readonly outcomes: readonly CeleryOutcome[] } | undefined,
): string {
  return tableSection({
    heading: 'AMQP 0-9-1 clients',
    about: [
      'Written by `npm run check -- amqp091-clients`: each client does, over TCP and TLS, what applications do. A work queue with confirms',
      'and prefetch, whose worker dies; fanout; routing by topic and headers exchanges and from one to the other; requests that are answered',
      'by direct reply-to, and over an exclusive queue; retry by dead letters through a queue with a TTL; mandatory messages returned;',
      'transactions; cancelling, and consumers of a queue that is deleted; what RabbitMQ refuses; a message of 3 MB. Types: every client',
      'reads what every client wrote, with a header of each type that it has and every property, and each message comes byte for byte',
      'as it was sent.',
    ],
    titles: ['client', 'version tested', ...amqp091Scenarios],
    rows: clientRows(clients, outcomes, ({ name }, version, own) => [
      tableRow(name, version, ...cellsOf(amqp091Scenarios, own)),
    ]),
    notes: [
      '`yes`: over TCP as `guest` and over TLS with user and password, types over TCP; `–`: the client does not have it.',
      ...(celery ? celeryPart(celery.version, celery.outcomes) : []),
    ],
    faultsHeading: 'Faults with AMQP 0-9-1',
    faults: [
      ...outcomes.flatMap(({ client, outcomes: all }) => faultLines(client.name, all)),
      ...faultLines('Celery', celery?.outcomes ?? []),
    ],
  });
}
