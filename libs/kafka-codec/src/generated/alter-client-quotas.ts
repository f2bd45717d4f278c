// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-1. */
export interface AlterClientQuotasRequest {
  /** The quota configuration entries to alter. (versions 0+) */
  entries: AlterClientQuotasRequestEntryData[];
  /** Whether the alteration should be validated, but not performed. (versions 0+) */
  validateOnly: boolean;
}

export interface AlterClientQuotasRequestEntityData {
  /** The entity type. (versions 0+) */
  entityType: string;
  /** The name of the entity, or null if the default. (versions 0+, nullable 0+) */
  entityName: string | null;
}

export interface AlterClientQuotasRequestOpData {
  /** The quota configuration key. (versions 0+) */
  key: string;
  /** The value to set, otherwise ignored if the value is to be removed. (versions 0+) */
  value: number;
  /** Whether the quota configuration value should be removed, otherwise set. (versions 0+) */
  remove: boolean;
}

export interface AlterClientQuotasRequestEntryData {
  /** The quota entity to alter. (versions 0+) */
  entity: AlterClientQuotasRequestEntityData[];
  /** An individual quota configuration entry to alter. (versions 0+) */
  ops: AlterClientQuotasRequestOpData[];
}

export function decodeAlterClientQuotasRequest(
  reader: ByteReader,
  version: number,
): AlterClientQuotasRequest {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('AlterClientQuotasRequest', version);
  const flexible = version >= 1;
  const entries: AlterClientQuotasRequestEntryData[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    entries.push(decodeAlterClientQuotasRequestEntryData(reader, version));
  }
  const validateOnly = reader.readBoolean();
  if (flexible) {
    reader.skipTags();
  }
  return { entries, validateOnly };
}

