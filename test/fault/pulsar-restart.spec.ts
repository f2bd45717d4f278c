// Producer, reader and lease over a broker that is killed and started again, as a crash and its supervisor would.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PulsarClient, singleEntry } from '#libs/pulsar';
import { type PulsarStandalone, startPulsar } from '../support/pulsar.js';

const startTimeoutMs = 240_000;
const namespace = 'public/restarted';

describe('a broker', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pulsegate-restart-'));
  let pulsar: PulsarStandalone;
  let client: PulsarClient;

  beforeAll(async () => {
    pulsar = await startPulsar({ dataDir, wipe: true });
    client = new PulsarClient({ serviceUrl: pulsar.serviceUrl, adminUrl: pulsar.adminUrl });
    await client.admin.createNamespace(namespace);
    await client.admin.setDeduplication(namespace, true);
    await client.admin.setRetention(namespace, { retentionTimeInMinutes: 60, retentionSizeInMB: -1 });
  }, startTimeoutMs);

  afterAll(async () => {
    await client?.close();
    await pulsar?.kill();
    rmSync(dataDir, { recursive: true, force: true });
  }, startTimeoutMs);

  it(
    'killed and started again loses, repeats and reorders nothing; a lease without a rival goes on',
    async () => {
      const topic = `persistent://${namespace}/topic`;
      const leaseTopic = `persistent://${namespace}/lease`;
      await client.admin.createTopic(topic);
      await client.admin.createTopic(leaseTopic);
      const lease = await client.acquireLease({
        topic: leaseTopic,
        tenantKey: 't',
        owner: 'a',
        sendTimeoutMs: 180_000,
        onRecord: () => {},
      });
      const producer = await client.createProducer({
        topic,
        tenantKey: 't',
        name: 'p',
        sendTimeoutMs: 180_000,
      });
      const read: string[] = [];
      const indexes: (number | undefined)[] = [];
      await client.createReader({
        topic,
        tenantKey: 't',
        start: 'earliest',
        onEntry: (entry) => {
          read.push(entry.payload.toString());
          indexes.push(entry.index);
        },
      });
      const total = 20_000;
      let answered = 0;
      let restarted: Promise<void> | undefined;
      for (let i = 0; i < total; ) {
        if (producer.pendingEntries > 2_000) {
          await delay(5);
          continue;
        }
        producer.send(singleEntry({ value: Buffer.from(String(i++)) }), (error) => {
          if (error) throw error;
          answered++;
        });
        if (i === total / 2) restarted = pulsar.kill().then(() => pulsar.restart());
      }
      await restarted;
      while (answered < total || read.length < total) await delay(50);
      await delay(200);
      expect(read).toEqual(Array.from({ length: total }, (_, i) => String(i)));
      expect(indexes.every((index, i) => i === 0 || (index as number) > (indexes[i - 1] as number))).toBe(
        true,
      );
      await new Promise<void>((resolve, reject) => {
        lease.append({ key: 'k', value: Buffer.from('v') }, (error) => (error ? reject(error) : resolve()));
      });
      expect(lease.state).toBe('serving');
      await lease.release();
    },
    startTimeoutMs,
  );
});
