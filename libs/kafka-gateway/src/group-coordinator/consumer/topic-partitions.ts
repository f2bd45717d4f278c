import { Buffer } from 'node:buffer';

/** A topic's id as 32 hexadecimal digits: what maps and records are keyed by. */
export type TopicKey = string;

/** Partitions by topic id. Never changed once made; topics without a partition are left out. */
export type TopicPartitions = ReadonlyMap<TopicKey, ReadonlySet<number>>;

/** As requests and responses carry them. */
export interface TopicIdPartitions {
  readonly topicId: Buffer;
  readonly partitions: readonly number[];
}

/** {@link TopicPartitions} as records store them. */
export type TopicPartitionsJson = Readonly<Record<TopicKey, readonly number[]>>;

export const noPartitions: TopicPartitions = new Map();
const emptySet: ReadonlySet<number> = new Set();

export function topicKey(id: Buffer): TopicKey {
  return id.toString('hex');
}

export function partitionsOf(all: TopicPartitions, topic: TopicKey): ReadonlySet<number> {
  return all.get(topic) ?? emptySet;
}

export function samePartitions(one: TopicPartitions, other: TopicPartitions): boolean {
  if (one.size !== other.size) return false;
  for (const [topic, partitions] of one) {
    if (
      partitionsOf(other, topic).size !== partitions.size ||
      !isSubset(partitions, partitionsOf(other, topic))
    )
      return false;
  }
  return true;
}

/** Collects partitions one by one; what it gave must not be added to any more. */
export class TopicPartitionsBuilder {
  readonly #topics = new Map<TopicKey, Set<number>>();
  count = 0;

  add(topic: TopicKey, partition: number): void {
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) this.#topics.set(topic, (partitions = new Set()));
    if (partitions.has(partition)) return;
    partitions.add(partition);
    this.count++;
  }

  build(): TopicPartitions {
    return this.#topics.size === 0 ? noPartitions : this.#topics;
  }
}

/** Whether each partition of the request's list is one of `all`; an absent list says nothing, so it is none. */
export function allIn(owned: readonly TopicIdPartitions[] | null, all: TopicPartitions): boolean {
  return (
    owned?.every(({ topicId, partitions }) =>
      isSubset(new Set(partitions), partitionsOf(all, topicKey(topicId))),
    ) ?? false
  );
}

export function toTopicIdPartitions(all: TopicPartitions): { topicId: Buffer; partitions: number[] }[] {
  return [...all].map(([topic, partitions]) => ({
    topicId: Buffer.from(topic, 'hex'),
    partitions: [...partitions].sort((a, b) => a - b),
  }));
}

export function partitionsToJson(all: TopicPartitions): TopicPartitionsJson {
  return Object.fromEntries([...all].map(([topic, partitions]) => [topic, [...partitions]]));
}

export function partitionsFromJson(json: TopicPartitionsJson): TopicPartitions {
  return new Map(Object.entries(json).map(([topic, partitions]) => [topic, new Set(partitions)]));
}

function isSubset(one: ReadonlySet<number>, other: ReadonlySet<number>): boolean {
  for (const each of one) if (!other.has(each)) return false;
  return true;
}
