import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { allowAll, startGateway, type TestGateway } from '../../support/gateway.js';
import { type PulsarStandalone, startPulsar } from '../../support/pulsar.js';
import {
  ConfigFolder,
  KafkaClients,
  kafkaErrorOf,
  pulsarStartMsMax,
  pulsegate,
  readiness,
} from './gateway-fixture.js';

// A broker that does not show the index of an entry: no Kafka offset would be true.

describe('a broker that hides the index', () => {
  const clients = new KafkaClients();
  const folder = new ConfigFolder();
  let pulsar: PulsarStandalone;
  let gateway: TestGateway;
  beforeAll(async () => {
    const config = { exposingBrokerEntryMetadataToClientEnabled: 'false' };
    pulsar = await startPulsar({ dataDir: folder.path, config });
    const { serviceUrl, adminUrl } = pulsar;
    const kafka = { autoCreateTopics: true };
    gateway = await startGateway({
      tenants: [{ name: 'acme', namespace: 'hidden/n', kafka, permissions: [allowAll] }],
      listener: { anonymousTenant: 'acme' },
      config: { pulsar: { serviceUrl, adminUrl }, namespaces: { retryMs: 300 } },
      untilReady: false,
    });
  }, pulsarStartMsMax);
  afterAll(async () => {
    await clients.disconnect();
    await gateway?.stop();
    await pulsar?.stop();
    folder.remove();
  });

  it('is refused, and health and doctor say what to set in broker.conf', async () => {
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
    const topics = await fetch(`${pulsar.adminUrl}/admin/v2/persistent/hidden/n/partitioned`);
    expect(await topics.json()).toEqual([]);
  });
});
