import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { type PulsarAdmin, PulsarAdminError, PulsarClient } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { toPulsarTopicSettings } from '../mapping/topic-config.mapping.js';
import { TopicRegistry } from './topic-registry.js';

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';

const pulsarTenant = `t-topics-${randomBytes(4).toString('hex')}`;
const tenant: Tenant = {
  name: 'acme',
  pulsarNamespace: `${pulsarTenant}/n`,
  limits: {},
  kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
};
const options = {
  topicCacheMs: 60_000,
  topicCacheTopicsMax: 100,
  topicIdSettleMs: 50,
  compactionThresholdBytes: 1_000_000,
};

let pulsar: PulsarClient;
let admin: PulsarAdmin;
const registry = () => new TopicRegistry(admin, options);
const pulsarTopic = (name: string) => `persistent://${tenant.pulsarNamespace}/${name}`;
const code = (value: number) => expect.objectContaining({ code: value });

beforeAll(async () => {
  pulsar = new PulsarClient({ serviceUrl, adminUrl });
  admin = pulsar.admin;
  await admin.createTenant(pulsarTenant, { adminRoles: [], allowedClusters: await admin.clusters() });
  await admin.createNamespace(tenant.pulsarNamespace);
});

afterAll(async () => {
  await admin.deleteNamespace(tenant.pulsarNamespace, { force: true }).catch(() => {});
  await admin.deleteTenant(pulsarTenant).catch(() => {});
  await pulsar.close();
});

