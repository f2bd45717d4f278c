import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';

/** Limits that clients can set by their own tools, in bytes per second (KIP-546: `producer_byte_rate`, `consumer_byte_rate`). */
export const storedKinds = ['bytesIn', 'bytesOut'] as const;
export type StoredKind = (typeof storedKinds)[number];

/** Whose: a user, a client id, or both; `*` is each one without a setting of its own. */
export interface QuotaEntity {
  readonly user?: string;
  readonly clientId?: string;
}

export interface StoredQuota {
  readonly entity: QuotaEntity;
  readonly rates: Readonly<Partial<Record<StoredKind, number>>>;
}

const version = 1;
const idBytes = 18;

/** `quota/<tenant>/<id>`; its value is JSON: `{"v": 1, "user": ..., "clientId": ..., "bytesIn": ..., "bytesOut": ...}`. */
export function quotaKey(tenant: string, { user, clientId }: QuotaEntity): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([user, clientId]))
    .digest();
  return `quota/${tenant}/${digest.subarray(0, idBytes).toString('base64url')}`;
}

/** The tenant, or undefined for a key of something else. */
export function tenantOfQuotaKey(key: string): string | undefined {
  const [kind, tenant, id, ...rest] = key.split('/');
  return kind === 'quota' && tenant !== '' && id !== undefined && rest.length === 0 ? tenant : undefined;
}

export function encodeQuota({ entity, rates }: StoredQuota): Buffer {
  return Buffer.from(JSON.stringify({ v: version, ...entity, ...rates }));
}

/** Undefined when it cannot be understood: it limits nobody, as a quota that was never set. */
export function decodeQuota(value: Buffer): StoredQuota | undefined {
  let read: Record<string, unknown>;
  try {
    read = JSON.parse(value.toString()) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  if (read?.v !== version) return undefined;
  const { user, clientId } = read;
  if (!isName(user) || !isName(clientId) || (user === undefined && clientId === undefined)) return undefined;
  const rates: Partial<Record<StoredKind, number>> = {};
  for (const kind of storedKinds) {
    const rate = read[kind];
    if (typeof rate === 'number' && rate > 0 && Number.isFinite(rate)) rates[kind] = rate;
  }
  return {
    entity: { ...(user !== undefined && { user }), ...(clientId !== undefined && { clientId }) },
    rates,
  };
}

function isName(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value !== '');
}
