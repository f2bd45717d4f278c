// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-3. */
export interface CreateAclsRequest {
  /** The ACLs that we want to create. (versions 0+) */
  creations: CreateAclsRequestAclCreation[];
}

export interface CreateAclsRequestAclCreation {
  /** The type of the resource. (versions 0+) */
  resourceType: number;
  /** The resource name for the ACL. (versions 0+) */
  resourceName: string;
  /** The pattern type for the ACL. (versions 1+) */
  resourcePatternType: number;
  /** The principal for the ACL. (versions 0+) */
  principal: string;
  /** The host for the ACL. (versions 0+) */
  host: string;
  /** The operation type for the ACL (read, write, etc.). (versions 0+) */
  operation: number;
  /** The permission type for the ACL (allow, deny, etc.). (versions 0+) */
  permissionType: number;
}

export function decodeCreateAclsRequest(
  reader: ByteReader,
  version: number,
): CreateAclsRequest {
  if (!(version >= 0 && version <= 3)) unsupportedDecode('CreateAclsRequest', version);
  const flexible = version >= 2;
  const creations: CreateAclsRequestAclCreation[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(8) : reader.readArrayCount(8)); count > 0; count--) {
    creations.push(decodeCreateAclsRequestAclCreation(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { creations };
}

export function encodeCreateAclsRequest(
  writer: ByteWriter,
  value: Encodable<CreateAclsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 3)) unsupportedEncode('CreateAclsRequest', version);
  const flexible = version >= 2;
  const creations = value.creations ?? [];
  if (flexible) writer.writeCompactArrayCount(creations.length);
  else writer.writeArrayCount(creations.length);
  for (const item of creations) encodeCreateAclsRequestAclCreation(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeCreateAclsRequestAclCreation(
  reader: ByteReader,
  version: number,
): CreateAclsRequestAclCreation {
  const flexible = version >= 2;
  const resourceType = reader.readInt8();
  const resourceName = flexible ? reader.readCompactString() : reader.readString();
  let resourcePatternType: number = 3;
  if (version >= 1) {
    resourcePatternType = reader.readInt8();
  }
  const principal = flexible ? reader.readCompactString() : reader.readString();
  const host = flexible ? reader.readCompactString() : reader.readString();
  const operation = reader.readInt8();
  const permissionType = reader.readInt8();
  if (flexible) {
    reader.skipTags();
  }
  return { resourceType, resourceName, resourcePatternType, principal, host, operation, permissionType };
}

function encodeCreateAclsRequestAclCreation(
  writer: ByteWriter,
  value: Encodable<CreateAclsRequestAclCreation>,
  version: number,
): void {
  const flexible = version >= 2;
  const resourceType = value.resourceType ?? 0;
  writer.writeInt8(resourceType);
  const resourceName = value.resourceName ?? '';
  flexible ? writer.writeCompactString(resourceName) : writer.writeString(resourceName);
  if (version >= 1) {
    const resourcePatternType = value.resourcePatternType ?? 3;
    writer.writeInt8(resourcePatternType);
  } else if (value.resourcePatternType !== undefined && value.resourcePatternType !== 3) notInVersion('CreateAclsRequestAclCreation.resourcePatternType', version);
  const principal = value.principal ?? '';
  flexible ? writer.writeCompactString(principal) : writer.writeString(principal);
  const host = value.host ?? '';
  flexible ? writer.writeCompactString(host) : writer.writeString(host);
  const operation = value.operation ?? 0;
  writer.writeInt8(operation);
  const permissionType = value.permissionType ?? 0;
  writer.writeInt8(permissionType);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-3. */
export interface CreateAclsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The results for each ACL creation. (versions 0+) */
  results: CreateAclsResponseAclCreationResult[];
}

export interface CreateAclsResponseAclCreationResult {
  /** The result error, or zero if there was no error. (versions 0+) */
  errorCode: number;
  /** The result message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export function decodeCreateAclsResponse(
  reader: ByteReader,
  version: number,
): CreateAclsResponse {
  if (!(version >= 0 && version <= 3)) unsupportedDecode('CreateAclsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = reader.readInt32();
  const results: CreateAclsResponseAclCreationResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(4) : reader.readArrayCount(4)); count > 0; count--) {
    results.push(decodeCreateAclsResponseAclCreationResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, results };
}

export function encodeCreateAclsResponse(
  writer: ByteWriter,
  value: Encodable<CreateAclsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 3)) unsupportedEncode('CreateAclsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const results = value.results ?? [];
  if (flexible) writer.writeCompactArrayCount(results.length);
  else writer.writeArrayCount(results.length);
  for (const item of results) encodeCreateAclsResponseAclCreationResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeCreateAclsResponseAclCreationResult(
  reader: ByteReader,
  version: number,
): CreateAclsResponseAclCreationResult {
  const flexible = version >= 2;
  const errorCode = reader.readInt16();
  const errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, errorMessage };
}

function encodeCreateAclsResponseAclCreationResult(
  writer: ByteWriter,
  value: Encodable<CreateAclsResponseAclCreationResult>,
  version: number,
): void {
  const flexible = version >= 2;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** CreateAcls, ApiKey 30: versions 0-3, flexible since 2. */
export const createAclsApi: KafkaApi<CreateAclsRequest, CreateAclsResponse> = {
  key: 30,
  name: 'CreateAcls',
  versionMin: 0,
  versionMax: 3,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeCreateAclsRequest,
  encodeRequest: encodeCreateAclsRequest,
  decodeResponse: decodeCreateAclsResponse,
  encodeResponse: encodeCreateAclsResponse,
};
