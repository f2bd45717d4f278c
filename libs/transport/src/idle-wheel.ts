/** Who is asked after a time whether it is still there. */
export interface WheelRider {
  /** Owned by the wheel; 0: it does not ride. */
  dueAtTick: number;
  /** Its time has come. Returns after how many ticks it is asked again, at least 1; 0: never. */
  onTick(tick: number): number;
}

export const idleTickMs = 250;

/**
 * Idle times of all connections by one timer, which looks at those alone that are due. A gateway that stood still does not
 * count that time: ticks are counted, not the clock.
 */
export class IdleWheel {
  /** Grows by one each {@link idleTickMs}, while anybody rides. */
  tick = 1;
  #size = 0;
  readonly #due = new Map<number, Set<WheelRider>>();
  #timer: NodeJS.Timeout | undefined;

  /** @param ticks at least 1 */
  add(rider: WheelRider, ticks: number): void {
    this.forget(rider);
    this.#size++;
    this.#schedule(rider, this.tick + ticks);
    this.#timer ??= setInterval(() => this.turn(), idleTickMs).unref();
  }

  forget(rider: WheelRider): void {
    if (rider.dueAtTick === 0) return;
    const due = this.#due.get(rider.dueAtTick);
    if (due?.delete(rider) && due.size === 0) this.#due.delete(rider.dueAtTick);
    this.#leave(rider);
    if (this.#size === 0) this.close();
  }

  get size(): number {
    return this.#size;
  }

  /** What the timer does. */
  turn(): void {
    const tick = ++this.tick;
    const due = this.#due.get(tick);
    if (due === undefined) return;
    this.#due.delete(tick);
    for (const rider of due) {
      if (rider.dueAtTick !== tick) continue;
      const ticks = rider.onTick(tick);
      // It may have left meanwhile.
      if (rider.dueAtTick !== tick) continue;
      if (ticks > 0) this.#schedule(rider, tick + ticks);
      else this.#leave(rider);
    }
    if (this.#size === 0) this.close();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #leave(rider: WheelRider): void {
    rider.dueAtTick = 0;
    this.#size--;
  }

  #schedule(rider: WheelRider, tick: number): void {
    rider.dueAtTick = tick;
    const due = this.#due.get(tick);
    if (due === undefined) this.#due.set(tick, new Set([rider]));
    else due.add(rider);
  }
}
