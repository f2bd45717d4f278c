// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-4. */
export interface DescribeConfigsRequest {
  /** The resources whose configurations we want to describe. (versions 0+) */
  resources: DescribeConfigsRequestDescribeConfigsResource[];
  /** True if we should include all synonyms. (versions 1+) */
  includeSynonyms: boolean;
  /** True if we should include configuration documentation. (versions 3+) */
  includeDocumentation: boolean;
}

export interface DescribeConfigsRequestDescribeConfigsResource {
  /** The resource type. (versions 0+) */
  resourceType: number;
  /** The resource name. (versions 0+) */
  resourceName: string;
  /** The configuration keys to list, or null to list all configuration keys. (versions 0+, nullable 0+) */
  configurationKeys: string[] | null;
}

export function decodeDescribeConfigsRequest(
  reader: ByteReader,
  version: number,
): DescribeConfigsRequest {
  if (!(version >= 0 && version <= 4)) unsupportedDecode('DescribeConfigsRequest', version);
  const flexible = version >= 4;
  const resources: DescribeConfigsRequestDescribeConfigsResource[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    resources.push(decodeDescribeConfigsRequestDescribeConfigsResource(reader, version));
  }
  let includeSynonyms: boolean = false;
  if (version >= 1) {
    includeSynonyms = reader.readBoolean();
  }
  let includeDocumentation: boolean = false;
  if (version >= 3) {
    includeDocumentation = reader.readBoolean();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { resources, includeSynonyms, includeDocumentation };
}

export function encodeDescribeConfigsRequest(
  writer: ByteWriter,
  value: Encodable<DescribeConfigsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 4)) unsupportedEncode('DescribeConfigsRequest', version);
  const flexible = version >= 4;
  const resources = value.resources ?? [];
  if (flexible) writer.writeCompactArrayCount(resources.length);
  else writer.writeArrayCount(resources.length);
  for (const item of resources) encodeDescribeConfigsRequestDescribeConfigsResource(writer, item, version);
  if (version >= 1) {
    const includeSynonyms = value.includeSynonyms ?? false;
    writer.writeBoolean(includeSynonyms);
  } else if (value.includeSynonyms !== undefined && value.includeSynonyms !== false) notInVersion('DescribeConfigsRequest.includeSynonyms', version);
  if (version >= 3) {
    const includeDocumentation = value.includeDocumentation ?? false;
    writer.writeBoolean(includeDocumentation);
  } else if (value.includeDocumentation !== undefined && value.includeDocumentation !== false) notInVersion('DescribeConfigsRequest.includeDocumentation', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeConfigsRequestDescribeConfigsResource(
  reader: ByteReader,
  version: number,
): DescribeConfigsRequestDescribeConfigsResource {
  const flexible = version >= 4;
  const resourceType = reader.readInt8();
  const resourceName = flexible ? reader.readCompactString() : reader.readString();
  let configurationKeys: string[] | null;
  const configurationKeysCount = flexible ? reader.readCompactArrayCount(1) : reader.readArrayCount(1);
  if (configurationKeysCount < 0) configurationKeys = null;
  else {
    configurationKeys = [];
    for (let count = configurationKeysCount; count > 0; count--) configurationKeys.push(flexible ? reader.readCompactString() : reader.readString());
  }
  if (flexible) {
    reader.skipTags();
  }
  return { resourceType, resourceName, configurationKeys };
}

function encodeDescribeConfigsRequestDescribeConfigsResource(
  writer: ByteWriter,
  value: Encodable<DescribeConfigsRequestDescribeConfigsResource>,
  version: number,
): void {
  const flexible = version >= 4;
  const resourceType = value.resourceType ?? 0;
  writer.writeInt8(resourceType);
  const resourceName = value.resourceName ?? '';
  flexible ? writer.writeCompactString(resourceName) : writer.writeString(resourceName);
  const configurationKeys = value.configurationKeys === undefined ? [] : value.configurationKeys;
  if (configurationKeys === null) {
    if (flexible) writer.writeCompactArrayCount(-1);
    else writer.writeArrayCount(-1);
  } else {
    if (flexible) writer.writeCompactArrayCount(configurationKeys.length);
    else writer.writeArrayCount(configurationKeys.length);
    for (const item of configurationKeys) flexible ? writer.writeCompactString(item) : writer.writeString(item);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-4. */
export interface DescribeConfigsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The results for each resource. (versions 0+) */
  results: DescribeConfigsResponseDescribeConfigsResult[];
}

export interface DescribeConfigsResponseDescribeConfigsSynonym {
  /** The synonym name. (versions 1+) */
  name: string;
  /** The synonym value. (versions 1+, nullable 0+) */
  value: string | null;
  /** The synonym source. (versions 1+) */
  source: number;
}

export interface DescribeConfigsResponseDescribeConfigsResourceResult {
  /** The configuration name. (versions 0+) */
  name: string;
  /** The configuration value. (versions 0+, nullable 0+) */
  value: string | null;
  /** True if the configuration is read-only. (versions 0+) */
  readOnly: boolean;
  /** True if the configuration is not set. (versions 0) */
  isDefault: boolean;
  /** The configuration source. (versions 1+) */
  configSource: number;
  /** True if this configuration is sensitive. (versions 0+) */
  isSensitive: boolean;
  /** The synonyms for this configuration key. (versions 1+) */
  synonyms: DescribeConfigsResponseDescribeConfigsSynonym[];
  /** The configuration data type. Type can be one of the following values - BOOLEAN, STRING, INT, SHORT, LONG, DOUBLE, LIST, CLASS, PASSWORD. (versions 3+) */
  configType: number;
  /** The configuration documentation. (versions 3+, nullable 0+) */
  documentation: string | null;
}

export interface DescribeConfigsResponseDescribeConfigsResult {
  /** The error code, or 0 if we were able to successfully describe the configurations. (versions 0+) */
  errorCode: number;
  /** The error message, or null if we were able to successfully describe the configurations. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The resource type. (versions 0+) */
  resourceType: number;
  /** The resource name. (versions 0+) */
  resourceName: string;
  /** Each listed configuration. (versions 0+) */
  configs: DescribeConfigsResponseDescribeConfigsResourceResult[];
}

export function decodeDescribeConfigsResponse(
  reader: ByteReader,
  version: number,
): DescribeConfigsResponse {
  if (!(version >= 0 && version <= 4)) unsupportedDecode('DescribeConfigsResponse', version);
  const flexible = version >= 4;
  const throttleTimeMs = reader.readInt32();
  const results: DescribeConfigsResponseDescribeConfigsResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(7) : reader.readArrayCount(7)); count > 0; count--) {
    results.push(decodeDescribeConfigsResponseDescribeConfigsResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, results };
}

export function encodeDescribeConfigsResponse(
  writer: ByteWriter,
  value: Encodable<DescribeConfigsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 4)) unsupportedEncode('DescribeConfigsResponse', version);
  const flexible = version >= 4;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const results = value.results ?? [];
  if (flexible) writer.writeCompactArrayCount(results.length);
  else writer.writeArrayCount(results.length);
  for (const item of results) encodeDescribeConfigsResponseDescribeConfigsResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeConfigsResponseDescribeConfigsSynonym(
  reader: ByteReader,
  version: number,
): DescribeConfigsResponseDescribeConfigsSynonym {
  const flexible = version >= 4;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const valueField = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const source = reader.readInt8();
  if (flexible) {
    reader.skipTags();
  }
  return { name, value: valueField, source };
}

