// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-1. */
export interface DescribeClientQuotasRequest {
  /** Filter components to apply to quota entities. (versions 0+) */
  components: DescribeClientQuotasRequestComponentData[];
  /** Whether the match is strict, i.e. should exclude entities with unspecified entity types. (versions 0+) */
  strict: boolean;
}

export interface DescribeClientQuotasRequestComponentData {
  /** The entity type that the filter component applies to. (versions 0+) */
  entityType: string;
  /** How to match the entity {0 = exact name, 1 = default name, 2 = any specified name}. (versions 0+) */
  matchType: number;
  /** The string to match against, or null if unused for the match type. (versions 0+, nullable 0+) */
  match: string | null;
}

export function decodeDescribeClientQuotasRequest(
  reader: ByteReader,
  version: number,
): DescribeClientQuotasRequest {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('DescribeClientQuotasRequest', version);
  const flexible = version >= 1;
  const components: DescribeClientQuotasRequestComponentData[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    components.push(decodeDescribeClientQuotasRequestComponentData(reader, version));
  }
  const strict = reader.readBoolean();
  if (flexible) {
    reader.skipTags();
  }
  return { components, strict };
}

export function encodeDescribeClientQuotasRequest(
  writer: ByteWriter,
  value: Encodable<DescribeClientQuotasRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('DescribeClientQuotasRequest', version);
  const flexible = version >= 1;
  const components = value.components ?? [];
  if (flexible) writer.writeCompactArrayCount(components.length);
  else writer.writeArrayCount(components.length);
  for (const item of components) encodeDescribeClientQuotasRequestComponentData(writer, item, version);
  const strict = value.strict ?? false;
  writer.writeBoolean(strict);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeClientQuotasRequestComponentData(
  reader: ByteReader,
  version: number,
): DescribeClientQuotasRequestComponentData {
  const flexible = version >= 1;
  const entityType = flexible ? reader.readCompactString() : reader.readString();
  const matchType = reader.readInt8();
  const match = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { entityType, matchType, match };
}

function encodeDescribeClientQuotasRequestComponentData(
  writer: ByteWriter,
  value: Encodable<DescribeClientQuotasRequestComponentData>,
  version: number,
): void {
  const flexible = version >= 1;
  const entityType = value.entityType ?? '';
  flexible ? writer.writeCompactString(entityType) : writer.writeString(entityType);
  const matchType = value.matchType ?? 0;
  writer.writeInt8(matchType);
  const match = value.match === undefined ? '' : value.match;
  flexible ? writer.writeCompactNullableString(match) : writer.writeNullableString(match);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-1. */
export interface DescribeClientQuotasResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The error code, or `0` if the quota description succeeded. (versions 0+) */
  errorCode: number;
  /** The error message, or `null` if the quota description succeeded. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** A result entry. (versions 0+, nullable 0+) */
  entries: DescribeClientQuotasResponseEntryData[] | null;
}

export interface DescribeClientQuotasResponseEntityData {
  /** The entity type. (versions 0+) */
  entityType: string;
  /** The entity name, or null if the default. (versions 0+, nullable 0+) */
  entityName: string | null;
}

export interface DescribeClientQuotasResponseValueData {
  /** The quota configuration key. (versions 0+) */
  key: string;
  /** The quota configuration value. (versions 0+) */
  value: number;
}

export interface DescribeClientQuotasResponseEntryData {
  /** The quota entity description. (versions 0+) */
  entity: DescribeClientQuotasResponseEntityData[];
  /** The quota values for the entity. (versions 0+) */
  values: DescribeClientQuotasResponseValueData[];
}

export function decodeDescribeClientQuotasResponse(
  reader: ByteReader,
  version: number,
): DescribeClientQuotasResponse {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('DescribeClientQuotasResponse', version);
  const flexible = version >= 1;
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  let entries: DescribeClientQuotasResponseEntryData[] | null;
  const entriesCount = flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3);
  if (entriesCount < 0) entries = null;
  else {
    entries = [];
    for (let count = entriesCount; count > 0; count--) entries.push(decodeDescribeClientQuotasResponseEntryData(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode, errorMessage, entries };
}

export function encodeDescribeClientQuotasResponse(
  writer: ByteWriter,
  value: Encodable<DescribeClientQuotasResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('DescribeClientQuotasResponse', version);
  const flexible = version >= 1;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  const entries = value.entries === undefined ? [] : value.entries;
  if (entries === null) {
    if (flexible) writer.writeCompactArrayCount(-1);
    else writer.writeArrayCount(-1);
  } else {
    if (flexible) writer.writeCompactArrayCount(entries.length);
    else writer.writeArrayCount(entries.length);
    for (const item of entries) encodeDescribeClientQuotasResponseEntryData(writer, item, version);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeClientQuotasResponseEntityData(
  reader: ByteReader,
  version: number,
): DescribeClientQuotasResponseEntityData {
  const flexible = version >= 1;
  const entityType = flexible ? reader.readCompactString() : reader.readString();
  const entityName = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { entityType, entityName };
}

function encodeDescribeClientQuotasResponseEntityData(
  writer: ByteWriter,
  value: Encodable<DescribeClientQuotasResponseEntityData>,
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

function decodeDescribeClientQuotasResponseValueData(
  reader: ByteReader,
  version: number,
): DescribeClientQuotasResponseValueData {
  const flexible = version >= 1;
  const key = flexible ? reader.readCompactString() : reader.readString();
  const valueField = reader.readFloat64();
  if (flexible) {
    reader.skipTags();
  }
  return { key, value: valueField };
}

function encodeDescribeClientQuotasResponseValueData(
  writer: ByteWriter,
  value: Encodable<DescribeClientQuotasResponseValueData>,
  version: number,
): void {
  const flexible = version >= 1;
  const key = value.key ?? '';
  flexible ? writer.writeCompactString(key) : writer.writeString(key);
  const valueField = value.value ?? 0;
  writer.writeFloat64(valueField);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeClientQuotasResponseEntryData(
  reader: ByteReader,
  version: number,
): DescribeClientQuotasResponseEntryData {
  const flexible = version >= 1;
  const entity: DescribeClientQuotasResponseEntityData[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    entity.push(decodeDescribeClientQuotasResponseEntityData(reader, version));
  }
  const values: DescribeClientQuotasResponseValueData[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(10) : reader.readArrayCount(10)); count > 0; count--) {
    values.push(decodeDescribeClientQuotasResponseValueData(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { entity, values };
}

function encodeDescribeClientQuotasResponseEntryData(
  writer: ByteWriter,
  value: Encodable<DescribeClientQuotasResponseEntryData>,
  version: number,
): void {
  const flexible = version >= 1;
  const entity = value.entity ?? [];
  if (flexible) writer.writeCompactArrayCount(entity.length);
  else writer.writeArrayCount(entity.length);
  for (const item of entity) encodeDescribeClientQuotasResponseEntityData(writer, item, version);
  const values = value.values ?? [];
  if (flexible) writer.writeCompactArrayCount(values.length);
  else writer.writeArrayCount(values.length);
  for (const item of values) encodeDescribeClientQuotasResponseValueData(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** DescribeClientQuotas, ApiKey 48: versions 0-1, flexible since 1. */
export const describeClientQuotasApi: KafkaApi<DescribeClientQuotasRequest, DescribeClientQuotasResponse> = {
  key: 48,
  name: 'DescribeClientQuotas',
  versionMin: 0,
  versionMax: 1,
  flexibleSince: 1,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeClientQuotasRequest,
  encodeRequest: encodeDescribeClientQuotasRequest,
  decodeResponse: decodeDescribeClientQuotasResponse,
  encodeResponse: encodeDescribeClientQuotasResponse,
};
