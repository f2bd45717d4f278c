// The section of docs/compatibility.md about AMQP 1.0 clients.
import type { ConformingAmqpClient } from './amqp-clients.js';
import { type AmqpScenarioOutcome, amqpScenarios } from './amqp-scenario.js';
import {
  cellsOf,
  type ClientOutcomes,
  clientRows,
  faultLines,
  tableRow,
  tableSection,
  transportNames,
} from './clients-section.js';

export function amqpClientsSection(
  clients: readonly ConformingAmqpClient[],
  outcomes: readonly ClientOutcomes<ConformingAmqpClient, AmqpScenarioOutcome>[],
): string {
  return tableSection({
    heading: 'AMQP 1.0 clients',
    about: [
      'Written by `npm run check -- amqp-clients`: each client does, over every transport that it has, what applications do: a queue with',
      'two consumers; a topic; a durable subscriber that is away and then ends its subscription; a shared subscriber; request and reply',
      'over a temporary queue; a selector on a topic and a queue; transactions with rollback; recovering, releasing and rejecting; a',
      'message of 3 MB; delivery delay; a browser. Types: every client reads what every client wrote, with a property of each type that',
      'Jakarta Messaging has, in each of its kinds of message; and between Proton and rhea every AMQP type in each of its encodings, as',
      'application property and body, and every kind of body, comes byte for byte as it was sent.',
    ],
    titles: ['client', 'version tested', 'over', ...amqpScenarios],
    rows: clientRows(clients, outcomes, ({ name, transports }, version, own) => {
      const over = transports.map((each) => transportNames[each]).join(', ');
      return [tableRow(name, version, over, ...cellsOf(amqpScenarios, own))];
    }),
    notes: [
      '`yes`: over all of these transports, types over TCP; `–`: the client does not have it. Over TLS with user and password (Qpid JMS by',
      'SCRAM, the others by PLAIN), else anonymous. The shared subscriber of rhea names its subscription in the address, `T::S`.',
    ],
    faultsHeading: 'Faults with AMQP 1.0',
    faults: outcomes.flatMap(({ client, outcomes: all }) => faultLines(client.name, all)),
  });
}
