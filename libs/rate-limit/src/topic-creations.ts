import type { HeldKind, TenantLimits } from '#libs/tenancy';

/** How long a count of topics is taken as true, with those that were made since. */
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

/** The topics of a tenant, as they were counted, and those that were let through since. */
class KnownTopics {
  made = 0;
  knownUntilMs = Number.POSITIVE_INFINITY;

  constructor(readonly counted: Promise<number>) {}
}

/** What a tenant may create, whichever protocol its clients speak. What others make in the time that a count is known may go beyond. */
export class TopicCreations {
  #known: KnownTopics | undefined;

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
    const known = topicsMax === undefined || topics === 0 ? undefined : this.#know(count);
    if (known !== undefined) {
      const counted = await known.counted;
      // From here on nobody comes between: requests of many topics make several at once.
      if (!quotas.admits('topics', counted + known.made, topics))
        return { quota: 'topics', topicsMax: topicsMax! };
    }
    const waitMs = quotas.admitCreations(partitions);
    if (waitMs > 0) return { quota: 'topicCreations', waitMs };
    if (known !== undefined) known.made += topics;
    return undefined;
  }

  #know(count: () => Promise<number>): KnownTopics {
    if (this.#known !== undefined && this.quotas.now() < this.#known.knownUntilMs) return this.#known;
    const known = new KnownTopics(count());
    this.#known = known;
    known.counted.then(
      () => {
        known.knownUntilMs = this.quotas.now() + countKnownMs;
      },
      () => {
        known.knownUntilMs = 0;
      },
    );
    return known;
  }
}
