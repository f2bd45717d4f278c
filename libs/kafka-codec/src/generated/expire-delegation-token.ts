// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { EMPTY_BYTES, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface ExpireDelegationTokenRequest {
  /** The HMAC of the delegation token to be expired. (versions 0+) */
  hmac: Buffer;
  /** The expiry time period in milliseconds. (versions 0+) */
  expiryTimePeriodMs: bigint;
}

export function decodeExpireDelegationTokenRequest(
  reader: ByteReader,
  version: number,
): ExpireDelegationTokenRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('ExpireDelegationTokenRequest', version);
  const flexible = version >= 2;
  const hmac = flexible ? reader.readCompactBytes() : reader.readBytes();
  const expiryTimePeriodMs = reader.readInt64();
  if (flexible) {
    reader.skipTags();
  }
  return { hmac, expiryTimePeriodMs };
}

export function encodeExpireDelegationTokenRequest(
  writer: ByteWriter,
  value: Encodable<ExpireDelegationTokenRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('ExpireDelegationTokenRequest', version);
  const flexible = version >= 2;
  const hmac = value.hmac ?? EMPTY_BYTES;
  flexible ? writer.writeCompactBytes(hmac) : writer.writeBytes(hmac);
  const expiryTimePeriodMs = value.expiryTimePeriodMs ?? 0n;
  writer.writeInt64(expiryTimePeriodMs);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-2. */
export interface ExpireDelegationTokenResponse {
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The timestamp in milliseconds at which this token expires. (versions 0+) */
  expiryTimestampMs: bigint;
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
}

export function decodeExpireDelegationTokenResponse(
  reader: ByteReader,
  version: number,
): ExpireDelegationTokenResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('ExpireDelegationTokenResponse', version);
  const flexible = version >= 2;
  const errorCode = reader.readInt16();
  const expiryTimestampMs = reader.readInt64();
  const throttleTimeMs = reader.readInt32();
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, expiryTimestampMs, throttleTimeMs };
}

export function encodeExpireDelegationTokenResponse(
  writer: ByteWriter,
  value: Encodable<ExpireDelegationTokenResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('ExpireDelegationTokenResponse', version);
  const flexible = version >= 2;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const expiryTimestampMs = value.expiryTimestampMs ?? 0n;
  writer.writeInt64(expiryTimestampMs);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** ExpireDelegationToken, ApiKey 40: versions 0-2, flexible since 2. */
export const expireDelegationTokenApi: KafkaApi<ExpireDelegationTokenRequest, ExpireDelegationTokenResponse> = {
  key: 40,
  name: 'ExpireDelegationToken',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeExpireDelegationTokenRequest,
  encodeRequest: encodeExpireDelegationTokenRequest,
  decodeResponse: decodeExpireDelegationTokenResponse,
  encodeResponse: encodeExpireDelegationTokenResponse,
};
