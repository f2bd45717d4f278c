// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface UnregisterBrokerRequest {
  /** The broker ID to unregister. (versions 0+) */
  brokerId: number;
}

export function decodeUnregisterBrokerRequest(
  reader: ByteReader,
  version: number,
): UnregisterBrokerRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('UnregisterBrokerRequest', version);
  const brokerId = reader.readInt32();
  reader.skipTags();
  return { brokerId };
}

export function encodeUnregisterBrokerRequest(
  writer: ByteWriter,
  value: Encodable<UnregisterBrokerRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('UnregisterBrokerRequest', version);
  const brokerId = value.brokerId ?? 0;
  writer.writeInt32(brokerId);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface UnregisterBrokerResponse {
  /** Duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The top-level error message, or `null` if there was no top-level error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export function decodeUnregisterBrokerResponse(
  reader: ByteReader,
  version: number,
): UnregisterBrokerResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('UnregisterBrokerResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { throttleTimeMs, errorCode, errorMessage };
}

export function encodeUnregisterBrokerResponse(
  writer: ByteWriter,
  value: Encodable<UnregisterBrokerResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('UnregisterBrokerResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  writer.writeCompactNullableString(errorMessage);
  writer.writeUnsignedVarint(0);
}

/** UnregisterBroker, ApiKey 64: versions 0, flexible since 0. */
export const unregisterBrokerApi: KafkaApi<UnregisterBrokerRequest, UnregisterBrokerResponse> = {
  key: 64,
  name: 'UnregisterBroker',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeUnregisterBrokerRequest,
  encodeRequest: encodeUnregisterBrokerRequest,
  decodeResponse: decodeUnregisterBrokerResponse,
  encodeResponse: encodeUnregisterBrokerResponse,
};
