import { ResumeQuota } from './resume-quota.js';

/** Links that wait to be resumed: of the process, of one tenant, and of what one connection left. */
const linksMax = 10_000;
const linksMaxPerTenant = 2_000;
const linksMaxPerConnection = 256;
/** Unsettled deliveries of those, and outcomes that are remembered of links that may be suspended. */
const deliveriesMax = 500_000;
const deliveriesMaxPerTenant = 100_000;
/** Bytes of deliveries that are kept to be sent again. */
const bytesMax = 64 * 1024 * 1024;
const bytesMaxPerTenant = 16 * 1024 * 1024;

/** What a link lost: itself alone, its session, or its connection (AMQP 3.5.6). */
export type LinkLoss = 'link-detach' | 'session-end' | 'connection-close';
const losses: readonly LinkLoss[] = ['link-detach', 'session-end', 'connection-close'];

/** How long the terminus of a link lives when it is not attached. */
export interface TerminusLife {
  /** `expiry-policy` (AMQP 3.5.6): what begins the time. */
  readonly policy: string;
  /** From then on. */
  readonly timeoutMs: number;
}

/** Milliseconds that a terminus lives on after this loss, if nothing else is lost. */
export function lifeAfter({ policy, timeoutMs }: TerminusLife, loss: LinkLoss, lifeMsMax: number): number {
  const begins = losses.indexOf(policy as LinkLoss);
  // `never`: nothing begins it.
  return begins < 0 || begins > losses.indexOf(loss) ? lifeMsMax : Math.min(timeoutMs, lifeMsMax);
}

/** A link that is not attached. */
export interface SuspendedLink {
  readonly tenant: string;
  readonly life: TerminusLife;
  /** Its time is over, or nobody will resume it: what it holds is given back. */
  release(): Promise<void>;
}

/** The links that one connection has left, each with the session that it was on. */
export type LinksLeft = Map<string, object>;

interface Entry {
  readonly link: SuspendedLink;
  readonly left: LinksLeft;
  readonly endsAtMs: number;
  timer: NodeJS.Timeout;
}

/** The links of a process that are suspended, by whose they are. */
export class SuspendedLinks {
  readonly deliveries = new ResumeQuota(deliveriesMax, deliveriesMaxPerTenant);
  readonly bytes = new ResumeQuota(bytesMax, bytesMaxPerTenant);
  readonly #links = new ResumeQuota(linksMax, linksMaxPerTenant);
  readonly #entries = new Map<string, Entry>();
  #closed = false;

  /** @param lifeMsMax whatever a client asks for */
  constructor(readonly lifeMsMax: number) {}

  get size(): number {
    return this.#entries.size;
  }

  /** False: its time is over at once, or there are too many. */
  add(key: string, link: SuspendedLink, loss: LinkLoss, session: object, left: LinksLeft): boolean {
    const lifeMs = lifeAfter(link.life, loss, this.lifeMsMax);
    if (this.#closed || lifeMs === 0 || left.size >= linksMaxPerConnection || this.#entries.has(key))
      return false;
    if (!this.#links.take(link.tenant, 1)) return false;
    const timer = this.#timer(key, lifeMs);
    this.#entries.set(key, { link, left, timer, endsAtMs: performance.now() + this.lifeMsMax });
    left.set(key, session);
    return true;
  }

  /** Whoever takes it has it from now on. */
  take(key: string): SuspendedLink | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    clearTimeout(entry.timer);
    this.#entries.delete(key);
    entry.left.delete(key);
    this.#links.give(entry.link.tenant, 1);
    return entry.link;
  }

  /** @param session undefined: the connection is gone, with all of them */
  lost(left: LinksLeft, session?: object): void {
    const loss = session === undefined ? 'connection-close' : 'session-end';
    for (const [key, its] of left) {
      if (session !== undefined && session !== its) continue;
      const entry = this.#entries.get(key)!;
      if (loss === 'connection-close') left.delete(key);
      // The session is over: it need not stay in memory.
      else left.set(key, entry);
      const remainingMs = Math.max(0, entry.endsAtMs - performance.now());
      clearTimeout(entry.timer);
      entry.timer = this.#timer(key, Math.min(remainingMs, lifeAfter(entry.link.life, loss, this.lifeMsMax)));
    }
  }

  /** The tenant is not there any more. */
  endTenant({ name }: { readonly name: string }): void {
    for (const [key, { link }] of this.#entries) if (link.tenant === name) void this.take(key)?.release();
  }

  /** All are given back. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#entries.keys()].map((key) => this.take(key)!.release()));
  }

  #timer(key: string, ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.take(key)?.release(), ms).unref();
  }
}
