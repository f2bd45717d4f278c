import { Amqp091Error } from '#libs/amqp091-codec';
import type { ClusterView } from '#libs/cluster';
import type { RateLimits } from '#libs/rate-limit';
import type { Log } from '#libs/telemetry';
import { type Tenant, tenantAmqp091Defaults } from '#libs/tenancy';
import { AgreedVhost } from './agreed-vhost.js';
import type { QueueStore } from './queue-store.js';
import { topologyAway } from './refusals.js';
import { type Amqp091Scope, scopeOf } from './scope.js';
import { type TopologyAgreement, TopologyLog } from './topology-log.js';
import { TopologyReplica } from './topology-replica.js';
import { type SweepView, TopologySweep } from './topology-sweep.js';
import type { VhostServices } from './vhost-services.js';

export interface TenantTopologyServices {
  readonly cluster: ClusterView;
  /** The common state of a tenant; not started. */
  readonly openState: (tenant: Tenant) => TopologyAgreement;
  readonly store: QueueStore;
  readonly log: Log;
  readonly limits?: Pick<RateLimits, 'of'>;
  /** How long what a gateway left is left alone once it is gone, in ms. Default 30 000. */
  readonly graceMs?: number;
}

interface OpenVhost {
  readonly vhost: AgreedVhost;
  readonly sweep: TopologySweep;
}

/** What is declared in the vhosts of one tenant: one log for all of them. */
export class TenantTopology {
  readonly replica: TopologyReplica;
  readonly #state: TopologyAgreement;
  readonly #records: TopologyLog;
  readonly #vhosts = new Map<string, OpenVhost>();
  readonly #started: Promise<void>;
  #isSweeping = false;

  constructor(
    private readonly tenant: Tenant,
    private readonly services: TenantTopologyServices,
    private readonly onVhost: (vhost: AgreedVhost) => void,
  ) {
    this.replica = new TopologyReplica(services.log);
    this.#state = services.openState(tenant);
    this.#records = new TopologyLog(this.#state);
    this.#state.onChange((key, value) => this.replica.apply(key, value));
    this.#started = this.#state.start();
    // Also those that no client opens here: this gateway may be the one that keeps queues of them.
    this.#started.then(
      () => this.#openAll(),
      () => {},
    );
  }

  get ready(): boolean {
    return this.#state.ready;
  }

  /** @throws Amqp091Error */
  async open(vhost: string, timeoutMs: number): Promise<AgreedVhost> {
    const scope = scopeOf(this.tenant, vhost);
    if (scope === undefined) throw new Amqp091Error('not-allowed', `vhost ${vhost} not found`);
    await within(this.#started, timeoutMs);
    if (!this.ready) throw topologyAway(new Error('what was read is too old'));
    return this.#openVhost(scope).vhost;
  }

  find(vhost: string): AgreedVhost | undefined {
    return this.#vhosts.get(vhost)?.vhost;
  }

  /** Never throws; nothing while the one before is not done. */
  async sweep(view: SweepView): Promise<void> {
    if (this.#isSweeping || !this.ready) return;
    this.#isSweeping = true;
    try {
      // Others may have left something in those that no client opened here.
      this.#openAll();
      for (const { sweep } of this.#vhosts.values()) await sweep.sweep(view);
    } catch (error) {
      const fields = { event: 'topology.sweep', tenant: this.tenant.name, error };
      this.services.log.warn(
        fields,
        'what is left of other gateways could not be removed; it is tried again',
      );
    } finally {
      this.#isSweeping = false;
    }
  }

  #openAll(): void {
    for (const [name] of this.replica.vhosts) {
      const scope = scopeOf(this.tenant, name);
      if (scope !== undefined) this.#openVhost(scope);
    }
  }

  close(): Promise<void> {
    return this.#state.close();
  }

  /** After what connections, which have all ended, had for themselves alone was deleted, as far as it can be. Never rejects. */
  async leave(): Promise<void> {
    const released = [...this.#vhosts.values()].map(({ vhost }) => vhost.connectionsClosed());
    await within(Promise.all(released), leaveMsMax).catch(() => {});
    await this.close();
  }

  #openVhost(scope: Amqp091Scope): OpenVhost {
    const known = this.#vhosts.get(scope.vhost);
    if (known !== undefined) return known;
    const { cluster, store, log, limits, graceMs } = this.services;
    const { tenant } = this;
    const services: VhostServices = {
      scope,
      // Those of the settings that the tenant has by then.
      get limits() {
        return tenant.amqp091 ?? tenantAmqp091Defaults;
      },
      mayHaveMore: (queues) => limits?.of(tenant).admits('queues', queues) ?? true,
      counts: this.replica.counts,
      state: this.replica.vhost(scope.vhost),
      records: this.#records,
      store,
      self: () => cluster.self,
      log,
    };
    const vhost = new AgreedVhost(services);
    const opened = { vhost, sweep: new TopologySweep(services, vhost, graceMs ?? defaultGraceMs) };
    this.#vhosts.set(scope.vhost, opened);
    this.onVhost(vhost);
    return opened;
  }
}

const leaveMsMax = 10_000;
/** What a gateway that has just ended owned, and what it was doing, is left alone for so long. */
const defaultGraceMs = 30_000;

async function within(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not read within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } catch (error) {
    throw topologyAway(error);
  } finally {
    clearTimeout(timer);
  }
}
