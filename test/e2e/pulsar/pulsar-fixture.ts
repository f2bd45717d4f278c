import { randomBytes } from 'node:crypto';
import {
  BatchBuilder,
  type BrokerEntry,
  type OutgoingEntry,
  type Producer,
  PulsarClient,
} from '#libs/pulsar';

const tenant = 'pulsegate-e2e';

/** A namespace of its own on the broker under test, ready for data: deduplication on, nothing collected. */
export class PulsarFixture {
  readonly namespace = `${tenant}/n-${randomBytes(5).toString('hex')}`;
  private readonly clients: PulsarClient[] = [];
  readonly client = this.newClient();

  static async start(options: { deduplication: boolean } = { deduplication: true }): Promise<PulsarFixture> {
    const fixture = new PulsarFixture();
    const { admin } = fixture.client;
    const tenants = await admin.tenants();
    if (!tenants.includes(tenant)) {
      const allowedClusters = await admin.clusters();
      await admin.createTenant(tenant, { adminRoles: [], allowedClusters }).catch(() => {});
    }
    await admin.createNamespace(fixture.namespace);
    await admin.setDeduplication(fixture.namespace, options.deduplication);
    await admin.setRetention(fixture.namespace, { retentionTimeInMinutes: 60, retentionSizeInMB: -1 });
    return fixture;
  }

  /** Another process, as far as the broker can tell. */
  newClient(): PulsarClient {
    const client = new PulsarClient({
      serviceUrl: process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650',
      adminUrl: process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080',
    });
    this.clients.push(client);
    return client;
  }

  async topic(name = 'topic'): Promise<string> {
    const topic = `persistent://${this.namespace}/${name}-${randomBytes(4).toString('hex')}`;
    await this.client.admin.createTopic(topic);
    return topic;
  }

  async stop(): Promise<void> {
    await this.client.admin.deleteNamespace(this.namespace, { force: true }).catch(() => {});
    for (const client of this.clients) await client.close();
  }
}

export function batchOf(values: readonly string[], sequenceId?: number): OutgoingEntry {
  const builder = new BatchBuilder({ capacityBytes: 256, payloadBytesMax: 4 * 1024 * 1024 });
  for (const value of values) builder.append({ value: Buffer.from(value) });
  const entry = builder.finish('none');
  if (sequenceId !== undefined) {
    entry.sequenceId = sequenceId;
    entry.highestSequenceId = sequenceId + values.length - 1;
  }
  return entry;
}

/** The receipt's `[ledgerId, entryId]`; rejects with the PulsarError. */
export function sent(
  producer: Producer,
  entry: OutgoingEntry,
): Promise<{ ledgerId: number; entryId: number }> {
  return new Promise((resolve, reject) => {
    producer.send(entry, (error, { ledgerId, entryId }) => {
      if (error) reject(error);
      else resolve({ ledgerId, entryId });
    });
  });
}

/** The first `count` entries of a topic, at most what arrives in `timeoutMs`. */
export async function readEntries(
  client: PulsarClient,
  topic: string,
  count: number,
  timeoutMs = 10_000,
): Promise<BrokerEntry[]> {
  const entries: BrokerEntry[] = [];
  let arrived: () => void = () => {};
  const all = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const reader = await client.createReader({
    topic,
    tenantKey: 'read',
    start: 'earliest',
    onEntry: (entry) => {
      entries.push(entry);
      if (entries.length === count) arrived();
    },
  });
  const timer = setTimeout(arrived, timeoutMs);
  await all;
  clearTimeout(timer);
  await reader.close();
  return entries;
}
