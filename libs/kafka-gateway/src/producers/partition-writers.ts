import { randomUUID } from 'node:crypto';
import { KafkaErrorCode } from '#libs/kafka-codec';
import type { Producer, PulsarClient } from '#libs/pulsar';
import type { Log, Metrics } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { KafkaError } from '../kafka.errors.js';
import type { KafkaOptions } from '../kafka.options.js';
import { duplicateSearchDefaults } from '../mapping/duplicate-search.js';
import { OffsetCounters, offsetTrackerDefaults } from '../mapping/offset-tracker.js';
import { PulsarEntrySource } from '../mapping/pulsar-entry-source.js';
import { numberSparsely } from '../mapping/sparse-offset.mapping.js';
import { SparseOffsetTracker } from '../mapping/sparse-offset-tracker.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { PartitionOffsets } from './partition-offsets.js';
import {
  type PartitionConnector,
  PartitionWriter,
  type ProducerIdCount,
  type RememberedProducer,
} from './partition-writer.js';

/** How often writers and producer ids are looked at for being idle. */
const sweepIntervalMs = 10_000;
/** A partition that nobody produced to for so long has no Pulsar producer and no offset state. */
const partitionIdleMs = 300_000;
/** Above the bounds from which on clients wait: requests that were read already must not be refused. */
const pendingHeadroom = 2;

/** Hears of the offsets of what this process stored. */
export interface StoredListener {
  appended(topic: KafkaTopic, partition: number, baseOffset: number, count: number): void;
}

interface OpenWriter {
  readonly tenantName: string;
  readonly writer: PartitionWriter;
  readonly topic: KafkaTopic;
  readonly partition: number;
}

/** The writers of all partitions that this process produces to. */
export class PartitionWriters {
  /** Of this start of this process: a plain producer's name that comes back would make deduplication drop data. */
  private readonly instance = randomUUID();
  private plainProducers = 0;
  private readonly writers = new Map<string, OpenWriter>();
  /** The same, by the topic object that the registry gives out: no text is built per batch. */
  private readonly byTopic = new WeakMap<KafkaTopic, (PartitionWriter | undefined)[]>();
  private readonly producerIds: ProducerIdCount;
  private readonly counters = new OffsetCounters();
  private readonly sweep: NodeJS.Timeout;
  private closing = false;

  constructor(
    private readonly pulsar: PulsarClient,
    private readonly options: KafkaOptions,
    private readonly log: Log,
    /** Told of what is stored. */
    private readonly logs?: StoredListener,
  ) {
    this.producerIds = { value: 0, max: options.producerIdsMax, makeRoom: () => this.makeRoom() };
    this.sweep = setInterval(() => this.expire(), sweepIntervalMs);
    this.sweep.unref();
  }

  /** Adds what the writers count and hold to the process's metrics. */
  register(metrics: Metrics): void {
    const { counters } = this;
    const gauge = (name: string, help: string, read: () => number) =>
      metrics.gauge({ name: `pulsegate_kafka_${name}`, help, read });
    const counter = (name: string, help: string, read: () => number) =>
      metrics.counter({ name: `pulsegate_kafka_${name}_total`, help, read });
    gauge('partitions_written', 'Partitions that have a writer.', () => this.writers.size);
    gauge('producer_ids', 'Idempotent producers remembered, per partition.', () => this.producerIds.value);
    counter('offset_gap_reads', 'Entries read to learn an offset.', () => counters.gapReads);
    counter('duplicates', 'Entries that Pulsar had stored before.', () => counters.duplicates);
    counter('offsets_unknown', 'Stored entries whose offset was not learnt.', () => counters.unknown);
  }

  /** @param partition 0 <= partition < topic.partitions */
  writer(tenantName: string, topic: KafkaTopic, partition: number): PartitionWriter {
    let known = this.byTopic.get(topic);
    if (known === undefined) {
      known = [];
      this.byTopic.set(topic, known);
    }
    const writer = known[partition];
    if (writer !== undefined && !writer.hasEnded) return writer;
    return (known[partition] = this.find(tenantName, topic, partition));
  }

  /** The idempotent producers that are remembered of a partition. */
  producers(topic: KafkaTopic, partition: number): RememberedProducer[] {
    return this.writers.get(keyOf(topic, partition))?.writer.producers() ?? [];
  }

  /**
   * Other gateways lead partitions that this one led: there its idempotent producers are closed, after what they have in
   * flight, so that the leader can open them. Plain batches are written on.
   */
  handOver(leads: (topic: KafkaTopic, partition: number) => boolean): void {
    for (const { writer, topic, partition } of this.writers.values()) {
      if (writer.remembered > 0 && !leads(topic, partition)) writer.dismissAll();
    }
  }

