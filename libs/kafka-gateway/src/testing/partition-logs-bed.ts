import type { PulsarClient } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { type KafkaOptions, kafkaOptionsSchema } from '../kafka.options.js';
import type { LogRead } from '../reading/partition-log.js';
import { PartitionLogs } from '../reading/partition-logs.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { FakeLogSource, fakeMapper, ManualTime } from './fake-log-source.js';

export const kibibyte = 1024;
const tenant = { name: 'acme' } as Tenant;
const beds: PartitionLogsBed[] = [];

export function topicOf(config: Partial<KafkaTopic['config']> = {}, id = 1, partitions = 1): KafkaTopic {
  return {
    name: 't',
    id: Buffer.alloc(16, id),
    pulsarTopic: 'persistent://p/n/t',
    partitions,
    config: { messageBytesMax: 1_000_000, timestampType: 'create', compacted: false, ...config },
    partitionTopic: (partition) => `persistent://p/n/t-partition-${partition}`,
  };
}

/** Logs of 1 KiB records over fake partitions, one source for each. */
export class PartitionLogsBed {
  readonly time = new ManualTime();
  readonly sources: FakeLogSource[] = [];
  readonly gone: string[] = [];
  readonly logs: PartitionLogs;
  readonly topic: KafkaTopic;

  constructor(options: Partial<KafkaOptions> = {}, topic = topicOf()) {
    this.topic = topic;
    for (let at = 0; at < topic.partitions; at++) this.sources.push(new FakeLogSource());
    const all = { ...kafkaOptionsSchema.parse({}), ...options };
    this.logs = new PartitionLogs(undefined as unknown as PulsarClient, all, silentLog, {
      source: (name) => this.sources[Number(name.slice(name.lastIndexOf('-') + 1))]!,
      mapper: fakeMapper(kibibyte),
      time: this.time,
      topicGone: (_, { name }) => this.gone.push(name),
    });
    beds.push(this);
  }

  get source(): FakeLogSource {
    return this.sources[0]!;
  }

  log(partition = 0, topic = this.topic) {
    return this.logs.log(tenant, topic, partition);
  }

  async read(offset: number, kibibytes = 1_000, partition = 0): Promise<string> {
    return shown(await this.log(partition).read(offset, kibibytes * kibibyte, true));
  }
}

/** `base-last` of the batches, the error when there is one, 'nothing' at the end. */
export function shown({ batches, error }: LogRead): string {
  const parts = batches.map(({ baseOffset, lastOffset }) => `${baseOffset}-${lastOffset}`);
  if (error !== undefined) parts.push(`error ${error}`);
  return parts.join(' ') || 'nothing';
}

/** Of all beds so far: after each test. */
export async function closeLogs(): Promise<void> {
  for (const bed of beds.splice(0)) await bed.logs.close();
}
