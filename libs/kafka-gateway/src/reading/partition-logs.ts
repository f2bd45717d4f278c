import type { PulsarClient } from '#libs/pulsar';
import type { Log, Metrics } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { KafkaOptions } from '../kafka.options.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import type { PartitionLog } from './partition-log.js';

/** The logs of all partitions that this process reads, and the memory that they share. */
export class PartitionLogs {
  constructor(
    protected readonly pulsar: PulsarClient,
    protected readonly options: KafkaOptions,
    protected readonly log_: Log,
  ) {}

  /** @param partition 0 <= partition < topic.partitions */
  log(_tenant: Tenant, topic: KafkaTopic, partition: number): PartitionLog {
    throw new Error(`${topic.name}-${partition}: reading has not landed yet`);
  }

  /** A receipt of this process: moves the known end, opens nothing. */
  appended(_topic: KafkaTopic, _partition: number, _baseOffset: number, _count: number): void {}

  /** The topic was deleted, or made again: who reads it is told. */
  forget(_topic: KafkaTopic): void {}

  async close(): Promise<void> {}

  /** Adds what the logs count and hold to the process's metrics. */
  register(_metrics: Metrics): void {}
}
