// The section of docs/compatibility.md about AMQP 0-9-1 clients.
import type { ConformingAmqp091Client } from './amqp091-clients.js';
import { type Amqp091ScenarioOutcome, amqp091Scenarios } from './amqp091-scenario.js';
import { type CeleryOutcome, type CeleryScenario, celeryScenarios } from './celery-scenario.js';

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

export interface Amqp091ClientOutcomes {
  readonly client: ConformingAmqp091Client;
  /** As the client names itself. */
  readonly version: string;
  readonly outcomes: readonly Amqp091ScenarioOutcome[];
}

function cell(outcomes: readonly { readonly fault?: string }[]): string {
  if (outcomes.length === 0) return '–';
  const failed = outcomes.filter(({ fault }) => fault !== undefined).length;
  return failed === 0 ? 'yes' : `${failed} of ${outcomes.length} fail`;
}

function row(client: ConformingAmqp091Client, ran: Amqp091ClientOutcomes | undefined): string {
  const version = ran?.version ?? `not run: ${client.missing}`;
  const cells = amqp091Scenarios.map((scenario) =>
    cell(ran?.outcomes.filter((each) => each.scenario === scenario) ?? []),
  );
  return `| ${[client.name, version, ...cells].join(' | ')} |`;
}

function faultsOf(
  name: string,
  outcomes: readonly { readonly transport: string; readonly scenario: string; readonly fault?: string }[],
): string[] {
  return outcomes
    .filter(({ fault }) => fault !== undefined)
    .map(({ transport, scenario, fault }) => `- ${name}, ${transport}, ${scenario}: ${fault}`);
}

function celeryPart(version: string, outcomes: readonly CeleryOutcome[]): string[] {
  const rows = celeryScenarios.map((scenario) => {
    const [first, ...rest] = outcomes.filter((each) => each.scenario === scenario);
    const over = [first, ...rest].map((each) => each?.transport.toUpperCase()).join(', ');
    return `| ${[scenario, celeryWhat[scenario], over, cell(first ? [first, ...rest] : [])].join(' | ')} |`;
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
  outcomes: readonly Amqp091ClientOutcomes[],
  celery: { readonly version: string; readonly outcomes: readonly CeleryOutcome[] } | undefined,
): string {
  const titles = ['client', 'version tested', ...amqp091Scenarios];
  const faults = [
    ...outcomes.flatMap(({ client, outcomes: all }) => faultsOf(client.name, all)),
    ...faultsOf('Celery', celery?.outcomes ?? []),
  ];
  return [
    '## AMQP 0-9-1 clients',
    '',
    'Written by `npm run check -- amqp091-clients`: each client does, over TCP and TLS, what applications do. A work queue with confirms',
    'and prefetch, whose worker dies; fanout; routing by topic and headers exchanges and from one to the other; requests that are answered',
    'by direct reply-to, and over an exclusive queue; retry by dead letters through a queue with a TTL; mandatory messages returned;',
    'transactions; cancelling, and consumers of a queue that is deleted; what RabbitMQ refuses; a message of 3 MB. Types: every client',
    'reads what every client wrote, with a header of each type that it has and every property, and each message comes byte for byte',
    'as it was sent.',
    '',
    `| ${titles.join(' | ')} |`,
    `|${titles.map(() => '---').join('|')}|`,
    ...clients.map((client) =>
      row(
        client,
        outcomes.find((each) => each.client.name === client.name),
      ),
    ),
    '',
    '`yes`: over TCP as `guest` and over TLS with user and password, types over TCP; `–`: the client does not have it.',
    ...(celery ? celeryPart(celery.version, celery.outcomes) : []),
    ...(faults.length > 0 ? ['', '### Faults with AMQP 0-9-1', '', ...faults] : []),
    '',
  ].join('\n');
}
