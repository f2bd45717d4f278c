import { Buffer } from 'node:buffer';
import type { Principal } from '#libs/auth';
import type { FetchRequestFetchPartition as AskedPartition, FetchRequestFetchTopic } from '#libs/kafka-codec';

/** One partition that a client reads: what it asked for last, and what of the log's state it was told last. */
export interface FetchPartition {
  /** Empty where the request names topics by id (v13). */
  readonly topic: string;
  readonly topicId: Buffer;
  readonly partition: number;
  fetchOffset: number;
  bytesMax: number;
  currentLeaderEpoch: number;
  /** -1: it was told nothing, or an error. */
  toldHighWatermark: number;
  toldLogStart: number;
}

/** What stands for a topic within one request or session. */
export function topicKey({ topic, topicId }: { topic: string; topicId: Buffer }): string {
  return topic === '' ? topicId.toString('latin1') : topic;
}

function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** The topic as it may be kept: a decoded id is a view on the whole request's bytes. */
export function ownTopic({ topic, topicId }: { topic: string; topicId: Buffer }) {
  return { topic, topicId: Buffer.from(topicId) };
}

/** @param topic of `ownTopic` */
export function toFetchPartition(
  { topic, topicId }: Pick<FetchRequestFetchTopic, 'topic' | 'topicId'>,
  asked: AskedPartition,
): FetchPartition {
  return {
    topic,
    topicId,
    partition: asked.partition,
    fetchOffset: Number(asked.fetchOffset),
    bytesMax: asked.partitionMaxBytes,
    currentLeaderEpoch: asked.currentLeaderEpoch,
    toldHighWatermark: -1,
    toldLogStart: -1,
  };
}

/** KIP-227: the first epoch of a new session, and the one that a request has which wants none. */
export const initialEpoch = 0;
export const finalEpoch = -1;
/** No session. */
export const noSessionId = 0;

const epochMax = 0x7fffffff;

export function nextEpoch(epoch: number): number {
  if (epoch < initialEpoch) return finalEpoch;
  return epoch === epochMax ? 1 : epoch + 1;
}

/** The partitions that a client reads, remembered between its requests (KIP-227). Their order is who is read first. */
export class FetchSession {
  /** What the next request must have. */
  epoch = nextEpoch(initialEpoch);
  lastUsedMs: number;
  readonly #partitions = new Map<string, FetchPartition>();

  constructor(
    readonly id: number,
    /** By whom alone it may be used. */
    readonly owner: Principal,
    /** Topics are named by id; a client that goes over from names to ids must begin a new session. */
    readonly byTopicId: boolean,
    readonly createdMs: number,
    partitions: Iterable<FetchPartition>,
  ) {
    this.lastUsedMs = createdMs;
    for (const partition of partitions) this.#partitions.set(keyOf(partition), partition);
  }

  get size(): number {
    return this.#partitions.size;
  }

  partitions(): FetchPartition[] {
    return [...this.#partitions.values()];
  }

  /** Adds what is new, and notes what is asked for otherwise than before. */
  update(topic: Pick<FetchRequestFetchTopic, 'topic' | 'topicId'>, asked: AskedPartition): void {
    const key = partitionKey(topicKey(topic), asked.partition);
    const known = this.#partitions.get(key);
    if (known === undefined) {
      this.#partitions.set(key, toFetchPartition(topic, asked));
      return;
    }
    known.fetchOffset = Number(asked.fetchOffset);
    known.bytesMax = asked.partitionMaxBytes;
    known.currentLeaderEpoch = asked.currentLeaderEpoch;
  }

  forget(topic: { topic: string; topicId: Buffer }, partition: number): void {
    this.#partitions.delete(partitionKey(topicKey(topic), partition));
  }

  /** It had its turn: the others are read before it next time. */
  moveToEnd(partition: FetchPartition): void {
    const key = keyOf(partition);
    if (this.#partitions.delete(key)) this.#partitions.set(key, partition);
  }
}

function keyOf(partition: FetchPartition): string {
  return partitionKey(topicKey(partition), partition.partition);
}
