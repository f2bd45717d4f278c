import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Authenticator, Authorizer } from '#libs/auth';
import { createTopicsApi, deleteTopicsApi, KafkaErrorCode, metadataApi } from '#libs/kafka-codec';
import { PulsarClient } from '#libs/pulsar';
import { RateLimits } from '#libs/rate-limit';
import { Metrics, silentLog } from '#libs/telemetry';
import { type Tenant, TenantDirectory } from '#libs/tenancy';
import { inMemoryLink } from '#libs/transport';
import { kafkaOptionsSchema } from '../kafka.options.js';
import { KafkaProtocol } from '../kafka.protocol.js';
import { KafkaClient } from '../testing/kafka-client.js';

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';

const pulsarTenant = `t-apis-${randomBytes(4).toString('hex')}`;
const tenant: Tenant = {
  name: 'acme',
  pulsarNamespace: `${pulsarTenant}/n`,
  limits: {},
  kafka: { autoCreateTopics: true, partitionsDefault: 2, messageBytesMax: 1_000_000 },
};
const everything = {
  principals: ['*'],
  actions: ['*'],
  resource: { type: '*', match: 'prefix', name: '' },
} as const;
const hidden = {
  effect: 'deny',
  principals: ['*'],
  actions: ['*'],
  resource: { type: 'topic', match: 'prefix', name: 'hidden.' },
} as const;
const noId = Buffer.alloc(16);
const versionsOf = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

let pulsar: PulsarClient;
const protocols: KafkaProtocol[] = [];
let kafka: KafkaClient;

/** A client of a gateway of its own, in front of the same Pulsar. */
function newClient(client = pulsar): KafkaClient {
  const tenants = new TenantDirectory([tenant]);
  const metrics = new Metrics({ processMetrics: false });
  const protocol = new KafkaProtocol({
    pulsar: client,
    authenticator: new Authenticator({
      users: [],
      tenants,
      listeners: [{ name: 'kafka', anonymousTenant: 'acme' }],
      log: silentLog,
    }),
    authorizer: new Authorizer([{ tenant: 'acme', rules: [everything, hidden] }]),
    limits: new RateLimits(tenants),
    options: kafkaOptionsSchema.parse({ nodeId: 5 }),
    log: silentLog,
    metrics,
  });
  protocols.push(protocol);
  const listener = { name: 'kafka', advertisedHost: 'kafka.example', advertisedPort: 9999 };
  return new KafkaClient(inMemoryLink(protocol, { listener, counters: metrics.protocol('kafka') }).client);
}

beforeAll(async () => {
  pulsar = new PulsarClient({ serviceUrl, adminUrl });
  const { admin } = pulsar;
  await admin.createTenant(pulsarTenant, { adminRoles: [], allowedClusters: await admin.clusters() });
  await admin.createNamespace(tenant.pulsarNamespace);
  kafka = newClient();
});

afterAll(async () => {
  await Promise.all(protocols.map((each) => each.close()));
  await pulsar.admin.deleteNamespace(tenant.pulsarNamespace, { force: true }).catch(() => {});
  await pulsar.admin.deleteTenant(pulsarTenant).catch(() => {});
  await pulsar.close();
});

/** A topic as a client of today asks for it: everything by default. */
const wanted = (name: string) => ({ name, numPartitions: -1, replicationFactor: -1 });
const lookUp = (name: string, version = 12) =>
  kafka.call(metadataApi, version, { topics: [{ name }], allowAutoTopicCreation: version < 4 });

