// RabbitMQ's clients, over TCP and TLS: what applications do with them works (full: docs/compatibility.md)
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatScramVerifier, scramCredential } from '#libs/auth';
import { Certificates, hasOpenssl } from '../../libs/transport/src/testing/certificates.js';
import {
  amqp091Clients,
  type ConformingAmqp091Client,
  celery,
  runAmqp091Client,
  runCelery,
} from '../support/amqp091-clients.js';
import { amqp091ClientsSection } from '../support/amqp091-compatibility.js';
import { Amqp091Recorder } from '../support/amqp091-recorder.js';
import {
  type Amqp091ClientTask,
  type Amqp091Job,
  type Amqp091Scenario,
  type Amqp091ScenarioOutcome,
  type Amqp091Transport,
  headerValues,
  typesMessages,
} from '../support/amqp091-scenario.js';
import { type CeleryTask, celeryScenarios } from '../support/celery-scenario.js';
import { checkForm, inForm } from '../support/check-form.js';
import {
  ClientChecks,
  clientTimeoutMs,
  itOf,
  mustHavePlayed,
  playsOf,
  portOf,
} from '../support/client-checks.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';

const certificates = new Certificates();
const largeBytes = 3_000_000;
const amqp = { messageBytesMax: largeBytes + 10_000 };
const user = { name: 'ann', password: 'of the applications' };
const exchange = 'exchange';

/** The short form has all over TCP, and a login over TLS. */
function scenariosOver(
  transport: Amqp091Transport,
  client: ConformingAmqp091Client,
): readonly Amqp091Scenario[] {
  if (transport === 'tcp') return client.scenarios;
  if (checkForm === 'full') return client.scenarios.filter((scenario) => scenario !== 'types');
  return ['work queue'];
}

const jobsOf = (client: ConformingAmqp091Client): Amqp091Job[] =>
  (['tcp', 'tls'] as const).map((transport) => ({
    ...{ transport, prefix: `${client.key}${transport}` },
    scenarios: scenariosOver(transport, client).join(','),
  }));

/** Its workers are over TCP, and over TLS is who asks them for something. */
const celeryJobs: CeleryTask['jobs'] = [
  { transport: 'tcp', scenarios: celeryScenarios.filter((scenario) => scenario !== 'workers').join(',') },
  { transport: 'tls', scenarios: inForm({ short: 'tasks', full: 'tasks,canvas,retry,countdown' }) },
];

(hasOpenssl ? describe : describe.skip)('AMQP 0-9-1 clients', () => {
  const checks = new ClientChecks<ConformingAmqp091Client, Amqp091ScenarioOutcome>(amqp091Clients());
  const { here } = checks;
  const runs = new Map<string, ReturnType<typeof runAmqp091Client>>();
  const application = celery();
  let applicationRun: ReturnType<typeof runCelery> | undefined;
  let gateway: TestGateway;
  let recorder: Amqp091Recorder;

  beforeAll(async () => {
    certificates.make('authority');
    const tls = certificates.make('gateway', 'authority', { dnsNames: ['localhost'] });
    const password = formatScramVerifier(await scramCredential(user.password, 'SCRAM-SHA-512'));
    const users = [{ name: user.name, password }];
    gateway = await startGateway({
      tenants: [{ name: 'acme', users, permissions: [allowAll], amqp }],
      amqp: { listener: { tenant: 'acme', anonymousTenant: 'acme' }, tls },
    });
    recorder = await Amqp091Recorder.start(gateway.amqp.tcp);
    // Before any of them runs: to get one of them holds up this process, and so the recorder.
    for (const { command } of [...here, ...(application.missing ? [] : [application])]) command();
    // All at once, since they wait for each other's messages.
    const task = clientTask();
    for (const client of here) {
      runs.set(client.name, runAmqp091Client(client, { ...task, jobs: jobsOf(client) }, clientTimeoutMs));
    }
    if (application.missing) return;
    applicationRun = runCelery({ ...task, prefix: 'celery', jobs: celeryJobs }, clientTimeoutMs);
  }, 400_000);

  function clientTask(): Omit<Amqp091ClientTask, 'jobs'> {
    const { tcp, tls } = gateway.amqp;
    const keys = here.map(({ key }) => key);
    return {
      host: 'localhost',
      ports: { tcp: portOf(tcp), tls: portOf(tls), recorded: recorder.port },
      caFile: certificates.file('authority.crt'),
      ...{ user: user.name, password: user.password, largeBytes },
      ...{ exchange, readers: keys, writers: keys, headers: headerValues },
    };
  }

  afterAll(async () => {
    const celeryRan = await applicationRun;
    await Promise.all(runs.values());
    recorder?.stop();
    await gateway?.stop();
    certificates.remove();
    checks.writeSection((clients, outcomes) => amqp091ClientsSection(clients, outcomes, celeryRan));
  }, 60_000);

  checks.itPlays(
    (client) => runs.get(client.name)!,
    (client) => playsOf(jobsOf(client)),
  );

  it(
    'give each other every message byte for byte',
    async () => {
      await Promise.all(runs.values());
      const { published, given } = recorder;
      const queues = here.flatMap((writer) =>
        here.map((reader) => `${exchange}-${writer.key}-${reader.key}`),
      );
      for (const queue of queues) {
        expect({ queue, count: published.get(queue)?.length }).toEqual({ queue, count: typesMessages });
        expect({ queue, messages: given.get(queue) }).toEqual({ queue, messages: published.get(queue) });
      }
    },
    clientTimeoutMs,
  );

  itOf(application, async () => {
    mustHavePlayed(
      await applicationRun!,
      playsOf([...celeryJobs, { transport: 'tcp', scenarios: 'workers' }]),
    );
  });
});
