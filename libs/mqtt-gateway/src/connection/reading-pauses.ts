import type { Link } from '#libs/transport';

/** Why a client is not read at present; several may hold at once. */
export const ReadingPause = {
  connecting: 1,
  receiveMaximum: 2,
  bytesInFlight: 4,
  pulsarPressure: 8,
  subscribing: 16,
  rateLimit: 32,
} as const;
export type ReadingPause = (typeof ReadingPause)[keyof typeof ReadingPause];

/** The link is read while there is no reason not to; a reason counts once. */
export class ReadingPauses {
  #reasons = 0;

  constructor(private readonly link: Pick<Link, 'pause' | 'resume'>) {}

  get paused(): boolean {
    return this.#reasons !== 0;
  }

  has(reason: ReadingPause): boolean {
    return (this.#reasons & reason) !== 0;
  }

  add(reason: ReadingPause): void {
    if (this.#reasons === 0) this.link.pause();
    this.#reasons |= reason;
  }

  remove(reason: ReadingPause): void {
    if (!this.has(reason)) return;
    this.#reasons &= ~reason;
    if (this.#reasons === 0) this.link.resume();
  }
}
