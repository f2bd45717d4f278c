import type { Log } from '#libs/telemetry';
import type { PulsarClient } from '../client.js';
import { partitionTopicName } from '../topic-name.js';

export interface PartitionWatchParts {
  readonly pulsar: Pick<PulsarClient, 'partitions'>;
  readonly log: Log;
  /** Between two looks, in ms. */
  readonly intervalMs: number;
}

interface Watcher {
  known: number;
  readonly onPartition: (partition: string) => Promise<void>;
}

/** Looks for new partitions of the topics that are received from: once per topic, however many receivers there are. */
export class PartitionWatch {
  private readonly topics = new Map<string, Set<Watcher>>();
  private timer: NodeJS.Timeout | undefined;
  private isLooking = false;

  constructor(private readonly parts: PartitionWatchParts) {}

  /**
   * @param known partitions that the caller has; a topic without partitions never gets any
   * @param onPartition takes a partition up; that it could not is logged
   */
  watch(topic: string, known: number, onPartition: (partition: string) => Promise<void>): () => void {
    const watcher: Watcher = { known, onPartition };
    const watchers = this.topics.get(topic);
    if (watchers === undefined) this.topics.set(topic, new Set([watcher]));
    else watchers.add(watcher);
    this.timer ??= setInterval(() => void this.look(), this.parts.intervalMs).unref();
    return () => this.unwatch(topic, watcher);
  }

  async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    for (const [topic, watchers] of this.topics) {
      try {
        const count = await this.parts.pulsar.partitions(topic);
        for (const watcher of watchers) this.tellNew(topic, count, watcher);
      } catch (error) {
        this.parts.log.debug(
          { event: 'partitions-uncounted', topic, error },
          'partitions could not be counted',
        );
      }
    }
    this.isLooking = false;
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.topics.clear();
  }

  private tellNew(topic: string, count: number, watcher: Watcher): void {
    while (watcher.known < count) {
      const partition = partitionTopicName(topic, watcher.known++);
      watcher.onPartition(partition).catch((error: unknown) => {
        const fields = { event: 'partition-not-received', partition, error };
        this.parts.log.warn(fields, 'nothing can be received from a new partition');
      });
    }
  }

  private unwatch(topic: string, watcher: Watcher): void {
    const watchers = this.topics.get(topic);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.topics.delete(topic);
    if (this.topics.size === 0) this.close();
  }
}
