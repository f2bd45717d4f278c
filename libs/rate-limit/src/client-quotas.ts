import type { Buffer } from 'node:buffer';
import type { ClientLimits } from '#libs/tenancy';
import { entityName } from './client-rules.js';
import {
  decodeQuota,
  encodeQuota,
  parseQuotaKey,
  type QuotaEntity,
  quotaEntityId,
  quotaKey,
  storedKinds,
  type StoredKind,
} from './client-quota-record.js';
import type { RateLimits } from './rate-limits.js';

/** Values by key that all gateways agree on. */
export interface QuotaValues {
  readonly ready: boolean;
  /** All of them together, or none; null deletes. Resolves when they hold here. */
  putAll(changes: ReadonlyMap<string, Buffer | null>): Promise<void>;
  onChange(listener: (key: string, value: Buffer | undefined) => void): () => void;
}

/**
 * - unavailable: what is set is not known now
 * - configured: the configuration sets it
 * - limit: there are as many as there may be
 */
export type ClientQuotaFault = 'unavailable' | 'configured' | 'limit';

export class ClientQuotaError extends Error {
  override readonly name = 'ClientQuotaError';

  constructor(
    readonly fault: ClientQuotaFault,
    message: string,
  ) {
    super(message);
  }
}

interface EntityQuotas {
  readonly entity: QuotaEntity;
  readonly rates: Readonly<Partial<Record<StoredKind, number>>>;
}

/** Quotas as those see them who ask for them. */
export interface ShownQuota extends EntityQuotas {
  /** Kinds that the configuration sets: no client changes them. */
  readonly configured: ReadonlySet<StoredKind>;
}

const quotasMaxDefault = 1_000;

/** Limits of users and client ids that were set while gateways run, the same on all of them, and those of the configuration. */
export class ClientQuotas {
  /** By the entity's id. */
  readonly #byTenant = new Map<string, Map<string, EntityQuotas>>();
  readonly #changed = new Set<string>();
  /** Requests on their way for entities of a tenant that are new: requests of many make several at once. */
  readonly #making = new Map<string, Map<string, number>>();

  /** @param quotasMax entities of one tenant */
  constructor(
    private readonly values: QuotaValues,
    private readonly limits: RateLimits,
    private readonly quotasMax = quotasMaxDefault,
  ) {
    limits.useStored((tenant) => this.#rulesOf(tenant));
    values.onChange((key, value) => this.#take(key, value));
  }

  /** @throws ClientQuotaError unavailable */
  list(tenant: string): ShownQuota[] {
    this.#requireReady();
    const shown = new Map<string, ShownQuota>();
    for (const { entity, rates } of this.#byTenant.get(tenant)?.values() ?? []) {
      shown.set(nameOf(entity), { entity, rates, configured: new Set() });
    }
    for (const rule of this.limits.of({ name: tenant }).limits.clients ?? []) {
      const { user, clientId } = rule;
      const entity = { ...(user !== undefined && { user }), ...(clientId !== undefined && { clientId }) };
      const before = shown.get(nameOf(entity));
      const configured = new Set(storedKinds.filter((kind) => rule[kind] !== undefined));
      const rates = { ...before?.rates };
      for (const kind of configured) rates[kind] = rule[kind]!.perSecond;
      if (Object.keys(rates).length > 0) shown.set(nameOf(entity), { entity, rates, configured });
    }
    return [...shown.values()];
  }

  /**
   * Sets or, by undefined, takes away; what is not named stays, also what others set at the same time, here or on another
   * gateway: nothing that was read before is written.
   *
   * @param wouldMake only checks; holds the new entities of what is checked together, which count together
   * @throws ClientQuotaError, or what the values refuse with
   */
  async alter(
    tenant: string,
    entity: QuotaEntity,
    changes: ReadonlyMap<StoredKind, number | undefined>,
    wouldMake?: Set<string>,
  ): Promise<void> {
    this.#requireReady();
    this.#requireOurs(tenant, entity, changes.keys());
    const id = quotaEntityId(entity);
    const isNew = this.#byTenant.get(tenant)?.has(id) !== true;
    const sets = [...changes.values()].some((perSecond) => perSecond !== undefined);
    if (isNew && sets) {
      this.#requireRoom(tenant, id, wouldMake);
      wouldMake?.add(id);
    }
    if (wouldMake !== undefined || changes.size === 0) return;
    const records = new Map<string, Buffer | null>();
    for (const [kind, perSecond] of changes) {
      // Also what is not known here: another gateway may just have set it.
      const value = perSecond === undefined ? null : encodeQuota({ entity, perSecond });
      records.set(quotaKey({ tenant, kind, id }), value);
    }
    if (isNew && sets) await this.#make(tenant, id, records);
    else await this.values.putAll(records);
  }

  /** Of the configuration's alone: a request may be of very many, and what is stored are many, too. */
  #requireOurs(tenant: string, { user, clientId }: QuotaEntity, kinds: Iterable<StoredKind>): void {
    const rules = this.limits.of({ name: tenant }).limits.clients ?? [];
    const configured = rules.filter((rule) => rule.user === user && rule.clientId === clientId);
    for (const kind of kinds) {
      if (configured.some((rule) => rule[kind] !== undefined)) {
        throw new ClientQuotaError('configured', `${kind} of it is set in the gateway's configuration`);
      }
    }
  }

  #requireRoom(tenant: string, id: string, wouldMake: ReadonlySet<string> = new Set()): void {
    const stored = this.#byTenant.get(tenant);
    const making = this.#making.get(tenant);
    if (making?.has(id)) return;
    const coming = new Set([...(making?.keys() ?? []), ...wouldMake]);
    let entities = stored?.size ?? 0;
    for (const each of coming) if (!stored?.has(each)) entities++;
    if (entities >= this.quotasMax) {
      throw new ClientQuotaError('limit', `a tenant has at most ${this.quotasMax} client quotas`);
    }
  }

