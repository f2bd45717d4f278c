// Who the gateway and its tenants are at a Pulsar with authentication and authorization on, and what they may do there.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Kafka, Producer } from 'kafkajs';
import { allowAll, startGateway, type TestGateway, type TestGatewayOptions } from '../../support/gateway.js';
import { type PulsarWithAuth, pulsarRoles, startPulsarWithAuth } from '../../support/pulsar-with-auth.js';
import {
  ConfigFolder,
  KafkaClients,
  kafkaErrorOf,
  plain,
  pulsarStartMsMax,
  pulsegate,
  until,
  untilVerified,
} from './gateway-fixture.js';

const password = randomBytes(12).toString('base64url');
/** Kafka's ConfigResource.Type. */
const configResourceTopic = 2;
const clients = new KafkaClients();
const gateways: TestGateway[] = [];
let pulsar: PulsarWithAuth;

const newName = (prefix: string) => `${prefix}-${randomBytes(4).toString('hex')}`;
const users = ['alice'].map((name) => ({ name, password }));

async function start(options: TestGatewayOptions): Promise<TestGateway> {
  const gateway = await startGateway({ pulsar, ...options });
  gateways.push(gateway);
  return gateway;
}

beforeAll(async () => {
  pulsar = await startPulsarWithAuth();
}, pulsarStartMsMax);

afterAll(async () => {
  await clients.disconnect();
  await Promise.all(gateways.map((each) => each.stop()));
  await pulsar?.stop();
});

/** Reads as a member of a group from the beginning until it has so many values, and commits. */
async function consume(kafka: Kafka, groupId: string, topic: string, count: number): Promise<string[]> {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 10_000, retry: { retries: 5 } });
  const values: string[] = [];
  const enough = Promise.withResolvers<void>();
  consumer.on(consumer.events.CRASH, ({ payload }) => enough.reject(payload.error));
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message, partition }) => {
        values.push(String(message.value));
        const offset = String(BigInt(message.offset) + 1n);
        await consumer.commitOffsets([{ topic, partition, offset }]);
        if (values.length >= count) enough.resolve();
      },
    });
    await enough.promise;
  } finally {
    await consumer.disconnect();
  }
  return values.sort();
}

/** Everything that a Kafka client does here, which Pulsar is asked about in the name of the gateway or of the tenant. */
async function useEverything(gateway: TestGateway, tenant: string): Promise<void> {
  const kafka = clients.kafka(gateway.kafka, {
    ...plain(`${tenant}/alice`, password),
    retry: { retries: 5 },
  });
  const [topic, groupId] = [newName('everything'), newName('group')];
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
  await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] });
  const configEntries = [{ name: 'retention.ms', value: '3600000' }];
  const resource = { type: configResourceTopic, name: topic };
  await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] });
  const described = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
  expect(described.resources[0]?.configEntries).toContainEqual(
    expect.objectContaining({ configName: 'retention.ms', configValue: '3600000' }),
  );
  for (const idempotent of [false, true]) {
    const producer = kafka.producer({ idempotent, maxInFlightRequests: 1 });
    await producer.connect();
    for (const partition of [0, 1]) {
      await producer.send({ topic, messages: [{ partition, value: `${idempotent} ${partition}` }] });
    }
    await producer.disconnect();
  }
  const written = ['false 0', 'false 1', 'true 0', 'true 1'];
  expect(await consume(kafka, groupId, topic, 4)).toEqual(written);
  expect(await admin.fetchTopicOffsets(topic)).toHaveLength(2);
  const committed = await admin.fetchOffsets({ groupId, topics: [topic] });
  expect(committed[0]?.partitions.map((each) => each.offset)).toEqual(['2', '2']);
  await mirrored(gateway.namespaceOf(tenant), topic, groupId);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '1' }] });
  expect((await admin.fetchTopicOffsets(topic)).find((each) => each.partition === 0)?.low).toBe('1');
  await admin.deleteGroups([groupId]);
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
}

/** The group's offsets are shown by a subscription of Pulsar. */
async function mirrored(namespace: string, topic: string, group: string): Promise<void> {
  const path = `/persistent/${namespace}/${topic}-partition-0/subscriptions`;
  const names = () => pulsar.admin('GET', path) as Promise<string[]>;
  await until('the group is mirrored', async () => (await names()).includes(group), 30_000);
}

