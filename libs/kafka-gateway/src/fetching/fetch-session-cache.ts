import { randomInt } from 'node:crypto';
import type { Principal } from '#libs/auth';
import { type FetchPartition, FetchSession, noSessionId } from './fetch-session.js';

export interface FetchSessionLimits {
  readonly fetchSessionsMax: number;
  readonly fetchSessionPartitionsMax: number;
  /** So long a session is not given up for another's sake, and after so long without use it is. */
  readonly fetchSessionEvictionMs: number;
}

const sessionIdMax = 0x7fffffff;

/**
 * The fetch sessions of the process, by the rules of Kafka's FetchSessionCache: a new one takes a free slot, else that of
 * the longest unused where nobody used it for the eviction time, else that of the smallest older than the eviction time
 * where the new one is larger. Otherwise the client gets no session, and sends whole requests. The partitions of all
 * sessions together are bounded too.
 */
export class FetchSessionCache {
  /** In the order of use. */
  readonly #sessions = new Map<number, FetchSession>();
  #partitions = 0;
  evictions = 0;

  constructor(
    private readonly limits: FetchSessionLimits,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get size(): number {
    return this.#sessions.size;
  }

  get partitions(): number {
    return this.#partitions;
  }

  /** Undefined also where it is somebody else's. */
  get(id: number, principal: Principal): FetchSession | undefined {
    const session = this.#sessions.get(id);
    return session !== undefined && isOwner(session, principal) ? session : undefined;
  }

  /** Undefined where there is no room. */
  create(
    principal: Principal,
    byTopicId: boolean,
    partitions: readonly FetchPartition[],
  ): FetchSession | undefined {
    if (partitions.length === 0) return undefined;
    if (!this.#hasRoomFor(partitions.length)) return undefined;
    if (this.#sessions.size >= this.limits.fetchSessionsMax && !this.#evict(partitions.length)) {
      return undefined;
    }
    const session = new FetchSession(this.#freeId(), principal, byTopicId, this.now(), partitions);
    this.#sessions.set(session.id, session);
    this.#partitions += session.size;
    return session;
  }

  /**
   * Changes the partitions of a session and marks it as used; one without any is removed. False: there is no room for what
   * was added, and the session is gone.
   */
  use(session: FetchSession, change: (session: FetchSession) => void): boolean {
    const before = session.size;
    change(session);
    this.#partitions += session.size - before;
    session.lastUsedMs = this.now();
    this.#sessions.delete(session.id);
    if (session.size > 0) this.#sessions.set(session.id, session);
    if (session.size <= before || this.#hasRoomFor(0)) return true;
    this.remove(session);
    return false;
  }

  remove(session: FetchSession): void {
    if (this.#sessions.delete(session.id)) this.#partitions -= session.size;
  }

  /** Sessions that nobody used for long give way. */
  #hasRoomFor(partitions: number): boolean {
    const { fetchSessionPartitionsMax, fetchSessionEvictionMs } = this.limits;
    const usedBefore = this.now() - fetchSessionEvictionMs;
    for (const session of this.#sessions.values()) {
      if (this.#partitions + partitions <= fetchSessionPartitionsMax) break;
      if (session.lastUsedMs >= usedBefore) break;
      this.remove(session);
      this.evictions++;
    }
    return this.#partitions + partitions <= fetchSessionPartitionsMax;
  }

  #evict(newSize: number): boolean {
    const oldest = this.#sessions.values().next().value;
    if (oldest === undefined) return false;
    const evictionMs = this.limits.fetchSessionEvictionMs;
    const now = this.now();
    const victim = now - oldest.lastUsedMs > evictionMs ? oldest : this.#smallest(now - evictionMs, newSize);
    if (victim === undefined) return false;
    this.remove(victim);
    this.evictions++;
    return true;
  }

  #smallest(createdBeforeMs: number, sizeBelow: number): FetchSession | undefined {
    let smallest: FetchSession | undefined;
    for (const session of this.#sessions.values()) {
      if (session.createdMs >= createdBeforeMs || session.size >= (smallest?.size ?? sizeBelow)) continue;
      smallest = session;
    }
    return smallest;
  }

  #freeId(): number {
    let id: number;
    do id = randomInt(noSessionId + 1, sessionIdMax);
    while (this.#sessions.has(id));
    return id;
  }
}

function isOwner({ owner }: FetchSession, { tenant, user, anonymous }: Principal): boolean {
  return owner.tenant.name === tenant.name && owner.user === user && owner.anonymous === anonymous;
}
