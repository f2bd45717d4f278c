// What gateways keep in compacted topics outlives compaction, trimming, an unload and a broker that is killed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PulsarClient, type TopicLease, verifyNamespace } from '#libs/pulsar';
import { type PulsarStandalone, startPulsar } from '../support/pulsar.js';
import { brokerTimeoutMs } from './own-pulsar.js';

const namespace = 'public/kept-state';
const topic = `persistent://${namespace}/kafka-groups.acme-partition-1`;

/** Small ledgers, trimmed at once, and compaction every second: days in seconds. */
const config = {
  managedLedgerMaxEntriesPerLedger: '100',
  managedLedgerMinLedgerRolloverTimeMinutes: '0',
  brokerServiceCompactionMonitorIntervalInSeconds: '1',
  retentionCheckIntervalInSeconds: '1',
};

describe('state in a compacted topic', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pulsegate-state-'));
  let broker: PulsarStandalone;
  let pulsar: PulsarClient;
  /** What the topic is to say, by the receipts. */
  const stored = new Map<string, string>();

  beforeAll(async () => {
    broker = await startPulsar({ dataDir, config });
    pulsar = new PulsarClient({ serviceUrl: broker.serviceUrl, adminUrl: broker.adminUrl });
    const { checks } = await verifyNamespace(pulsar.admin, namespace, { apply: true, purpose: 'state' });
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    // Retention that has passed, and a threshold that is soon reached.
    await pulsar.admin.setRetention(namespace, { retentionTimeInMinutes: 0, retentionSizeInMB: 0 });
    await pulsar.admin.setCompactionThreshold(namespace, 2_000);
    await pulsar.admin.createPartitionedTopic(topic.replace(/-partition-1$/, ''), 4);
  }, brokerTimeoutMs);

  afterAll(async () => {
    await pulsar.close();
    await broker.kill();
    rmSync(dataDir, { recursive: true, force: true });
  }, brokerTimeoutMs);

  async function hold(): Promise<{ lease: TopicLease; replayed: Map<string, string> }> {
    const replayed = new Map<string, string>();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const lease = await pulsar.acquireLease({
      topic,
      tenantKey: 'acme',
      owner: 'test',
      eager: true,
      onRecord: ({ key, value }) => {
        if (value === null) replayed.delete(key);
        else replayed.set(key, value.toString());
      },
      onStateChange: (state, error) => {
        if (state === 'serving') resolve();
        if (state === 'lost') reject(error);
      },
    });
    await promise;
    return { lease, replayed };
  }

  function write(lease: TopicLease, records: Record<string, string | null>): Promise<void> {
    return new Promise((resolve, reject) => {
      const given = Object.entries(records).map(([key, value]) => ({
        key,
        value: value === null ? null : Buffer.from(value),
      }));
      lease.append(given, (error) => {
        if (error !== undefined) return reject(error);
        for (const [key, value] of Object.entries(records)) {
          if (value === null) stored.delete(key);
          else stored.set(key, value);
        }
        resolve();
      });
    });
  }

  async function churn(lease: TopicLease, from: number, to: number): Promise<void> {
    for (let round = from; round < to; round++) {
      const own = {
        [`offset/g/t/${round % 7}`]: `${round}`,
        [`classic/g${round % 3}`]: `generation ${round}`,
      };
      await write(lease, round % 5 === 0 ? { ...own, [`offset/gone/t/${round}`]: `${round}` } : own);
      if (round % 5 === 4) await write(lease, { [`offset/gone/t/${round - 4}`]: null });
    }
  }

  async function firstLedger(): Promise<number> {
    return (await pulsar.admin.internalStats(topic)).ledgers[0]?.ledgerId ?? -1;
  }

  it(
    'is all there for the next holder when the entries that wrote it are gone',
    async () => {
      const first = await hold();
      await write(first.lease, { 'offset/early/t/0': 'written once', 'offset/early/t/1': 'deleted' });
      await write(first.lease, { 'offset/early/t/1': null });
      const ledger = await firstLedger();
      await churn(first.lease, 0, 600);
      for (let waited = 0; (await firstLedger()) === ledger && waited < 60; waited++) {
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await churn(first.lease, 600, 610);
      }
      expect(await firstLedger()).toBeGreaterThan(ledger);
      await first.lease.release();
      const second = await hold();
      expect(second.replayed).toEqual(stored);
      expect(second.replayed.get('offset/early/t/0')).toBe('written once');
      await second.lease.release();
    },
    brokerTimeoutMs,
  );

  it(
    'is all there after an unload, and after the broker was killed',
    async () => {
      const { lease } = await hold();
      await churn(lease, 610, 700);
      await pulsar.admin.unload(topic);
      await churn(lease, 700, 800);
      await lease.release();
      await broker.kill();
      await broker.restart();
      const next = await hold();
      expect(next.replayed).toEqual(stored);
      await churn(next.lease, 800, 900);
      await next.lease.release();
      await pulsar.admin.unload(topic);
      const last = await hold();
      expect(last.replayed).toEqual(stored);
      await last.lease.release();
    },
    brokerTimeoutMs,
  );
});
