import {
  type ConnectionLimits,
  type Rate,
  type TrafficKind,
  type TrafficLimits,
  trafficKinds,
} from '#libs/tenancy';
import { type LimitManner, QuotaBucket } from './quota-bucket.js';
import type { LimitCounts } from './quota-counts.js';

/** Rates of an entity; `connectionRate` and `topicCreations` refuse, the others slow. */
export type RateKind = TrafficKind | 'connectionRate' | 'topicCreations';

export type EntityLimits = TrafficLimits & ConnectionLimits & { readonly topicCreations?: Rate };

/** The limits that a new connection can meet. */
export type ConnectionQuota = 'connections' | 'connectionRate';

const rateKinds: readonly RateKind[] = [...trafficKinds, 'connectionRate', 'topicCreations'];

/** The gateway, a tenant, an address, a user or a client id, with what it has used of its limits. */
export class LimitedEntity {
  readonly #buckets = new Map<RateKind, QuotaBucket>();
  /** Open connections. */
  connections = 0;
  connectionsMax: number | undefined;

  constructor(readonly counts: LimitCounts) {}

  /** What stays limited keeps what it has used. */
  set(limits: EntityLimits, manner: LimitManner, nowMs: number): void {
    this.connectionsMax = limits.connections;
    for (const kind of rateKinds) this.setRate(kind, limits[kind], manner, nowMs);
  }

  setRate(kind: RateKind, rate: Rate | undefined, slowing: LimitManner, nowMs: number): void {
    // Nobody is slowed by what it created: it is refused more until all of that is paid back, however long it takes (KIP-599).
    const manner =
      kind === 'topicCreations' ? { ...slowing, throttleMsMax: Number.POSITIVE_INFINITY } : slowing;
    const bucket = this.#buckets.get(kind);
    if (rate === undefined) this.#buckets.delete(kind);
    else if (bucket !== undefined) bucket.set(rate, manner, nowMs);
    else this.#buckets.set(kind, new QuotaBucket(rate, manner, this.counts.of(kind), nowMs));
  }

  bucket(kind: RateKind): QuotaBucket | undefined {
    return this.#buckets.get(kind);
  }

  /** Rates that are set. */
  get buckets(): Iterable<[RateKind, QuotaBucket]> {
    return this.#buckets;
  }

  /** Why one more connection may not be opened; counts what is refused. */
  connectionRefusal(nowMs: number, dryRun: boolean): ConnectionQuota | undefined {
    if (!this.hasRoom(dryRun)) return 'connections';
    return this.mayBeNew(nowMs) ? undefined : 'connectionRate';
  }

  /** Whether there may be one more connection; counts what is refused. */
  hasRoom(dryRun: boolean): boolean {
    if (this.connectionsMax === undefined || this.connections < this.connectionsMax) return true;
    const count = this.counts.of('connections');
    if (dryRun) count.dryRun++;
    else count.refused++;
    return dryRun;
  }

  /** Whether there may be a new one now. */
  mayBeNew(nowMs: number): boolean {
    return this.#buckets.get('connectionRate')?.tryTake(1, nowMs) ?? true;
  }

  /** Nothing is used: a new one would do as well. */
  isUnused(nowMs: number): boolean {
    if (this.connections > 0) return false;
    for (const bucket of this.#buckets.values()) if (!bucket.isFull(nowMs)) return false;
    return true;
  }
}
