import type { ClientLimits, GatewayLimits, Tenant, TrafficKind } from '#libs/tenancy';
import { Arrivals } from './arrivals.js';
import { FairParts, type TenantPart } from './fair-parts.js';
import { LimitedEntity } from './limited-entity.js';
import { LimitCounts, type QuotaCount } from './quota-counts.js';
import { type GatewayQuotas, QuotaHandle } from './quota-handle.js';
import { type OwedTime, TenantQuotas, throttleMsMaxDefault } from './tenant-quotas.js';
import { Period } from './period.js';

/** Who a connection is. */
export interface LimitedClient {
  readonly tenant: Pick<Tenant, 'name'>;
  readonly user: string;
  /** As the client says it; empty when it says none. */
  readonly clientId: string;
}

export interface RateLimitsOptions {
  readonly gateway?: GatewayLimits;
  /** Milliseconds, of a clock that never goes back. Default `performance.now`. */
  readonly now?: () => number;
}

/** Every limit of the process, and what was used of it. There are never more tenants than in the directory. */
export class RateLimits implements GatewayQuotas {
  readonly #tenants = new Map<string, TenantQuotas>();
  readonly #counts = new LimitCounts('');
  readonly #now: () => number;
  /** The gateway's own. */
  readonly entity = new LimitedEntity(this.#counts);
  readonly arrivals: Arrivals;
  readonly period: Period;
  readonly #fairParts = new Map<TrafficKind, FairParts>();
  version = 0;
  #storedOf: ((tenant: string) => readonly ClientLimits[]) | undefined;

  constructor(
    tenants: Iterable<Tenant>,
    { gateway = {}, now = () => performance.now() }: RateLimitsOptions = {},
  ) {
    this.#now = now;
    this.period = new Period(now);
    this.arrivals = new Arrivals(this.entity, this.#counts, now);
    this.replace(tenants, gateway);
  }

  /** From now on these count, for connections that are open, too. What was used stays used. */
  replace(tenants: Iterable<Tenant>, gateway: GatewayLimits): void {
    const manner = { throttleMsMax: throttleMsMaxDefault, dryRun: gateway.dryRun ?? false };
    this.entity.set(gateway, manner, this.#now());
    this.arrivals.set(gateway.addresses ?? {}, manner);
    this.version++;
    const gone = new Set(this.#tenants.keys());
    for (const { name, limits } of tenants) {
      gone.delete(name);
      const known = this.#tenants.get(name);
      if (known === undefined) {
        this.#tenants.set(name, new TenantQuotas(name, limits, this.#now));
        this.storedChanged(name);
      } else if (known.limits !== limits) known.set(limits);
    }
    // What is still open goes on with what it has, and is closed by who took the tenant away.
    for (const name of gone) this.#tenants.delete(name);
    for (const quotas of this.#tenants.values()) quotas.tellChanged();
  }

  /** Where limits come from that clients set by their own tools; they stand behind the configuration's. */
  useStored(storedOf: (tenant: string) => readonly ClientLimits[]): void {
    this.#storedOf = storedOf;
    for (const tenant of this.#tenants.keys()) this.storedChanged(tenant);
  }

  /** They are asked for anew. */
  storedChanged(tenant: string): void {
    const quotas = this.#tenants.get(tenant);
    if (this.#storedOf === undefined || quotas === undefined) return;
    quotas.setStored(this.#storedOf(tenant));
    quotas.tellChanged();
  }

  /** @throws RangeError for a tenant that is not of the directory: nobody is unlimited by being unknown */
  of(tenant: Pick<Tenant, 'name'>): TenantQuotas {
    const quotas = this.#tenants.get(tenant.name);
    if (quotas === undefined) throw new RangeError(`tenant ${tenant.name} is not in the directory`);
    return quotas;
  }

  /**
   * What a connection takes from; to be closed with it. It is not counted as a connection before `connect`.
   * @throws RangeError as `of`
   */
  open({ tenant, user, clientId }: LimitedClient): QuotaHandle {
    return new QuotaHandle(this.of(tenant), this, user, clientId);
  }

  partOf(kind: TrafficKind, { parts }: TenantQuotas): TenantPart | undefined {
    const bucket = this.entity.bucket(kind);
    if (bucket === undefined) return undefined;
    const nowMs = this.#now();
    let fair = this.#fairParts.get(kind);
    if (fair?.bucket !== bucket) {
      this.#fairParts.set(kind, (fair = new FairParts(bucket, throttleMsMaxDefault, nowMs)));
    }
    let part = parts.get(kind);
    if (part?.parts !== fair) parts.set(kind, (part = fair.part(nowMs)));
    return part;
  }

  /** How often each limit was met; the gateway's own have an empty tenant. */
  *counts(): Iterable<QuotaCount> {
    yield* this.#counts;
    for (const { counts } of this.#tenants.values()) yield* counts;
  }

  /** Who is slowed now. */
  *owed(): Iterable<OwedTime & { readonly tenant: string }> {
    const nowMs = this.#now();
    for (const [quota, bucket] of this.entity.buckets) {
      const owedMs = bucket.owedMs(nowMs);
      if (owedMs > 0) yield { tenant: '', user: '', clientId: '', quota, owedMs };
    }
    for (const [tenant, quotas] of this.#tenants) for (const each of quotas.owed()) yield { tenant, ...each };
  }
}
