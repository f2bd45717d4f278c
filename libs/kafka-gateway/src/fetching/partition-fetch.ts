import { Buffer } from 'node:buffer';
import { type Encodable, type FetchResponsePartitionData, KafkaErrorCode } from '#libs/kafka-codec';
import { messageSetRecordsMax, toMessageSet, withoutZstd } from '../mapping/message-set.mapping.js';
import type { StoredBatch } from '../mapping/stored-batch.js';
import type { LogRead, PartitionLog } from '../reading/partition-log.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import type { FetchOutcome } from './fetch-context.js';
import type { FetchPartition } from './fetch-session.js';

/** Until here a consumer reads message sets of magic 0, then of magic 1 (KIP-32), from then on record batches (KIP-98). */
const magic0Until = 1;
export const messageSetsUntil = 3;
/** From here on a consumer knows zstd (KIP-110). */
const zstdSince = 10;

const noRecords = Buffer.alloc(0);
const noBatches: readonly StoredBatch[] = [];
const noneAborted: [] = [];

/** What one answer may take by being converted: batches become many times as large when they are decompressed. */
export class ConversionRoom {
  #left = 4 * 1024 * 1024;

  /** After the first that does not fit, nothing more is converted for this answer. */
  get isUsedUp(): boolean {
    return this.#left <= 0;
  }

  use(bytes: number): void {
    this.#left -= bytes;
  }
}

/** One partition of one Fetch request: what is asked for, what was read, and its part of the response. */
export class PartitionFetch implements FetchOutcome, Encodable<FetchResponsePartitionData> {
  readonly partitionIndex: number;
  errorCode: number = KafkaErrorCode.NONE;
  highWatermark = -1;
  logStartOffset = -1;
  abortedTransactions: [] | null = null;
  records: Uint8Array | readonly Uint8Array[] = noRecords;
  /** Where it reads; a session may ask for another offset before this one is answered. */
  readonly fetchOffset: number;
  topic: KafkaTopic | undefined;
  log: PartitionLog | undefined;
  batches = noBatches;
  bytes = 0;

  constructor(readonly asked: FetchPartition) {
    this.partitionIndex = asked.partition;
    this.fetchOffset = asked.fetchOffset;
  }

  /** Nothing is dispatched before its transaction has ended, so all that can be read is stable. */
  get lastStableOffset(): number {
    return this.highWatermark;
  }

  /** The offset after what was read. */
  get nextOffset(): number {
    const last = this.batches.at(-1);
    return last === undefined ? this.fetchOffset : last.lastOffset + 1;
  }

  /** There is nothing behind what was read. */
  get isAtEnd(): boolean {
    return this.nextOffset >= (this.log?.knownEnd ?? 0);
  }

  reset(): void {
    this.errorCode = KafkaErrorCode.NONE;
    this.batches = noBatches;
    this.bytes = 0;
  }

  /**
   * Keeps of what was read what there is room for.
   *
   * @param bytesMax the first batch is kept nevertheless when `minOne`
   */
  take({ batches, bytes, error }: LogRead, bytesMax: number, minOne: boolean): void {
    if (bytes <= bytesMax) {
      this.batches = batches;
      this.bytes = bytes;
    } else {
      this.takeSome(batches, bytesMax, minOne);
    }
    if (error !== undefined && this.batches.length === 0 && batches.length === 0) this.errorCode = error;
  }

  private takeSome(batches: readonly StoredBatch[], bytesMax: number, minOne: boolean): void {
    let count = 0;
    let total = 0;
    for (const { bytes } of batches) {
      if (total + bytes.length > bytesMax && !(minOne && count === 0)) break;
      total += bytes.length;
      count++;
    }
    this.batches = batches.slice(0, count);
    this.bytes = total;
  }

  /** What the log knows now of its ends, for the response. */
  position(): void {
    if (this.log === undefined || this.errorCode === KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return;
    const { knownEnd, knownStart } = this.log;
    this.logStartOffset = knownStart ?? -1;
    if (this.errorCode === KafkaErrorCode.NONE) {
      const read = this.batches.length === 0 ? -1 : this.nextOffset;
      this.highWatermark = Math.max(knownEnd ?? -1, read);
    }
  }

  /** Makes the response's records, as that version of Fetch has them; gives how many there are. */
  encode(version: number, readCommitted: boolean, room: ConversionRoom): number {
    if (readCommitted) this.abortedTransactions = noneAborted;
    if (this.batches.length === 0) return 0;
    if (version >= zstdSince) this.records = this.batches.map(({ bytes }) => bytes);
    else this.convert(version, room);
    let count = 0;
    for (const batch of this.batches) count += batch.recordCount;
    return count;
  }

  /** As far as there is room; the consumer asks for the rest. */
  private convert(version: number, room: ConversionRoom): void {
    const pieces: Buffer[] = [];
    let bytes = 0;
    let count = 0;
    for (const batch of this.batches) {
      if (room.isUsedUp) break;
      const piece =
        version <= messageSetsUntil
          ? toMessageSet([batch], version <= magic0Until ? 0 : 1, this.fetchOffset, (plain) =>
              room.use(plain),
            )
          : withoutZstd(batch);
      pieces.push(piece);
      count++;
      bytes += piece.length;
      if (version > messageSetsUntil && piece !== batch.bytes) room.use(piece.length);
      // Part of a large batch: what follows would leave a gap.
      if (version <= messageSetsUntil && batch.recordCount > messageSetRecordsMax) break;
    }
    this.batches = this.batches.slice(0, count);
    this.bytes = bytes;
    this.records = pieces;
  }
}

/** Neighbours of one topic go together. */
export function byTopic(partitions: readonly PartitionFetch[]) {
  const topics: { topic: string; topicId: Buffer; partitions: PartitionFetch[] }[] = [];
  let last: (typeof topics)[number] | undefined;
  for (const partition of partitions) {
    const { topic, topicId } = partition.asked;
    if (last === undefined || last.topic !== topic || !last.topicId.equals(topicId)) {
      last = { topic, topicId, partitions: [] };
      topics.push(last);
    }
    last.partitions.push(partition);
  }
  return topics;
}
