/** How much of something may be kept for clients that may resume: of the process, and of one tenant. */
export class ResumeQuota {
  readonly #byTenant = new Map<string, number>();
  #total = 0;

  constructor(
    private readonly processMax: number,
    private readonly tenantMax: number,
  ) {}

  get total(): number {
    return this.#total;
  }

  /** False: there is no room. */
  take(tenant: string, amount: number): boolean {
    const used = (this.#byTenant.get(tenant) ?? 0) + amount;
    if (used > this.tenantMax || this.#total + amount > this.processMax) return false;
    this.#byTenant.set(tenant, used);
    this.#total += amount;
    return true;
  }

  give(tenant: string, amount: number): void {
    // Who took nothing need not be there.
    const left = (this.#byTenant.get(tenant) ?? 0) - amount;
    if (left === 0) this.#byTenant.delete(tenant);
    else this.#byTenant.set(tenant, left);
    this.#total -= amount;
  }
}
