// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-5. */
export interface ListGroupsRequest {
  /** The states of the groups we want to list. If empty, all groups are returned with their state. (versions 4+) */
  statesFilter: string[];
  /** The types of the groups we want to list. If empty, all groups are returned with their type. (versions 5+) */
  typesFilter: string[];
}

export function decodeListGroupsRequest(
  reader: ByteReader,
  version: number,
): ListGroupsRequest {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('ListGroupsRequest', version);
  const flexible = version >= 3;
  const statesFilter: string[] = [];
  if (version >= 4) {
    for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
      statesFilter.push(reader.readCompactString());
    }
  }
  const typesFilter: string[] = [];
  if (version >= 5) {
    for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
      typesFilter.push(reader.readCompactString());
    }
  }
  if (flexible) {
    reader.skipTags();
  }
  return { statesFilter, typesFilter };
}

export function encodeListGroupsRequest(
  writer: ByteWriter,
  value: Encodable<ListGroupsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('ListGroupsRequest', version);
  const flexible = version >= 3;
  if (version >= 4) {
    const statesFilter = value.statesFilter ?? [];
    writer.writeCompactArrayCount(statesFilter.length);
    for (const item of statesFilter) writer.writeCompactString(item);
  } else if (value.statesFilter !== undefined && value.statesFilter.length !== 0) notInVersion('ListGroupsRequest.statesFilter', version);
  if (version >= 5) {
    const typesFilter = value.typesFilter ?? [];
    writer.writeCompactArrayCount(typesFilter.length);
    for (const item of typesFilter) writer.writeCompactString(item);
  } else if (value.typesFilter !== undefined && value.typesFilter.length !== 0) notInVersion('ListGroupsRequest.typesFilter', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-5. */
export interface ListGroupsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** Each group in the response. (versions 0+) */
  groups: ListGroupsResponseListedGroup[];
}

export interface ListGroupsResponseListedGroup {
  /** The group ID. (versions 0+) */
  groupId: string;
  /** The group protocol type. (versions 0+) */
  protocolType: string;
  /** The group state name. (versions 4+) */
  groupState: string;
  /** The group type name. (versions 5+) */
  groupType: string;
}

export function decodeListGroupsResponse(
  reader: ByteReader,
  version: number,
): ListGroupsResponse {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('ListGroupsResponse', version);
  const flexible = version >= 3;
  let throttleTimeMs: number = 0;
  if (version >= 1) {
    throttleTimeMs = reader.readInt32();
  }
  const errorCode = reader.readInt16();
  const groups: ListGroupsResponseListedGroup[] = [];
  for (let count = reader.notNull(flexible ? reader.readCompactArrayCount(3) : reader.readArrayCount(3)); count > 0; count--) {
    groups.push(decodeListGroupsResponseListedGroup(reader, version));
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode, groups };
}

export function encodeListGroupsResponse(
  writer: ByteWriter,
  value: Encodable<ListGroupsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('ListGroupsResponse', version);
  const flexible = version >= 3;
  if (version >= 1) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const groups = value.groups ?? [];
  if (flexible) writer.writeCompactArrayCount(groups.length);
  else writer.writeArrayCount(groups.length);
  for (const item of groups) encodeListGroupsResponseListedGroup(writer, item, version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeListGroupsResponseListedGroup(
  reader: ByteReader,
  version: number,
): ListGroupsResponseListedGroup {
  const flexible = version >= 3;
  const groupId = flexible ? reader.readCompactString() : reader.readString();
  const protocolType = flexible ? reader.readCompactString() : reader.readString();
  let groupState: string = '';
  if (version >= 4) {
    groupState = reader.readCompactString();
  }
  let groupType: string = '';
  if (version >= 5) {
    groupType = reader.readCompactString();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { groupId, protocolType, groupState, groupType };
}

function encodeListGroupsResponseListedGroup(
  writer: ByteWriter,
  value: Encodable<ListGroupsResponseListedGroup>,
  version: number,
): void {
  const flexible = version >= 3;
  const groupId = value.groupId ?? '';
  flexible ? writer.writeCompactString(groupId) : writer.writeString(groupId);
  const protocolType = value.protocolType ?? '';
  flexible ? writer.writeCompactString(protocolType) : writer.writeString(protocolType);
  if (version >= 4) {
    const groupState = value.groupState ?? '';
    writer.writeCompactString(groupState);
  }
  if (version >= 5) {
    const groupType = value.groupType ?? '';
    writer.writeCompactString(groupType);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** ListGroups, ApiKey 16: versions 0-5, flexible since 3. */
export const listGroupsApi: KafkaApi<ListGroupsRequest, ListGroupsResponse> = {
  key: 16,
  name: 'ListGroups',
  versionMin: 0,
  versionMax: 5,
  flexibleSince: 3,
  latestVersionUnstable: false,
  decodeRequest: decodeListGroupsRequest,
  encodeRequest: encodeListGroupsRequest,
  decodeResponse: decodeListGroupsResponse,
  encodeResponse: encodeListGroupsResponse,
};
