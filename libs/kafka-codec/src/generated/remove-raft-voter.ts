// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface RemoveRaftVoterRequest {
  /** The cluster id of the request. (versions 0+, nullable 0+) */
  clusterId: string | null;
  /** The replica id of the voter getting removed from the topic partition. (versions 0+) */
  voterId: number;
  /** The directory id of the voter getting removed from the topic partition. (versions 0+) */
  voterDirectoryId: Buffer;
}

export function decodeRemoveRaftVoterRequest(
  reader: ByteReader,
  version: number,
): RemoveRaftVoterRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('RemoveRaftVoterRequest', version);
  const clusterId = reader.readCompactNullableString();
  const voterId = reader.readInt32();
  const voterDirectoryId = reader.readUuid();
  reader.skipTags();
  return { clusterId, voterId, voterDirectoryId };
}

export function encodeRemoveRaftVoterRequest(
  writer: ByteWriter,
  value: Encodable<RemoveRaftVoterRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('RemoveRaftVoterRequest', version);
  const clusterId = value.clusterId === undefined ? '' : value.clusterId;
  writer.writeCompactNullableString(clusterId);
  const voterId = value.voterId ?? 0;
  writer.writeInt32(voterId);
  const voterDirectoryId = value.voterDirectoryId ?? ZERO_UUID;
  writer.writeUuid(voterDirectoryId);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface RemoveRaftVoterResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export function decodeRemoveRaftVoterResponse(
  reader: ByteReader,
  version: number,
): RemoveRaftVoterResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('RemoveRaftVoterResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { throttleTimeMs, errorCode, errorMessage };
}

export function encodeRemoveRaftVoterResponse(
  writer: ByteWriter,
  value: Encodable<RemoveRaftVoterResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('RemoveRaftVoterResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  writer.writeCompactNullableString(errorMessage);
  writer.writeUnsignedVarint(0);
}

/** RemoveRaftVoter, ApiKey 81: versions 0, flexible since 0. */
export const removeRaftVoterApi: KafkaApi<RemoveRaftVoterRequest, RemoveRaftVoterResponse> = {
  key: 81,
  name: 'RemoveRaftVoter',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeRemoveRaftVoterRequest,
  encodeRequest: encodeRemoveRaftVoterRequest,
  decodeResponse: decodeRemoveRaftVoterResponse,
  encodeResponse: encodeRemoveRaftVoterResponse,
};
