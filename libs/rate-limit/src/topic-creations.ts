import type { HeldKind, TenantLimits } from '#libs/tenancy';

/** How long a count of topics is taken as true, with those that were made since, when there seem to be too many. */
const countKnownMs = 5_000;

/** Why a topic may not be made. */
export type CreationRefusal =
  | { readonly quota: 'topics'; readonly topicsMax: number }
  | { readonly quota: 'topicCreations'; readonly waitMs: number };

/** What the creations of a tenant are measured by. */
export interface CreationQuotas {
  readonly limits: Pick<TenantLimits, 'topics'>;
  now(): number;
  /** Whether there may be `added` more of what there are `held`. */
  admits(kind: HeldKind, held: number, added: number): boolean;
  /** Milliseconds until so many topics or partitions may be created; 0: they may, and are counted. */
  admitCreations(created: number): number;
}

/** What a tenant may create, whichever protocol its clients speak. Gateways that create at one moment may go over by one each. */
export class TopicCreations {
  #count: Promise<number> | undefined;
  #countedAtMs = 0;
  #made = 0;

  constructor(private readonly quotas: CreationQuotas) {}

  /**
   * Counts the topic when it may be made. Rejects when the topics cannot be counted.
   * @param topics how many topics to make, 0 for partitions of one that is there
   * @param partitions of them all
   * @param count how many topics the tenant has; asked only where that is limited
   */
  async refusal(
    topics: number,
    partitions: number,
    count: () => Promise<number>,
  ): Promise<CreationRefusal | undefined> {
    const { quotas } = this;
    const topicsMax = quotas.limits.topics;
    if (topicsMax !== undefined && topics > 0) {
      let counted = await this.#counted(count);
      if (counted + this.#made + topics > topicsMax && quotas.now() - this.#countedAtMs > countKnownMs) {
        this.#count = undefined;
        counted = await this.#counted(count);
      }
      // From here on nobody comes between: requests of many topics make several at once.
      if (!quotas.admits('topics', counted + this.#made, topics)) return { quota: 'topics', topicsMax };
    }
    const waitMs = quotas.admitCreations(partitions);
    if (waitMs > 0) return { quota: 'topicCreations', waitMs };
    this.#made += topics;
    return undefined;
  }

  #counted(count: () => Promise<number>): Promise<number> {
    if (this.#count !== undefined) return this.#count;
    this.#countedAtMs = this.quotas.now();
    this.#made = 0;
    const counting = count();
    this.#count = counting;
    counting.catch(() => {
      this.#count = undefined;
    });
    return counting;
  }
}
