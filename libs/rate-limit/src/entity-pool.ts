import { LimitedEntity } from './limited-entity.js';
import type { LimitCounts } from './quota-counts.js';

/** Entities that nobody uses now and that have used something: what is beyond is forgotten. */
const idleMax = 10_000;
/** Looked at whenever one is let go, oldest first. */
const sweptAtOnce = 4;

class Pooled {
  uses = 0;

  constructor(readonly entity: LimitedEntity) {}
}

/**
 * Entities by names that clients chose: users, client ids, addresses. Each is there while somebody uses it, and until it
 * has paid back what it used. Bounded by connections, and `idleMax` beside.
 */
export class EntityPool {
  readonly #pooled = new Map<string, Pooled>();
  /** Oldest first. */
  readonly #idle = new Set<string>();

  constructor(private readonly counts: LimitCounts) {}

  get size(): number {
    return this.#pooled.size;
  }

  /** To be let go by `release`. */
  use(name: string): LimitedEntity {
    let pooled = this.#pooled.get(name);
    if (pooled === undefined) {
      pooled = new Pooled(new LimitedEntity(this.counts));
      this.#pooled.set(name, pooled);
    }
    if (pooled.uses++ === 0) this.#idle.delete(name);
    return pooled.entity;
  }

  release(name: string, nowMs: number): void {
    const pooled = this.#pooled.get(name);
    if (pooled === undefined || --pooled.uses > 0) return;
    if (pooled.entity.isUnused(nowMs)) this.#pooled.delete(name);
    else this.#idle.add(name);
    this.#sweep(nowMs);
  }

  *[Symbol.iterator](): Iterator<[string, LimitedEntity]> {
    for (const [name, { entity }] of this.#pooled) yield [name, entity];
  }

  #sweep(nowMs: number): void {
    let left = sweptAtOnce;
    for (const name of this.#idle) {
      if (left-- === 0) return;
      if (this.#idle.size <= idleMax && !this.#pooled.get(name)!.entity.isUnused(nowMs)) {
        // Behind the others, or one that owes for long would keep them all.
        this.#idle.delete(name);
        this.#idle.add(name);
        continue;
      }
      this.#idle.delete(name);
      this.#pooled.delete(name);
    }
  }
}
