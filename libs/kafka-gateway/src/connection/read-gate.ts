import type { Link } from '#libs/transport';

/** Why a connection is not read; several may hold at once. */
export const blocked = {
  /** Requests or their bytes in flight, per connection. */
  inFlight: 1,
  /** Request bytes in flight, per process. */
  process: 2,
  /** A step of authentication is not answered. */
  authentication: 4,
  /** The tenant is over its rate (KIP-219). */
  muted: 8,
  /** Request bytes in flight, per tenant. */
  tenant: 16,
} as const;

/** Turns any number of reasons into one pause of the link. */
export class ReadGate {
  #reasons = 0;

  constructor(private readonly link: Pick<Link, 'pause' | 'resume'>) {}

  set(reason: number, holds: boolean): void {
    const before = this.#reasons;
    this.#reasons = holds ? before | reason : before & ~reason;
    if (before === 0 && this.#reasons !== 0) this.link.pause();
    else if (before !== 0 && this.#reasons === 0) this.link.resume();
  }

  has(reason: number): boolean {
    return (this.#reasons & reason) !== 0;
  }
}
