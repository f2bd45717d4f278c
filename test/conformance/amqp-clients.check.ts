// AMQP 1.0 clients, over TCP, TLS and WebSocket: what applications do with them works (full: docs/compatibility.md)
import { afterAll, beforeAll, describe } from '@jest/globals';
import { formatScramVerifier, scramCredential } from '#libs/auth';
import { Certificates, hasOpenssl } from '../../libs/transport/src/testing/certificates.js';
import { amqpClients, type ConformingAmqpClient, runAmqpClient } from '../support/amqp-clients.js';
import { amqpClientsSection } from '../support/amqp-compatibility.js';
import { amqpCorpus } from '../support/amqp-corpus.js';
import type { AmqpClientTask, AmqpJob, AmqpScenario, AmqpScenarioOutcome } from '../support/amqp-scenario.js';
import { checkForm } from '../support/check-form.js';
import { ClientChecks, clientTimeoutMs, playsOf, portOf } from '../support/client-checks.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';

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
  const checks = new ClientChecks<ConformingAmqpClient, AmqpScenarioOutcome>(amqpClients());
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
    const task = taskFor(checks.here);
    for (const client of checks.here) {
      runs.set(client.name, runAmqpClient(client, { ...task, jobs: jobsOf(client) }, clientTimeoutMs));
    }
  }, 400_000);

  function taskFor(here: readonly ConformingAmqpClient[]): Omit<AmqpClientTask, 'jobs'> {
    const { tcp, tls, ws, wss } = gateway.amqp;
    const keys = here.map(({ key }) => key);
    return {
      host: 'localhost',
      path: new URL(ws).pathname,
      caFile: certificates.file('authority.crt'),
      ports: { tcp: portOf(tcp), tls: portOf(tls), ws: portOf(ws), wss: portOf(wss) },
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
    checks.writeSection(amqpClientsSection);
  }, 60_000);

  checks.itPlays(
    (client) => runs.get(client.name)!,
    (client) => playsOf(jobsOf(client)),
  );
});
