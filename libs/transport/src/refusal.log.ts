import type { Log } from '#libs/telemetry';
import type { Refusal } from './connections.js';

const intervalMs = 1_000;

/** Says that connections are refused: at most one line a second, with how many there were, however many come. */
export class RefusalLog {
  readonly #log: Log;
  readonly #identity: { protocol: string; listener: string };
  #timer: NodeJS.Timeout | undefined;
  #unsaid = 0;
  #last: { limit: Refusal; remoteAddress: string } | undefined;

  constructor(log: Log, identity: { protocol: string; listener: string }) {
    this.#log = log;
    this.#identity = identity;
  }

  refused(limit: Refusal, remoteAddress: string): void {
    this.#unsaid++;
    this.#last = { limit, remoteAddress };
    if (this.#timer !== undefined) return;
    this.#say();
    this.#timer = setInterval(() => this.#next(), intervalMs).unref();
  }

  close(): void {
    if (this.#unsaid > 0) this.#say();
    this.#stop();
  }

  #next(): void {
    if (this.#unsaid > 0) this.#say();
    else this.#stop();
  }

  #say(): void {
    const { limit, remoteAddress } = this.#last!;
    const fields = { ...this.#identity, remoteAddress, reason: `limit-${limit}`, count: this.#unsaid };
    this.#log.warn(
      { event: 'connection.refused', ...fields },
      `refused: the ${limit} has all the connections, or new ones, that it may`,
    );
    this.#unsaid = 0;
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
