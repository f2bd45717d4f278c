/** A connection whose client promised to send something in time. */
export interface KeptAlive {
  /** Set to {@link KeepAliveWheel.tick} with each packet. */
  heardAtTick: number;
  /** It is we who do not read: silence says nothing about the client. */
  readonly unread: boolean;
  keepAliveTimeout(): void;
}

interface Watched {
  readonly ticks: number;
  dueAtTick: number;
}

export const keepAliveTickMs = 250;

/**
 * Closes clients that were silent for one and a half times their keep alive [MQTT-3.1.2-22]: one timer for all connections,
 * which looks at those alone that may be due, and a number per packet. A gateway that stood still does not count that time.
 */
export class KeepAliveWheel {
  /** Grows by one each {@link keepAliveTickMs}. */
  tick = 0;
  readonly #watched = new Map<KeptAlive, Watched>();
  readonly #due = new Map<number, Set<KeptAlive>>();
  #timer: NodeJS.Timeout | undefined;

  /** @param keepAliveSeconds above 0 */
  watch(connection: KeptAlive, keepAliveSeconds: number): void {
    // One more: the tick in which it was heard has begun before.
    const ticks = Math.ceil((keepAliveSeconds * 1_500) / keepAliveTickMs) + 1;
    const watched = { ticks, dueAtTick: this.tick + ticks };
    connection.heardAtTick = this.tick;
    this.#watched.set(connection, watched);
    this.#add(connection, watched.dueAtTick);
    this.#timer ??= setInterval(() => this.turn(), keepAliveTickMs).unref();
  }

  forget(connection: KeptAlive): void {
    const watched = this.#watched.get(connection);
    if (watched === undefined) return;
    this.#watched.delete(connection);
    const due = this.#due.get(watched.dueAtTick);
    if (due?.delete(connection) && due.size === 0) this.#due.delete(watched.dueAtTick);
    if (this.#watched.size === 0) this.close();
  }

  get size(): number {
    return this.#watched.size;
  }

  /** What the timer does. */
  turn(): void {
    const tick = ++this.tick;
    const due = this.#due.get(tick);
    if (due === undefined) return;
    this.#due.delete(tick);
    for (const connection of due) {
      const watched = this.#watched.get(connection)!;
      if (connection.unread) connection.heardAtTick = tick;
      const dueAtTick = connection.heardAtTick + watched.ticks;
      if (dueAtTick <= tick) {
        this.#watched.delete(connection);
        connection.keepAliveTimeout();
      } else {
        watched.dueAtTick = dueAtTick;
        this.#add(connection, dueAtTick);
      }
    }
    if (this.#watched.size === 0) this.close();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #add(connection: KeptAlive, tick: number): void {
    const due = this.#due.get(tick);
    if (due === undefined) this.#due.set(tick, new Set([connection]));
    else due.add(connection);
  }
}
