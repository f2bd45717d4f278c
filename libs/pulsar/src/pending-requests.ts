import { PulsarError } from './pulsar.errors.js';
import type { BaseCommand } from './wire/commands.js';

interface Pending {
  readonly resolve: (answer: BaseCommand) => void;
  readonly reject: (error: PulsarError) => void;
  readonly timer: NodeJS.Timeout;
}

/** The requests of one connection that wait for their answers. Each ends exactly once. */
export class PendingRequests {
  readonly #pending = new Map<number, Pending>();
  readonly #requestsMax: number;

  constructor(requestsMax: number) {
    this.#requestsMax = requestsMax;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Rejects at once with 'TooManyPending' over the bound, later with 'Timeout'. */
  add(requestId: number, what: string, timeoutMs: number): Promise<BaseCommand> {
    if (this.#pending.size >= this.#requestsMax) {
      return Promise.reject(new PulsarError('TooManyPending', `${this.#requestsMax} requests outstanding`));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(requestId);
        reject(new PulsarError('Timeout', `${what}: no answer in ${timeoutMs} ms`));
      }, timeoutMs);
      this.#pending.set(requestId, { resolve, reject, timer });
    });
  }

  /** False when nobody waits for it (any more). */
  settle(requestId: number, answer: BaseCommand, fault: PulsarError | undefined): boolean {
    const pending = this.#pending.get(requestId);
    if (!pending) return false;
    this.#pending.delete(requestId);
    clearTimeout(pending.timer);
    if (fault) pending.reject(fault);
    else pending.resolve(answer);
    return true;
  }

  rejectAll(error: PulsarError): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of all) {
      clearTimeout(pending.timer);
      pending.reject(error);
    }
  }
}
