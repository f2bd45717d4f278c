// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-1. */
export interface IncrementalAlterConfigsRequest {
  /** The incremental updates for each resource. (versions 0+) */
  resources: IncrementalAlterConfigsRequestAlterConfigsResource[];
  /** True if we should validate the request, but not change the configurations. (versions 0+) */
  validateOnly: boolean;
}

export interface IncrementalAlterConfigsRequestAlterableConfig {
  /** The configuration key name. (versions 0+) */
  name: string;
  /** The type (Set, Delete, Append, Subtract) of operation. (versions 0+) */
  configOperation: number;
  /** The value to set for the configuration key. (versions 0+, nullable 0+) */
  value: string | null;
}

export interface IncrementalAlterConfigsRequestAlterConfigsResource {
  /** The resource type. (versions 0+) */
  resourceType: number;
  /** The resource name. (versions 0+) */
  resourceName: string;
  /** The configurations. (versions 0+) */
  configs: IncrementalAlterConfigsRequestAlterableConfig[];
}

export function decodeIncrementalAlterConfigsRequest(
  reader: ByteReader,
  version: number,
): IncrementalAlterConfigsRequest {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('IncrementalAlterConfigsRequest', version);
  const flexible = version >= 1;
  const resources: IncrementalAlterConfigsRequestAlterConfigsResource[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    resources.push(decodeIncrementalAlterConfigsRequestAlterConfigsResource(reader, version));
  }
  const validateOnly = reader.readBoolean();
  if (flexible) {
    reader.skipTags();
  }
  return { resources, validateOnly };
}

export function encodeIncrementalAlterConfigsRequest(
  writer: ByteWriter,
  value: Encodable<IncrementalAlterConfigsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('IncrementalAlterConfigsRequest', version);
  const flexible = version >= 1;
  const resources = value.resources ?? [];
  if (flexible) writer.writeCompactArrayCount(resources.length);
  else writer.writeArrayCount(resources.length);
  for (const item of resources) encodeIncrementalAlterConfigsRequestAlterConfigsResource(writer, item, version);
  const validateOnly = value.validateOnly ?? false;
  writer.writeBoolean(validateOnly);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeIncrementalAlterConfigsRequestAlterableConfig(
  reader: ByteReader,
  version: number,
): IncrementalAlterConfigsRequestAlterableConfig {
  const flexible = version >= 1;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const configOperation = reader.readInt8();
  const valueField = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { name, configOperation, value: valueField };
}

function encodeIncrementalAlterConfigsRequestAlterableConfig(
  writer: ByteWriter,
  value: Encodable<IncrementalAlterConfigsRequestAlterableConfig>,
  version: number,
): void {
  const flexible = version >= 1;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const configOperation = value.configOperation ?? 0;
  writer.writeInt8(configOperation);
  const valueField = value.value === undefined ? '' : value.value;
  flexible ? writer.writeCompactNullableString(valueField) : writer.writeNullableString(valueField);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeIncrementalAlterConfigsRequestAlterConfigsResource(
  reader: ByteReader,
  version: number,
): IncrementalAlterConfigsRequestAlterConfigsResource {
  const flexible = version >= 1;
  const resourceType = reader.readInt8();
  const resourceName = flexible ? reader.readCompactString() : reader.readString();
  const configs: IncrementalAlterConfigsRequestAlterableConfig[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    configs.push(decodeIncrementalAlterConfigsRequestAlterableConfig(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { resourceType, resourceName, configs };
}

function encodeIncrementalAlterConfigsRequestAlterConfigsResource(
  writer: ByteWriter,
  value: Encodable<IncrementalAlterConfigsRequestAlterConfigsResource>,
  version: number,
): void {
  const flexible = version >= 1;
  const resourceType = value.resourceType ?? 0;
  writer.writeInt8(resourceType);
  const resourceName = value.resourceName ?? '';
  flexible ? writer.writeCompactString(resourceName) : writer.writeString(resourceName);
  const configs = value.configs ?? [];
  if (flexible) writer.writeCompactArrayCount(configs.length);
  else writer.writeArrayCount(configs.length);
  for (const item of configs) encodeIncrementalAlterConfigsRequestAlterableConfig(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-1. */
export interface IncrementalAlterConfigsResponse {
  /** Duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The responses for each resource. (versions 0+) */
  responses: IncrementalAlterConfigsResponseAlterConfigsResourceResponse[];
}

export interface IncrementalAlterConfigsResponseAlterConfigsResourceResponse {
  /** The resource error code. (versions 0+) */
  errorCode: number;
  /** The resource error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The resource type. (versions 0+) */
  resourceType: number;
  /** The resource name. (versions 0+) */
  resourceName: string;
}

export function decodeIncrementalAlterConfigsResponse(
  reader: ByteReader,
  version: number,
): IncrementalAlterConfigsResponse {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('IncrementalAlterConfigsResponse', version);
  const flexible = version >= 1;
  const throttleTimeMs = reader.readInt32();
  const responses: IncrementalAlterConfigsResponseAlterConfigsResourceResponse[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(6) : reader.readArrayCount(6)); count > 0; count--) {
    responses.push(decodeIncrementalAlterConfigsResponseAlterConfigsResourceResponse(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, responses };
}

export function encodeIncrementalAlterConfigsResponse(
  writer: ByteWriter,
  value: Encodable<IncrementalAlterConfigsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('IncrementalAlterConfigsResponse', version);
  const flexible = version >= 1;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const responses = value.responses ?? [];
  if (flexible) writer.writeCompactArrayCount(responses.length);
  else writer.writeArrayCount(responses.length);
  for (const item of responses) encodeIncrementalAlterConfigsResponseAlterConfigsResourceResponse(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeIncrementalAlterConfigsResponseAlterConfigsResourceResponse(
  reader: ByteReader,
  version: number,
): IncrementalAlterConfigsResponseAlterConfigsResourceResponse {
  const flexible = version >= 1;
  const errorCode = reader.readInt16();
  const errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const resourceType = reader.readInt8();
  const resourceName = flexible ? reader.readCompactString() : reader.readString();
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, errorMessage, resourceType, resourceName };
}

function encodeIncrementalAlterConfigsResponseAlterConfigsResourceResponse(
  writer: ByteWriter,
  value: Encodable<IncrementalAlterConfigsResponseAlterConfigsResourceResponse>,
  version: number,
): void {
  const flexible = version >= 1;
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

/** IncrementalAlterConfigs, ApiKey 44: versions 0-1, flexible since 1. */
export const incrementalAlterConfigsApi: KafkaApi<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse> = {
  key: 44,
  name: 'IncrementalAlterConfigs',
  versionMin: 0,
  versionMax: 1,
  flexibleSince: 1,
  latestVersionUnstable: false,
  decodeRequest: decodeIncrementalAlterConfigsRequest,
  encodeRequest: encodeIncrementalAlterConfigsRequest,
  decodeResponse: decodeIncrementalAlterConfigsResponse,
  encodeResponse: encodeIncrementalAlterConfigsResponse,
};
