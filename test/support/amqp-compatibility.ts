// The section of docs/compatibility.md about AMQP 1.0 clients.
import type { ConformingAmqpClient } from './amqp-clients.js';
import { type AmqpScenarioOutcome, amqpScenarios } from './amqp-scenario.js';

export interface AmqpClientOutcomes {
  readonly client: ConformingAmqpClient;
  /** As the client names itself. */
  readonly version: string;
  readonly outcomes: readonly AmqpScenarioOutcome[];
}

const transportNames = { tcp: 'TCP', tls: 'TLS', ws: 'WebSocket', wss: 'WebSocket over TLS' } as const;

function cell(outcomes: readonly AmqpScenarioOutcome[]): string {
  if (outcomes.length === 0) return '–';
  const failed = outcomes.filter(({ fault }) => fault !== undefined).length;
  return failed === 0 ? 'yes' : `${failed} of ${outcomes.length} fail`;
}

function row(client: ConformingAmqpClient, ran: AmqpClientOutcomes | undefined): string {
  const transports = client.transports.map((each) => transportNames[each]).join(', ');
  const version = ran?.version ?? `not run: ${client.missing}`;
  const cells = amqpScenarios.map((scenario) =>
    cell(ran?.outcomes.filter((each) => each.scenario === scenario) ?? []),
  );
  return `| ${[client.name, version, transports, ...cells].join(' | ')} |`;
}

export function amqpClientsSection(
  clients: readonly ConformingAmqpClient[],
  outcomes: readonly AmqpClientOutcomes[],
): string {
  const titles = ['client', 'version tested', 'over', ...amqpScenarios];
  const faults = outcomes.flatMap(({ client, outcomes: all }) =>
    all
      .filter(({ fault }) => fault !== undefined)
      .map(({ transport, scenario, fault }) => `- ${client.name}, ${transport}, ${scenario}: ${fault}`),
  );
  return [
    '## AMQP 1.0 clients',
    '',
    'Written by `npm run check -- amqp-clients`: each client does, over every transport that it has, what applications do: a queue with',
    'two consumers; a topic; a durable subscriber that is away and then ends its subscription; a shared subscriber; request and reply',
    'over a temporary queue; a selector on a topic and a queue; transactions with rollback; recovering, releasing and rejecting; a',
    'message of 3 MB; delivery delay; a browser. Types: every client reads what every client wrote, with a property of each type that',
    'Jakarta Messaging has, in each of its kinds of message; and between Proton and rhea every AMQP type in each of its encodings, as',
    'application property and body, and every kind of body, comes byte for byte as it was sent.',
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
    '`yes`: over all of these transports, types over TCP; `–`: the client does not have it. Over TLS with user and password (Qpid JMS by',
    'SCRAM, the others by PLAIN), else anonymous. The shared subscriber of rhea names its subscription in the address, `T::S`.',
    ...(faults.length > 0 ? ['', '### Faults with AMQP 1.0', '', ...faults] : []),
    '',
  ].join('\n');
}
