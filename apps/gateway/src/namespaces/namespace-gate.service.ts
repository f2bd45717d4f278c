import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type NamespaceOffsets, type NamespaceReport, probeIndex, verifyNamespace } from '#libs/pulsar';
import { type Log, Metrics } from '#libs/telemetry';
import { GATEWAY_CONFIG, LOG } from '../gateway.tokens.js';
import type { GatewayConfig } from '../gateway.config.js';
import { PulsarLink } from '../pulsar-link.service.js';
import { ownRole, rolesToGrant } from '../pulsar-options.js';

/** How far a namespace has come. */
export interface NamespaceStatus {
  /** Absent: it holds the gateways' own state. */
  readonly tenant?: string;
  /** Of AMQP 0-9-1. Absent: it is the tenant's own namespace. */
  readonly vhost?: string;
  readonly namespace: string;
  /** Whether what is in it is used. */
  readonly served: boolean;
  /** True while the first verification has not ended, so nobody can say yet. */
  readonly pending: boolean;
  readonly missing: readonly { readonly check: string; readonly found: string; readonly command: string }[];
  /** What its Kafka offsets are, as soon as that is known; state has none. */
  readonly offsets?: NamespaceOffsets;
  readonly fault?: string;
}

/** A namespace that was found good is looked at again after this long, since others may change its policies. */
const recheckMs = 60_000;

/** A namespace that is looked after; without a tenant it is the gateways' own. */
interface Kept {
  readonly tenant?: string;
  readonly vhost?: string;
  readonly namespace: string;
  /** Roles that the connections of the tenant have, where that is not the gateway's own. */
  readonly grantTo: readonly string[];
}

/**
 * Holds a tenant's traffic until its namespace has what exactly-once and stable offsets need, and the gateways' own state
 * until its namespace keeps what is in compacted topics.
 *
 *   pending ──verified──► served ──policy lost──► refused
 *      └────missing─────► refused ──verified──► served
 */
