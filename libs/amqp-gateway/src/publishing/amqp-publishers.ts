import {
  PartitionPublisher,
  PublishBudget,
  PublisherPool,
  type PulsarClient,
  TenantPublishers,
} from '#libs/pulsar';
import type { Log, Metrics } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { AmqpOptions } from '../amqp.options.js';
import type { MessageTarget } from '../node.js';
import type { TargetOpener, TargetPlan } from '../nodes/node-plan.js';
import { type AmqpPartitionPublisher, amqpPublishKind } from './publish-kind.js';
import { type TargetProcess, TopicTarget } from './topic-target.js';

/** Stores what AMQP clients send: the partitions of all tenants that are sent to, shared by all links. */
export class AmqpPublishers implements TargetOpener, TargetProcess {
  private readonly pool: PublisherPool<AmqpPartitionPublisher>;

  constructor(
    pulsar: PulsarClient,
    private readonly options: AmqpOptions,
    log: Log,
  ) {
    this.pool = new PublisherPool({
      ...{ pulsar, protocol: 'amqp', log, publishTimeoutMs: options.publishTimeoutMs },
      bytesInFlightMax: options.publishBytesInFlightMaxPerProcess,
      newTenant: (budget) => new TenantPublishers(budget),
    });
  }

  register(metrics: Metrics): void {
    metrics.gauge({
      name: 'pulsegate_amqp_publish_bytes_in_flight',
      help: 'Bytes that AMQP clients sent and Pulsar has not confirmed.',
      read: () => this.pool.bytesInFlight,
    });
    metrics.gauge({
      name: 'pulsegate_amqp_partitions_published',
      help: 'Partitions of Pulsar topics that AMQP clients send to at present.',
      read: () => this.pool.count,
    });
  }

  /** Opens no producer yet: the first message does. */
  async openTarget(plan: TargetPlan): Promise<MessageTarget> {
    return new TopicTarget(plan, this);
  }

  partition(tenant: Tenant, name: string): AmqpPartitionPublisher {
    const known = this.pool.of(tenant);
    return (
      known.byName.get(name) ?? this.pool.add(known, name, this.newPartition(tenant, name, known.budget))
    );
  }

  /** The tenant is not there any more. */
  endTenant(tenant: Tenant): void {
    this.pool.endTenant(tenant);
  }

  /** Takes no more, waits a moment for what is in flight and closes all Pulsar producers. */
  close(): Promise<void> {
    return this.pool.close();
  }

  private newPartition(tenant: Tenant, topic: string, tenantBudget: PublishBudget): AmqpPartitionPublisher {
    const { pool, options } = this;
    const budget = new PublishBudget(options.publishBytesInFlightMaxPerPartition, tenantBudget);
    return new PartitionPublisher(amqpPublishKind, budget, {
      open: () => pool.open(tenant, topic),
      openMsMax: options.publishTimeoutMs,
      schedule: pool.schedule,
      onLost: () => {},
      onThrown: pool.onThrown,
    });
  }
}
