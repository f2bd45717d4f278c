// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-3. */
export interface DeleteAclsRequest {
  /** The filters to use when deleting ACLs. (versions 0+) */
  filters: DeleteAclsRequestDeleteAclsFilter[];
}

export interface DeleteAclsRequestDeleteAclsFilter {
  /** The resource type. (versions 0+) */
  resourceTypeFilter: number;
  /** The resource name, or null to match any resource name. (versions 0+, nullable 0+) */
  resourceNameFilter: string | null;
  /** The pattern type. (versions 1+) */
  patternTypeFilter: number;
  /** The principal filter, or null to accept all principals. (versions 0+, nullable 0+) */
  principalFilter: string | null;
  /** The host filter, or null to accept all hosts. (versions 0+, nullable 0+) */
  hostFilter: string | null;
  /** The ACL operation. (versions 0+) */
  operation: number;
  /** The permission type. (versions 0+) */
  permissionType: number;
}

export function decodeDeleteAclsRequest(
  reader: ByteReader,
  version: number,
): DeleteAclsRequest {
  if (!(version >= 0 && version <= 3)) unsupportedDecode('DeleteAclsRequest', version);
  const flexible = version >= 2;
  const filters: DeleteAclsRequestDeleteAclsFilter[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(8) : reader.readArrayCount(8)); count > 0; count--) {
    filters.push(decodeDeleteAclsRequestDeleteAclsFilter(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { filters };
}

export function encodeDeleteAclsRequest(
  writer: ByteWriter,
  value: Encodable<DeleteAclsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 3)) unsupportedEncode('DeleteAclsRequest', version);
  const flexible = version >= 2;
  const filters = value.filters ?? [];
  if (flexible) writer.writeCompactArrayCount(filters.length);
  else writer.writeArrayCount(filters.length);
  for (const item of filters) encodeDeleteAclsRequestDeleteAclsFilter(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDeleteAclsRequestDeleteAclsFilter(
  reader: ByteReader,
  version: number,
): DeleteAclsRequestDeleteAclsFilter {
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

function encodeDeleteAclsRequestDeleteAclsFilter(
  writer: ByteWriter,
  value: Encodable<DeleteAclsRequestDeleteAclsFilter>,
  version: number,
): void {
  const flexible = version >= 2;
  const resourceTypeFilter = value.resourceTypeFilter ?? 0;
  writer.writeInt8(resourceTypeFilter);
  const resourceNameFilter = value.resourceNameFilter === undefined ? '' : value.resourceNameFilter;
  flexible ? writer.writeCompactNullableString(resourceNameFilter) : writer.writeNullableString(resourceNameFilter);
  if (version >= 1) {
    const patternTypeFilter = value.patternTypeFilter ?? 3;
    writer.writeInt8(patternTypeFilter);
  } else if (value.patternTypeFilter !== undefined && value.patternTypeFilter !== 3) notInVersion('DeleteAclsRequestDeleteAclsFilter.patternTypeFilter', version);
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
export interface DeleteAclsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The results for each filter. (versions 0+) */
  filterResults: DeleteAclsResponseDeleteAclsFilterResult[];
}

export interface DeleteAclsResponseDeleteAclsMatchingAcl {
  /** The deletion error code, or 0 if the deletion succeeded. (versions 0+) */
  errorCode: number;
  /** The deletion error message, or null if the deletion succeeded. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The ACL resource type. (versions 0+) */
  resourceType: number;
  /** The ACL resource name. (versions 0+) */
  resourceName: string;
  /** The ACL resource pattern type. (versions 1+) */
  patternType: number;
  /** The ACL principal. (versions 0+) */
  principal: string;
  /** The ACL host. (versions 0+) */
  host: string;
  /** The ACL operation. (versions 0+) */
  operation: number;
  /** The ACL permission type. (versions 0+) */
  permissionType: number;
}

export interface DeleteAclsResponseDeleteAclsFilterResult {
  /** The error code, or 0 if the filter succeeded. (versions 0+) */
  errorCode: number;
  /** The error message, or null if the filter succeeded. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The ACLs which matched this filter. (versions 0+) */
  matchingAcls: DeleteAclsResponseDeleteAclsMatchingAcl[];
}

export function decodeDeleteAclsResponse(
  reader: ByteReader,
  version: number,
): DeleteAclsResponse {
  if (!(version >= 0 && version <= 3)) unsupportedDecode('DeleteAclsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = reader.readInt32();
  const filterResults: DeleteAclsResponseDeleteAclsFilterResult[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(5) : reader.readArrayCount(5)); count > 0; count--) {
    filterResults.push(decodeDeleteAclsResponseDeleteAclsFilterResult(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, filterResults };
}

export function encodeDeleteAclsResponse(
  writer: ByteWriter,
  value: Encodable<DeleteAclsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 3)) unsupportedEncode('DeleteAclsResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const filterResults = value.filterResults ?? [];
  if (flexible) writer.writeCompactArrayCount(filterResults.length);
  else writer.writeArrayCount(filterResults.length);
  for (const item of filterResults) encodeDeleteAclsResponseDeleteAclsFilterResult(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeDeleteAclsResponseDeleteAclsMatchingAcl(
  reader: ByteReader,
  version: number,
): DeleteAclsResponseDeleteAclsMatchingAcl {
  const flexible = version >= 2;
  const errorCode = reader.readInt16();
  const errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const resourceType = reader.readInt8();
  const resourceName = flexible ? reader.readCompactString() : reader.readString();
  let patternType: number = 3;
  if (version >= 1) {
    patternType = reader.readInt8();
  }
  const principal = flexible ? reader.readCompactString() : reader.readString();
  const host = flexible ? reader.readCompactString() : reader.readString();
  const operation = reader.readInt8();
  const permissionType = reader.readInt8();
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, errorMessage, resourceType, resourceName, patternType, principal, host, operation, permissionType };
}

function encodeDeleteAclsResponseDeleteAclsMatchingAcl(
  writer: ByteWriter,
  value: Encodable<DeleteAclsResponseDeleteAclsMatchingAcl>,
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
  if (version >= 1) {
    const patternType = value.patternType ?? 3;
    writer.writeInt8(patternType);
  } else if (value.patternType !== undefined && value.patternType !== 3) notInVersion('DeleteAclsResponseDeleteAclsMatchingAcl.patternType', version);
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

function decodeDeleteAclsResponseDeleteAclsFilterResult(
  reader: ByteReader,
  version: number,
): DeleteAclsResponseDeleteAclsFilterResult {
  const flexible = version >= 2;
  const errorCode = reader.readInt16();
  const errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const matchingAcls: DeleteAclsResponseDeleteAclsMatchingAcl[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(11) : reader.readArrayCount(11)); count > 0; count--) {
    matchingAcls.push(decodeDeleteAclsResponseDeleteAclsMatchingAcl(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, errorMessage, matchingAcls };
}

function encodeDeleteAclsResponseDeleteAclsFilterResult(
  writer: ByteWriter,
  value: Encodable<DeleteAclsResponseDeleteAclsFilterResult>,
  version: number,
): void {
  const flexible = version >= 2;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  const matchingAcls = value.matchingAcls ?? [];
  if (flexible) writer.writeCompactArrayCount(matchingAcls.length);
  else writer.writeArrayCount(matchingAcls.length);
  for (const item of matchingAcls) encodeDeleteAclsResponseDeleteAclsMatchingAcl(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** DeleteAcls, ApiKey 31: versions 0-3, flexible since 2. */
export const deleteAclsApi: KafkaApi<DeleteAclsRequest, DeleteAclsResponse> = {
  key: 31,
  name: 'DeleteAcls',
  versionMin: 0,
  versionMax: 3,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeDeleteAclsRequest,
  encodeRequest: encodeDeleteAclsRequest,
  decodeResponse: decodeDeleteAclsResponse,
  encodeResponse: encodeDeleteAclsResponse,
};