function encodeDescribeConfigsResponseDescribeConfigsSynonym(
  writer: ByteWriter,
  value: Encodable<DescribeConfigsResponseDescribeConfigsSynonym>,
  version: number,
): void {
  const flexible = version >= 4;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const valueField = value.value === undefined ? '' : value.value;
  flexible ? writer.writeCompactNullableString(valueField) : writer.writeNullableString(valueField);
  const source = value.source ?? 0;
  writer.writeInt8(source);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeConfigsResponseDescribeConfigsResourceResult(
  reader: ByteReader,
  version: number,
): DescribeConfigsResponseDescribeConfigsResourceResult {
  const flexible = version >= 4;
  const name = flexible ? reader.readCompactString() : reader.readString();
  const valueField = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const readOnly = reader.readBoolean();
  let isDefault: boolean = false;
  if (version <= 0) {
    isDefault = reader.readBoolean();
  }
  let configSource: number = -1;
  if (version >= 1) {
    configSource = reader.readInt8();
  }
  const isSensitive = reader.readBoolean();
  const synonyms: DescribeConfigsResponseDescribeConfigsSynonym[] = [];
  if (version >= 1) {
    for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
      synonyms.push(decodeDescribeConfigsResponseDescribeConfigsSynonym(reader, version));
    }
  }
  let configType: number = 0;
  if (version >= 3) {
    configType = reader.readInt8();
  }
  let documentation: string | null = '';
  if (version >= 3) {
    documentation = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { name, value: valueField, readOnly, isDefault, configSource, isSensitive, synonyms, configType, documentation };
}

function encodeDescribeConfigsResponseDescribeConfigsResourceResult(
  writer: ByteWriter,
  value: Encodable<DescribeConfigsResponseDescribeConfigsResourceResult>,
  version: number,
): void {
  const flexible = version >= 4;
  const name = value.name ?? '';
  flexible ? writer.writeCompactString(name) : writer.writeString(name);
  const valueField = value.value === undefined ? '' : value.value;
  flexible ? writer.writeCompactNullableString(valueField) : writer.writeNullableString(valueField);
  const readOnly = value.readOnly ?? false;
  writer.writeBoolean(readOnly);
  if (version <= 0) {
    const isDefault = value.isDefault ?? false;
    writer.writeBoolean(isDefault);
  } else if (value.isDefault !== undefined && value.isDefault !== false) notInVersion('DescribeConfigsResponseDescribeConfigsResourceResult.isDefault', version);
  if (version >= 1) {
    const configSource = value.configSource ?? -1;
    writer.writeInt8(configSource);
  }
  const isSensitive = value.isSensitive ?? false;
  writer.writeBoolean(isSensitive);
  if (version >= 1) {
    const synonyms = value.synonyms ?? [];
    if (flexible) writer.writeCompactArrayCount(synonyms.length);
    else writer.writeArrayCount(synonyms.length);
    for (const item of synonyms) encodeDescribeConfigsResponseDescribeConfigsSynonym(writer, item, version);
  }
  if (version >= 3) {
    const configType = value.configType ?? 0;
    writer.writeInt8(configType);
  }
  if (version >= 3) {
    const documentation = value.documentation === undefined ? '' : value.documentation;
    flexible ? writer.writeCompactNullableString(documentation) : writer.writeNullableString(documentation);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeConfigsResponseDescribeConfigsResult(
  reader: ByteReader,
  version: number,
): DescribeConfigsResponseDescribeConfigsResult {
  const flexible = version >= 4;
  const errorCode = reader.readInt16();
  const errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const resourceType = reader.readInt8();
  const resourceName = flexible ? reader.readCompactString() : reader.readString();
  const configs: DescribeConfigsResponseDescribeConfigsResourceResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(7) : reader.readArrayCount(7)); count > 0; count--) {
    configs.push(decodeDescribeConfigsResponseDescribeConfigsResourceResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, errorMessage, resourceType, resourceName, configs };
}

function encodeDescribeConfigsResponseDescribeConfigsResult(
  writer: ByteWriter,
  value: Encodable<DescribeConfigsResponseDescribeConfigsResult>,
  version: number,
): void {
  const flexible = version >= 4;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  const resourceType = value.resourceType ?? 0;
  writer.writeInt8(resourceType);
  const resourceName = value.resourceName ?? '';
  flexible ? writer.writeCompactString(resourceName) : writer.writeString(resourceName);
  const configs = value.configs ?? [];
  if (flexible) writer.writeCompactArrayCount(configs.length);
  else writer.writeArrayCount(configs.length);
  for (const item of configs) encodeDescribeConfigsResponseDescribeConfigsResourceResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** DescribeConfigs, ApiKey 32: versions 0-4, flexible since 4. */
export const describeConfigsApi: KafkaApi<DescribeConfigsRequest, DescribeConfigsResponse> = {
  key: 32,
  name: 'DescribeConfigs',
  versionMin: 0,
  versionMax: 4,
  flexibleSince: 4,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeConfigsRequest,
  encodeRequest: encodeDescribeConfigsRequest,
  decodeResponse: decodeDescribeConfigsResponse,
  encodeResponse: encodeDescribeConfigsResponse,
};
