import { randomBytes } from 'node:crypto';
import {
  BatchBuilder,
  type OutgoingEntry,
  type Producer,
  PulsarClient,
  type SendReceipt,
} from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { MatchedTopics } from '../reading/matched-topics.js';
import { PartitionFeeds } from '../reading/partition-feeds.js';
import { ReadingCounters } from '../reading/reading-counters.js';
import { type FakeMessage, FakeReading } from './fake-topics.js';

// What a gateway reads of a real Pulsar, which native producers write to; the MQTT topic is the key.

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';

export class FeedBed {
  readonly pulsar = new PulsarClient({ serviceUrl, adminUrl });
  readonly reading = new FakeReading();
  readonly tenant: Tenant;
  private readonly pulsarTenant = `t-feeds-${randomBytes(4).toString('hex')}`;
  private readonly producers = new Map<string, Producer>();
  private readonly closing: { close(): void | Promise<void> }[] = [];

  constructor() {
    this.tenant = {
      name: 'acme',
      pulsarNamespace: `${this.pulsarTenant}/n`,
      limits: {},
      kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
    };
  }

  async start(): Promise<void> {
    const { admin } = this.pulsar;
    await admin.createTenant(this.pulsarTenant, { adminRoles: [], allowedClusters: await admin.clusters() });
    await admin.createNamespace(this.tenant.pulsarNamespace, {
      retention_policies: { retentionTimeInMinutes: -1, retentionSizeInMB: -1 },
    });
  }

  async stop(): Promise<void> {
    for (const each of this.closing) await each.close();
    for (const producer of this.producers.values()) await producer.close().catch(() => {});
    const { admin } = this.pulsar;
    await admin.deleteNamespace(this.tenant.pulsarNamespace, { force: true }).catch(() => {});
    await admin.deleteTenant(this.pulsarTenant).catch(() => {});
    await this.pulsar.close();
  }

  fullName(name: string): string {
    return `persistent://${this.tenant.pulsarNamespace}/${name}`;
  }

  async topic(name: string): Promise<string> {
    await this.pulsar.admin.createTopic(this.fullName(name));
    return this.fullName(name);
  }

  /** One entry. */
  async publish(partition: string, ...messages: FakeMessage[]): Promise<SendReceipt> {
    let producer = this.producers.get(partition);
    if (producer === undefined) {
      producer = await this.pulsar.createProducer({ topic: partition, tenantKey: 'native' });
      this.producers.set(partition, producer);
    }
    const { promise, resolve, reject } = Promise.withResolvers<SendReceipt>();
    producer.send(batchOf(messages), (error, receipt) => {
      if (receipt === undefined) reject(error);
      else resolve(receipt);
    });
    return promise;
  }

  /** Of one gateway process. */
  gateway() {
    const { pulsar, reading } = this;
    const feeds = new PartitionFeeds({
      pulsar,
      reading,
      counters: new ReadingCounters(),
      log: silentLog,
      partitionsMax: 100,
    });
    const topics = new MatchedTopics({ pulsar, reading, log: silentLog });
    this.closing.push(feeds, topics);
    return { feeds, topics };
  }

  add<T extends { close(): void | Promise<void> }>(closing: T): T {
    this.closing.unshift(closing);
    return closing;
  }
}

function batchOf(messages: readonly FakeMessage[]): OutgoingEntry {
  const builder = new BatchBuilder({ capacityBytes: 1_024, payloadBytesMax: 5_000_000 });
  for (const { topic, payload } of messages) builder.append({ key: topic, value: Buffer.from(payload) });
  return builder.finish('none');
}

export async function until(condition: () => boolean, what = `${condition}`): Promise<void> {
  const end = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
