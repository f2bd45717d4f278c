import type { Tenant } from '#libs/tenancy';
import type { KafkaTopic } from './kafka-topic.js';

interface Cached {
  readonly topic: KafkaTopic;
  readonly expiresAtMs: number;
  readonly idKey: string;
}

/** What is known of topics, by name and by id; bounded in number and in age, the longest unused goes first. */
export class TopicCache {
  readonly #byName = new Map<string, Cached>();
  readonly #nameById = new Map<string, string>();

  constructor(
    private readonly topicsMax: number,
    private readonly ageMaxMs: number,
    private readonly now: () => number,
  ) {}

  get size(): number {
    return this.#byName.size;
  }

  get(tenant: Tenant, name: string): KafkaTopic | undefined {
    const key = nameKey(tenant, name);
    const cached = this.#byName.get(key);
    // What is too old stays until it is replaced, so that `nameOf` still leads to the name that is to be looked up.
    if (cached === undefined || cached.expiresAtMs <= this.now()) return undefined;
    this.#byName.delete(key);
    this.#byName.set(key, cached);
    return cached.topic;
  }

  /** The name that had this id when it was last looked up. */
  nameOf(tenant: Tenant, id: Buffer): string | undefined {
    return this.#nameById.get(idKey(tenant, id));
  }

  set(tenant: Tenant, topic: KafkaTopic): void {
    this.delete(tenant, topic.name);
    const key = nameKey(tenant, topic.name);
    const cached = { topic, expiresAtMs: this.now() + this.ageMaxMs, idKey: idKey(tenant, topic.id) };
    this.#byName.set(key, cached);
    this.#nameById.set(cached.idKey, topic.name);
    if (this.#byName.size <= this.topicsMax) return;
    const [oldestKey, oldest] = this.#byName.entries().next().value!;
    this.#remove(oldestKey, oldest);
  }

  delete(tenant: Tenant, name: string): void {
    const key = nameKey(tenant, name);
    const cached = this.#byName.get(key);
    if (cached !== undefined) this.#remove(key, cached);
  }

  #remove(key: string, cached: Cached): void {
    this.#byName.delete(key);
    this.#nameById.delete(cached.idKey);
  }
}

/** Neither a tenant's nor a topic's name can contain a slash. */
function nameKey(tenant: Tenant, name: string): string {
  return `${tenant.name}/${name}`;
}

function idKey(tenant: Tenant, id: Buffer): string {
  return `${tenant.name}/${id.toString('hex')}`;
}
