import type { Buffer } from 'node:buffer';
import type { Tenant } from '#libs/tenancy';
import type { KafkaTopic } from './kafka-topic.js';

interface Cached {
  readonly topic: KafkaTopic;
  readonly expiresAtMs: number;
  readonly tenantName: string;
  readonly nameKey: string;
  readonly idKey: string;
}

/** What is known of topics, by name and by id; bounded in number and in age, the longest unused goes first. */
export class TopicCache {
  readonly #byName = new Map<string, Cached>();
  readonly #byId = new Map<string, Cached>();
  /** What was asked for by its id last: mostly it is asked for again. */
  #last: Cached | undefined;

  constructor(
    private readonly topicsMax: number,
    private readonly ageMaxMs: number,
    private readonly now: () => number,
  ) {}

  get size(): number {
    return this.#byName.size;
  }

  get(tenant: Tenant, name: string): KafkaTopic | undefined {
    return this.#fresh(this.#byName.get(nameKey(tenant, name)));
  }

  getById(tenant: Tenant, id: Buffer): KafkaTopic | undefined {
    const last = this.#last;
    if (last?.tenantName !== tenant.name || !last.topic.id.equals(id)) {
      this.#last = this.#byId.get(idKey(tenant, id));
    }
    return this.#fresh(this.#last);
  }

  /** The name that had this id when it was last looked up, however long ago. */
  nameOf(tenant: Tenant, id: Buffer): string | undefined {
    return this.#byId.get(idKey(tenant, id))?.topic.name;
  }

  set(tenant: Tenant, topic: KafkaTopic): void {
    this.delete(tenant, topic.name);
    const cached = {
      topic,
      expiresAtMs: this.now() + this.ageMaxMs,
      tenantName: tenant.name,
      nameKey: nameKey(tenant, topic.name),
      idKey: idKey(tenant, topic.id),
    };
    this.#byName.set(cached.nameKey, cached);
    this.#byId.set(cached.idKey, cached);
    this.#last = undefined;
    if (this.#byName.size > this.topicsMax) this.#remove(this.#byName.values().next().value!);
  }

  delete(tenant: Pick<Tenant, 'name'>, name: string): void {
    const cached = this.#byName.get(nameKey(tenant, name));
    if (cached !== undefined) this.#remove(cached);
  }

  /** What is too old stays until it is replaced, so that `nameOf` still leads to the name that is to be looked up. */
  #fresh(cached: Cached | undefined): KafkaTopic | undefined {
    if (cached === undefined || cached.expiresAtMs <= this.now()) return undefined;
    // The order of use matters only where something may have to go soon.
    if (this.#byName.size > this.topicsMax / 2) {
      this.#byName.delete(cached.nameKey);
      this.#byName.set(cached.nameKey, cached);
    }
    return cached.topic;
  }

  #remove(cached: Cached): void {
    if (this.#last === cached) this.#last = undefined;
    this.#byName.delete(cached.nameKey);
    if (this.#byId.get(cached.idKey) === cached) this.#byId.delete(cached.idKey);
  }
}

/** Neither a tenant's nor a topic's name can contain a slash. */
function nameKey(tenant: Pick<Tenant, 'name'>, name: string): string {
  return `${tenant.name}/${name}`;
}

function idKey(tenant: Tenant, id: Buffer): string {
  return `${tenant.name}/${id.toString('latin1')}`;
}
