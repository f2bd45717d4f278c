// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-3. */
export interface DescribeAclsRequest {
  /** The resource type. (versions 0+) */
  resourceTypeFilter: number;
  /** The resource name, or null to match any resource name. (versions 0+, nullable 0+) */
  resourceNameFilter: string | null;
  /** The resource pattern to match. (versions 1+) */
  patternTypeFilter: number;
  /** The principal to match, or null to match any principal. (versions 0+, nullable 0+) */
  principalFilter: string | null;
  /** The host to match, or null to match any host. (versions 0+, nullable 0+) */
  hostFilter: string | null;
  /** The operation to match. (versions 0+) */
  operation: number;
  /** The permission type to match. (versions 0+) */
  permissionType: number;
}

export function decodeDescribeAclsRequest(
  reader: ByteReader,
  version: number,
): DescribeAclsRequest {
  if (!(version >= 0 && version <= 3)) unsupportedDecode('DescribeAclsRequest', version);
  const flexible = version >= 2;
  const resourceTypeFilter = reader.readInt8();
  const resourceNameFilter = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  let patternTypeFilter: number = 3;
  if (version >= 1) {
    patternTypeFilter = reader.readInt8();
  }
  const principalFilter = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const hostFilter = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const operation = reader.readInt8();
  const permissionType = reader.readInt8();
  if (flexible) {
    reader.skipTags();
  }
  return { resourceTypeFilter, resourceNameFilter, patternTypeFilter, principalFilter, hostFilter, operation, permissionType };
}

export function encodeDescribeAclsRequest(
  writer: ByteWriter,
  value: Encodable<DescribeAclsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 3)) unsupportedEncode('DescribeAclsRequest', version);
  const flexible = version >= 2;
  const resourceTypeFilter = value.resourceTypeFilter ?? 0;
  writer.writeInt8(resourceTypeFilter);
  const resourceNameFilter = value.resourceNameFilter === undefined ? '' : value.resourceNameFilter;
  flexible ? writer.writeCompactNullableString(resourceNameFilter) : writer.writeNullableString(resourceNameFilter);
  if (version >= 1) {
    const patternTypeFilter = value.patternTypeFilter ?? 3;
    writer.writeInt8(patternTypeFilter);
  } else if (value.patternTypeFilter !== undefined && value.patternTypeFilter !== 3) notInVersion('DescribeAclsRequest.patternTypeFilter', version);
  const principalFilter = value.principalFilter === undefined ? '' : value.principalFilter;
  flexible ? writer.writeCompactNullableString(principalFilter) : writer.writeNullableString(principalFilter);
  const hostFilter = value.hostFilter === undefined ? '' : value.hostFilter;
  flexible ? writer.writeCompactNullableString(hostFilter) : writer.writeNullableString(hostFilter);
  const operation = value.operation ?? 0;
  writer.writeInt8(operation);
  const permissionType = value.permissionType ?? 0;
  writer.writeInt8(permissionType);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-3. */
export interface DescribeAclsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** Each Resource that is referenced in an ACL. (versions 0+) */
  resources: DescribeAclsResponseDescribeAclsResource[];
}

export interface DescribeAclsResponseAclDescription {
  /** The ACL principal. (versions 0+) */
  principal: string;
  /** The ACL host. (versions 0+) */
  host: string;
  /** The ACL operation. (versions 0+) */
  operation: number;
  /** The ACL permission type. (versions 0+) */
  permissionType: number;
}

export interface DescribeAclsResponseDescribeAclsResource {
  /** The resource type. (versions 0+) */
  resourceType: number;
  /** The resource name. (versions 0+) */
  resourceName: string;
  /** The resource pattern type. (versions 1+) */
  patternType: number;
  /** The ACLs. (versions 0+) */
  acls: DescribeAclsResponseAclDescription[];
}

export function decodeDescribeAclsResponse(
  reader: ByteReader,
  version: number,
): DescribeAclsResponse {
  if (!(version >= 0 && version <= 3)) unsupportedDecode('DescribeAclsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const resources: DescribeAclsResponseDescribeAclsResource[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(5) : reader.readArrayCount(5)); count > 0; count--) {
    resources.push(decodeDescribeAclsResponseDescribeAclsResource(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode, errorMessage, resources };
}

export function encodeDescribeAclsResponse(
  writer: ByteWriter,
  value: Encodable<DescribeAclsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 3)) unsupportedEncode('DescribeAclsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  const resources = value.resources ?? [];
  if (flexible) writer.writeCompactArrayCount(resources.length);
  else writer.writeArrayCount(resources.length);
  for (const item of resources) encodeDescribeAclsResponseDescribeAclsResource(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDescribeAclsResponseAclDescription(
  reader: ByteReader,
  version: number,
): DescribeAclsResponseAclDescription {
  const flexible = version >= 2;
  const principal = flexible ? reader.readCompactString() : reader.readString();
  const host = flexible ? reader.readCompactString() : reader.readString();
  const operation = reader.readInt8();
  const permissionType = reader.readInt8();
  if (flexible) {
    reader.skipTags();
  }
  return { principal, host, operation, permissionType };
}

function encodeDescribeAclsResponseAclDescription(
  writer: ByteWriter,
  value: Encodable<DescribeAclsResponseAclDescription>,
  version: number,
): void {
  const flexible = version >= 2;
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

function decodeDescribeAclsResponseDescribeAclsResource(
  reader: ByteReader,
  version: number,
): DescribeAclsResponseDescribeAclsResource {
  const flexible = version >= 2;
  const resourceType = reader.readInt8();
  const resourceName = flexible ? reader.readCompactString() : reader.readString();
  let patternType: number = 3;
  if (version >= 1) {
    patternType = reader.readInt8();
  }
  const acls: DescribeAclsResponseAclDescription[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(5) : reader.readArrayCount(5)); count > 0; count--) {
    acls.push(decodeDescribeAclsResponseAclDescription(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { resourceType, resourceName, patternType, acls };
}

function encodeDescribeAclsResponseDescribeAclsResource(
  writer: ByteWriter,
  value: Encodable<DescribeAclsResponseDescribeAclsResource>,
  version: number,
): void {
  const flexible = version >= 2;
  const resourceType = value.resourceType ?? 0;
  writer.writeInt8(resourceType);
  const resourceName = value.resourceName ?? '';
  flexible ? writer.writeCompactString(resourceName) : writer.writeString(resourceName);
  if (version >= 1) {
    const patternType = value.patternType ?? 3;
    writer.writeInt8(patternType);
  } else if (value.patternType !== undefined && value.patternType !== 3) notInVersion('DescribeAclsResponseDescribeAclsResource.patternType', version);
  const acls = value.acls ?? [];
  if (flexible) writer.writeCompactArrayCount(acls.length);
  else writer.writeArrayCount(acls.length);
  for (const item of acls) encodeDescribeAclsResponseAclDescription(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** DescribeAcls, ApiKey 29: versions 0-3, flexible since 2. */
export const describeAclsApi: KafkaApi<DescribeAclsRequest, DescribeAclsResponse> = {
  key: 29,
  name: 'DescribeAcls',
  versionMin: 0,
  versionMax: 3,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeAclsRequest,
  encodeRequest: encodeDescribeAclsRequest,
  decodeResponse: decodeDescribeAclsResponse,
  encodeResponse: encodeDescribeAclsResponse,
};