/** What an operator with the superuser's role types. Knows no command that these tests do not expect. */
async function runAsSuperuser(command: string): Promise<void> {
  for (const part of command.split(' && ')) {
    const words = part.split(' ');
    const option = (name: string) => (words[words.indexOf(name) + 1] ?? '').split(',');
    const [target = ''] = words.slice(3);
    switch (words.slice(0, 3).join(' ')) {
      case 'pulsar-admin tenants create':
        await pulsar.admin('PUT', `/tenants/${target}`, {
          adminRoles: option('--admin-roles'),
          allowedClusters: option('--allowed-clusters'),
        });
        break;
      case 'pulsar-admin namespaces create':
        // The gateway tries as well, and may be first once the tenant is there.
        await pulsar.admin('PUT', `/namespaces/${target}`, {}).catch((error: Error) => {
          if (!error.message.includes('409')) throw error;
        });
        break;
      case 'pulsar-admin namespaces grant-permission':
        await pulsar.grant(
          target,
          option('--role')[0] ?? '',
          option('--actions') as ('produce' | 'consume')[],
        );
        break;
      default:
        throw new Error(`no such command: ${part}`);
    }
  }
}

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly command: string;
}

async function findings(gateway: TestGateway): Promise<readonly Finding[]> {
  const { stdout } = await pulsegate(['doctor', '--json', '--config', gateway.configFile]);
  return (JSON.parse(stdout) as { findings: Finding[] }).findings;
}

describe('every feature works', () => {
  it("with a superuser's token", async () => {
    const gateway = await start({ tenants: [{ name: 'acme', users, permissions: [allowAll] }] });
    await useEverything(gateway, 'acme');
  }, 120_000);

  it('with a role that has exactly what doctor prints, which then finds nothing missing', async () => {
    const role = newName('front');
    const [namespace, stateNamespace] = [`${newName('acme')}/n`, `${newName('state')}/n`];
    const gateway = await start({
      tenants: [{ name: 'acme', namespace, users, permissions: [allowAll] }],
      config: { pulsar: pulsar.section(role), namespaces: { retryMs: 300 } },
      stateNamespace,
      untilReady: false,
    });
    await untilVerified(gateway);
    const missing = (await findings(gateway)).filter((each) => !each.ok);
    expect(missing.map((each) => each.check)).toEqual(['namespace', 'namespace']);
    for (const { command } of missing) {
      expect(command).toContain(`--admin-roles ${role} `);
      await runAsSuperuser(command);
    }
    await until('ready', async () => (await fetch(`${gateway.adminUrl}/health/ready`)).ok, 30_000);
    await useEverything(gateway, 'acme');
    expect((await findings(gateway)).filter((each) => !each.ok)).toEqual([]);
  }, 120_000);

  it('with the role of the tenant, through the proxy role, as doctor prints', async () => {
    const [role, tenantRole] = [newName('front'), newName('acme-service')];
    const [namespace, stateNamespace] = [`${newName('acme')}/n`, `${newName('state')}/n`];
    for (const each of [namespace, stateNamespace]) {
      const tenant = each.split('/')[0] ?? '';
      await pulsar.admin('PUT', `/tenants/${tenant}`, {
        adminRoles: [role],
        allowedClusters: ['standalone'],
      });
      await pulsar.admin('PUT', `/namespaces/${each}`, {});
    }
    const proxyAuth = { method: 'token', token: pulsar.token(pulsarRoles.proxy) };
    const gateway = await start({
      tenants: [{ name: 'acme', namespace, users, permissions: [allowAll], pulsar: { role: tenantRole } }],
      config: { pulsar: { ...pulsar.section(role), proxyAuth } },
      stateNamespace,
    });
    const missing = (await findings(gateway)).filter((each) => !each.ok);
    expect(missing.map((each) => each.check)).toEqual(['grants', 'grants']);
    for (const { command } of missing) await runAsSuperuser(command);
    await useEverything(gateway, 'acme');
    expect((await findings(gateway)).filter((each) => !each.ok)).toEqual([]);
  }, 120_000);

  it('with credentials of the tenant, which are granted what they need in a namespace that is made here', async () => {
    const tenantRole = newName('acme-service');
    const auth = { method: 'token', token: pulsar.token(tenantRole) };
    const gateway = await start({
      tenants: [{ name: 'acme', users, permissions: [allowAll], pulsar: { role: tenantRole, auth } }],
    });
    const namespace = gateway.namespaceOf('acme');
    const granted = await pulsar.admin('GET', `/namespaces/${namespace}/permissions`);
    expect(granted).toEqual({ [tenantRole]: expect.arrayContaining(['produce', 'consume']) });
    await useEverything(gateway, 'acme');
  }, 120_000);
});

