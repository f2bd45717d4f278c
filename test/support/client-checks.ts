// What the checks of clients that play scenarios have in common: a test of each client, and its section of the page.
import { expect, it } from '@jest/globals';
import { checkForm, inForm } from './check-form.js';
import type { InstalledClient } from './client-install.js';
import type { ClientProgramRun } from './client-program.js';
import type { ClientOutcomes, PlayedScenario } from './clients-section.js';
import { writeCompatibilitySection } from './compatibility-page.js';

export const clientTimeoutMs = inForm({ short: 90_000, full: 300_000 });
const faultsShown = 10;

/** The port of a listener, of `host:port` or a URL. */
export const portOf = (endpoint: string): number => Number(/:(\d+)(\/|$)/.exec(endpoint)![1]);

/** Scenarios over a transport, e.g. of an `AmqpJob`, as {@link mustHavePlayed} names them. */
export const playsOf = (
  jobs: readonly { readonly transport: string; readonly scenarios: string }[],
): string[] =>
  jobs.flatMap(({ transport, scenarios }) =>
    scenarios.split(',').map((scenario) => `${transport} ${scenario}`),
  );

const transportAndScenario = ({ transport, scenario }: PlayedScenario) => `${transport} ${scenario}`;

/** All of it, and nothing was at fault. */
export function mustHavePlayed<Outcome extends PlayedScenario>(
  { outcomes, said }: ClientProgramRun<Outcome>,
  wanted: readonly string[],
  nameOf: (outcome: Outcome) => string = transportAndScenario,
): void {
  const faults = outcomes
    .filter(({ fault }) => fault !== undefined)
    .map((each) => `${nameOf(each)}: ${each.fault}`);
  expect({ faults: faults.slice(0, faultsShown), said: faults.length > 0 ? said : '' }).toEqual({
    ...{ faults: [], said: '' },
  });
  const played = new Set(outcomes.map(nameOf));
  const missing = wanted.filter((each) => !played.has(each));
  expect({ missing, said: missing.length > 0 ? said : '' }).toEqual({ missing: [], said: '' });
}

/** A test of the name, or its reason to be skipped. */
export function itOf({ name, missing }: InstalledClient, run: () => Promise<void>): void {
  if (missing === undefined) it(name, run, 2 * clientTimeoutMs);
  else it.skip(`${name} (${missing})`, run);
}

/** A test of each client, whose outcomes are the section's. */
export class ClientChecks<Client extends InstalledClient, Outcome extends PlayedScenario> {
  readonly #outcomes: ClientOutcomes<Client, Outcome>[] = [];

  constructor(readonly clients: readonly Client[]) {}

  get here(): Client[] {
    return this.clients.filter(({ missing }) => missing === undefined);
  }

  itPlays(
    play: (client: Client, place: number) => Promise<ClientProgramRun<Outcome>>,
    wanted: (client: Client, place: number) => readonly string[],
    nameOf?: (outcome: Outcome) => string,
  ): void {
    for (const [place, client] of this.clients.entries()) {
      itOf(client, async () => {
        const ran = await play(client, place);
        this.#outcomes.push({ client, version: ran.version, outcomes: ran.outcomes });
        mustHavePlayed(ran, wanted(client, place), nameOf);
      });
    }
  }

  /** In the full form, when all have played that can. */
  writeSection(
    section: (clients: readonly Client[], outcomes: readonly ClientOutcomes<Client, Outcome>[]) => string,
  ): void {
    const played = new Set(this.#outcomes.map(({ client }) => client));
    if (checkForm !== 'full' || !this.here.every((client) => played.has(client))) return;
    writeCompatibilitySection(section(this.clients, this.#outcomes));
  }
}