@Injectable()
export class NamespaceGate implements OnModuleDestroy {
  private kept: Kept[] = [];
  /** By namespace: none is there twice. */
  private readonly reports = new Map<string, NamespaceStatus>();
  /** Of each tenant. */
  private namespaceOf: ReadonlyMap<string, string> = new Map();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private indexProbe: { readonly exposed: Promise<boolean>; until: number } | undefined;

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    @Inject(PulsarLink) private readonly pulsar: PulsarLink,
    @Inject(LOG) private readonly log: Log,
    @Inject(Metrics) metrics: Metrics,
  ) {
    metrics.gauge({
      name: 'pulsegate_namespace_sparse_offsets',
      help: '1 where a tenant’s Kafka offsets are sparse, 0 where they are dense or not known yet.',
      labelNames: ['tenant'],
      read: () =>
        [...this.namespaceOf.keys()].map((name) => ({
          labels: { tenant: name },
          value: this.offsetsOf(name) === 'sparse' ? 1 : 0,
        })),
    });
    this.keep(config);
  }

  /**
   * Looks after the namespaces of these tenants and of no others; those that were good stay so, whosever they are now.
   *
   * @param leaving those that the others are to replace: until then they are served, too
   */
  keep({ tenants }: Pick<GatewayConfig, 'tenants'>, leaving: GatewayConfig['tenants'] = []): void {
    this.kept = keptOf({ ...this.config, tenants });
    const names = new Set(this.kept.map(({ namespace }) => namespace));
    for (const each of keptOf({ ...this.config, tenants: leaving })) {
      if (names.has(each.namespace)) continue;
      names.add(each.namespace);
      this.kept.push(each);
    }
    this.namespaceOf = new Map([...leaving, ...tenants].map(({ name, namespace }) => [name, namespace]));
    for (const namespace of [...this.reports.keys()])
      if (!names.has(namespace)) this.reports.delete(namespace);
    for (const { tenant, vhost, namespace } of this.kept) {
      const before = this.reports.get(namespace);
      if (before !== undefined && isSame(before, { tenant, vhost, namespace })) continue;
      const known = before ?? { served: false, missing: [] };
      this.reports.set(namespace, { ...known, tenant, vhost, namespace, pending: true });
    }
  }

  /** Verifies what nobody has looked at yet. Never rejects. */
  async verifyNew(): Promise<void> {
    const pending = this.kept.filter(({ namespace }) => this.reports.get(namespace)?.pending);
    await Promise.all(pending.map((each) => this.verify(each)));
    // Before the first look has ended it goes on by itself.
    if (this.timer !== undefined && !this.stopped) this.again();
  }

  /** Verifies every namespace once, then goes on in the background until the module ends. */
  async start(): Promise<void> {
    await Promise.all(this.kept.map((each) => this.verify(each)));
    if (this.stopped) return;
    this.again();
  }

  private again(): void {
    clearTimeout(this.timer);
    const unserved = [...this.reports.values()].some((each) => !each.served);
    this.timer = setTimeout(() => void this.start(), unserved ? this.config.namespaces.retryMs : recheckMs);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** Asked before a name of the tenant is looked up: undefined when it is served. */
  refusal(tenant: string): { retriable: boolean; message: string } | undefined {
    const namespace = this.namespaceOf.get(tenant);
    return namespace === undefined
      ? { retriable: false, message: 'unknown tenant' }
      : this.namespaceRefusal(namespace);
  }

  /** The same of one of a tenant's namespaces. */
  namespaceRefusal(namespace: string): { retriable: boolean; message: string } | undefined {
    const report = this.reports.get(namespace);
    if (report?.served) return undefined;
    if (report === undefined) return { retriable: false, message: 'unknown namespace' };
    const reason = report.fault ?? report.missing.map((each) => each.check).join(', ');
    return {
      retriable: report.pending || report.fault !== undefined,
      message: report.pending ? 'the namespace is being verified' : `the namespace is not served: ${reason}`,
    };
  }

  /** Which Kafka offsets the topics of a served tenant have. */
  offsetsOf(tenant: string): NamespaceOffsets {
    return this.reports.get(this.namespaceOf.get(tenant) ?? '')?.offsets ?? 'dense';
  }

  /** The tenants' namespaces, those of vhosts included. */
  report(): NamespaceStatus[] {
    return [...this.reports.values()].filter(({ tenant }) => tenant !== undefined);
  }

  /** The namespace of the gateways' own state. */
  stateReport(): NamespaceStatus {
    return this.reports.get(this.config.cluster.stateNamespace)!;
  }

  private async verify(kept: Kept): Promise<void> {
    const { tenant, vhost, namespace } = kept;
    const before = this.reports.get(namespace);
    let after: NamespaceStatus;
    try {
      const { apply, offsets } = this.config.namespaces;
      const result = await verifyNamespace(this.pulsar.client.admin, namespace, {
        apply,
        offsets,
        purpose: tenant === undefined ? 'state' : 'data',
        role: ownRole(this.config),
        grantTo: kept.grantTo,
        probeIndex: () => this.probeIndex(namespace),
      });
      after = this.judge(kept, result);
    } catch (error) {
      // A namespace that was good stays served while the admin REST is away: Pulsar itself still decides.
      after = {
        ...{ tenant, vhost, namespace },
        served: before?.served ?? false,
        pending: before?.pending ?? true,
        missing: before?.missing ?? [],
        offsets: before?.offsets,
        fault: error instanceof Error ? error.message : String(error),
      };
    }
    // Its tenant, or vhost, may have been removed meanwhile.
    if (!this.kept.some((each) => isSame(each, kept))) return;
    this.reports.set(namespace, after);
    this.tell(before, after);
  }

  /** Each probe stores an entry, and what it finds is of the brokers: one serves all tenants. */
  private probeIndex(namespace: string): Promise<boolean> {
    const now = performance.now();
    if (this.indexProbe === undefined || now > this.indexProbe.until) {
      const exposed = probeIndex(this.pulsar.client, namespace);
      const probe = { exposed, until: now + recheckMs };
      this.indexProbe = probe;
      exposed.then(
        (is) => {
          if (is) probe.until = Number.POSITIVE_INFINITY;
        },
        () => {
          probe.until = 0;
        },
      );
    }
    return this.indexProbe.exposed;
  }

  private judge({ tenant, vhost, namespace }: Kept, result: NamespaceReport): NamespaceStatus {
    const missing = result.checks
      // Without a grant the brokers themselves refuse, topic by topic.
      .filter(({ ok, check }) => !ok && check !== 'grants')
      .map(({ check, found, command }) => ({ check, found, command }));
    return {
      ...{ tenant, vhost, namespace },
      served: missing.length === 0 || this.config.namespaces.serveUnverified,
      pending: false,
      missing,
      offsets: result.offsets,
    };
  }

  private tell(before: NamespaceStatus | undefined, after: NamespaceStatus): void {
    if (before !== undefined && summary(before) === summary(after)) return;
    const { tenant, vhost, namespace, offsets } = after;
    const fields = { event: 'namespace', tenant, ...(vhost && { vhost }), namespace, offsets };
    if (after.served && after.missing.length > 0) {
      const { missing } = after;
      this.log.warn({ ...fields, missing }, 'namespace is served although it lacks what is needed');
    } else if (after.served && after.fault) {
      this.log.warn(
        { ...fields, reason: after.fault },
        'namespace cannot be verified now; it was good before',
      );
    } else if (after.served && offsets === 'sparse') {
      this.log.warn(fields, 'namespace is served with sparse offsets: they rise, and are not counted');
    } else if (after.served) this.log.info(fields, 'namespace verified');
    else if (after.fault) this.log.warn({ ...fields, reason: after.fault }, 'namespace not verified yet');
    else
      this.log.error({ ...fields, missing: after.missing }, 'namespace is not served: run pulsegate doctor');
  }
}

type Place = Pick<NamespaceStatus, 'tenant' | 'vhost' | 'namespace'>;

function isSame(a: Place, b: Place): boolean {
  return a.namespace === b.namespace && a.tenant === b.tenant && a.vhost === b.vhost;
}

function keptOf(config: GatewayConfig): Kept[] {
  return [
    { namespace: config.cluster.stateNamespace, grantTo: [] },
    ...config.tenants.map((tenant) => ({
      tenant: tenant.name,
      namespace: tenant.namespace,
      grantTo: rolesToGrant(config, tenant),
    })),
    ...config.tenants.flatMap((tenant) =>
      tenant.amqp091.vhosts.map(({ name: vhost, pulsarNamespace: namespace }) => ({
        ...{ tenant: tenant.name, vhost, namespace },
        grantTo: rolesToGrant(config, tenant),
      })),
    ),
  ];
}

/** What a change of is worth a log line. */
function summary({ served, pending, fault, offsets, missing }: NamespaceStatus): string {
  return [served, pending, fault, offsets, ...missing.map((each) => each.check)].join(' ');
}