describe('CreateTopics and DeleteTopics', () => {
  it.each(versionsOf(0, 7))('v%i creates a topic that is there at once', async (version) => {
    const name = `made-v${version}`;
    const topic = {
      name,
      numPartitions: 3,
      replicationFactor: 1,
      configs: [{ name: 'retention.ms', value: '60000' }],
    };
    const { topics } = await kafka.call(createTopicsApi, version, { topics: [topic], timeoutMs: 10_000 });
    expect(topics[0]).toMatchObject({ name, errorCode: 0 });
    const seen = (await lookUp(name)).topics[0]!;
    expect(seen).toMatchObject({ name, errorCode: 0 });
    expect(seen.partitions).toHaveLength(3);
    if (version >= 5) expect(topics[0]).toMatchObject({ numPartitions: 3, replicationFactor: 1 });
    if (version >= 5) {
      const described = topics[0]!.configs!.map((each) => [each.name, each.value, each.configSource]);
      expect(described).toContainEqual(['retention.ms', '60000', 1]);
      expect(described).toContainEqual(['cleanup.policy', 'delete', 5]);
    }
    if (version >= 7) expect(topics[0]!.topicId).toEqual(seen.topicId);
  });

  it.each(versionsOf(0, 6))('v%i deletes one, and it is gone at once', async (version) => {
    const name = `made-v${version}`;
    const body = version >= 6 ? { topics: [{ name, topicId: noId }] } : { topicNames: [name] };
    const { responses } = await kafka.call(deleteTopicsApi, version, { ...body, timeoutMs: 10_000 });
    expect(responses).toMatchObject([{ name, errorCode: 0 }]);
    expect((await lookUp(name)).topics[0]!.errorCode).toBe(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const again = await kafka.call(deleteTopicsApi, version, { ...body, timeoutMs: 10_000 });
    expect(again.responses[0]!.errorCode).toBe(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('v6 deletes by id, also on a gateway that never saw the topic', async () => {
    const { topics } = await kafka.call(createTopicsApi, 7, {
      topics: [wanted('by-id')],
      timeoutMs: 10_000,
    });
    expect(topics[0]).toMatchObject({ errorCode: 0, errorMessage: null });
    const { topicId } = topics[0]!;
    const { responses } = await newClient().call(deleteTopicsApi, 6, {
      topics: [
        { name: null, topicId },
        { name: null, topicId: randomBytes(16) },
        { name: null, topicId: noId },
        { name: 'x', topicId },
      ],
      timeoutMs: 10_000,
    });
    expect(responses.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['by-id', 0],
      [null, KafkaErrorCode.UNKNOWN_TOPIC_ID],
      [null, KafkaErrorCode.INVALID_REQUEST],
      ['x', KafkaErrorCode.INVALID_REQUEST],
    ]);
    await expect(pulsar.admin.partitionedMetadata(`${tenant.pulsarNamespace}/by-id`)).rejects.toMatchObject({
      status: 404,
    });
  });

  it('say of a topic that is only to be validated what it would be, and make nothing', async () => {
    const ask = async (topic: object) => {
      const topics = [{ ...wanted('imagined'), ...topic }];
      return (await kafka.call(createTopicsApi, 7, { topics, validateOnly: true })).topics[0]!;
    };
    const configs = [{ name: 'cleanup.policy', value: 'compact' }];
    const imagined = await ask({ configs });
    expect(imagined).toMatchObject({ errorCode: 0, numPartitions: 2, replicationFactor: 1 });
    expect(imagined.configs!.map(({ name, value }) => [name, value])).toContainEqual([
      'cleanup.policy',
      'compact',
    ]);
    const { INVALID_CONFIG, TOPIC_ALREADY_EXISTS, UNKNOWN_TOPIC_OR_PARTITION } = KafkaErrorCode;
    expect((await ask({ configs: [{ name: 'flush.ms', value: '1' }] })).errorCode).toBe(INVALID_CONFIG);
    expect((await lookUp('imagined')).topics[0]!.errorCode).toBe(UNKNOWN_TOPIC_OR_PARTITION);
    await kafka.call(createTopicsApi, 7, { topics: [wanted('imagined')] });
    expect((await ask({})).errorCode).toBe(TOPIC_ALREADY_EXISTS);
  });

  it('refuse each topic for itself', async () => {
    const { topics } = await kafka.call(createTopicsApi, 7, {
      topics: [
        wanted('good'),
        wanted('twice'),
        wanted('twice'),
        wanted('hidden.one'),
        { ...wanted('two-ways'), numPartitions: 2, assignments: [{ partitionIndex: 0, brokerIds: [5] }] },
        { ...wanted('gap'), assignments: [{ partitionIndex: 1, brokerIds: [5] }] },
        {
          ...wanted('assigned'),
          assignments: [1, 0, 2].map((partitionIndex) => ({ partitionIndex, brokerIds: [5] })),
        },
      ],
      timeoutMs: 10_000,
    });
    expect(Object.fromEntries(topics.map(({ name, errorCode }) => [name, errorCode]))).toEqual({
      good: 0,
      twice: KafkaErrorCode.INVALID_REQUEST,
      'hidden.one': KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
      'two-ways': KafkaErrorCode.INVALID_REQUEST,
      gap: KafkaErrorCode.INVALID_REPLICA_ASSIGNMENT,
      assigned: 0,
    });
    expect((await lookUp('good')).topics[0]!.partitions).toHaveLength(2);
    expect((await lookUp('assigned')).topics[0]!.partitions).toHaveLength(3);
    expect((await lookUp('twice')).topics[0]!.errorCode).toBe(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });
});

describe('Metadata', () => {
  it.each(versionsOf(0, 13))('v%i says that this gateway has it all', async (version) => {
    await lookUp('known', 3);
    const answer = await kafka.call(metadataApi, version, {
      topics: [{ name: 'known' }],
      ...(version >= 8 && { includeTopicAuthorizedOperations: true }),
      ...(version >= 8 && version <= 10 && { includeClusterAuthorizedOperations: true }),
    });
    expect(answer.brokers).toEqual([{ nodeId: 5, host: 'kafka.example', port: 9999, rack: null }]);
    if (version >= 1) expect(answer.controllerId).toBe(5);
    if (version >= 2) expect(answer.clusterId).toMatch(/^[\w-]{22}$/);
    const [topic] = answer.topics;
    expect(topic).toMatchObject({ name: 'known', errorCode: 0, isInternal: false });
    expect(topic!.partitions.map(({ partitionIndex }) => partitionIndex)).toEqual([0, 1]);
    for (const partition of topic!.partitions) {
      expect(partition).toMatchObject({ errorCode: 0, leaderId: 5, replicaNodes: [5], isrNodes: [5] });
      expect(partition.offlineReplicas).toEqual([]);
      if (version >= 7) expect(partition.leaderEpoch).toBe(0);
    }
    if (version >= 10) expect(topic!.topicId).not.toEqual(noId);
    // READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS.
    if (version >= 8) expect(topic!.topicAuthorizedOperations).toBe(0b1101_1111_1000);
    if (version >= 8 && version <= 10) expect(answer.clusterAuthorizedOperations).toBe(0b1101_1010_0000);
  });

  it('finds topics by id, on every gateway', async () => {
    const [known] = (await lookUp('known')).topics;
    const { topics } = await newClient().call(metadataApi, 12, {
      topics: [
        { name: null, topicId: known!.topicId },
        { name: null, topicId: randomBytes(16) },
        // As the Java client asks: the name is not set, which is an empty one.
        { name: '', topicId: known!.topicId },
        { name: null, topicId: noId },
      ],
    });
    // The same topic is answered once.
    expect(topics).toHaveLength(3);
    expect(topics[0]).toMatchObject({ errorCode: KafkaErrorCode.INVALID_TOPIC_EXCEPTION });
    topics.shift();
    expect(topics[0]).toMatchObject({ name: 'known', topicId: known!.topicId, errorCode: 0 });
    expect(topics[1]).toMatchObject({ name: null, errorCode: KafkaErrorCode.UNKNOWN_TOPIC_ID });
  });

  it('lists all topics that may be seen: an empty list in v0, null since, and an empty list is none', async () => {
    await pulsar.admin.createPartitionedTopic(`${tenant.pulsarNamespace}/hidden.topic`, 1);
    const listed = async (version: number, topics: [] | null) => {
      const answer = await kafka.call(metadataApi, version, { topics });
      return answer.topics.map(({ name }) => name);
    };
    const all = await listed(0, []);
    expect(all).toContain('known');
    expect(all).not.toContain('hidden.topic');
    expect(await listed(1, null)).toEqual(all);
    expect(await listed(12, null)).toEqual(all);
    expect(await listed(1, [])).toEqual([]);
  });

  it('answers for many names at once, of which few are there', async () => {
    const made = await lookUp('known');
    const few = ['known', 'hidden.topic', 'a-partition-0'];
    const names = [...Array.from({ length: 5_000 }, (_, at) => `absent-${at}`), ...few];
    const { topics } = await kafka.call(metadataApi, 9, {
      topics: names.map((name) => ({ name })),
      allowAutoTopicCreation: false,
    });
    expect(topics.map(({ name }) => name)).toEqual(names);
    const absent = topics.filter(({ errorCode }) => errorCode === KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(absent).toHaveLength(5_000);
    expect(topics.at(-3)).toEqual({ ...made.topics[0], topicId: topics.at(-3)!.topicId });
    expect(topics.at(-2)!.errorCode).toBe(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED);
    expect(topics.at(-1)!.errorCode).toBe(KafkaErrorCode.INVALID_TOPIC_EXCEPTION);
  });

  it('asks for nothing more when the client has gone', async () => {
    const client = newClient();
    const topics = Array.from({ length: 400 }, (_, at) => ({ name: `gone-${at}` }));
    client.send(metadataApi, 9, { topics, allowAutoTopicCreation: true });
    await new Promise((resolve) => setTimeout(resolve, 30));
    client.end();
    let before = -1;
    const made = async () => (await pulsar.admin.partitionedTopics(tenant.pulsarNamespace)).length;
    for (let now = await made(); now !== before; now = await made()) {
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    expect(before).toBeLessThan(300);
  });

  it('creates only where the request allows it, and only what may be', async () => {
    const ask = async (name: string, allowAutoTopicCreation: boolean) =>
      (await kafka.call(metadataApi, 9, { topics: [{ name }], allowAutoTopicCreation })).topics[0]!.errorCode;
    expect(await ask('wished', false)).toBe(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(await ask('wished', true)).toBe(0);
    expect(await ask('hidden.wished', true)).toBe(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED);
    expect(await ask('known-partition-0', true)).toBe(KafkaErrorCode.INVALID_TOPIC_EXCEPTION);
    expect(await ask('persistent://a/b/c', true)).toBe(KafkaErrorCode.INVALID_TOPIC_EXCEPTION);
    const { partitions } = await pulsar.admin.partitionedMetadata(`${tenant.pulsarNamespace}/wished`);
    expect(partitions).toBe(2);
  });

  it('creates a topic once for many who ask at the same time, on several gateways', async () => {
    const clients = [kafka, newClient(), newClient()];
    const answers = await Promise.all(
      clients.map((each) =>
        each.call(metadataApi, 12, { topics: [{ name: 'crowd' }], allowAutoTopicCreation: true }),
      ),
    );
    const ids = answers.map(({ topics }) => topics[0]!);
    for (const topic of ids) expect(topic).toMatchObject({ errorCode: 0, topicId: ids[0]!.topicId });
  });

  it('says that a topic has no leader now while Pulsar is away, so that clients ask again', async () => {
    const away = new PulsarClient({ serviceUrl: 'pulsar://127.0.0.1:1', adminUrl: 'http://127.0.0.1:1' });
    const client = newClient(away);
    const answer = await client.call(metadataApi, 12, { topics: [{ name: 'known' }] });
    expect(answer.topics[0]).toMatchObject({ errorCode: KafkaErrorCode.LEADER_NOT_AVAILABLE });
    expect(answer.brokers).toHaveLength(1);
    const made = await client.call(createTopicsApi, 7, { topics: [wanted('known')], timeoutMs: 1_000 });
    expect(made.topics[0]!.errorCode).toBe(KafkaErrorCode.NOT_CONTROLLER);
    client.send(metadataApi, 12, { topics: null });
    await expect(client.frame()).rejects.toThrow();
    await away.close();
  });
});
