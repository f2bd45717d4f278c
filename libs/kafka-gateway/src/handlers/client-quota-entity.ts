import { KafkaErrorCode } from '#libs/kafka-codec';
import { ClientQuotaError, type ClientQuotaFault, type QuotaEntity, type StoredKind } from '#libs/rate-limit';
import { everyName } from '#libs/tenancy';
import { KafkaError } from '../kafka.errors.js';

/** Kafka's names (KIP-546). */
export const entityTypes = { user: 'user', clientId: 'client-id' } as const;
export const quotaKeys: Readonly<Record<StoredKind, string>> = {
  bytesIn: 'producer_byte_rate',
  bytesOut: 'consumer_byte_rate',
};
const kindOfKey = new Map(Object.entries(quotaKeys).map(([kind, key]) => [key, kind as StoredKind]));

/** Keys of Kafka that mean nothing here, and what stands for them. */
const otherKeys: Readonly<Record<string, string>> = {
  request_percentage: 'a gateway has no request threads; requests are limited in its configuration',
  controller_mutation_rate: 'creations are limited by tenant, in the configuration (limits.topicCreations)',
  connection_creation_rate: 'connections of addresses are limited in the configuration (limits.addresses)',
};

/** Each is kept by all gateways, in every record of the entity; what every tenant keeps there has one limit of bytes. */
const nameCharsMax = 1_024;

export interface KafkaEntityPart {
  readonly entityType: string;
  /** Null: each one without a setting of its own. */
  readonly entityName: string | null;
}

/** @throws KafkaError INVALID_REQUEST */
export function toQuotaEntity(parts: readonly KafkaEntityPart[]): QuotaEntity {
  const entity: { user?: string; clientId?: string } = {};
  for (const { entityType, entityName } of parts) {
    const key = Object.entries(entityTypes).find(([, type]) => type === entityType)?.[0] as
      | keyof typeof entityTypes
      | undefined;
    if (key === undefined) throw invalid(`quotas are of users and client ids, not of ${entityType}`);
    if (entity[key] !== undefined) throw invalid(`${entityType} is named twice`);
    if (entityName === '' || entityName === everyName) throw invalid(`${entityType} has no such name`);
    if (entityName !== null && (entityName.length > nameCharsMax || entityName.includes('\0'))) {
      throw invalid(`${entityType} has a name of at most ${nameCharsMax} characters, none of them NUL`);
    }
    entity[key] = entityName ?? everyName;
  }
  if (parts.length === 0) throw invalid('an entity is a user, a client id, or both');
  return entity;
}

export function toEntityParts({ user, clientId }: QuotaEntity): KafkaEntityPart[] {
  const part = (entityType: string, name: string | undefined) =>
    name === undefined ? [] : [{ entityType, entityName: name === everyName ? null : name }];
  return [...part(entityTypes.user, user), ...part(entityTypes.clientId, clientId)];
}

/** @throws KafkaError INVALID_REQUEST */
export function toStoredKind(key: string): StoredKind {
  const kind = kindOfKey.get(key);
  if (kind !== undefined) return kind;
  throw invalid(`${key}: ${otherKeys[key] ?? 'there is no such quota'}`);
}

const codeOfFault: Readonly<Record<ClientQuotaFault, number>> = {
  unavailable: KafkaErrorCode.NOT_CONTROLLER,
  configured: KafkaErrorCode.POLICY_VIOLATION,
  limit: KafkaErrorCode.POLICY_VIOLATION,
};
/** Of the log that gateways agree by. */
const codeOfLogFault: Readonly<Record<string, number>> = {
  unavailable: KafkaErrorCode.NOT_CONTROLLER,
  unconfirmed: KafkaErrorCode.REQUEST_TIMED_OUT,
  full: KafkaErrorCode.POLICY_VIOLATION,
};

export function clientQuotaRefusal(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error;
  const { message, fault } = error as { message: string; fault?: string };
  if (error instanceof ClientQuotaError) return new KafkaError(codeOfFault[error.fault], message);
  return new KafkaError(codeOfLogFault[fault ?? ''] ?? KafkaErrorCode.UNKNOWN_SERVER_ERROR, message);
}

function invalid(message: string): KafkaError {
  return new KafkaError(KafkaErrorCode.INVALID_REQUEST, message);
}