describe('over TLS', () => {
  it('every feature works with the certificate of the tenant, beside the token of the gateway', async () => {
    const tenantRole = newName('acme-service');
    const own = { ...pulsar.section(), serviceUrl: pulsar.serviceUrlTls, adminUrl: pulsar.adminUrlTls };
    const auth = { method: 'tls', ...pulsar.certificate(tenantRole) };
    const gateway = await start({
      tenants: [{ name: 'acme', users, permissions: [allowAll], pulsar: { auth } }],
      config: { pulsar: { ...own, tls: { caFile: pulsar.caFile } } },
    });
    const namespace = gateway.namespaceOf('acme');
    const granted = await pulsar.admin('GET', `/namespaces/${namespace}/permissions`);
    expect(granted).toEqual({ [tenantRole]: expect.arrayContaining(['produce', 'consume']) });
    await useEverything(gateway, 'acme');
  }, 120_000);
});

describe('doctor says', () => {
  const folder = new ConfigFolder();
  afterAll(() => folder.remove());

  async function advice(section: object, more: object = {}): Promise<string[]> {
    const file = folder.write('pulsegate.yaml', JSON.stringify({ pulsar: section, ...more }));
    const { status, stdout } = await pulsegate(['doctor', '--json', '--config', file]);
    expect(status).toBe(1);
    const found = (JSON.parse(stdout) as { findings: Finding[] }).findings;
    return found
      .filter(({ ok, check }) => !ok && ['binary protocol', 'identity', 'tokens'].includes(check))
      .map(({ command }) => command);
  }

  const tenant = (pulsarSection: object) => ({
    tenants: [{ name: 'acme', namespace: 'public/default', pulsar: pulsarSection }],
  });
  const wrong = () => ({ method: 'token', token: `${pulsar.token('x')}x` });

  it('whose credentials the brokers do not take, or not for themselves', async () => {
    const own = pulsar.section();
    const takenFor = (role: string) => ({ method: 'token', token: pulsar.token(role) });
    const doNotTake = (key: string) => `correct ${key}: the brokers do not take these credentials`;
    expect(await advice({ ...own, auth: wrong() })).toEqual([doNotTake('pulsar.auth')]);
    expect(await advice(pulsar.section(pulsarRoles.proxy))).toEqual([
      expect.stringContaining('give pulsar.auth a role that is none of the brokers’ proxyRoles'),
    ]);
    expect(await advice(own, tenant({ auth: wrong() }))).toEqual([doNotTake('pulsar.auth of tenant acme')]);
    expect(await advice(own, tenant({ auth: takenFor(pulsarRoles.proxy) }))).toEqual([
      expect.stringContaining('use another, or pulsar.role with pulsar.proxyAuth'),
    ]);
    const notProxy = { ...own, proxyAuth: takenFor('nobody') };
    expect(await advice(notProxy, tenant({ role: 'acme-service' }))).toEqual([
      expect.stringContaining('add the role of pulsar.proxyAuth, and not acme-service, to proxyRoles'),
    ]);
  }, 60_000);
});

