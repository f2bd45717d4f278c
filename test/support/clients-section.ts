// A section of docs/compatibility.md about clients that play scenarios: a table of who does what, and what fails.
import type { InstalledClient } from './client-install.js';

export interface PlayedScenario {
  readonly transport: string;
  readonly scenario: string;
  /** Left out: all was as it should be. */
  readonly fault?: string;
}

export interface ClientOutcomes<Client, Outcome> {
  readonly client: Client;
  /** As the client names itself. */
  readonly version: string;
  readonly outcomes: readonly Outcome[];
}

export const transportNames = {
  ...{ tcp: 'TCP', tls: 'TLS', ws: 'WebSocket', wss: 'WebSocket over TLS' },
} as const;

export function cell(outcomes: readonly { readonly fault?: string | undefined }[]): string {
  if (outcomes.length === 0) return '–';
  const failed = outcomes.filter(({ fault }) => fault !== undefined).length;
  return failed === 0 ? 'yes' : `${failed} of ${outcomes.length} fail`;
}

/** One cell for each scenario. */
export const cellsOf = (scenarios: readonly string[], outcomes: readonly PlayedScenario[]): string[] =>
  scenarios.map((scenario) => cell(outcomes.filter((each) => each.scenario === scenario)));

export const tableRow = (...cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`;

export function faultLines<Outcome extends PlayedScenario>(
  name: string,
  outcomes: readonly Outcome[],
  place: (outcome: Outcome) => string = ({ transport }) => transport,
): string[] {
  return outcomes
    .filter(({ fault }) => fault !== undefined)
    .map((each) => `- ${name}, ${place(each)}, ${each.scenario}: ${each.fault}`);
}

export function tableSection(section: {
  readonly heading: string;
  readonly about: readonly string[];
  readonly titles: readonly string[];
  readonly rows: readonly string[];
  readonly notes: readonly string[];
  readonly faultsHeading: string;
  readonly faults: readonly string[];
}): string {
  const { heading, about, titles, rows, notes, faultsHeading, faults } = section;
  return [
    `## ${heading}`,
    '',
    ...about,
    '',
    tableRow(...titles),
    `|${titles.map(() => '---').join('|')}|`,
    ...rows,
    '',
    ...notes,
    ...(faults.length > 0 ? ['', `### ${faultsHeading}`, '', ...faults] : []),
    '',
  ].join('\n');
}

/** Rows of all clients, in their order; of those that did not run too. */
export function clientRows<Client extends InstalledClient, Outcome>(
  clients: readonly Client[],
  outcomes: readonly ClientOutcomes<Client, Outcome>[],
  rowsOf: (client: Client, version: string, outcomes: readonly Outcome[]) => readonly string[],
): string[] {
  return clients.flatMap((client) => {
    const ran = outcomes.find((each) => each.client.name === client.name);
    return rowsOf(client, ran?.version ?? `not run: ${client.missing}`, ran?.outcomes ?? []);
  });
}
