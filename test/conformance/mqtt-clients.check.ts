// MQTT clients, 3.1.1 and 5, over TCP, TLS and WebSocket: what users do with them works (full: docs/compatibility.md)
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Certificates, hasOpenssl } from '../../libs/transport/src/testing/certificates.js';
import { checkForm, inForm } from '../support/check-form.js';
import { writeCompatibilitySection } from '../support/compatibility-page.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { type ClientOutcomes, mqttClientsSection } from '../support/mqtt-compatibility.js';
import { mqttClients, runMqttClient, type ConformingMqttClient } from '../support/mqtt-clients.js';
import { type MqttClientTask, type MqttJob, mqttScenarios } from '../support/mqtt-scenario.js';

const clientTimeoutMs = inForm({ short: 90_000, full: 300_000 });
const faultsShown = 10;
const certificates = new Certificates();

/** Every transport at every level; the short form: each of them once, at one level or the other. */
function jobsOf({ transports }: ConformingMqttClient, place: number): MqttJob[] {
  const all = transports.flatMap((transport) =>
    ([4, 5] as const).map((level) => ({ level, transport, prefix: `c${place}${transport}${level}` })),
  );
  return checkForm === 'full' ? all : all.filter((_, index) => index % 4 === 0 || index % 4 === 3);
}

(hasOpenssl ? describe : describe.skip)('MQTT clients', () => {
  const clients = mqttClients();
  const outcomes: ClientOutcomes[] = [];
  let gateway: TestGateway;
  let task: Omit<MqttClientTask, 'jobs'>;

  beforeAll(async () => {
    certificates.make('authority');
    const tls = certificates.make('gateway', 'authority', { dnsNames: ['localhost'] });
    gateway = await startGateway({
      tenants: [{ name: 'acme', permissions: [allowAll] }],
      mqtt: { listener: { anonymousTenant: 'acme' }, tls, websocket: {} },
    });
    const { tcp, tls: overTls, ws, wss } = gateway.mqtt;
    const port = (endpoint: string) => Number(/:(\d+)(\/|$)/.exec(endpoint)![1]);
    task = {
      host: 'localhost',
      path: new URL(ws).pathname,
      caFile: certificates.file('authority.crt'),
      ports: { tcp: port(tcp), tls: port(overTls), ws: port(ws), wss: port(wss) },
    };
  }, 180_000);

  afterAll(async () => {
    await gateway?.stop();
    certificates.remove();
    const all = clients.every(
      ({ name, missing }) => missing || outcomes.some(({ client }) => client.name === name),
    );
    if (checkForm === 'full' && all) writeCompatibilitySection(mqttClientsSection(clients, outcomes));
  }, 60_000);

  for (const [place, client] of clients.entries()) {
    const name = client.missing ? `${client.name} (${client.missing})` : client.name;
    const run = client.missing ? it.skip : it;
    run(name, () => playAll(place, client), 2 * clientTimeoutMs);
  }

  async function playAll(place: number, client: ConformingMqttClient): Promise<void> {
    const jobs = jobsOf(client, place);
    const ran = await runMqttClient(client, { ...task, jobs }, clientTimeoutMs);
    outcomes.push({ client, version: ran.version, outcomes: ran.outcomes });
    const faults = ran.outcomes
      .filter(({ fault }) => fault !== undefined)
      .map(({ level, transport, scenario, fault }) => `${level} ${transport} ${scenario}: ${fault}`);
    expect(faults.slice(0, faultsShown)).toEqual([]);
    const missing = jobs.flatMap(({ level, transport }) =>
      mqttScenarios
        .filter((scenario) => scenario !== 'request/response' || level === 5)
        .filter(
          (scenario) =>
            !ran.outcomes.some(
              (each) => each.level === level && each.transport === transport && each.scenario === scenario,
            ),
        )
        .map((scenario) => `${level} ${transport} ${scenario}`),
    );
    expect({ missing, said: missing.length > 0 ? ran.said : '' }).toEqual({ missing: [], said: '' });
  }
});
