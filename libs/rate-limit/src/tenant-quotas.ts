import type { ClientLimits, HeldKind, TenantLimits, TrafficKind } from '#libs/tenancy';
import { ClientRules, entityParts } from './client-rules.js';
import { EntityPool } from './entity-pool.js';
import type { TenantPart } from './fair-parts.js';
import { LimitedEntity, type RateKind } from './limited-entity.js';
import type { LimitManner, QuotaBucket } from './quota-bucket.js';
import { LimitCounts } from './quota-counts.js';
import { type CreationQuotas, TopicCreations } from './topic-creations.js';

/** Below the request timeout of every client that we know (30 s is the usual one). */
export const throttleMsMaxDefault = 10_000;

/** Who is slowed now. */
export interface OwedTime {
  readonly user: string;
  readonly clientId: string;
  readonly quota: RateKind;
  readonly owedMs: number;
}

/** What one tenant may use up in this process, and has used. */
export class TenantQuotas implements CreationQuotas {
  readonly counts: LimitCounts;
  readonly entity: LimitedEntity;
  /** Users and client ids that have limits of their own. */
  readonly clients: EntityPool;
  /** Of the gateway's own limits. */
  readonly parts = new Map<TrafficKind, TenantPart>();
  readonly creations = new TopicCreations(this);
  /** Whatever was resolved before is resolved again. */
  version = 0;
  #limits: TenantLimits = {};
  #stored: readonly ClientLimits[] = [];
  #rules = new ClientRules([]);
  /** Of who is slowed now: connections. */
  readonly #looks = new Set<() => void>();

  constructor(
    readonly tenant: string,
    limits: TenantLimits,
    readonly now: () => number,
  ) {
    this.counts = new LimitCounts(tenant);
    this.entity = new LimitedEntity(this.counts);
    this.clients = new EntityPool(this.counts);
    this.set(limits);
  }

  /** The configuration's; what was used stays used. */
  set(limits: TenantLimits): void {
    this.#limits = limits;
    this.entity.set(limits, this.manner, this.now());
    this.#rulesChanged();
  }

  /** What clients have set by their own tools; of the same entity and kind the configuration's counts. */
  setStored(rules: readonly ClientLimits[]): void {
    this.#stored = rules;
    this.#rulesChanged();
  }

  /** Calls `look` whenever limits were changed that act on this tenant, until what it answers is called. */
  watch(look: () => void): () => void {
    this.#looks.add(look);
    return () => this.#looks.delete(look);
  }

  /** Limits were changed, its own or the gateway's. */
  tellChanged(): void {
    for (const look of this.#looks) look();
  }

  get limits(): TenantLimits {
    return this.#limits;
  }

  get rules(): ClientRules {
    return this.#rules;
  }

  get throttleMsMax(): number {
    return this.#limits.throttleMsMax ?? throttleMsMaxDefault;
  }

  get manner(): LimitManner {
    return { throttleMsMax: this.throttleMsMax, dryRun: this.#limits.dryRun ?? false };
  }

  /**
   * Whether there may be one more, or `added` more, of what there are `held`.
   * What is refused is counted; in a dry run nothing is refused.
   */
  admits(kind: HeldKind, held: number, added = 1): boolean {
    const most = this.#limits[kind];
    if (most === undefined || held + added <= most) return true;
    const count = this.counts.of(kind);
    if (this.#limits.dryRun) count.dryRun++;
    else count.refused++;
    return this.#limits.dryRun ?? false;
  }

  /** Milliseconds until so many topics or partitions may be created; 0: they may, and are counted. */
  admitCreations(created: number): number {
    const bucket = this.entity.bucket('topicCreations');
    if (bucket === undefined) return 0;
    const nowMs = this.now();
    // None in a dry run.
    const owedMs = bucket.owedMs(nowMs);
    if (owedMs > 0) {
      this.counts.of('topicCreations').refused++;
      return owedMs;
    }
    // KIP-599: who has something left may go over, and pays for it by waiting before the next.
    bucket.take(created, nowMs);
    return 0;
  }

  /** Who is slowed at this moment. */
  *owed(): Iterable<OwedTime> {
    const nowMs = this.now();
    yield* owedOf(this.entity.buckets, '', '', nowMs);
    for (const [name, entity] of this.clients) {
      const { user, clientId } = entityParts(name);
      yield* owedOf(entity.buckets, user, clientId, nowMs);
    }
  }

  #rulesChanged(): void {
    this.#rules = new ClientRules([...this.#stored, ...(this.#limits.clients ?? [])]);
    this.version++;
  }
}

function* owedOf(
  buckets: Iterable<[RateKind, QuotaBucket]>,
  user: string,
  clientId: string,
  nowMs: number,
): Iterable<OwedTime> {
  for (const [quota, bucket] of buckets) {
    const owedMs = bucket.owedMs(nowMs);
    if (owedMs > 0) yield { user, clientId, quota, owedMs };
  }
}
