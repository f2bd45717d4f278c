import type { WaitingSender } from './link-session.js';

/**
 * Whose turn it is when a session can send again. Links with frames that wait send one each, in turn; links that have nothing
 * left ask their sources in the order in which they were stopped, so that none takes the window of the others for ever.
 */
export class OutgoingTurns {
  readonly #waiting = new Set<WaitingSender>();
  readonly #stopped = new Set<WaitingSender>();

  /** @param sendable whether one more frame may be sent */
  constructor(private readonly sendable: () => boolean) {}

  wait(sender: WaitingSender): void {
    this.#waiting.add(sender);
  }

  forget(sender: WaitingSender): void {
    this.#waiting.delete(sender);
    this.#stopped.delete(sender);
  }

  /** Goes on where it was stopped. */
  run(): void {
    while (this.#waiting.size > 0 && this.sendable()) {
      for (const sender of [...this.#waiting]) {
        if (!this.sendable()) return;
        this.#waiting.delete(sender);
        if (sender.sendWaiting()) this.#waiting.add(sender);
        else this.#stopped.add(sender);
      }
    }
    for (const sender of [...this.#stopped]) {
      if (!this.sendable()) return;
      if (this.#stopped.delete(sender)) sender.onUnblocked();
    }
  }
}
