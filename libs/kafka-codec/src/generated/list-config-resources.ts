// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-1. */
export interface ListConfigResourcesRequest {
  /** The list of resource type. If the list is empty, it uses default supported config resource types. (versions 1+) */
  resourceTypes: number[];
}

export function decodeListConfigResourcesRequest(
  reader: ByteReader,
  version: number,
): ListConfigResourcesRequest {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('ListConfigResourcesRequest', version);
  const resourceTypes: number[] = [];
  if (version >= 1) {
    for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
      resourceTypes.push(reader.readInt8());
    }
  }
  reader.skipTags();
  return { resourceTypes };
}

export function encodeListConfigResourcesRequest(
  writer: ByteWriter,
  value: Encodable<ListConfigResourcesRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('ListConfigResourcesRequest', version);
  if (version >= 1) {
    const resourceTypes = value.resourceTypes ?? [];
    writer.writeCompactArrayCount(resourceTypes.length);
    for (const item of resourceTypes) writer.writeInt8(item);
  } else if (value.resourceTypes !== undefined && value.resourceTypes.length !== 0) notInVersion('ListConfigResourcesRequest.resourceTypes', version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0-1. */
export interface ListConfigResourcesResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** Each config resource in the response. (versions 0+) */
  configResources: ListConfigResourcesResponseConfigResource[];
}

export interface ListConfigResourcesResponseConfigResource {
  /** The resource name. (versions 0+) */
  resourceName: string;
  /** The resource type. (versions 1+) */
  resourceType: number;
}

export function decodeListConfigResourcesResponse(
  reader: ByteReader,
  version: number,
): ListConfigResourcesResponse {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('ListConfigResourcesResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const configResources: ListConfigResourcesResponseConfigResource[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(2)); count > 0; count--) {
    configResources.push(decodeListConfigResourcesResponseConfigResource(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, errorCode, configResources };
}

export function encodeListConfigResourcesResponse(
  writer: ByteWriter,
  value: Encodable<ListConfigResourcesResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('ListConfigResourcesResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const configResources = value.configResources ?? [];
  writer.writeCompactArrayCount(configResources.length);
  for (const item of configResources) encodeListConfigResourcesResponseConfigResource(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeListConfigResourcesResponseConfigResource(
  reader: ByteReader,
  version: number,
): ListConfigResourcesResponseConfigResource {
  const resourceName = reader.readCompactString();
  let resourceType: number = 16;
  if (version >= 1) {
    resourceType = reader.readInt8();
  }
  reader.skipTags();
  return { resourceName, resourceType };
}

function encodeListConfigResourcesResponseConfigResource(
  writer: ByteWriter,
  value: Encodable<ListConfigResourcesResponseConfigResource>,
  version: number,
): void {
  const resourceName = value.resourceName ?? '';
  writer.writeCompactString(resourceName);
  if (version >= 1) {
    const resourceType = value.resourceType ?? 16;
    writer.writeInt8(resourceType);
  }
  writer.writeUnsignedVarint(0);
}

/** ListConfigResources, ApiKey 74: versions 0-1, flexible since 0. */
export const listConfigResourcesApi: KafkaApi<ListConfigResourcesRequest, ListConfigResourcesResponse> = {
  key: 74,
  name: 'ListConfigResources',
  versionMin: 0,
  versionMax: 1,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeListConfigResourcesRequest,
  encodeRequest: encodeListConfigResourcesRequest,
  decodeResponse: decodeListConfigResourcesResponse,
  encodeResponse: encodeListConfigResourcesResponse,
};