export function encodeAlterClientQuotasRequest(
  writer: ByteWriter,
  value: Encodable<AlterClientQuotasRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('AlterClientQuotasRequest', version);
  const flexible = version >= 1;
  const entries = value.entries ?? [];
  if (flexible) writer.writeCompactArrayCount(entries.length);
  else writer.writeArrayCount(entries.length);
  for (const item of entries) encodeAlterClientQuotasRequestEntryData(writer, item, version);
  const validateOnly = value.validateOnly ?? false;
  writer.writeBoolean(validateOnly);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAlterClientQuotasRequestEntityData(
  reader: ByteReader,
  version: number,
): AlterClientQuotasRequestEntityData {
  const flexible = version >= 1;
  const entityType = flexible ? reader.readCompactString() : reader.readString();
  const entityName = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { entityType, entityName };
}

function encodeAlterClientQuotasRequestEntityData(
  writer: ByteWriter,
  value: Encodable<AlterClientQuotasRequestEntityData>,
  version: number,
): void {
  const flexible = version >= 1;
  const entityType = value.entityType ?? '';
  flexible ? writer.writeCompactString(entityType) : writer.writeString(entityType);
  const entityName = value.entityName === undefined ? '' : value.entityName;
  flexible ? writer.writeCompactNullableString(entityName) : writer.writeNullableString(entityName);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAlterClientQuotasRequestOpData(
  reader: ByteReader,
  version: number,
): AlterClientQuotasRequestOpData {
  const flexible = version >= 1;
  const key = flexible ? reader.readCompactString() : reader.readString();
  const valueField = reader.readFloat64();
  const remove = reader.readBoolean();
  if (flexible) {
    reader.skipTags();
  }
  return { key, value: valueField, remove };
}

function encodeAlterClientQuotasRequestOpData(
  writer: ByteWriter,
  value: Encodable<AlterClientQuotasRequestOpData>,
  version: number,
): void {
  const flexible = version >= 1;
  const key = value.key ?? '';
  flexible ? writer.writeCompactString(key) : writer.writeString(key);
  const valueField = value.value ?? 0;
  writer.writeFloat64(valueField);
  const remove = value.remove ?? false;
  writer.writeBoolean(remove);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAlterClientQuotasRequestEntryData(
  reader: ByteReader,
  version: number,
): AlterClientQuotasRequestEntryData {
  const flexible = version >= 1;
  const entity: AlterClientQuotasRequestEntityData[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    entity.push(decodeAlterClientQuotasRequestEntityData(reader, version));
  }
  const ops: AlterClientQuotasRequestOpData[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(11) : reader.readArrayCount(11)); count > 0; count--) {
    ops.push(decodeAlterClientQuotasRequestOpData(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { entity, ops };
}

function encodeAlterClientQuotasRequestEntryData(
  writer: ByteWriter,
  value: Encodable<AlterClientQuotasRequestEntryData>,
  version: number,
): void {
  const flexible = version >= 1;
  const entity = value.entity ?? [];
  if (flexible) writer.writeCompactArrayCount(entity.length);
  else writer.writeArrayCount(entity.length);
  for (const item of entity) encodeAlterClientQuotasRequestEntityData(writer, item, version);
  const ops = value.ops ?? [];
  if (flexible) writer.writeCompactArrayCount(ops.length);
  else writer.writeArrayCount(ops.length);
  for (const item of ops) encodeAlterClientQuotasRequestOpData(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-1. */
export interface AlterClientQuotasResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The quota configuration entries to alter. (versions 0+) */
  entries: AlterClientQuotasResponseEntryData[];
}

export interface AlterClientQuotasResponseEntityData {
  /** The entity type. (versions 0+) */
  entityType: string;
  /** The name of the entity, or null if the default. (versions 0+, nullable 0+) */
  entityName: string | null;
}

export interface AlterClientQuotasResponseEntryData {
  /** The error code, or `0` if the quota alteration succeeded. (versions 0+) */
  errorCode: number;
  /** The error message, or `null` if the quota alteration succeeded. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The quota entity to alter. (versions 0+) */
  entity: AlterClientQuotasResponseEntityData[];
}

export function decodeAlterClientQuotasResponse(
  reader: ByteReader,
  version: number,
): AlterClientQuotasResponse {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('AlterClientQuotasResponse', version);
  const flexible = version >= 1;
  const throttleTimeMs = reader.readInt32();
  const entries: AlterClientQuotasResponseEntryData[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(5) : reader.readArrayCount(5)); count > 0; count--) {
    entries.push(decodeAlterClientQuotasResponseEntryData(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, entries };
}

export function encodeAlterClientQuotasResponse(
  writer: ByteWriter,
  value: Encodable<AlterClientQuotasResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('AlterClientQuotasResponse', version);
  const flexible = version >= 1;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const entries = value.entries ?? [];
  if (flexible) writer.writeCompactArrayCount(entries.length);
  else writer.writeArrayCount(entries.length);
  for (const item of entries) encodeAlterClientQuotasResponseEntryData(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAlterClientQuotasResponseEntityData(
  reader: ByteReader,
  version: number,
): AlterClientQuotasResponseEntityData {
  const flexible = version >= 1;
  const entityType = flexible ? reader.readCompactString() : reader.readString();
  const entityName = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { entityType, entityName };
}

function encodeAlterClientQuotasResponseEntityData(
  writer: ByteWriter,
  value: Encodable<AlterClientQuotasResponseEntityData>,
  version: number,
): void {
  const flexible = version >= 1;
  const entityType = value.entityType ?? '';
  flexible ? writer.writeCompactString(entityType) : writer.writeString(entityType);
  const entityName = value.entityName === undefined ? '' : value.entityName;
  flexible ? writer.writeCompactNullableString(entityName) : writer.writeNullableString(entityName);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAlterClientQuotasResponseEntryData(
  reader: ByteReader,
  version: number,
): AlterClientQuotasResponseEntryData {
  const flexible = version >= 1;
  const errorCode = reader.readInt16();
  const errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const entity: AlterClientQuotasResponseEntityData[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    entity.push(decodeAlterClientQuotasResponseEntityData(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, errorMessage, entity };
}

function encodeAlterClientQuotasResponseEntryData(
  writer: ByteWriter,
  value: Encodable<AlterClientQuotasResponseEntryData>,
  version: number,
): void {
  const flexible = version >= 1;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  const entity = value.entity ?? [];
  if (flexible) writer.writeCompactArrayCount(entity.length);
  else writer.writeArrayCount(entity.length);
  for (const item of entity) encodeAlterClientQuotasResponseEntityData(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** AlterClientQuotas, ApiKey 49: versions 0-1, flexible since 1. */
export const alterClientQuotasApi: KafkaApi<AlterClientQuotasRequest, AlterClientQuotasResponse> = {
  key: 49,
  name: 'AlterClientQuotas',
  versionMin: 0,
  versionMax: 1,
  flexibleSince: 1,
  latestVersionUnstable: false,
  decodeRequest: decodeAlterClientQuotasRequest,
  encodeRequest: encodeAlterClientQuotasRequest,
  decodeResponse: decodeAlterClientQuotasResponse,
  encodeResponse: encodeAlterClientQuotasResponse,
};
