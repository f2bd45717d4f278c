export interface ReadingHoldHooks {
  pause(): void;
  resume(): void;
  /** The client is to know (connection.blocked, connection.unblocked). */
  tellBlocked(reason: string): void;
  tellUnblocked(): void;
}

/**
 * Who does not want the client to be read now. It is not read while there is anybody, and is told when that lasts: a hold of
 * some milliseconds is no news, and clients that heard of it would stop and begin for nothing.
 */
export class ReadingHolds {
  readonly #reasons = new Set<{ readonly reason: string }>();
  #sinceTick = 0;
  #isTold = false;

  /**
   * @param clock of the ticks
   * @param noticeTicks how long until the client is told; undefined: it does not want to know
   */
  constructor(
    private readonly hooks: ReadingHoldHooks,
    private readonly clock: { readonly tick: number },
    private readonly noticeTicks: number | undefined,
  ) {}

  get isHeld(): boolean {
    return this.#reasons.size > 0;
  }

  /** When the client is to be told; undefined: there is nothing to tell. */
  get noticeAtTick(): number | undefined {
    if (!this.isHeld || this.#isTold || this.noticeTicks === undefined) return undefined;
    return this.#sinceTick + this.noticeTicks;
  }

  /** @returns the way to end it; to be called once, calls after that do nothing */
  add(reason: string): () => void {
    const held = { reason };
    this.#reasons.add(held);
    if (this.#reasons.size === 1) {
      this.#sinceTick = this.clock.tick;
      this.hooks.pause();
    }
    return () => {
      if (this.#reasons.delete(held) && this.#reasons.size === 0) this.#end();
    };
  }

  /** The clock has moved. */
  onTick(tick: number): void {
    const { noticeAtTick } = this;
    if (noticeAtTick === undefined || tick < noticeAtTick) return;
    this.#isTold = true;
    const [{ reason }] = this.#reasons as unknown as [{ readonly reason: string }];
    this.hooks.tellBlocked(reason);
  }

  #end(): void {
    if (this.#isTold) {
      this.#isTold = false;
      this.hooks.tellUnblocked();
    }
    this.hooks.resume();
  }
}
