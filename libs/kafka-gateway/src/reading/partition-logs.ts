import type { PulsarClient } from '#libs/pulsar';
import type { Log, Metrics } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { KafkaOptions } from '../kafka.options.js';
import { systemTime, type TrackerTime } from '../mapping/offset-tracker.js';
import { RecordBatchMapper } from '../mapping/record-batch.mapping.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import type { BatchMapper } from './entry-batches.js';
import type { LogSource } from './log-source.js';
import type { LogStretch } from './log-stretch.js';
import type { PartitionLog } from './partition-log.js';
import { type LogServices, type LogSettings, PulsarPartitionLog } from './pulsar-partition-log.js';
import { PulsarLogSource } from './pulsar-log-source.js';
import { ReadMemory } from './read-memory.js';
import { ReadingCounters } from './reading-counters.js';
import { SparseLogSource } from './sparse-log-source.js';

/** How often logs are looked at for being idle. */
const sweepIntervalMs = 1_000;
/** A partition that was neither read nor written for so long is forgotten. */
const placeIdleMs = 300_000;
/** A read that has to wait for Pulsar is answered after so long; within every client's request timeout. */
const waitMsMax = 3_000;
const awayMsMax = 3_000;
const failureMs = 500;
const endAgeMsMax = 5_000;
const startAgeMsMax = 300_000;

/** What is known of one partition: its log as long as somebody reads it, and where receipts say that it ends. */
interface Place {
  log: PulsarPartitionLog | undefined;
  end: number;
  usedAt: number;
  /** No longer in the table. */
  forgotten: boolean;
}

/** For tests: what stands between the logs and Pulsar. */
export interface PartitionLogsParts {
  readonly source?: (topic: string, tenantKey: string) => LogSource;
  readonly mapper?: BatchMapper;
  readonly time?: TrackerTime;
  /** The topic behind a log was deleted, or made again. */
  readonly topicGone?: (tenant: Tenant, topic: KafkaTopic) => void;
}

/** The logs of all partitions that this process reads, and the memory that they share. */
export class PartitionLogs {
  private readonly places = new Map<string, Place>();
  /** The same, by the topic object that the registry gives out: no text is built per read or receipt. */
  private readonly byTopic = new WeakMap<KafkaTopic, (Place | undefined)[]>();
  private readonly memory: ReadMemory;
  private readonly counters = new ReadingCounters();
  private readonly services: LogServices;
  private readonly time: TrackerTime;
  private readonly newSource: (topic: string, tenantKey: string) => LogSource;
  private readonly sweep: NodeJS.Timeout;
  private closing = false;

  constructor(
    pulsar: PulsarClient,
    private readonly options: KafkaOptions,
    log: Log,
    private readonly parts: PartitionLogsParts = {},
  ) {
    this.time = parts.time ?? systemTime;
    this.newSource = parts.source ?? ((topic, tenantKey) => new PulsarLogSource(pulsar, topic, tenantKey));
    this.memory = new ReadMemory({
      bytesMax: options.readMemoryBytesMax,
      aheadBytesMax: options.readAheadBytesMax,
    });
    this.services = {
      mapper: parts.mapper ?? new RecordBatchMapper({ decompressedBytesMax: options.decompressedBytesMax }),
      memory: this.memory,
      counters: this.counters,
      time: this.time,
      log,
      admitCatchUp: () => this.admitCatchUp(),
      options: {
        ringBytesMax: options.readRingBytesMax,
        chunkBytesMax: options.decompressedBytesMax,
        idleMs: options.readerIdleMs,
        catchUpIdleMs: options.catchUpReaderIdleMs,
        waitMsMax,
        awayMsMax,
        failureMs,
        endAgeMsMax,
        startAgeMsMax,
      },
    };
    this.sweep = setInterval(() => this.expire(), sweepIntervalMs);
    this.sweep.unref();
  }

  /** @param partition 0 <= partition < topic.partitions */
  log(tenant: Tenant, topic: KafkaTopic, partition: number): PartitionLog {
    const place = this.place(topic, partition);
    const { log } = place;
    if (log === undefined || log.hasEnded) return this.open(place, tenant, topic, partition);
    return log;
  }

  /** A receipt of this process: moves the known end, opens nothing. */
  appended(topic: KafkaTopic, partition: number, baseOffset: number, count: number): void {
    if (baseOffset < 0) return;
    const place = this.place(topic, partition);
    const end = baseOffset + count;
    if (end <= place.end) return;
    place.end = end;
    place.log?.endIsAtLeast(end);
  }

  /** The topic was deleted, or made again: who reads it is told. */
  forget(topic: KafkaTopic): void {
    for (let partition = 0; partition < topic.partitions; partition++) {
      const key = keyOf(topic, partition);
      const place = this.places.get(key);
      if (place !== undefined) this.end(key, place);
    }
  }

