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
import { type Amqp091ClientOutcomes, amqp091ClientsSection } from '../support/amqp091-compatibility.js';
import { Amqp091Recorder } from '../support/amqp091-recorder.js';
import {
  type Amqp091ClientTask,
  type Amqp091Job,
  type Amqp091Scenario,
  type Amqp091Transport,
  headerValues,
  typesMessages,
} from '../support/amqp091-scenario.js';
import { type CeleryTask, celeryScenarios } from '../support/celery-scenario.js';
import { checkForm, inForm } from '../support/check-form.js';
import { writeCompatibilitySection } from '../support/compatibility-page.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';

const clientTimeoutMs = inForm({ short: 90_000, full: 300_000 });
const faultsShown = 10;
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
  const clients = amqp091Clients();
  const here = clients.filter(({ missing }) => missing === undefined);
  const outcomes: Amqp091ClientOutcomes[] = [];
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
    const port = (endpoint: string) => Number(endpoint.split(':')[1]);
    const keys = here.map(({ key }) => key);
    return {
      host: 'localhost',
      ports: { tcp: port(tcp), tls: port(tls), recorded: recorder.port },
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
    const all = clients.every(
      ({ name, missing }) => missing || outcomes.some(({ client }) => client.name === name),
    );
    if (checkForm !== 'full' || !all) return;
    writeCompatibilitySection(amqp091ClientsSection(clients, outcomes, celeryRan));
  }, 60_000);

  for (const client of clients) {
    const name = client.missing ? `${client.name} (${client.missing})` : client.name;
    const run = client.missing ? it.skip : it;
    run(name, () => judge(client), 2 * clientTimeoutMs);
  }

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

  const runOrSkip = application.missing ? it.skip : it;
  runOrSkip(
    application.missing ? `Celery (${application.missing})` : 'Celery',
    async () => {
      const ran = await applicationRun!;
      const wanted = [...celeryJobs, { transport: 'tcp', scenarios: 'workers' }];
      mustHavePlayed(ran, wanted);
    },
    2 * clientTimeoutMs,
  );

  async function judge(client: ConformingAmqp091Client): Promise<void> {
    const ran = await runs.get(client.name)!;
    outcomes.push({ client, version: ran.version, outcomes: ran.outcomes });
    mustHavePlayed(ran, jobsOf(client));
  }
});

interface Played {
  readonly outcomes: readonly {
    readonly transport: string;
    readonly scenario: string;
    readonly fault?: string;
  }[];
  readonly said: string;
}

function mustHavePlayed(
  { outcomes, said }: Played,
  jobs: readonly { readonly transport: string; readonly scenarios: string }[],
): void {
  const faults = outcomes
    .filter(({ fault }) => fault !== undefined)
    .map(({ transport, scenario, fault }) => `${transport} ${scenario}: ${fault}`);
  expect({ faults: faults.slice(0, faultsShown), said: faults.length > 0 ? said : '' }).toEqual({
    faults: [],
    said: '',
  });
  const played = new Set(outcomes.map(({ transport, scenario }) => `${transport} ${scenario}`));
  const missing = jobs
    .flatMap(({ transport, scenarios }) => scenarios.split(',').map((scenario) => `${transport} ${scenario}`))
    .filter((wanted) => !played.has(wanted));
  expect({ missing, said: missing.length > 0 ? said : '' }).toEqual({ missing: [], said: '' });
}
