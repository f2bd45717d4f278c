/** Of the process's bytes, what one tenant may have: what it does not get done must not keep the others from being read. */
const tenantShare = 0.5;

/**
 * Bytes in flight over all connections of the process: of requests, or of answers. When those of requests are over the
 * bound, no connection is read until they are under three quarters of it: what was read is served meanwhile, so nothing
 * waits for itself.
 */
export class ProcessBudget {
  #bytes = 0;
  #exhausted = false;
  readonly #listeners = new Set<(exhausted: boolean) => void>();
  readonly #shares = new Map<string, ProcessBudget>();

  constructor(
    private readonly bytesMax: number,
    private readonly whole?: ProcessBudget,
  ) {}

  /** The budget of one tenant; what is added to it is added to this one too. There are never more than tenants. */
  share(tenant: string): ProcessBudget {
    let share = this.#shares.get(tenant);
    if (share === undefined) {
      share = new ProcessBudget(this.bytesMax * tenantShare, this);
      this.#shares.set(tenant, share);
    }
    return share;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Until the bound, of the process and of the tenant. */
  get left(): number {
    return Math.max(0, Math.min(this.bytesMax - this.#bytes, this.whole?.left ?? this.bytesMax));
  }

  get exhausted(): boolean {
    return this.#exhausted;
  }

  add(bytes: number): void {
    this.whole?.add(bytes);
    this.#bytes += bytes;
    if (!this.#exhausted && this.#bytes > this.bytesMax) this.#change(true);
  }

  remove(bytes: number): void {
    this.whole?.remove(bytes);
    this.#bytes -= bytes;
    if (this.#exhausted && this.#bytes <= this.bytesMax * 0.75) this.#change(false);
  }

  /** Tells of every change, and of the state now. Returns the way to cancel. */
  watch(listener: (exhausted: boolean) => void): () => void {
    this.#listeners.add(listener);
    if (this.#exhausted) listener(true);
    return () => this.#listeners.delete(listener);
  }

  #change(exhausted: boolean): void {
    this.#exhausted = exhausted;
    for (const listener of [...this.#listeners]) {
      // A listener that resumes its link may read at once and exhaust the budget again: the rest hear that instead.
      if (this.#exhausted === exhausted) listener(exhausted);
    }
  }
}