  /** The tenant is not there any more: after what is in flight, its partitions have no Pulsar producer. */
  endTenant({ name }: Tenant): void {
    for (const [key, { tenantName, writer }] of this.writers) if (tenantName === name) this.end(key, writer);
  }

  /** Takes no more, waits for what is in flight and closes all Pulsar producers. */
  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.sweep);
    const writers = [...this.writers.values()];
    this.writers.clear();
    await Promise.all(writers.map(({ writer }) => writer.end()));
  }

  private find(tenantName: string, topic: KafkaTopic, partition: number): PartitionWriter {
    if (this.closing) throw new KafkaError(KafkaErrorCode.NOT_LEADER_OR_FOLLOWER, 'the gateway stops');
    const key = keyOf(topic, partition);
    const known = this.writers.get(key);
    if (known !== undefined) return known.writer;
    const writer = this.open(tenantName, topic, partition);
    this.writers.set(key, { tenantName, writer, topic, partition });
    return writer;
  }

  private open(tenantKey: string, topic: KafkaTopic, partition: number): PartitionWriter {
    const { options, logs } = this;
    const pulsarTopic = topic.partitionTopic(partition);
    return new PartitionWriter(
      this.connector(tenantKey, pulsarTopic),
      this.offsets(tenantKey, topic, pulsarTopic),
      this.producerIds,
      {
        inFlightBytesMax: options.producerPendingBytesMax,
        inFlightBatchesMax: options.producerPendingEntriesMax,
        producerIdsMax: options.producerIdsMaxPerPartition,
        stored: (baseOffset, count) => logs?.appended(topic, partition, baseOffset, count),
      },
    );
  }

  private offsets(tenantKey: string, topic: KafkaTopic, pulsarTopic: string): PartitionOffsets {
    const { options, pulsar, counters } = this;
    const tracking = {
      ...offsetTrackerDefaults,
      readerTimeoutMs: options.offsetReaderTimeoutMs,
      readerIdleMs: options.offsetReaderIdleMs,
    };
    const searching = { ...duplicateSearchDefaults, scanEntriesMax: options.duplicateScanEntriesMax };
    if (topic.config.sparse) {
      const source = new PulsarEntrySource(pulsar, pulsarTopic, tenantKey, numberSparsely);
      const tracker = new SparseOffsetTracker(() => this.turnLedger(pulsarTopic));
      return new PartitionOffsets(source, tracking, searching, counters, tracker);
    }
    const source = new PulsarEntrySource(pulsar, pulsarTopic, tenantKey);
    return new PartitionOffsets(source, tracking, searching, counters);
  }

  /** A partition that is loaded anew begins another ledger; its producers and readers come back by themselves. */
  private turnLedger(pulsarTopic: string): void {
    const fields = { event: 'kafka.ledger-turn', topic: pulsarTopic };
    this.log.info(fields, 'the ledger is nearly too long for sparse offsets: the partition is unloaded');
    this.pulsar.admin.unload(pulsarTopic).catch((error) => {
      this.log.warn({ ...fields, error }, 'the partition could not be unloaded');
    });
  }

  private connector(tenantKey: string, topic: string): PartitionConnector {
    const open = (name: string): Promise<Producer> => {
      const { options } = this;
      return this.pulsar.createProducer({
        topic,
        tenantKey,
        name,
        pendingBytesMax: options.producerPendingBytesMax * pendingHeadroom,
        pendingEntriesMax: options.producerPendingEntriesMax * pendingHeadroom,
        sendTimeoutMs: options.produceTimeoutMsMax,
      });
    };
    return {
      openPlain: () => open(`pulsegate.${this.instance}.${this.plainProducers++}`),
      openIdempotent: (producerId) => open(`pulsegate.kafka.${producerId}`),
    };
  }

  private makeRoom(): boolean {
    let fullest: PartitionWriter | undefined;
    for (const { writer } of this.writers.values()) {
      if (writer.remembered > (fullest?.remembered ?? 0)) fullest = writer;
    }
    return fullest?.forgetOldest() ?? false;
  }

  private expire(): void {
    const now = performance.now();
    for (const [key, { writer }] of this.writers) {
      writer.expire(now - this.options.producerIdIdleMs);
      if (!writer.idle || writer.lastUsedAt > now - partitionIdleMs || writer.remembered > 0) continue;
      this.end(key, writer);
    }
  }

  private end(key: string, writer: PartitionWriter): void {
    this.writers.delete(key);
    void writer.end().catch((error) => {
      this.log.warn({ event: 'kafka.partition-close-failed', error }, 'a partition could not be closed');
    });
  }
}

/** A topic that was deleted and made again is another one, with offsets of its own. */
function keyOf(topic: KafkaTopic, partition: number): string {
  return `${topic.id.toString('hex')} ${topic.partitionTopic(partition)}`;
}
