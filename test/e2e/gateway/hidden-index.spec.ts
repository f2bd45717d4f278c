import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PulsarClient } from '#libs/pulsar';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { type PulsarWithAuth, startPulsarWithAuth } from '../../support/pulsar-with-auth.js';
import {
  KafkaClients,
  kafkaErrorOf,
  pulsarStartMsMax,
  pulsegate,
  readiness,
  untilVerified,
} from './gateway-fixture.js';

// A broker that does not show the index of an entry: no Kafka offset would be true.

const role = 'kafka-front';

describe('a broker that hides the index', () => {
  const clients = new KafkaClients();
  const gateways: TestGateway[] = [];
  let pulsar: PulsarWithAuth;
  let superuser: PulsarClient;
  beforeAll(async () => {
    pulsar = await startPulsarWithAuth({ exposingBrokerEntryMetadataToClientEnabled: 'false' });
    const auth = { method: 'token', token: pulsar.token('admin') } as const;
    superuser = new PulsarClient({ serviceUrl: pulsar.serviceUrl, adminUrl: pulsar.adminUrl, auth });
    const allowedClusters = ['standalone'];
    await superuser.admin.createTenant('hidden', { adminRoles: [role], allowedClusters });
  }, pulsarStartMsMax);
  afterAll(async () => {
    await clients.disconnect();
    await Promise.all(gateways.map((each) => each.stop()));
    await superuser?.close();
    await pulsar?.stop();
  });

  async function start(as: string, namespace: string): Promise<TestGateway> {
    const { serviceUrl, adminUrl } = pulsar;
    const auth = { method: 'token', token: pulsar.token(as) };
    const kafka = { autoCreateTopics: true };
    const gateway = await startGateway({
      tenants: [{ name: 'acme', namespace, kafka, permissions: [allowAll] }],
      listener: { anonymousTenant: 'acme' },
      config: { pulsar: { serviceUrl, adminUrl, auth }, namespaces: { retryMs: 300 } },
      untilReady: false,
    });
    gateways.push(gateway);
    await untilVerified(gateway);
    return gateway;
  }

  it('is refused, and health and doctor say what to set in broker.conf', async () => {
    const gateway = await start('admin', 'hidden/seen');
    const producer = await clients.producer(gateway.kafka);
    const error = await kafkaErrorOf(producer.send({ topic: 'orders', messages: [{ value: 'v' }] }));
    expect(error).toBe('POLICY_VIOLATION');

    const { code, body } = await readiness(gateway);
    expect(code).toBe(503);
    expect(body.namespaces).toMatchObject([{ tenant: 'acme', served: false, missing: [{ check: 'index' }] }]);

    const { status, stdout } = await pulsegate(['doctor', '--config', gateway.configFile]);
    expect(status).toBe(1);
    expect(stdout).toContain('exposingBrokerEntryMetadataToClientEnabled=true');
    expect(stdout).toContain('restart the brokers');
    // Pulsar holds no topic of a tenant that is not served.
    expect(await superuser.admin.partitionedTopics('hidden/seen')).toEqual([]);
  });

  it('is found out by a gateway whose role cannot read broker.conf', async () => {
    const gateway = await start(role, 'hidden/unseen');
    const producer = await clients.producer(gateway.kafka);
    const error = await kafkaErrorOf(producer.send({ topic: 'orders', messages: [{ value: 'v' }] }));
    expect(error).toBe('POLICY_VIOLATION');
    const { body } = await readiness(gateway);
    expect(body.namespaces).toMatchObject([{ tenant: 'acme', served: false, missing: [{ check: 'index' }] }]);
    const { status, stdout } = await pulsegate(['doctor', '--config', gateway.configFile]);
    expect(status).toBe(1);
    expect(stdout).toContain('exposingBrokerEntryMetadataToClientEnabled=true');
    // What it was found out with is gone.
    expect(await superuser.admin.topics('hidden/unseen')).toEqual([]);
  });
});
