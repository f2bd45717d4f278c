// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface AlterConfigsRequest {
  /** The updates for each resource. (versions 0+) */
  resources: AlterConfigsRequestAlterConfigsResource[];
  /** True if we should validate the request, but not change the configurations. (versions 0+) */
  validateOnly: boolean;
}

export interface AlterConfigsRequestAlterableConfig {
  /** The configuration key name. (versions 0+) */
  name: string;
  /** The value to set for the configuration key. (versions 0+, nullable 0+) */
  value: string | null;
}

export interface AlterConfigsRequestAlterConfigsResource {
  /** The resource type. (versions 0+) */
  resourceType: number;
  /** The resource name. (versions 0+) */
  resourceName: string;
  /** The configurations. (versions 0+) */
  configs: AlterConfigsRequestAlterableConfig[];
}

export function decodeAlterConfigsRequest(
  reader: ByteReader,
  version: number,
): AlterConfigsRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('AlterConfigsRequest', version);
  const flexible = version >= 2;
  const resources: AlterConfigsRequestAlterConfigsResource[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    resources.push(decodeAlterConfigsRequestAlterConfigsResource(reader, version));
  }
  const validateOnly = reader.readBoolean();
  if (flexible) {
    reader.skipTags();
  }
  return { resources, validateOnly };
}

export function encodeAlterConfigsRequest(
  writer: ByteWriter,
  value: Encodable<AlterConfigsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('AlterConfigsRequest', version);
  const flexible = version >= 2;
  const resources = value.resources ?? [];
  if (flexible) writer.writeCompactArrayCount(resources.length);
  else writer.writeArrayCount(resources.length);
  for (const item of resources) encodeAlterConfigsRequestAlterConfigsResource(writer, item, version);
  const validateOnly = value.validateOnly ?? false;
  writer.writeBoolean(validateOnly);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAlterConfigsRequestAlterableConfig(
  reader: ByteReader,
  version: number,
): AlterConfigsRequestAlterableConfig {
  const flexible = version >= 2;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const valueField = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { name, value: valueField };
}

function encodeAlterConfigsRequestAlterableConfig(
  writer: ByteWriter,
  value: Encodable<AlterConfigsRequestAlterableConfig>,
  version: number,
): void {
  const flexible = version >= 2;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const valueField = value.value === undefined ? '' : value.value;
  flexible ? writer.writeCompactNullableString(valueField) : writer.writeNullableString(valueField);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAlterConfigsRequestAlterConfigsResource(
  reader: ByteReader,
  version: number,
): AlterConfigsRequestAlterConfigsResource {
  const flexible = version >= 2;
  const resourceType = reader.readInt8();
  const resourceName = flexible ? reader.readCompactString() : reader.readString();
  const configs: AlterConfigsRequestAlterableConfig[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    configs.push(decodeAlterConfigsRequestAlterableConfig(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { resourceType, resourceName, configs };
}

function encodeAlterConfigsRequestAlterConfigsResource(
  writer: ByteWriter,
  value: Encodable<AlterConfigsRequestAlterConfigsResource>,
  version: number,
): void {
  const flexible = version >= 2;
  const resourceType = value.resourceType ?? 0;
  writer.writeInt8(resourceType);
  const resourceName = value.resourceName ?? '';
  flexible ? writer.writeCompactString(resourceName) : writer.writeString(resourceName);
  const configs = value.configs ?? [];
  if (flexible) writer.writeCompactArrayCount(configs.length);
  else writer.writeArrayCount(configs.length);
  for (const item of configs) encodeAlterConfigsRequestAlterableConfig(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-2. */
export interface AlterConfigsResponse {
  /** Duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The responses for each resource. (versions 0+) */
  responses: AlterConfigsResponseAlterConfigsResourceResponse[];
}

export interface AlterConfigsResponseAlterConfigsResourceResponse {
  /** The resource error code. (versions 0+) */
  errorCode: number;
  /** The resource error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The resource type. (versions 0+) */
  resourceType: number;
  /** The resource name. (versions 0+) */
  resourceName: string;
}

export function decodeAlterConfigsResponse(
  reader: ByteReader,
  version: number,
): AlterConfigsResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('AlterConfigsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = reader.readInt32();
  const responses: AlterConfigsResponseAlterConfigsResourceResponse[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(6) : reader.readArrayCount(6)); count > 0; count--) {
    responses.push(decodeAlterConfigsResponseAlterConfigsResourceResponse(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, responses };
}

export function encodeAlterConfigsResponse(
  writer: ByteWriter,
  value: Encodable<AlterConfigsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('AlterConfigsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const responses = value.responses ?? [];
  if (flexible) writer.writeCompactArrayCount(responses.length);
  else writer.writeArrayCount(responses.length);
  for (const item of responses) encodeAlterConfigsResponseAlterConfigsResourceResponse(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeAlterConfigsResponseAlterConfigsResourceResponse(
  reader: ByteReader,
  version: number,
): AlterConfigsResponseAlterConfigsResourceResponse {
  const flexible = version >= 2;
  const errorCode = reader.readInt16();
  const errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const resourceType = reader.readInt8();
  const resourceName = flexible ? reader.readCompactString() : reader.readString();
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, errorMessage, resourceType, resourceName };
}

function encodeAlterConfigsResponseAlterConfigsResourceResponse(
  writer: ByteWriter,
  value: Encodable<AlterConfigsResponseAlterConfigsResourceResponse>,
  version: number,
): void {
  const flexible = version >= 2;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  const resourceType = value.resourceType ?? 0;
  writer.writeInt8(resourceType);
  const resourceName = value.resourceName ?? '';
  flexible ? writer.writeCompactString(resourceName) : writer.writeString(resourceName);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** AlterConfigs, ApiKey 33: versions 0-2, flexible since 2. */
export const alterConfigsApi: KafkaApi<AlterConfigsRequest, AlterConfigsResponse> = {
  key: 33,
  name: 'AlterConfigs',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeAlterConfigsRequest,
  encodeRequest: encodeAlterConfigsRequest,
  decodeResponse: decodeAlterConfigsResponse,
  encodeResponse: encodeAlterConfigsResponse,
};
