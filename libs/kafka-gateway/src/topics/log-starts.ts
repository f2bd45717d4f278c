import { KafkaErrorCode } from '#libs/kafka-codec';
import type { PulsarAdmin } from '#libs/pulsar';
import { KafkaError } from '../kafka.errors.js';
import { cleanupPolicies } from '../mapping/topic-config.definitions.js';
import { logStartPropertyPrefix, setTopicConfig } from '../mapping/topic-config.mapping.js';
import type { KafkaTopic } from './kafka-topic.js';

/** What is needed of Pulsar's admin REST. */
export type LogStartAdmin = Pick<PulsarAdmin, 'properties' | 'setProperties' | 'truncate'>;

/**
 * Where the partitions of a topic begin for Kafka clients (DeleteRecords): a property of the topic for each, which only
 * rises. Pulsar cannot delete up to a message, so what is below stays stored until its retention ends.
 */
export class LogStarts {
  /** Changes to one topic, one after the other: each starts from what the one before left. */
  readonly #changes = new Map<string, Promise<unknown>>();

  constructor(private readonly admin: LogStartAdmin) {}

  /**
   * Gives the starts as they then are: one that was higher already stays.
   *
   * @throws KafkaError POLICY_VIOLATION for a topic that is compacted only: its last record of a key stays for ever;
   *   PulsarAdminError, PulsarError
   */
  async raise(topic: KafkaTopic, wanted: ReadonlyMap<number, number>): Promise<ReadonlyMap<number, number>> {
    const { pulsarTopic } = topic;
    const before = this.#changes.get(pulsarTopic);
    const change = (before ?? Promise.resolve()).then(
      () => this.#raise(pulsarTopic, wanted),
      () => this.#raise(pulsarTopic, wanted),
    );
    this.#changes.set(pulsarTopic, change);
    try {
      return await change;
    } finally {
      if (this.#changes.get(pulsarTopic) === change) this.#changes.delete(pulsarTopic);
    }
  }

  /** Frees what is stored of a partition whose every record is deleted, for native subscriptions too. */
  truncate(topic: KafkaTopic, partition: number): Promise<void> {
    return this.admin.truncate(topic.partitionTopic(partition));
  }

  async #raise(
    pulsarTopic: string,
    wanted: ReadonlyMap<number, number>,
  ): Promise<ReadonlyMap<number, number>> {
    const properties = await this.admin.properties(pulsarTopic);
    const policy = setTopicConfig(properties, 'cleanup.policy') ?? 'delete';
    if (!cleanupPolicies(policy).includes('delete')) {
      throw new KafkaError(KafkaErrorCode.POLICY_VIOLATION, `cleanup.policy is ${policy}`);
    }
    const starts = new Map<number, number>();
    const changed: Record<string, string> = {};
    for (const [partition, offset] of wanted) {
      const name = logStartPropertyPrefix + partition;
      const start = Math.max(offset, Number(properties[name]) || 0);
      starts.set(partition, start);
      if (properties[name] !== String(start)) changed[name] = String(start);
    }
    if (Object.keys(changed).length > 0) await this.admin.setProperties(pulsarTopic, changed);
    return starts;
  }
}
