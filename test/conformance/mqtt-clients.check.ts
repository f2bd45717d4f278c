// MQTT clients, 3.1.1 and 5, over TCP, TLS and WebSocket: what users do with them works (full: docs/compatibility.md)
import { afterAll, beforeAll, describe } from '@jest/globals';
import { Certificates, hasOpenssl } from '../../libs/transport/src/testing/certificates.js';
import { checkForm } from '../support/check-form.js';
import { ClientChecks, clientTimeoutMs, portOf } from '../support/client-checks.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { mqttClientsSection } from '../support/mqtt-compatibility.js';
import { mqttClients, runMqttClient, type ConformingMqttClient } from '../support/mqtt-clients.js';
import {
  type MqttClientTask,
  type MqttJob,
  type MqttScenarioOutcome,
  mqttScenarios,
} from '../support/mqtt-scenario.js';

const certificates = new Certificates();

/** Every transport at every level; the short form: each of them once, at one level or the other. */
function jobsOf({ transports }: ConformingMqttClient, place: number): MqttJob[] {
  const all = transports.flatMap((transport) =>
    ([4, 5] as const).map((level) => ({ level, transport, prefix: `c${place}${transport}${level}` })),
  );
  return checkForm === 'full' ? all : all.filter((_, index) => index % 4 === 0 || index % 4 === 3);
}

(hasOpenssl ? describe : describe.skip)('MQTT clients', () => {
  const checks = new ClientChecks<ConformingMqttClient, MqttScenarioOutcome>(mqttClients());
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
    task = {
      host: 'localhost',
      path: new URL(ws).pathname,
      caFile: certificates.file('authority.crt'),
      ports: { tcp: portOf(tcp), tls: portOf(overTls), ws: portOf(ws), wss: portOf(wss) },
    };
  }, 180_000);

  afterAll(async () => {
    await gateway?.stop();
    certificates.remove();
    checks.writeSection(mqttClientsSection);
  }, 60_000);

  checks.itPlays(
    (client, place) => runMqttClient(client, { ...task, jobs: jobsOf(client, place) }, clientTimeoutMs),
    (client, place) =>
      jobsOf(client, place).flatMap(({ level, transport }) =>
        mqttScenarios
          .filter((scenario) => scenario !== 'request/response' || level === 5)
          .map((scenario) => `${level} ${transport} ${scenario}`),
      ),
    ({ level, transport, scenario }) => `${level} ${transport} ${scenario}`,
  );
});
