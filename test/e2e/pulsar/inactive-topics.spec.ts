import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PulsarAdmin, PulsarClient, verifyNamespace } from '#libs/pulsar';
import { type PulsarStandalone, startPulsar } from '../../support/pulsar.js';
import { batchOf, sent } from './pulsar-fixture.js';

const startTimeoutMs = 240_000;

describe('topics that nobody subscribes to', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pulsegate-inactive-'));
  let pulsar: PulsarStandalone;
  let client: PulsarClient;

  beforeAll(async () => {
    pulsar = await startPulsar({
      dataDir,
      config: {
        brokerDeleteInactiveTopicsFrequencySeconds: '1',
        brokerDeleteInactiveTopicsMaxInactiveDurationSeconds: '1',
      },
    });
    client = new PulsarClient({ serviceUrl: pulsar.serviceUrl, adminUrl: pulsar.adminUrl });
    await client.admin.createTenant('idle', {
      adminRoles: [],
      allowedClusters: await client.admin.clusters(),
    });
  }, startTimeoutMs);
  afterAll(async () => {
    await client.close();
    await pulsar.kill();
    rmSync(dataDir, { recursive: true, force: true });
  }, startTimeoutMs);

  /** Stores three messages in a new topic; answers with the index of the last. */
  async function store(topic: string): Promise<number | undefined> {
    const producer = await client.createProducer({ topic, tenantKey: 't' });
    const { ledgerId, entryId } = await sent(producer, batchOf(['a', 'b', 'c']));
    const { index } = await client.admin.entry(topic, ledgerId, entryId);
    await producer.close();
    return index;
  }

  const exists = async (admin: PulsarAdmin, topic: string) =>
    (await admin.topics('idle/kept')).includes(topic);

  it('are deleted by default, and their index restarts', async () => {
    const { admin } = client;
    await admin.createNamespace('idle/lost');
    const topic = 'persistent://idle/lost/x';
    await admin.createTopic(topic);
    expect(await store(topic)).toBe(2);
    for (let turn = 0; turn < 100 && (await admin.topics('idle/lost')).includes(topic); turn++)
      await delay(200);
    expect(await admin.topics('idle/lost')).not.toContain(topic);
    await admin.createTopic(topic);
    expect(await store(topic)).toBe(2);
  });

  it('are kept in a namespace that was set up as the gateway asks', async () => {
    const { admin } = client;
    const report = await verifyNamespace(admin, 'idle/kept', { apply: true });
    expect(report.checks.filter((check) => !check.ok)).toEqual([]);
    const [stored, empty] = ['persistent://idle/kept/x', 'persistent://idle/kept/empty'] as const;
    await admin.createTopic(stored);
    await admin.createTopic(empty);
    expect(await store(stored)).toBe(2);
    await delay(5_000);
    expect([await exists(admin, stored), await exists(admin, empty)]).toEqual([true, true]);
    expect(await store(stored)).toBe(5);
  });
});
