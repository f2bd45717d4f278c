import type { Buffer } from 'node:buffer';
import type { ClientLimits } from '#libs/tenancy';
import { entityName } from './client-rules.js';
import {
  decodeQuota,
  encodeQuota,
  type QuotaEntity,
  quotaKey,
  type StoredQuota,
  storedKinds,
  type StoredKind,
  tenantOfQuotaKey,
} from './client-quota-record.js';
import type { RateLimits } from './rate-limits.js';

/** Values by key that all gateways agree on. */
export interface QuotaValues {
  readonly ready: boolean;
  /** Null deletes. Resolves when it holds here. */
  put(key: string, value: Buffer | null): Promise<void>;
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

/** A quota as those see it who ask for it. */
export interface ShownQuota extends StoredQuota {
  /** Kinds that the configuration sets: no client changes them. */
  readonly configured: ReadonlySet<StoredKind>;
}

const quotasMaxDefault = 1_000;

/** Limits of users and client ids that were set while gateways run, the same on all of them, and those of the configuration. */
export class ClientQuotas {
  readonly #byTenant = new Map<string, Map<string, StoredQuota>>();
  readonly #changed = new Set<string>();
  /** How many of a tenant are new and on their way: requests of many make several at once. */
  readonly #making = new Map<string, number>();

  /** @param quotasMax of one tenant */
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
   * Sets or, by undefined, takes away; what is not named stays.
   * @throws ClientQuotaError, or what the values refuse with
   */
  async alter(
    tenant: string,
    entity: QuotaEntity,
    changes: ReadonlyMap<StoredKind, number | undefined>,
    validateOnly: boolean,
  ): Promise<void> {
    this.#requireReady();
    const name = nameOf(entity);
    const configured = this.list(tenant).find((each) => nameOf(each.entity) === name)?.configured;
    for (const kind of changes.keys()) {
      if (configured?.has(kind)) {
        throw new ClientQuotaError('configured', `${kind} of it is set in the gateway's configuration`);
      }
    }
    const stored = this.#byTenant.get(tenant);
    const before = stored?.get(quotaKey(tenant, entity));
    const making = this.#making.get(tenant) ?? 0;
    if (before === undefined && (stored?.size ?? 0) + making >= this.quotasMax) {
      throw new ClientQuotaError('limit', `a tenant has at most ${this.quotasMax} client quotas`);
    }
    if (validateOnly) return;
    const rates = { ...before?.rates };
    for (const [kind, rate] of changes) {
      if (rate === undefined) delete rates[kind];
      else rates[kind] = rate;
    }
    const isEmpty = Object.keys(rates).length === 0;
    if (isEmpty && before === undefined) return;
    const put = () =>
      this.values.put(quotaKey(tenant, entity), isEmpty ? null : encodeQuota({ entity, rates }));
    if (before !== undefined) return put();
    this.#making.set(tenant, making + 1);
    try {
      await put();
    } finally {
      const left = this.#making.get(tenant)! - 1;
      if (left === 0) this.#making.delete(tenant);
      else this.#making.set(tenant, left);
    }
  }

  #requireReady(): void {
    if (!this.values.ready) throw new ClientQuotaError('unavailable', 'client quotas cannot be read now');
  }

  #take(key: string, value: Buffer | undefined): void {
    const tenant = tenantOfQuotaKey(key);
    if (tenant === undefined) return;
    let stored = this.#byTenant.get(tenant);
    if (stored === undefined) this.#byTenant.set(tenant, (stored = new Map()));
    const quota = value && decodeQuota(value);
    if (quota === undefined) stored.delete(key);
    else stored.set(key, quota);
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
