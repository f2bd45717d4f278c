interface Waiting {
  readonly tenant: string;
  readonly begin: () => void;
}

/**
 * How much work of a kind goes on at the same time, of one process and of one tenant; the rest waits for its turn. A tenant whose
 * work cannot be ended keeps its own slots busy, and those of nobody else.
 */
export class TenantSlots {
  private readonly taken = new Map<string, number>();
  private waiting: Waiting[] = [];
  private total = 0;

  constructor(
    private readonly slotsMax: number,
    private readonly slotsMaxPerTenant: number,
  ) {}

  /** Resolves to what `work` does. */
  async run<T>(tenant: string, work: () => Promise<T>): Promise<T> {
    if (this.hasRoom(tenant)) this.take(tenant);
    else await new Promise<void>((begin) => this.waiting.push({ tenant, begin }));
    try {
      return await work();
    } finally {
      this.leave(tenant);
    }
  }

  private hasRoom(tenant: string): boolean {
    return this.total < this.slotsMax && (this.taken.get(tenant) ?? 0) < this.slotsMaxPerTenant;
  }

  private take(tenant: string): void {
    this.total++;
    this.taken.set(tenant, (this.taken.get(tenant) ?? 0) + 1);
  }

  private leave(tenant: string): void {
    this.total--;
    const left = (this.taken.get(tenant) ?? 1) - 1;
    if (left === 0) this.taken.delete(tenant);
    else this.taken.set(tenant, left);
    const at = this.waiting.findIndex((each) => this.hasRoom(each.tenant));
    const [next] = at < 0 ? [] : this.waiting.splice(at, 1);
    if (next === undefined) return;
    this.take(next.tenant);
    next.begin();
  }
}