describe('a tenant whose role', () => {
  const tenantRole = 'acme-service';
  let gateway: TestGateway;
  let namespace: string;

  beforeAll(async () => {
    const proxyAuth = { method: 'token', token: pulsar.token(pulsarRoles.proxy) };
    gateway = await start({
      tenants: [{ name: 'acme', users, permissions: [allowAll], pulsar: { role: tenantRole } }],
      config: { pulsar: { ...pulsar.section(), proxyAuth } },
    });
    namespace = gateway.namespaceOf('acme');
  }, 60_000);

  async function topicOf(messages: number): Promise<string> {
    const topic = newName('t');
    await pulsar.admin('PUT', `/persistent/${namespace}/${topic}/partitions`, 1);
    const producer = await clients.producer(gateway.kafka, plain('acme/alice', password));
    for (let at = 0; at < messages; at++) await producer.send({ topic, messages: [{ value: 'v' }] });
    return topic;
  }

  const produce = async (topic: string) => {
    const producer = await clients.producer(gateway.kafka, plain('acme/alice', password));
    return kafkaErrorOf(producer.send({ topic, messages: [{ value: 'v' }] }));
  };

  it('was not granted it gets TOPIC_AUTHORIZATION_FAILED for what Pulsar refuses, and nothing else suffers', async () => {
    const topic = await topicOf(1);
    await pulsar.grant(namespace, tenantRole, ['consume']);
    const fresh = newName('t');
    await pulsar.admin('PUT', `/persistent/${namespace}/${fresh}/partitions`, 1);
    expect(await produce(fresh)).toBe('TOPIC_AUTHORIZATION_FAILED');
    const kafka = clients.kafka(gateway.kafka, plain('acme/alice', password));
    expect(await consume(kafka, newName('g'), topic, 1)).toEqual(['v']);
    await pulsar.grant(namespace, tenantRole, ['produce', 'consume']);
    await until('it may again', async () => (await produce(fresh)) === 'none');
  }, 60_000);

  it('loses its grant while it produces hears it soon, and goes on when it is granted again', async () => {
    const topic = await topicOf(3);
    await pulsar.revoke(namespace, tenantRole);
    await until('refused', async () => (await produce(topic)) === 'TOPIC_AUTHORIZATION_FAILED', 30_000);
    await pulsar.grant(namespace, tenantRole, ['produce', 'consume']);
    await until('taken', async () => (await produce(topic)) === 'none', 30_000);
  }, 90_000);

  it('loses it while an idempotent producer is open: the producer hears it, and another goes on', async () => {
    const topic = await topicOf(0);
    const kafka = clients.kafka(gateway.kafka, plain('acme/alice', password));
    const send = async (producer: Producer) =>
      kafkaErrorOf(producer.send({ topic, messages: [{ value: 'v' }] }));
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, retry: { retries: 1 } });
    await producer.connect();
    expect(await send(producer)).toBe('none');
    await pulsar.revoke(namespace, tenantRole);
    await until('refused', async () => (await send(producer)) === 'TOPIC_AUTHORIZATION_FAILED', 30_000);
    await producer.disconnect();
    await pulsar.grant(namespace, tenantRole, ['produce', 'consume']);
    const other = kafka.producer({ idempotent: true, maxInFlightRequests: 1, retry: { retries: 1 } });
    await other.connect();
    await until('taken', async () => (await send(other)) === 'none', 30_000);
    await other.disconnect();
  }, 90_000);

  it('loses it while it consumes hears it soon, and reads on where it was when it is granted again', async () => {
    const topic = await topicOf(2);
    const groupId = newName('g');
    const kafka = clients.kafka(gateway.kafka, plain('acme/alice', password));
    const consumer = kafka.consumer({ groupId, retry: { retries: 0, restartOnFailure: async () => false } });
    const [first, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
    consumer.on(consumer.events.CRASH, ({ payload: { error } }) => {
      kafkaErrorOf(Promise.reject(error)).then(ended.resolve, ended.reject);
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ autoCommitThreshold: 1, eachMessage: async () => first.resolve() });
    await first.promise;
    await pulsar.revoke(namespace, tenantRole);
    expect(await ended.promise).toBe('TOPIC_AUTHORIZATION_FAILED');
    await consumer.disconnect();
    await pulsar.grant(namespace, tenantRole, ['produce', 'consume']);
    await until('taken', async () => (await produce(topic)) === 'none', 30_000);
    const values = await consume(kafka, groupId, topic, 1);
    expect(values).toEqual(['v']);
  }, 90_000);

  it('goes through a proxy role that may not is refused as well: both need the grant', async () => {
    const topic = await topicOf(0);
    await pulsar.revoke(namespace, pulsarRoles.proxy);
    await until('refused', async () => (await produce(topic)) === 'TOPIC_AUTHORIZATION_FAILED', 30_000);
    await pulsar.grant(namespace, pulsarRoles.proxy, ['produce', 'consume']);
    await until('taken', async () => (await produce(topic)) === 'none', 30_000);
  }, 90_000);
});
