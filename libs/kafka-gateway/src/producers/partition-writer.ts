import { KafkaErrorCode } from '#libs/kafka-codec';
import type { Producer } from '#libs/pulsar';
import { KafkaError } from '../kafka.errors.js';
import type { Append } from './append.js';
import { TopicHasNoOffsets } from './append-errors.js';
import { IdempotentWriter } from './idempotent-writer.js';
import type { PartitionOffsets } from './partition-offsets.js';
import { PlainWriter } from './plain-writer.js';
import { ProducerSlot, producerSlotDefaults } from './producer-slot.js';

/** After something was stored that can have no offset, nothing is for so long; then it is tried again. */
const noOffsetsRetryMs = 60_000;

export interface PartitionWriterOptions {
  /** Bytes and batches in flight from which on clients are asked to wait; `relieved` is under half of them. */
  readonly inFlightBytesMax: number;
  readonly inFlightBatchesMax: number;
  readonly producerIdsMax: number;
  /** Records that are stored, with the offset of the first, before their producer hears of it. */
  readonly stored?: (baseOffset: number, count: number) => void;
}

/** Counted over all partitions of the process. */
export interface ProducerIdCount {
  value: number;
  readonly max: number;
  /** Forgets one where most are remembered, so that who uses very many makes room for all others; false: none can go. */
  makeRoom(): boolean;
}

/** An idempotent producer of a partition, as DescribeProducers shows it. */
export interface RememberedProducer {
  readonly producerId: bigint;
  /** -1 for what is not known, here and below. */
  readonly epoch: number;
  /** Kafka's sequence of the last record that was stored. */
  readonly lastSequence: number;
  /** Milliseconds since 1970: when its last batch came. */
  readonly lastUsedMs: number;
}

export interface PartitionConnector {
  /** The one Pulsar producer for batches that are not idempotent. */
  openPlain(): Promise<Producer>;
  openIdempotent(producerId: bigint): Promise<Producer>;
}

/** Everything that this process writes into one partition. */
export class PartitionWriter {
  private readonly plainSlot: ProducerSlot;
  private readonly plain: PlainWriter;
  private readonly idempotent = new Map<bigint, IdempotentWriter>();
  private inFlightBytes = 0;
  private inFlightBatches = 0;
  private reliefListeners: (() => void)[] = [];
  private noOffsets: { readonly error: TopicHasNoOffsets; readonly until: number } | undefined;
  private ended = false;
  private readonly finish = (append: Append, error: unknown, baseOffset: number) =>
    this.finished(append, error, baseOffset);
  lastUsedAt = 0;

  constructor(
    private readonly connector: PartitionConnector,
    readonly offsets: PartitionOffsets,
    private readonly producerIds: ProducerIdCount,
    private readonly options: PartitionWriterOptions,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.plainSlot = new ProducerSlot(
      () => connector.openPlain(),
      () => {},
      producerSlotDefaults,
      now,
    );
    this.plain = new PlainWriter(this.plainSlot, offsets, this.finish);
  }

  get idle(): boolean {
    return this.inFlightBatches === 0;
  }

  /** Producer ids that are remembered here. */
  get remembered(): number {
    return this.idempotent.size;
  }

  producers(): RememberedProducer[] {
    return Array.from(this.idempotent, ([producerId, writer]) => ({
      producerId,
      ...writer.state,
      lastUsedMs: Math.round(Date.now() - (this.now() - writer.lastUsedAt)),
    }));
  }

  get hasEnded(): boolean {
    return this.ended;
  }

  /** Offset of the first record that is still there, as far as is known; -1: unknown. */
  get logStartOffset(): number {
    return this.offsets.logStartOffset(this.now());
  }

  /** More is in flight than should be: whoever produces is to be read again only when `onRelief` says so. */
  get full(): boolean {
    const { inFlightBytesMax, inFlightBatchesMax } = this.options;
    return this.inFlightBytes >= inFlightBytesMax || this.inFlightBatches >= inFlightBatchesMax;
  }

  /** Calls `listener` once, as soon as there is room again. */
  onRelief(listener: () => void): void {
    if (this.full) this.reliefListeners.push(listener);
    else listener();
  }

