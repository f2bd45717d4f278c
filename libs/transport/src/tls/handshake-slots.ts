/** Handshakes at the same time, of one listener. OpenSSL takes 20 to 60 KB for each. */
export const handshakesMax = 128;
/** Of these, for one address (the /64 of IPv6): others get in while it shakes hands and falls silent. */
export const handshakesPerAddressMax = 32;

type Start = () => void;

/**
 * Lets a bounded number of handshakes run at a time; the others wait in the order they came, addresses in turn. Waiting
 * costs a closure, and ends with the connection's own deadline.
 */
export class HandshakeSlots {
  readonly #running = new Map<string, number>();
  readonly #waiting = new Map<string, Set<Start>>();
  #total = 0;

  /** Handshakes that run now. */
  get total(): number {
    return this.#total;
  }

  /**
   * Calls `start` when there is a slot, at once or later.
   *
   * @returns gives the slot back, or the place in the queue; further calls do nothing
   */
  enter(network: string, start: Start): () => void {
    let state: 'waiting' | 'running' | 'left' = 'waiting';
    const begin = () => {
      state = 'running';
      this.#total++;
      this.#running.set(network, (this.#running.get(network) ?? 0) + 1);
      start();
    };
    if (this.#hasSlot(network)) begin();
    else this.#wait(network, begin);
    return () => {
      if (state === 'waiting') this.#forget(network, begin);
      else if (state === 'running') this.#release(network);
      state = 'left';
    };
  }

  #hasSlot(network: string): boolean {
    return this.#total < handshakesMax && (this.#running.get(network) ?? 0) < handshakesPerAddressMax;
  }

  #wait(network: string, begin: Start): void {
    const queue = this.#waiting.get(network);
    if (queue === undefined) this.#waiting.set(network, new Set([begin]));
    else queue.add(begin);
  }

  #forget(network: string, begin: Start): void {
    const queue = this.#waiting.get(network);
    queue?.delete(begin);
    if (queue?.size === 0) this.#waiting.delete(network);
  }

  #release(network: string): void {
    this.#total--;
    const left = this.#running.get(network)! - 1;
    if (left > 0) this.#running.set(network, left);
    else this.#running.delete(network);
    for (const [next, queue] of this.#waiting) {
      if (!this.#hasSlot(next)) continue;
      const [begin] = queue;
      queue.delete(begin!);
      // To the end: the addresses that wait take turns.
      this.#waiting.delete(next);
      if (queue.size > 0) this.#waiting.set(next, queue);
      begin!();
      return;
    }
  }
}
