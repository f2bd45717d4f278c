import { type ClusterView, LogAgreedState, pulsarStateLog } from '#libs/cluster';
import type { PulsarClient } from '#libs/pulsar';
import type { Log, Metrics } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { Amqp091Scope } from './scope.js';
import { TenantTopology, type TenantTopologyServices } from './tenant-topology.js';
import type { Topologies } from './topologies.js';
import { type TopologyAgreement, topologyPutsMax } from './topology-log.js';
import { recordBytesMax } from './topology-record.js';
import type { VhostTopology } from './vhost-topology.js';

export interface TopologiesServices extends TenantTopologyServices {
  readonly metrics: Metrics;
  /** Between looks for what gateways left, in ms. Default 10 000. */
  readonly sweepMs?: number;
  /** Until a connection that opens a vhost is refused because the log was not read, in ms. Default 10 000. */
  readonly openTimeoutMs?: number;
}

/**
 * What is declared, of all tenants. A tenant's exchanges, queues and bindings are records in one compacted topic of the state
 * namespace that any gateway appends to; it is opened when a client of the tenant comes.
 */
export class AgreedTopologies implements Topologies {
  readonly #tenants = new Map<string, TenantTopology>();
  readonly #vhosts = new Set<VhostTopology>();
  readonly #listeners = new Set<(topology: VhostTopology, isThere: boolean) => void>();
  readonly #sweeping: NodeJS.Timeout;

  constructor(private readonly services: TopologiesServices) {
    this.#sweeping = setInterval(() => void this.sweep(Date.now()), services.sweepMs ?? 10_000).unref();
    this.#register(services.metrics);
  }

  open(tenant: Tenant, vhost: string): Promise<VhostTopology> {
    let found = this.#tenants.get(tenant.name);
    if (found === undefined) {
      const made = new TenantTopology(tenant, this.services, (vhost) => this.#opened(made, vhost));
      this.#tenants.set(tenant.name, (found = made));
    }
    return found.open(vhost, this.services.openTimeoutMs ?? 10_000);
  }

  find({ tenant, vhost }: Amqp091Scope): VhostTopology | undefined {
    return this.#tenants.get(tenant.name)?.find(vhost);
  }

  onVhost(listener: (topology: VhostTopology, isThere: boolean) => void): () => void {
    this.#listeners.add(listener);
    for (const vhost of this.#vhosts) listener(vhost, true);
    return () => this.#listeners.delete(listener);
  }

  /** The tenant is not there any more. One that comes again is read anew. */
  endTenant({ name }: Tenant): void {
    const ended = this.#tenants.get(name);
    this.#tenants.delete(name);
    for (const vhost of this.#vhosts) {
      if (vhost.scope.tenant.name !== name) continue;
      this.#vhosts.delete(vhost);
      for (const listener of this.#listeners) listener(vhost, false);
    }
    void ended?.leave();
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    await Promise.all([...this.#tenants.values()].map((each) => each.close()));
  }

  /** Removes what gateways left that are gone. */
  async sweep(nowMs: number): Promise<void> {
    const { cluster } = this.services;
    const alive = new Set(cluster.members().map(({ instance }) => instance));
    alive.add(cluster.self.instance);
    const view = {
      nowMs,
      isAlive: (instance: string) => alive.has(instance),
      isMine: (uid: string) => cluster.nodeOf(`amqp-topology/${uid}`).nodeId === cluster.self.nodeId,
    };
    await Promise.all([...this.#tenants.values()].map((each) => each.sweep(view)));
  }

  #opened(by: TenantTopology, vhost: VhostTopology): void {
    if (this.#tenants.get(vhost.scope.tenant.name) !== by) return;
    this.#vhosts.add(vhost);
    for (const listener of this.#listeners) listener(vhost, true);
  }

  #register(metrics: Metrics): void {
    const eachTenant = (read: (of: TenantTopology) => number) => () =>
      [...this.#tenants].map(([tenant, topology]) => ({ labels: { tenant }, value: read(topology) }));
    metrics.gauge({
      name: 'pulsegate_amqp091_exchanges',
      help: 'Exchanges that AMQP 0-9-1 clients declared.',
      labelNames: ['tenant'],
      read: eachTenant(({ replica }) => replica.counts.exchange),
    });
    metrics.gauge({
      name: 'pulsegate_amqp091_queues',
      help: 'Queues that AMQP 0-9-1 clients declared.',
      labelNames: ['tenant'],
      read: eachTenant(({ replica }) => replica.counts.queue),
    });
    metrics.gauge({
      name: 'pulsegate_amqp091_bindings',
      help: 'Bindings that AMQP 0-9-1 clients made.',
      labelNames: ['tenant'],
      read: eachTenant(({ replica }) => replica.counts.binding),
    });
    metrics.gauge({
      name: 'pulsegate_amqp091_topology_ready',
      help: '1 while the exchanges, queues and bindings of the tenant are known, else 0.',
      labelNames: ['tenant'],
      read: eachTenant(({ ready }) => (ready ? 1 : 0)),
    });
  }
}

export interface PulsarTopologyServices {
  readonly pulsar: PulsarClient;
  readonly cluster: ClusterView;
  /** Whether the state namespace has what it needs. */
  readonly stateServed: () => boolean;
  readonly log: Log;
}

const putTimeoutMs = 10_000;
const bytesMax = 128 * 1024 * 1024;
/** Behind the tenant's own limits, which may change while its state is open. */
const entriesMax = 1_000_000;

/** A tenant's state in Pulsar. */
export function pulsarTopologyState({
  pulsar,
  cluster,
  stateServed,
  log,
}: PulsarTopologyServices): (tenant: Tenant) => TopologyAgreement {
  return ({ name }) =>
    new LogAgreedState({
      name: `amqp-topology.${name}`,
      openLog: pulsarStateLog(pulsar, {
        topic: topologyTopic(cluster.stateNamespace, name),
        // One more than puts: the mark that a reader of the log sets.
        pendingEntriesMax: topologyPutsMax + 1,
        sendTimeoutMs: putTimeoutMs,
      }),
      mayOpen: stateServed,
      log,
      entriesMax,
      bytesMax,
      valueBytesMax: recordBytesMax,
      pendingPutsMax: topologyPutsMax,
      putTimeoutMs,
    });
}

/** A tenant's name may hold what Pulsar takes for a partition's; upper case is in no tenant's name. */
export function topologyTopic(stateNamespace: string, tenant: string): string {
  return `persistent://${stateNamespace}/amqp-topology.${tenant.replaceAll('-partition-', '-Partition-')}`;
}
