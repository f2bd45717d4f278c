/** What became of a client that was over a limit. */
export type QuotaEffect = 'slowed' | 'refused' | 'dry-run';

/** How often a limit of a tenant, or of the gateway (`tenant` is empty), was met. */
export interface QuotaCount {
  readonly tenant: string;
  /** As in the configuration: `bytesIn`, `connections`. */
  readonly quota: string;
  readonly slowed: number;
  readonly refused: number;
  readonly dryRun: number;
}

/** Counts of one limit; names come from the configuration alone. */
export class LimitCount implements QuotaCount {
  slowed = 0;
  refused = 0;
  dryRun = 0;

  constructor(
    readonly tenant: string,
    readonly quota: string,
  ) {}
}

/** The counts of one tenant, or of the gateway. */
export class LimitCounts {
  readonly #byQuota = new Map<string, LimitCount>();

  constructor(private readonly tenant: string) {}

  of(quota: string): LimitCount {
    let count = this.#byQuota.get(quota);
    if (count === undefined) this.#byQuota.set(quota, (count = new LimitCount(this.tenant, quota)));
    return count;
  }

  [Symbol.iterator](): Iterator<QuotaCount> {
    return this.#byQuota.values();
  }
}
