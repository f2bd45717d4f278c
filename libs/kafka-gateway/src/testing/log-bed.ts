import { randomBytes } from 'node:crypto';
import {
  BatchBuilder,
  type OutgoingEntry,
  type Producer,
  PulsarClient,
  type SendReceipt,
  singleEntry,
} from '#libs/pulsar';
import { type Log, silentLog } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { type KafkaOptions, kafkaOptionsSchema } from '../kafka.options.js';
import type { LogRead, PartitionLog } from '../reading/partition-log.js';
import { PartitionLogs } from '../reading/partition-logs.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';

// Logs of partitions before a real Pulsar, which native producers write to.

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
export const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';

export class LogBed {
  readonly pulsar = new PulsarClient({ serviceUrl, adminUrl });
  readonly gone: string[] = [];
  readonly #pulsarTenant = `t-logs-${randomBytes(4).toString('hex')}`;
  readonly tenant: Tenant;
  readonly #logs: PartitionLogs[] = [];
  readonly #producers: Producer[] = [];

  constructor() {
    this.tenant = {
      name: 'acme',
      pulsarNamespace: `${this.#pulsarTenant}/n`,
      limits: {},
      kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
    };
  }

  async start(): Promise<void> {
    const { admin } = this.pulsar;
    await admin.createTenant(this.#pulsarTenant, {
      adminRoles: [],
      allowedClusters: await admin.clusters(),
    });
    await admin.createNamespace(this.tenant.pulsarNamespace, {
      retention_policies: { retentionTimeInMinutes: -1, retentionSizeInMB: -1 },
      inactive_topic_policies: {
        deleteWhileInactive: false,
        inactiveTopicDeleteMode: 'delete_when_no_subscriptions',
        maxInactiveDurationSeconds: 60_000,
      },
    });
  }

  async stop(): Promise<void> {
    for (const logs of this.#logs) await logs.close();
    for (const producer of this.#producers) await producer.close();
    const { admin } = this.pulsar;
    await admin.deleteNamespace(this.tenant.pulsarNamespace, { force: true }).catch(() => {});
    await admin.deleteTenant(this.#pulsarTenant).catch(() => {});
    await this.pulsar.close();
  }

  /** A topic without partitions, created unless told otherwise. */
  async topic(name: string, config: Partial<KafkaTopic['config']> = {}, create = true): Promise<KafkaTopic> {
    const pulsarTopic = `persistent://${this.tenant.pulsarNamespace}/${name}`;
    if (create) await this.pulsar.admin.createTopic(pulsarTopic);
    return {
      name,
      id: randomBytes(16),
      pulsarTopic,
      partitions: 1,
      config: { messageBytesMax: 1_000_000, timestampType: 'create', compacted: false, ...config },
      partitionTopic: () => pulsarTopic,
    };
  }

  /** The logs of one gateway process. */
  logs(options: Partial<KafkaOptions> = {}, log: Log = silentLog): PartitionLogs {
    const all = { ...kafkaOptionsSchema.parse({}), ...options };
    const logs = new PartitionLogs(this.pulsar, all, log, {
      topicGone: (_, topic) => this.gone.push(topic.name),
    });
    this.#logs.push(logs);
    return logs;
  }

  log(topic: KafkaTopic, options: Partial<KafkaOptions> = {}): PartitionLog {
    return this.logs(options).log(this.tenant, topic, 0);
  }

  async producer(topic: KafkaTopic): Promise<NativeProducer> {
    const producer = await this.pulsar.createProducer({
      topic: topic.pulsarTopic,
      tenantKey: 'native',
      name: `native-${randomBytes(4).toString('hex')}`,
    });
    this.#producers.push(producer);
    return new NativeProducer(producer);
  }
}

export class NativeProducer {
  constructor(private readonly producer: Producer) {}

  /** One entry; resolves with its receipt. */
  send(entry: OutgoingEntry): Promise<SendReceipt> {
    return new Promise((resolve, reject) => {
      this.producer.send(entry, (error, receipt) => {
        if (error === undefined) resolve({ ...receipt });
        else reject(error);
      });
    });
  }

  batch(values: readonly string[], eventTime?: number): Promise<SendReceipt> {
    return this.send(batchOf(values, eventTime));
  }

  single(value: string | null, key?: string): Promise<SendReceipt> {
    return this.send(singleEntry({ value: value === null ? null : Buffer.from(value), key }));
  }

  /** The chunks of one message, each an entry. */
  chunks(value: string, count: number): (() => Promise<SendReceipt>)[] {
    const uuid = randomBytes(8).toString('hex');
    const bytes = Math.ceil(value.length / count);
    return Array.from({ length: count }, (_, chunkId) => () => {
      const entry = singleEntry({ value: Buffer.from(value.slice(chunkId * bytes, (chunkId + 1) * bytes)) });
      const chunk = { uuid, chunkId, numChunksFromMsg: count, totalChunkMsgSize: value.length };
      return this.send({ ...entry, metadata: { ...entry.metadata, ...chunk } });
    });
  }
}

export function batchOf(values: readonly string[], eventTime?: number, key?: string): OutgoingEntry {
  const bytes = values.reduce((sum, value) => sum + value.length + 64, 64);
  const builder = new BatchBuilder({ capacityBytes: bytes, payloadBytesMax: bytes * 2 });
  for (const value of values) {
    const content = Buffer.from(value);
    builder.begin();
    if (key !== undefined) builder.keyFrom(Buffer.from(key), 0, key.length);
    if (eventTime !== undefined) builder.eventTime(eventTime);
    builder.valueFrom(content, 0, content.length);
  }
  return builder.finish('none');
}

/** Reads like a consumer, from `offset` to the end, and gives what it got; throws on an error. */
export async function readAll(
  log: PartitionLog,
  offset: number,
  end: number,
  bytesMax = 100_000,
): Promise<LogRead['batches'][number][]> {
  const batches: LogRead['batches'][number][] = [];
  let next = offset;
  const deadline = performance.now() + 20_000;
  while (next < end) {
    const read = await log.read(next, bytesMax, true);
    if (read.error !== undefined && read.batches.length === 0)
      throw new Error(`code ${read.error} at ${next}`);
    if (performance.now() > deadline) throw new Error(`still at ${next}`);
    if (read.batches.length === 0) await beyond(log, next);
    for (const batch of read.batches) batches.push(batch);
    next = (batches.at(-1)?.lastOffset ?? next - 1) + 1;
  }
  return batches;
}

/** Resolves when there is something beyond `offset`, at the latest after half a second. */
export function beyond(log: PartitionLog, offset: number): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = log.whenBeyond(offset, () => resolve(true));
    setTimeout(() => {
      cancel();
      resolve(false);
    }, 500);
  });
}