  /** Batches are stored in the order of the calls, per producer id; those without one among themselves. */
  append(append: Append): void {
    const now = this.now();
    this.lastUsedAt = now;
    this.inFlightBatches++;
    this.inFlightBytes += append.batch.entry.buffer.length;
    if (this.noOffsets !== undefined) {
      if (now < this.noOffsets.until) {
        this.finished(append, this.noOffsets.error, -1);
        return;
      }
      this.noOffsets = undefined;
    }
    const { producerId } = append.batch;
    if (producerId < 0n) {
      this.plain.append(append);
      return;
    }
    const writer = this.idempotent.get(producerId) ?? this.admit(producerId);
    if (writer === undefined) {
      this.finished(append, tooManyProducerIds(), -1);
      return;
    }
    writer.lastUsedAt = now;
    writer.append(append);
  }

  /** Forgets producers that were not used since `before`; what Pulsar knows of them stays. */
  expire(before: number): void {
    for (const [producerId, writer] of this.idempotent) {
      if (writer.idle && writer.lastUsedAt < before) this.dismiss(producerId, writer);
    }
  }

  /** Forgets the producer id that was not used for longest, of those with nothing in flight; false: there is none. */
  forgetOldest(): boolean {
    let oldest: [bigint, IdempotentWriter] | undefined;
    for (const each of this.idempotent) {
      if (each[1].idle && (oldest === undefined || each[1].lastUsedAt < oldest[1].lastUsedAt)) oldest = each;
    }
    if (oldest !== undefined) this.dismiss(oldest[0], oldest[1]);
    return oldest !== undefined;
  }

  /** Closes all idempotent producers after what they have in flight; what was not sent yet is refused, retriable. */
  dismissAll(): void {
    for (const [producerId, writer] of this.idempotent) this.dismiss(producerId, writer);
  }

  async end(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    this.producerIds.value -= this.idempotent.size;
    const writers = [...this.idempotent.values()];
    this.idempotent.clear();
    this.plain.flush();
    await Promise.all([this.plainSlot.end(), ...writers.map((writer) => writer.end())]);
    this.offsets.close();
  }

  private admit(producerId: bigint): IdempotentWriter | undefined {
    const { producerIds } = this;
    if (this.ended) return undefined;
    if (this.idempotent.size >= this.options.producerIdsMax) {
      if (!this.forgetOldest()) return undefined;
    } else if (producerIds.value >= producerIds.max && !producerIds.makeRoom()) return undefined;
    const writer = new IdempotentWriter(
      () => this.connector.openIdempotent(producerId),
      this.offsets,
      this.finish,
      this.now,
    );
    this.idempotent.set(producerId, writer);
    producerIds.value++;
    return writer;
  }

  private dismiss(producerId: bigint, writer: IdempotentWriter): void {
    this.idempotent.delete(producerId);
    this.producerIds.value--;
    void writer.end();
  }

  private finished(append: Append, error: unknown, baseOffset: number): void {
    this.inFlightBatches--;
    this.inFlightBytes -= append.batch.entry.buffer.length;
    if (error instanceof TopicHasNoOffsets && this.noOffsets === undefined) {
      this.noOffsets = { error, until: this.now() + noOffsetsRetryMs };
    }
    if (baseOffset === 0) this.offsets.startsAtZero();
    if (baseOffset >= 0) this.options.stored?.(baseOffset, append.batch.entry.numMessages);
    append.done(error, baseOffset);
    if (this.reliefListeners.length > 0) this.relieve();
  }

  private relieve(): void {
    const { inFlightBytesMax, inFlightBatchesMax } = this.options;
    if (this.inFlightBytes > inFlightBytesMax / 2 || this.inFlightBatches > inFlightBatchesMax / 2) return;
    const listeners = this.reliefListeners;
    this.reliefListeners = [];
    for (const listener of listeners) listener();
  }
}

function tooManyProducerIds(): KafkaError {
  return new KafkaError(
    KafkaErrorCode.NOT_LEADER_OR_FOLLOWER,
    'as many producer ids as the gateway remembers are in use',
  );
}
