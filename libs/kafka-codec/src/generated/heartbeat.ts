// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-4. */
export interface HeartbeatRequest {
  /** The group id. (versions 0+) */
  groupId: string;
  /** The generation of the group. (versions 0+) */
  generationId: number;
  /** The member ID. (versions 0+) */
  memberId: string;
  /** The unique identifier of the consumer instance provided by end user. (versions 3+, nullable 3+) */
  groupInstanceId: string | null;
}

export function decodeHeartbeatRequest(
  reader: ByteReader,
  version: number,
): HeartbeatRequest {
  if (!(version >= 0 && version <= 4)) unsupportedDecode('HeartbeatRequest', version);
  const flexible = version >= 4;
  const groupId = flexible ? reader.readCompactString() : reader.readString();
  const generationId = reader.readInt32();
  const memberId = flexible ? reader.readCompactString() : reader.readString();
  let groupInstanceId: string | null = null;
  if (version >= 3) {
    groupInstanceId = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { groupId, generationId, memberId, groupInstanceId };
}

export function encodeHeartbeatRequest(
  writer: ByteWriter,
  value: Encodable<HeartbeatRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 4)) unsupportedEncode('HeartbeatRequest', version);
  const flexible = version >= 4;
  const groupId = value.groupId ?? '';
  flexible ? writer.writeCompactString(groupId) : writer.writeString(groupId);
  const generationId = value.generationId ?? 0;
  writer.writeInt32(generationId);
  const memberId = value.memberId ?? '';
  flexible ? writer.writeCompactString(memberId) : writer.writeString(memberId);
  if (version >= 3) {
    const groupInstanceId = value.groupInstanceId ?? null;
    flexible ? writer.writeCompactNullableString(groupInstanceId) : writer.writeNullableString(groupInstanceId);
  } else if ((value.groupInstanceId ?? null) !== null) notInVersion('HeartbeatRequest.groupInstanceId', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-4. */
export interface HeartbeatResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
}

export function decodeHeartbeatResponse(
  reader: ByteReader,
  version: number,
): HeartbeatResponse {
  if (!(version >= 0 && version <= 4)) unsupportedDecode('HeartbeatResponse', version);
  const flexible = version >= 4;
  let throttleTimeMs: number = 0;
  if (version >= 1) {
    throttleTimeMs = reader.readInt32();
  }
  const errorCode = reader.readInt16();
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode };
}

export function encodeHeartbeatResponse(
  writer: ByteWriter,
  value: Encodable<HeartbeatResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 4)) unsupportedEncode('HeartbeatResponse', version);
  const flexible = version >= 4;
  if (version >= 1) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Heartbeat, ApiKey 12: versions 0-4, flexible since 4. */
export const heartbeatApi: KafkaApi<HeartbeatRequest, HeartbeatResponse> = {
  key: 12,
  name: 'Heartbeat',
  versionMin: 0,
  versionMax: 4,
  flexibleSince: 4,
  latestVersionUnstable: false,
  decodeRequest: decodeHeartbeatRequest,
  encodeRequest: encodeHeartbeatRequest,
  decodeResponse: decodeHeartbeatResponse,
  encodeResponse: encodeHeartbeatResponse,
};
