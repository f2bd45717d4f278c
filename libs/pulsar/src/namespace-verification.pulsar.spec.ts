import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PulsarClient } from './client.js';
import { MessageCursor, singleEntry } from './entry.js';
import { verifyNamespace } from './namespace-verification.js';

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';

describe('verifying a namespace', () => {
  let client: PulsarClient;
  beforeAll(() => {
    client = new PulsarClient({ serviceUrl, adminUrl });
  });
  afterAll(() => client.close());

  it('says what is missing, with the command that mends it, and changes nothing unless asked', async () => {
    const namespace = `verify-${randomBytes(4).toString('hex')}/kafka`;
    const { admin } = client;
    const missingOf = async (apply: boolean) => {
      const { checks } = await verifyNamespace(admin, namespace, { apply });
      return checks.filter((each) => !each.ok);
    };
    const absent = await missingOf(false);
    expect(absent.map((each) => each.check)).toEqual(['namespace']);
    expect(absent[0]?.command).toContain(`pulsar-admin namespaces create ${namespace}`);

    await admin.createTenant(namespace.split('/')[0] ?? '', {
      adminRoles: [],
      allowedClusters: await admin.clusters(),
    });
    await admin.createNamespace(namespace);
    const bare = await missingOf(false);
    expect(bare.map((each) => each.check)).toEqual(['deduplication', 'inactive-topics', 'retention']);
    for (const each of bare) expect(each.command).toMatch(/^pulsar-admin namespaces set-/);

    expect(await missingOf(true)).toEqual([]);
    const policies = await admin.namespacePolicies(namespace);
    expect(policies.deduplicationEnabled).toBe(true);
    expect(policies.inactive_topic_policies?.deleteWhileInactive).toBe(false);
    expect(policies.retention_policies?.retentionTimeInMinutes).toBe(10_080);
  });

  it('creates tenant and namespace where it may', async () => {
    const namespace = `verify-${randomBytes(4).toString('hex')}/kafka`;
    const { checks } = await verifyNamespace(client.admin, namespace, { apply: true });
    expect(checks.filter((each) => !each.ok)).toEqual([]);
  });

  it('marks which offsets a namespace has, and holds to it', async () => {
    const { admin } = client;
    const verify = async (namespace: string, offsets: 'auto' | 'dense' | 'sparse', apply = true) => {
      const report = await verifyNamespace(admin, namespace, { apply, offsets });
      return [report.offsets, ...report.checks.filter((each) => !each.ok).map((each) => each.check)];
    };
    const dense = `verify-${randomBytes(4).toString('hex')}/kafka`;
    expect(await verify(dense, 'dense')).toEqual(['dense']);
    expect((await admin.namespacePolicies(dense)).properties?.['pulsegate.offsets']).toBeUndefined();
    // This Pulsar shows the index.
    expect(await verify(dense, 'auto', false)).toEqual(['dense', 'offsets']);
    expect(await verify(dense, 'auto')).toEqual(['dense']);
    expect(await verify(dense, 'sparse')).toEqual(['sparse', 'offsets']);

    const sparse = `verify-${randomBytes(4).toString('hex')}/kafka`;
    expect(await verify(sparse, 'sparse')).toEqual(['sparse']);
    expect(await verify(sparse, 'auto')).toEqual(['sparse']);
    expect(await verify(sparse, 'dense')).toEqual(['dense', 'offsets']);
  });

  it('sees that a policy was taken away', async () => {
    const namespace = `verify-${randomBytes(4).toString('hex')}/kafka`;
    await verifyNamespace(client.admin, namespace, { apply: true });
    await client.admin.setDeduplication(namespace, false);
    await client.admin.setRetention(namespace, { retentionTimeInMinutes: 0, retentionSizeInMB: 0 });
    const { checks } = await verifyNamespace(client.admin, namespace, { apply: false });
    expect(checks.filter((each) => !each.ok).map((each) => each.check)).toEqual([
      'deduplication',
      'retention',
    ]);
  });

  it('wants other policies for state, and what they hold outlives trimming', async () => {
    const namespace = `verify-${randomBytes(4).toString('hex')}/state`;
    const { admin } = client;
    const [tenant = ''] = namespace.split('/');
    await admin.createTenant(tenant, { adminRoles: [], allowedClusters: await admin.clusters() });
    await admin.createNamespace(namespace);
    const look = async (apply: boolean) => {
      const { checks } = await verifyNamespace(admin, namespace, { apply, purpose: 'state' });
      return checks.filter((each) => !each.ok).map((each) => each.check);
    };
    expect(await look(false)).toEqual(['inactive-topics', 'retention', 'compaction']);
    expect(await look(true)).toEqual([]);

    // Nothing but compaction's own cursor is left to hold what was written.
    await admin.setRetention(namespace, { retentionTimeInMinutes: 0, retentionSizeInMB: 0 });
    const topic = `persistent://${namespace}/kept`;
    await admin.createTopic(topic);
    const write = async (key: string) => {
      const producer = await client.createProducer({ topic, tenantKey: 'test' });
      await new Promise((resolve) => producer.send(singleEntry({ key, value: Buffer.from('v') }), resolve));
      await producer.close();
    };
    for (const key of ['a', 'b', 'a', 'c']) {
      await write(key);
      // Its ledger is full: a new one begins, and trimming looks at the old one.
      await admin.unload(topic);
    }
    const keys = new Set<string | null>();
    const reader = await client.createReader({
      topic,
      tenantKey: 'test',
      start: 'earliest',
      readCompacted: true,
      onEntry: (entry) => {
        const cursor = new MessageCursor(entry, { decompressedBytesMax: 1_000 });
        while (cursor.next()) keys.add(cursor.key);
      },
    });
    await reader.reachEnd();
    await reader.close();
    expect(keys).toEqual(new Set(['a', 'b', 'c']));
  });
});
