import type { Tenant } from '#libs/tenancy';
import type { Authenticator } from './authenticator.js';
import type { Principal } from './principal.js';

/** What an operator did that ends it: the user was removed or changed, or the whole tenant removed. */
export type EndOfIdentity = 'user' | 'tenant';

/** A connection whose identity may end before it does. */
export interface WatchedSession {
  /** Who it acts as is no longer so. */
  revoked(end: EndOfIdentity): void;
  /** Its time is over. True: it is not closed yet, to be asked again at the next look. */
  sessionEnded(nowMs: number): boolean;
}

interface Watched {
  readonly principal: Principal;
  readonly userKey: string;
  second: number | undefined;
}

const lookMs = 1_000;

/**
 * The connections of a process by whom they act as, so that they end when their user does, and by the second in which
 * their sessions end: one timer for all of them, which looks at those alone that end now. Bounded by the connections.
 */
export class SessionWatch {
  readonly #watched = new Map<WatchedSession, Watched>();
  readonly #byUser = new Map<string, Set<WatchedSession>>();
  readonly #bySecond = new Map<number, Set<WatchedSession>>();
  /** Who is between authentication and being watched when it happens must not be overlooked. */
  readonly #revokedPrincipals = new WeakSet<Principal>();
  readonly #unfollow: (() => void)[];
  #timer: NodeJS.Timeout | undefined;

  /** @param now the clock of `endsAtMs`, in milliseconds */
  constructor(
    private readonly authenticator: Pick<Authenticator, 'onRevoked' | 'onTenantRemoved' | 'serves'>,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#unfollow = [
      authenticator.onRevoked((principal) => this.#revoke(principal)),
      authenticator.onTenantRemoved((tenant) => this.#remove(tenant)),
    ];
  }

  /** Who was watched before is watched as this principal from here on. @param endsAtMs may be infinite */
  watch(session: WatchedSession, principal: Principal, endsAtMs: number): void {
    this.forget(session);
    const watched: Watched = { principal, userKey: userKey(principal), second: undefined };
    this.#watched.set(session, watched);
    add(this.#byUser, watched.userKey, session);
    if (endsAtMs !== Number.POSITIVE_INFINITY) this.#look(session, watched, secondOf(endsAtMs) + 1);
    const end = this.#endOf(principal);
    // The session may be in the middle of its making.
    if (end !== undefined) setImmediate(() => this.#end(session, watched, end));
  }

  forget(session: WatchedSession): void {
    const watched = this.#watched.get(session);
    if (watched === undefined) return;
    this.#watched.delete(session);
    remove(this.#byUser, watched.userKey, session);
    if (watched.second !== undefined) remove(this.#bySecond, watched.second, session);
    if (this.#bySecond.size === 0) this.#stop();
  }

  /** Connections that are watched. */
  get size(): number {
    return this.#watched.size;
  }

  close(): void {
    for (const unfollow of this.#unfollow) unfollow();
    this.#stop();
  }

  #look(session: WatchedSession, watched: Watched, second: number): void {
    watched.second = second;
    add(this.#bySecond, second, session);
    this.#timer ??= setInterval(() => this.look(), lookMs).unref();
  }

  /** What the timer does. */
  look(): void {
    const nowMs = this.now();
    const until = secondOf(nowMs);
    for (const [second, sessions] of this.#bySecond) {
      if (second > until) continue;
      this.#bySecond.delete(second);
      for (const session of sessions) {
        const watched = this.#watched.get(session);
        if (watched === undefined) continue;
        watched.second = undefined;
        // Closing a connection makes it forget itself.
        if (session.sessionEnded(nowMs)) this.#look(session, watched, until + 1);
      }
    }
    if (this.#bySecond.size === 0) this.#stop();
  }

  /** A user who is gone takes all connections along; a token only those that came by it, not the user's others. */
  #revoke(principal: Principal): void {
    this.#revokedPrincipals.add(principal);
    const ofUser = [...(this.#byUser.get(userKey(principal)) ?? [])];
    const concerned =
      principal.source === 'token'
        ? ofUser.filter((session) => this.#watched.get(session)?.principal === principal)
        : ofUser;
    this.#endAll(concerned, 'user');
  }

  #remove(tenant: Tenant): void {
    const concerned = [...this.#watched].filter(([, { principal }]) => principal.tenant === tenant);
    this.#endAll(
      concerned.map(([session]) => session),
      'tenant',
    );
  }

  #endOf(principal: Principal): EndOfIdentity | undefined {
    if (!this.authenticator.serves(principal.tenant)) return 'tenant';
    return this.#revokedPrincipals.has(principal) ? 'user' : undefined;
  }

  #end(session: WatchedSession, watched: Watched, end: EndOfIdentity): void {
    if (this.#watched.get(session) === watched) session.revoked(end);
  }

  #endAll(sessions: readonly WatchedSession[], end: EndOfIdentity): void {
    const faults: unknown[] = [];
    for (const session of sessions) {
      try {
        session.revoked(end);
      } catch (error) {
        // One that fails must not keep the others open.
        faults.push(error);
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, 'connections could not be ended');
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1_000);
}

/** No tenant's name has a `/`. */
function userKey({ tenant, user }: Principal): string {
  return `${tenant.name}/${user}`;
}

function add<Key>(index: Map<Key, Set<WatchedSession>>, key: Key, session: WatchedSession): void {
  const sessions = index.get(key);
  if (sessions === undefined) index.set(key, new Set([session]));
  else sessions.add(session);
}

function remove<Key>(index: Map<Key, Set<WatchedSession>>, key: Key, session: WatchedSession): void {
  const sessions = index.get(key);
  if (sessions?.delete(session) && sessions.size === 0) index.delete(key);
}
