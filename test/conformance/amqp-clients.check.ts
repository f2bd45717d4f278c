// AMQP 1.0 clients, over TCP, TLS and WebSocket: what applications do with them works (full: docs/compatibility.md)
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatScramVerifier, scramCredential } from '#libs/auth';
import { Certificates, hasOpenssl } from '../../libs/transport/src/testing/certificates.js';
import { amqpClients, type ConformingAmqpClient, runAmqpClient } from '../support/amqp-clients.js';
import { type AmqpClientOutcomes, amqpClientsSection } from '../support/amqp-compatibility.js';
import { amqpCorpus } from '../support/amqp-corpus.js';
import type { AmqpClientTask, AmqpJob, AmqpScenario } from '../support/amqp-scenario.js';
import { checkForm, inForm } from '../support/check-form.js';
import { writeCompatibilitySection } from '../support/compatibility-page.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';

const clientTimeoutMs = inForm({ short: 90_000, full: 300_000 });
const faultsShown = 10;
const certificates = new Certificates();
const largeBytes = 3_000_000;
const amqp = { transactions: true, messageBytesMax: largeBytes + 10_000 };
const user = { name: 'ann', password: 'of the applications' };

/** The short form has all over TCP, and a login over TLS. */
function scenariosOver(
  transport: AmqpJob['transport'],
  client: ConformingAmqpClient,
): readonly AmqpScenario[] {
  if (transport === 'tcp') return client.scenarios;
  if (checkForm === 'full') return client.scenarios.filter((scenario) => scenario !== 'types');
  return transport === 'tls' ? ['queue'] : [];
}

const jobsOf = (client: ConformingAmqpClient): AmqpJob[] =>
  client.transports.flatMap((transport) => {
    const scenarios = scenariosOver(transport, client);
    if (scenarios.length === 0) return [];
    return [{ transport, prefix: `${client.key}${transport}`, scenarios: scenarios.join(',') }];
  });

(hasOpenssl ? describe : describe.skip)('AMQP 1.0 clients', () => {
  const clients = amqpClients();
  const outcomes: AmqpClientOutcomes[] = [];
  const runs = new Map<string, ReturnType<typeof runAmqpClient>>();
  let gateway: TestGateway;

  beforeAll(async () => {
    certificates.make('authority');
    const tls = certificates.make('gateway', 'authority', { dnsNames: ['localhost'] });
    // Qpid JMS takes the strongest mechanism that it is offered, whatever the user has.
    const password = formatScramVerifier(await scramCredential(user.password, 'SCRAM-SHA-512'));
    const users = [{ name: user.name, password }];
    gateway = await startGateway({
      tenants: [{ name: 'acme', users, permissions: [allowAll], amqp }],
      amqp: { listener: { tenant: 'acme', anonymousTenant: 'acme' }, tls, websocket: {} },
    });
    // All at once, since they wait for each other's messages.
    const here = clients.filter(({ missing }) => missing === undefined);
    const task = taskFor(here);
    for (const client of here) {
      runs.set(client.name, runAmqpClient(client, { ...task, jobs: jobsOf(client) }, clientTimeoutMs));
    }
  }, 400_000);

  function taskFor(here: readonly ConformingAmqpClient[]): Omit<AmqpClientTask, 'jobs'> {
    const { tcp, tls, ws, wss } = gateway.amqp;
    const port = (endpoint: string) => Number(/:(\d+)(\/|$)/.exec(endpoint)![1]);
    const keys = here.map(({ key }) => key);
    return {
      host: 'localhost',
      path: new URL(ws).pathname,
      caFile: certificates.file('authority.crt'),
      ports: { tcp: port(tcp), tls: port(tls), ws: port(ws), wss: port(wss) },
      ...{ user: user.name, password: user.password, largeBytes },
      ...{ exchange: 'exchange', readers: keys, writers: keys },
      raw: here.filter(({ raw }) => raw).map(({ key }) => key),
      corpus: amqpCorpus,
    };
  }

  afterAll(async () => {
    await Promise.all(runs.values());
    await gateway?.stop();
    certificates.remove();
    const all = clients.every(
      ({ name, missing }) => missing || outcomes.some(({ client }) => client.name === name),
    );
    if (checkForm === 'full' && all) writeCompatibilitySection(amqpClientsSection(clients, outcomes));
  }, 60_000);

  for (const client of clients) {
    const name = client.missing ? `${client.name} (${client.missing})` : client.name;
    const run = client.missing ? it.skip : it;
    run(name, () => judge(client), 2 * clientTimeoutMs);
  }

  async function judge(client: ConformingAmqpClient): Promise<void> {
    const ran = await runs.get(client.name)!;
    outcomes.push({ client, version: ran.version, outcomes: ran.outcomes });
    const faults = ran.outcomes
      .filter(({ fault }) => fault !== undefined)
      .map(({ transport, scenario, fault }) => `${transport} ${scenario}: ${fault}`);
    expect(faults.slice(0, faultsShown)).toEqual([]);
    const missing = jobsOf(client)
      .flatMap(({ transport, scenarios }) =>
        scenarios.split(',').map((scenario) => `${transport} ${scenario}`),
      )
      .filter(
        (wanted) => !ran.outcomes.some(({ transport, scenario }) => `${transport} ${scenario}` === wanted),
      );
    expect({ missing, said: missing.length > 0 ? ran.said : '' }).toEqual({ missing: [], said: '' });
  }
});
