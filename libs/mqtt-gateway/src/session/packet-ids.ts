const packetIdMax = 0xffff;

/** The next packet id that is not in use, in a circle: an id comes again as late as possible. */
export class PacketIds {
  #last = 0;

  /** @param window must not hold all 65,535 */
  next(window: { uses(packetId: number): boolean }): number {
    do {
      this.#last = this.#last === packetIdMax ? 1 : this.#last + 1;
    } while (window.uses(this.#last));
    return this.#last;
  }

  /** After a restart: the next one comes after this. */
  startAfter(packetId: number): void {
    this.#last = packetId;
  }
}