  /** The tenant is not there any more. */
  endTenant({ pulsarNamespace }: Tenant): void {
    const within = ` persistent://${pulsarNamespace}/`;
    for (const [key, place] of this.places) if (key.includes(within)) this.end(key, place);
  }

  private end(key: string, place: Place): void {
    this.places.delete(key);
    place.forgotten = true;
    place.log?.end();
  }

  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.sweep);
    for (const { log } of this.places.values()) log?.end();
    this.places.clear();
  }

  /** Adds what the logs count and hold to the process's metrics. */
  register(metrics: Metrics): void {
    const { counters, memory } = this;
    const gauge = (name: string, help: string, read: () => number) =>
      metrics.gauge({ name: `pulsegate_kafka_${name}`, help, read });
    const counter = (name: string, help: string, read: () => number) =>
      metrics.counter({ name: `pulsegate_kafka_${name}_total`, help, read });
    gauge('read_memory_bytes', 'Record batches in memory, for all who read them.', () => memory.heldBytes);
    gauge('tail_readers', 'Partitions whose tail is read.', () =>
      this.count((log) => (log.hasTailReader ? 1 : 0)),
    );
    gauge('catch_up_readers', 'Readers behind a tail.', () => this.count((log) => log.catchUps.length));
    counter('read_entries', 'Entries that Pulsar dispatched to the readers.', () => counters.entries);
    counter(
      'reads_from_memory',
      'Reads of a partition that were answered at once.',
      () => counters.fromMemory,
    );
    counter('reads_waited', 'Reads of a partition that waited for Pulsar.', () => counters.waited);
    counter('catch_up_readers_opened', 'Readers behind a tail that were opened.', () => counters.catchUps);
    counter('entries_unreadable', 'Entries that Kafka clients cannot be given.', () => counters.unreadable);
  }

  private place(topic: KafkaTopic, partition: number): Place {
    let known = this.byTopic.get(topic);
    if (known === undefined) {
      known = [];
      this.byTopic.set(topic, known);
    }
    let place = known[partition];
    if (place === undefined || place.forgotten) place = known[partition] = this.find(topic, partition);
    place.usedAt = this.time.now();
    return place;
  }

  /** Also for a topic object that the registry has just made: what it says of the topic is news. */
  private find(topic: KafkaTopic, partition: number): Place {
    const key = keyOf(topic, partition);
    let place = this.places.get(key);
    if (place === undefined) {
      place = { log: undefined, end: -1, usedAt: 0, forgotten: false };
      if (!this.closing) this.places.set(key, place);
    }
    place.log?.configure(settingsOf(topic, partition));
    return place;
  }

  private open(place: Place, tenant: Tenant, topic: KafkaTopic, partition: number): PartitionLog {
    const name = topic.partitionTopic(partition);
    const source = this.newSource(name, tenant.name);
    const log = new PulsarPartitionLog(
      name,
      topic.config.sparse ? new SparseLogSource(source) : source,
      this.services,
      settingsOf(topic, partition),
      () => {
        this.forget(topic);
        this.parts.topicGone?.(tenant, topic);
      },
    );
    if (this.closing) log.end();
    log.endIsAtLeast(place.end);
    place.log = log;
    return log;
  }

  /** Makes room for one more reader behind a tail, by the one that was not read for longest. */
  private admitCatchUp(): boolean {
    const catchUps: { log: PulsarPartitionLog; stretch: LogStretch }[] = [];
    for (const { log } of this.places.values()) {
      for (const stretch of log?.catchUps ?? []) catchUps.push({ log: log!, stretch });
    }
    if (catchUps.length < this.options.catchUpReadersMax) return true;
    const free = catchUps.filter(({ stretch }) => !stretch.awaited);
    if (free.length === 0) return false;
    const oldest = free.reduce((a, b) => (b.stretch.lastReadAt < a.stretch.lastReadAt ? b : a));
    oldest.log.drop(oldest.stretch);
    return true;
  }

  private count(of: (log: PulsarPartitionLog) => number): number {
    let sum = 0;
    for (const { log } of this.places.values()) if (log !== undefined) sum += of(log);
    return sum;
  }

  private expire(): void {
    const now = this.time.now();
    for (const [key, place] of this.places) {
      if (place.log?.expire(now)) {
        place.end = Math.max(place.end, place.log.knownEnd ?? -1);
        place.log.end();
        place.log = undefined;
      }
      if (place.log !== undefined || now - place.usedAt < placeIdleMs) continue;
      this.places.delete(key);
      place.forgotten = true;
    }
  }
}

function settingsOf(topic: KafkaTopic, partition: number): LogSettings {
  const { timestampType, compacted, logStarts } = topic.config;
  return { timestampType, compacted, logStart: logStarts?.get(partition) ?? 0 };
}

/** A topic that was deleted and made again is another one, with offsets of its own. */
function keyOf(topic: KafkaTopic, partition: number): string {
  return `${topic.id.toString('hex')} ${topic.partitionTopic(partition)}`;
}
