import type { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { topicNameFault } from '#libs/auth';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../../kafka.errors.js';
import { boundedParallel } from '../../topics/bounded-parallel.js';
import { type TopicKey, topicKey } from './topic-partitions.js';
import type { TopicPattern } from './topic-pattern/topic-pattern.js';

/** Where a group learns of its tenant's topics. */
export interface TopicSource {
  resolve(name: string): Promise<{ readonly id: Buffer; readonly partitions: number } | undefined>;
  names(): Promise<readonly string[]>;
}

/** A topic that exists. */
export interface KnownTopic {
  readonly key: TopicKey;
  readonly partitions: number;
}

/** Look-ups of one group side by side. */
const lookupsParallelMax = 8;
/** Names are matched for so long before others have their turn. */
const matchingTurnMs = 5;

/**
 * What one group knows of the topics that its members subscribe to: so much of Kafka's metadata image as it needs. It
 * answers at once from what was learnt, and is asked to learn before, since Pulsar has to be asked.
 */
export class SubscribedTopics {
  /** Undefined: asked for, and not there. */
  readonly #topics = new Map<string, KnownTopic | undefined>();
  readonly #names = new Map<TopicKey, string>();
  #refreshing: Promise<boolean> | undefined;
  /** Grows with every change of what is known. */
  version = 0;

  constructor(private readonly source: TopicSource) {}

  /** Those of the names that were never asked for. */
  unknown(names: Iterable<string>): string[] {
    const unknown: string[] = [];
    for (const name of names) if (!this.#topics.has(name)) unknown.push(name);
    return unknown;
  }

  topic(name: string): KnownTopic | undefined {
    return this.#topics.get(name);
  }

  nameOf(key: TopicKey): string | undefined {
    return this.#names.get(key);
  }

  /** Partitions of a topic; 0 when it is not there any more. */
  partitionCount(key: TopicKey): number {
    const name = this.#names.get(key);
    return name === undefined ? 0 : (this.#topics.get(name)?.partitions ?? 0);
  }

  /** The same for the same topics with the same ids and partitions. */
  hash(names: Iterable<string>): string {
    const hash = createHash('sha256');
    for (const name of [...names].sort()) {
      const topic = this.#topics.get(name);
      if (topic !== undefined) hash.update(`${name} ${topic.key} ${topic.partitions}\n`);
    }
    return hash.digest('base64url').slice(0, 22);
  }

  /** Asks for the names. @throws KafkaError COORDINATOR_NOT_AVAILABLE when Pulsar does not say */
  async learn(names: readonly string[]): Promise<void> {
    try {
      await boundedParallel(names, lookupsParallelMax, async (name) =>
        this.#set(name, await this.#resolve(name)),
      );
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** Asks again for what is known, and forgets all but `names`. Gives whether it was done; what cannot be asked stays. */
  refresh(names: ReadonlySet<string>): Promise<boolean> {
    this.#refreshing ??= this.#refresh(names).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Of all the tenant's topics. @throws KafkaError COORDINATOR_NOT_AVAILABLE */
  async names(): Promise<readonly string[]> {
    try {
      return await this.source.names();
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** All topics that the pattern matches and `may` allows, sorted. @throws KafkaError COORDINATOR_NOT_AVAILABLE */
  async matching(
    pattern: TopicPattern,
    may: (topic: string) => boolean,
    all?: readonly string[],
  ): Promise<string[]> {
    const names = all ?? (await this.names());
    const matching: string[] = [];
    let turnStarted = performance.now();
    for (const name of names) {
      if (performance.now() - turnStarted > matchingTurnMs) {
        await new Promise(setImmediate);
        turnStarted = performance.now();
      }
      if (pattern.matches(name) && may(name)) matching.push(name);
    }
    return matching.sort();
  }

  async #refresh(names: ReadonlySet<string>): Promise<boolean> {
    for (const name of [...this.#topics.keys()]) if (!names.has(name)) this.#forget(name);
    try {
      await boundedParallel([...names], lookupsParallelMax, async (name) =>
        this.#set(name, await this.#resolve(name)),
      );
      return true;
    } catch {
      return false;
    }
  }

  /** A name that no topic can have is a topic that is not there, as in Kafka. */
  async #resolve(name: string): Promise<KnownTopic | undefined> {
    if (topicNameFault(name) !== undefined) return undefined;
    const topic = await this.source.resolve(name);
    return topic && { key: topicKey(topic.id), partitions: topic.partitions };
  }

  #set(name: string, topic: KnownTopic | undefined): void {
    const before = this.#topics.get(name);
    const isNew = !this.#topics.has(name);
    if (!isNew && before?.key === topic?.key && before?.partitions === topic?.partitions) return;
    if (before !== undefined) this.#names.delete(before.key);
    this.#topics.set(name, topic);
    if (topic !== undefined) this.#names.set(topic.key, name);
    this.version++;
  }

  #forget(name: string): void {
    const topic = this.#topics.get(name);
    if (topic !== undefined) this.#names.delete(topic.key);
    this.#topics.delete(name);
  }
}

function unavailable(error: unknown): KafkaError {
  const why = error instanceof Error ? error.message : String(error);
  return new KafkaError(
    KafkaErrorCode.COORDINATOR_NOT_AVAILABLE,
    `the topics of the group are not known: ${why}`,
  );
}