  async #make(tenant: string, id: string, records: ReadonlyMap<string, Buffer | null>): Promise<void> {
    const making = this.#making.get(tenant) ?? new Map<string, number>();
    this.#making.set(tenant, making);
    making.set(id, (making.get(id) ?? 0) + 1);
    try {
      await this.values.putAll(records);
    } finally {
      const left = making.get(id)! - 1;
      if (left > 0) making.set(id, left);
      else making.delete(id);
      if (making.size === 0) this.#making.delete(tenant);
    }
  }

  #requireReady(): void {
    if (!this.values.ready) throw new ClientQuotaError('unavailable', 'client quotas cannot be read now');
  }

  #take(key: string, value: Buffer | undefined): void {
    const parsed = parseQuotaKey(key);
    if (parsed === undefined) return;
    const { tenant, kind, id } = parsed;
    let stored = this.#byTenant.get(tenant);
    if (stored === undefined) this.#byTenant.set(tenant, (stored = new Map()));
    const quota = value && decodeQuota(value);
    const before = stored.get(id);
    const rates = { ...before?.rates };
    if (quota === undefined) delete rates[kind];
    else rates[kind] = quota.perSecond;
    const entity = quota?.entity ?? before?.entity;
    if (entity === undefined || Object.keys(rates).length === 0) stored.delete(id);
    else stored.set(id, { entity, rates });
    // Once for all that one piece of the log changes.
    if (this.#changed.size === 0) queueMicrotask(() => this.#tell());
    this.#changed.add(tenant);
  }

  #tell(): void {
    for (const tenant of this.#changed) this.limits.storedChanged(tenant);
    this.#changed.clear();
  }

  #rulesOf(tenant: string): ClientLimits[] {
    return [...(this.#byTenant.get(tenant)?.values() ?? [])].map(({ entity, rates }) => {
      const rule: { -readonly [key in keyof ClientLimits]: ClientLimits[key] } = { ...entity };
      for (const kind of storedKinds) {
        const perSecond = rates[kind];
        if (perSecond !== undefined) rule[kind] = { perSecond, burst: perSecond };
      }
      return rule;
    });
  }
}

function nameOf({ user, clientId }: QuotaEntity): string {
  return entityName(user, clientId);
}
