import type { Buffer } from 'node:buffer';
import { type GroupRecord, parseRecord, recordKey, recordValue } from './group-record.js';

/** What a group committed for one partition. Immutable. */
export interface CommittedOffset {
  readonly offset: number;
  /** -1 when the client named none. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** Milliseconds since 1970. */
  readonly committedAt: number;
  /** Milliseconds since 1970; only where a client of OffsetCommit v2-4 chose its own retention. */
  readonly expiresAt?: number;
  /** The topic's id when it was committed, in hex: a topic of the same name that came later is another one. */
  readonly topicId?: string;
}

export interface GroupPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface PartitionCommit extends GroupPartition {
  readonly committed: CommittedOffset;
}

interface OffsetValue {
  readonly o: number;
  readonly e?: number;
  readonly m?: string;
  readonly t: number;
  readonly x?: number;
  readonly id?: string;
}

export const offsetRecordPrefix = 'offset/';

/** How many offsets a slice has, over all its groups. What clients say with an offset may be much more than the offset. */
export interface OffsetCount {
  value: number;
}

/** Characters of metadata that count as one more offset. */
const metadataCharsPerOffset = 256;

/** As how many offsets it counts. */
export function weightOf({ metadata }: CommittedOffset): number {
  return 1 + Math.floor(metadata.length / metadataCharsPerOffset);
}

/** The committed offsets of one group: topic -> partition -> offset. */
export class GroupOffsets {
  readonly #topics = new Map<string, Map<number, CommittedOffset>>();
  /** Appended, without a receipt yet: how many, by key of the record. */
  readonly #pending = new Map<string, number>();
  #size = 0;
  #weight = 0;

  constructor(
    readonly groupId: string,
    private readonly count: OffsetCount = { value: 0 },
  ) {}

  /** Partitions with an offset. */
  get size(): number {
    return this.#size;
  }

  /** What they count in their slice. */
  get weight(): number {
    return this.#weight;
  }

  /** Nothing is stored, and nothing is about to be. */
  get empty(): boolean {
    return this.#size === 0 && this.#pending.size === 0;
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#topics.get(topic)?.get(partition);
  }

  topics(): Iterable<string> {
    return this.#topics.keys();
  }

  partitions(topic: string): ReadonlyMap<number, CommittedOffset> {
    return this.#topics.get(topic) ?? new Map();
  }

  *all(): Generator<{ topic: string; partition: number; committed: CommittedOffset }> {
    for (const [topic, partitions] of this.#topics) {
      for (const [partition, committed] of partitions) yield { topic, partition, committed };
    }
  }

  /** What is stored: called when the record has its receipt, and by the replay. */
  set(topic: string, partition: number, committed: CommittedOffset): void {
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) this.#topics.set(topic, (partitions = new Map()));
    const before = partitions.get(partition);
    if (before === undefined) this.#size++;
    this.#weigh(weightOf(committed) - (before === undefined ? 0 : weightOf(before)));
    partitions.set(partition, committed);
  }

  delete(topic: string, partition: number): void {
    const partitions = this.#topics.get(topic);
    const before = partitions?.get(partition);
    if (partitions === undefined || before === undefined) return;
    partitions.delete(partition);
    this.#size--;
    this.#weigh(-weightOf(before));
    if (partitions.size === 0) this.#topics.delete(topic);
  }

  #weigh(by: number): void {
    this.#weight += by;
    this.count.value += by;
  }

  /** A record of this key is on its way. A group that is deleted meanwhile deletes it too. */
  begin(record: GroupRecord): void {
    this.#pending.set(record.key, (this.#pending.get(record.key) ?? 0) + 1);
  }

  /** It arrived, or never will. */
  end(record: GroupRecord): void {
    const left = (this.#pending.get(record.key) ?? 0) - 1;
    if (left > 0) this.#pending.set(record.key, left);
    else this.#pending.delete(record.key);
  }

  isPending(topic: string, partition: number): boolean {
    return this.#pending.size > 0 && this.#pending.has(this.tombstone(topic, partition).key);
  }

  record(topic: string, partition: number, committed: CommittedOffset): GroupRecord {
    const { offset, leaderEpoch, metadata, committedAt, expiresAt, topicId } = committed;
    const value: OffsetValue = {
      o: offset,
      ...(leaderEpoch >= 0 && { e: leaderEpoch }),
      ...(metadata !== '' && { m: metadata }),
      t: committedAt,
      ...(expiresAt !== undefined && { x: expiresAt }),
      ...(topicId !== undefined && { id: topicId }),
    };
    return {
      key: recordKey(offsetRecordPrefix, this.groupId, topic, String(partition)),
      value: recordValue(value),
    };
  }

  tombstone(topic: string, partition: number): GroupRecord {
    return { key: recordKey(offsetRecordPrefix, this.groupId, topic, String(partition)), value: null };
  }

  /** Of all that is stored, and of what is on its way. */
  tombstones(): GroupRecord[] {
    const keys = new Set(this.#pending.keys());
    for (const { topic, partition } of this.all()) keys.add(this.tombstone(topic, partition).key);
    return [...keys].map((key) => ({ key, value: null }));
  }
}

/** The value that `GroupOffsets.record` writes. @throws when it is of another version */
export function parseOffset(value: Buffer): CommittedOffset {
  const { o, e = -1, m = '', t, x, id } = parseRecord<OffsetValue>(value);
  return {
    offset: o,
    leaderEpoch: e,
    metadata: m,
    committedAt: t,
    ...(x !== undefined && { expiresAt: x }),
    ...(id !== undefined && { topicId: id }),
  };
}
