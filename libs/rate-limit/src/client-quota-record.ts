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

/** One kind of one entity. */
export interface StoredQuota {
  readonly entity: QuotaEntity;
  readonly perSecond: number;
}

export interface QuotaKey {
  readonly tenant: string;
  readonly kind: StoredKind;
  /** The entity's. */
  readonly id: string;
}

const version = 1;
const idBytes = 18;

export function quotaEntityId({ user, clientId }: QuotaEntity): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([user, clientId]))
    .digest();
  return digest.subarray(0, idBytes).toString('base64url');
}

/**
 * `quota/<tenant>/<kind>/<id>`; its value is JSON: `{"v": 1, "user": ..., "clientId": ..., "perSecond": ...}`. Each kind is a
 * record of its own: who sets one need not know the others, and takes nothing back that is set at the same time.
 */
export function quotaKey({ tenant, kind, id }: QuotaKey): string {
  return `quota/${tenant}/${kind}/${id}`;
}

/** Undefined for a key of something else. */
export function parseQuotaKey(key: string): QuotaKey | undefined {
  const [what, tenant, kind, id, ...rest] = key.split('/');
  if (what !== 'quota' || !tenant || !isKind(kind) || !id || rest.length > 0) return undefined;
  return { tenant, kind, id };
}

export function encodeQuota({ entity, perSecond }: StoredQuota): Buffer {
  return Buffer.from(JSON.stringify({ v: version, ...entity, perSecond }));
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
  const { user, clientId, perSecond } = read;
  if (!isName(user) || !isName(clientId) || (user === undefined && clientId === undefined)) return undefined;
  if (typeof perSecond !== 'number' || !(perSecond > 0 && Number.isFinite(perSecond))) return undefined;
  return {
    entity: { ...(user !== undefined && { user }), ...(clientId !== undefined && { clientId }) },
    perSecond,
  };
}

function isKind(value: string | undefined): value is StoredKind {
  return storedKinds.some((kind) => kind === value);
}

function isName(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value !== '');
}
