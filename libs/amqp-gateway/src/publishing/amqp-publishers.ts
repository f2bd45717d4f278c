import { randomUUID } from 'node:crypto';
import { PartitionPublisher, PublishBudget, type PulsarClient, TurnEnd } from '#libs/pulsar';
import type { Log, Metrics } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { AmqpOptions } from '../amqp.options.js';
import type { MessageTarget } from '../node.js';
import type { TargetOpener, TargetPlan } from '../nodes/node-plan.js';
import { type AmqpPartitionPublisher, amqpPublishKind } from './publish-kind.js';
import { type TargetProcess, TopicTarget } from './topic-target.js';

const sweepIntervalMs = 30_000;
/** A partition that nobody sent to for so long has no producer. */
const partitionIdleMs = 300_000;
/** One tenant has this of the process's bytes. */
const tenantShare = 0.5;
/** Of Pulsar's producers, above the bounds here: they never refuse first. */
const pendingBytesMax = 256 * 1024 * 1024;

/** What publishing has of one tenant. */
class TenantPublishers {
  readonly partitions = new Map<string, AmqpPartitionPublisher>();

  constructor(readonly budget: PublishBudget) {}
}

/** Stores what AMQP clients send: the partitions of all tenants that are sent to, shared by all links. */
export class AmqpPublishers implements TargetOpener, TargetProcess {
  /** Of this start of this process: a producer's name that comes back would make deduplication drop data. */
  private readonly instance = randomUUID();
  private producers = 0;
  private readonly tenants = new Map<Tenant, TenantPublishers>();
  private readonly budget: PublishBudget;
  private readonly turnEnd = new TurnEnd();
  private readonly sweep: NodeJS.Timeout;
  private closing: Promise<void> | undefined;

  constructor(
    private readonly pulsar: PulsarClient,
    private readonly options: AmqpOptions,
    private readonly log: Log,
  ) {
    this.budget = new PublishBudget(options.publishBytesInFlightMaxPerProcess);
    this.sweep = setInterval(() => this.endIdle(), sweepIntervalMs).unref();
  }

  register(metrics: Metrics): void {
    metrics.gauge({
      name: 'pulsegate_amqp_publish_bytes_in_flight',
      help: 'Bytes that AMQP clients sent and Pulsar has not confirmed.',
      read: () => this.budget.bytes,
    });
    metrics.gauge({
      name: 'pulsegate_amqp_partitions_published',
      help: 'Partitions of Pulsar topics that AMQP clients send to at present.',
      read: () => this.partitionCount,
    });
  }

  /** Opens no producer yet: the first message does. */
  async openTarget(plan: TargetPlan): Promise<MessageTarget> {
    return new TopicTarget(plan, this);
  }

  partition(tenant: Tenant, name: string): AmqpPartitionPublisher {
    const known = this.tenants.get(tenant) ?? this.addTenant(tenant);
    let partition = known.partitions.get(name);
    if (partition === undefined) {
      partition = this.newPartition(tenant, name, known.budget);
      // After the end nothing is opened: it refuses.
      if (this.closing === undefined) known.partitions.set(name, partition);
      else void partition.end();
    }
    return partition;
  }

  /** Takes no more, waits a moment for what is in flight and closes all Pulsar producers. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    clearInterval(this.sweep);
    this.turnEnd.flush();
    const partitions = [...this.tenants.values()].flatMap((known) => [...known.partitions.values()]);
    await Promise.all(partitions.map((partition) => partition.end()));
  }

  private get partitionCount(): number {
    let count = 0;
    for (const { partitions } of this.tenants.values()) count += partitions.size;
    return count;
  }

  private addTenant(tenant: Tenant): TenantPublishers {
    const bytesMax = this.options.publishBytesInFlightMaxPerProcess * tenantShare;
    const added = new TenantPublishers(new PublishBudget(bytesMax, this.budget));
    this.tenants.set(tenant, added);
    return added;
  }

  private newPartition(tenant: Tenant, topic: string, tenantBudget: PublishBudget): AmqpPartitionPublisher {
    const { publishBytesInFlightMaxPerPartition, publishTimeoutMs } = this.options;
    const budget = new PublishBudget(publishBytesInFlightMaxPerPartition, tenantBudget);
    return new PartitionPublisher(amqpPublishKind, budget, {
      open: () =>
        this.pulsar.createProducer({
          topic,
          tenantKey: tenant.name,
          name: `pulsegate.${this.instance}.amqp.${this.producers++}`,
          pendingBytesMax,
          sendTimeoutMs: publishTimeoutMs,
        }),
      openMsMax: publishTimeoutMs,
      schedule: this.turnEnd.schedule,
      onLost: () => {},
      onThrown: (error) =>
        this.log.error({ event: 'amqp.publish-callback-threw', error }, 'a callback threw'),
    });
  }

  private endIdle(): void {
    const idleSince = Date.now() - partitionIdleMs;
    for (const { partitions } of this.tenants.values()) {
      for (const [name, partition] of partitions) {
        if (!partition.idle || partition.lastUsedMs > idleSince) continue;
        partitions.delete(name);
        void partition.end();
      }
    }
  }
}
