import type { WaitingSender } from './link-session.js';

/**
 * Whose turn it is when a session can send again. Links take turns in the order in which they were stopped: who has frames that
 * wait sends one, who has none asks its source; so none takes the window of the others for ever.
 */
export class OutgoingTurns {
  readonly #waiting = new Set<WaitingSender>();

  /** @param sendable whether one more frame may be sent */
  constructor(private readonly sendable: () => boolean) {}

  wait(sender: WaitingSender): void {
    this.#waiting.add(sender);
  }

  forget(sender: WaitingSender): void {
    this.#waiting.delete(sender);
  }

  /** Goes on where it was stopped. */
  run(): void {
    // Whoever is stopped again comes behind the others.
    for (const sender of this.#waiting) {
      if (!this.sendable()) return;
      this.#waiting.delete(sender);
      if (sender.sendWaiting()) this.#waiting.add(sender);
      else sender.onUnblocked();
    }
  }
}