describe('a topic that a gateway creates', () => {
  it('is partitioned, and known to every gateway with the same id and settings', async () => {
    const settings = toPulsarTopicSettings([
      { name: 'max.message.bytes', value: '2000' },
      { name: 'message.timestamp.type', value: 'LogAppendTime' },
    ]);
    const created = await registry().create(tenant, 'made', 3, settings);
    const seen = await registry().resolve(tenant, 'made');
    expect(created.id).toHaveLength(16);
    expect(seen?.id).toEqual(created.id);
    expect(seen?.partitions).toBe(3);
    expect(seen?.partitionTopic(2)).toBe(`${pulsarTopic('made')}-partition-2`);
    expect(seen?.config).toEqual({ messageBytesMax: 2_000, timestampType: 'append', compacted: false });
  });

  it('exists once', async () => {
    const one = registry();
    const other = registry();
    const results = await Promise.allSettled([one, other, one].map((each) => each.create(tenant, 'once', 1)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected')
        expect(result.reason).toEqual(code(KafkaErrorCode.TOPIC_ALREADY_EXISTS));
    }
  });

  it('has retention and compaction that act when it is answered', async () => {
    const settings = toPulsarTopicSettings([
      { name: 'cleanup.policy', value: 'compact,delete' },
      { name: 'retention.ms', value: '3600000' },
      { name: 'retention.bytes', value: '10485760' },
    ]);
    const topic = await registry().create(tenant, 'kept', 1, settings);
    expect(await admin.topicRetention(topic.pulsarTopic)).toEqual({
      retentionTimeInMinutes: 60,
      retentionSizeInMB: 10,
    });
    expect(await admin.topicCompactionThreshold(topic.pulsarTopic)).toBe(options.compactionThresholdBytes);
    expect(topic.config.compacted).toBe(true);
  });

  it('leaves nothing of itself behind when it is deleted, and has a new id when it is made again', async () => {
    const topics = registry();
    const settings = toPulsarTopicSettings([{ name: 'retention.ms', value: '3600000' }]);
    const first = await topics.create(tenant, 'again', 2, settings);
    await topics.delete(tenant, 'again');
    expect(await topics.resolve(tenant, 'again')).toBeUndefined();
    expect(await topics.resolveId(tenant, first.id)).toBeUndefined();
    expect((await admin.topics(tenant.pulsarNamespace)).filter((name) => name.includes('/again'))).toEqual(
      [],
    );
    await expect(topics.delete(tenant, 'again')).rejects.toEqual(
      code(KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    );
    const second = await topics.create(tenant, 'again', 1);
    expect(second.id).not.toEqual(first.id);
    expect(second.partitions).toBe(1);
    expect(await admin.topicRetention(second.pulsarTopic)).toBeUndefined();
  });

  it('is not left there half made', async () => {
    const refusing = new TopicRegistry(
      Object.assign(Object.create(admin) as PulsarAdmin, {
        createPartitionedTopic: admin.createPartitionedTopic.bind(admin),
        deletePartitionedTopic: admin.deletePartitionedTopic.bind(admin),
        setTopicRetention: () => Promise.reject(new PulsarAdminError(403, 'no', 'POST')),
      }),
      options,
    );
    const settings = toPulsarTopicSettings([{ name: 'retention.ms', value: '1' }]);
    await expect(refusing.create(tenant, 'half', 1, settings)).rejects.toThrow(PulsarAdminError);
    expect(await registry().resolve(tenant, 'half')).toBeUndefined();
  });
});

describe('a topic that somebody else created', () => {
  it('gets one id, however many gateways see it first', async () => {
    await admin.createPartitionedTopic(pulsarTopic('native'), 2);
    const seen = await Promise.all([1, 2, 3].map(() => registry().resolve(tenant, 'native')));
    expect(seen[0]!.id).toHaveLength(16);
    for (const topic of seen) expect(topic!.id).toEqual(seen[0]!.id);
    expect((await registry().resolve(tenant, 'native'))!.id).toEqual(seen[0]!.id);
    expect(seen[0]!.config.messageBytesMax).toBe(tenant.kafka.messageBytesMax);
  });

  it('counts as one partition when it has none, and is deleted as what it is', async () => {
    await admin.createTopic(pulsarTopic('plain'));
    const topics = registry();
    const topic = (await topics.resolve(tenant, 'plain'))!;
    expect(topic.partitions).toBe(1);
    expect(topic.partitionTopic(0)).toBe(pulsarTopic('plain'));
    expect((await registry().resolve(tenant, 'plain'))!.id).toEqual(topic.id);
    await topics.delete(tenant, 'plain');
    expect(await topics.resolve(tenant, 'plain')).toBeUndefined();
  });

  it('is found by its id on a gateway that never saw it', async () => {
    const { id } = await registry().create(tenant, 'by-id', 1);
    const topics = registry();
    expect((await topics.resolveId(tenant, id))?.name).toBe('by-id');
    expect(
      await topics.resolveId({ ...tenant, name: 'other', pulsarNamespace: 'public/default' }, id),
    ).toBeUndefined();
  });
});

describe('the registry', () => {
  it('asks Pulsar once for many, and again only when told to forget', async () => {
    await registry().create(tenant, 'busy', 1);
    let asked = 0;
    const counting = Object.assign(Object.create(admin) as PulsarAdmin, {
      partitionedMetadata: (topic: string) => {
        asked++;
        return admin.partitionedMetadata(topic);
      },
    });
    const topics = new TopicRegistry(counting, options);
    const seen = await Promise.all(Array.from({ length: 50 }, () => topics.resolve(tenant, 'busy')));
    expect(new Set(seen).size).toBe(1);
    await topics.resolve(tenant, 'busy');
    expect(asked).toBe(1);
    topics.invalidate(tenant, 'busy');
    await topics.resolve(tenant, 'busy');
    expect(asked).toBe(2);
  });

  it('lists each topic once, without partitions and system topics', async () => {
    const names = await registry().names(tenant);
    expect(names).toEqual([...new Set(names)].sort());
    expect(names).toEqual(expect.arrayContaining(['made', 'native', 'by-id']));
    expect(names.filter((name) => /^__|-partition-/.test(name))).toEqual([]);
  });

  it('has no topics of a namespace that is not there', async () => {
    expect(await registry().names({ ...tenant, pulsarNamespace: `${pulsarTenant}/nowhere` })).toEqual([]);
  });

  it('touches nothing of a tenant that is not served', async () => {
    let refusal: { retriable: boolean; message: string } | undefined;
    const topics = new TopicRegistry(admin, { ...options, tenantRefusal: () => refusal });
    await topics.create(tenant, 'gated', 1);
    refusal = { retriable: true, message: 'being verified' };
    const again = code(KafkaErrorCode.LEADER_NOT_AVAILABLE);
    await expect(topics.resolve(tenant, 'gated')).rejects.toEqual(again);
    await expect(topics.create(tenant, 'gated-2', 1)).rejects.toEqual(again);
    await expect(topics.delete(tenant, 'gated')).rejects.toEqual(again);
    await expect(topics.names(tenant)).rejects.toEqual(again);
    refusal = { retriable: false, message: 'no deduplication' };
    await expect(topics.resolve(tenant, 'gated')).rejects.toEqual(code(KafkaErrorCode.POLICY_VIOLATION));
    refusal = undefined;
    expect((await topics.resolve(tenant, 'gated'))?.name).toBe('gated');
  });

  it('creates nothing by looking', async () => {
    expect(await registry().resolve(tenant, 'nobody')).toBeUndefined();
    await expect(admin.partitionedMetadata(pulsarTopic('nobody'))).rejects.toMatchObject({ status: 404 });
    await expect(registry().resolve(tenant, 'a-partition-0')).rejects.toEqual(
      code(KafkaErrorCode.INVALID_TOPIC_EXCEPTION),
    );
  });

  it('knows one cluster id per cluster and tenant', async () => {
    const id = await registry().clusterId(tenant);
    expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(await registry().clusterId(tenant)).toBe(id);
    expect(await registry().clusterId({ ...tenant, name: 'other' })).not.toBe(id);
  });
});

describe('the kind of offsets of a topic', () => {
  const sparse = () => new TopicRegistry(admin, { ...options, offsetsOf: () => 'sparse' });
  const refused = code(KafkaErrorCode.POLICY_VIOLATION);

  it('is written with its id, for topics of gateways and of others', async () => {
    expect((await sparse().create(tenant, 'sparse-made', 1)).config.sparse).toBe(true);
    await admin.createPartitionedTopic(pulsarTopic('sparse-native'), 1);
    expect((await sparse().resolve(tenant, 'sparse-native'))!.config.sparse).toBe(true);
    for (const name of ['sparse-made', 'sparse-native']) {
      expect(await admin.properties(pulsarTopic(name))).toMatchObject({
        'pulsegate.kafka.offsets': 'sparse',
      });
      await expect(registry().resolve(tenant, name)).rejects.toEqual(refused);
    }
  });

  it('stays: a topic that was served with dense ones is refused, and spoils no list', async () => {
    await registry().create(tenant, 'dense-made', 1);
    const topics = sparse();
    await expect(topics.resolve(tenant, 'dense-made')).rejects.toEqual(refused);
    expect(await topics.resolveListed(tenant, 'dense-made')).toBeUndefined();
    const { id } = await sparse().create(tenant, 'sparse-beside', 1);
    expect((await topics.resolveId(tenant, id))?.name).toBe('sparse-beside');
  });
});
