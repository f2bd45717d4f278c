// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { EMPTY_BYTES, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface RenewDelegationTokenRequest {
  /** The HMAC of the delegation token to be renewed. (versions 0+) */
  hmac: Buffer;
  /** The renewal time period in milliseconds. (versions 0+) */
  renewPeriodMs: bigint;
}

export function decodeRenewDelegationTokenRequest(
  reader: ByteReader,
  version: number,
): RenewDelegationTokenRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('RenewDelegationTokenRequest', version);
  const flexible = version >= 2;
  const hmac = flexible ? reader.readCompactBytes() : reader.readBytes();
  const renewPeriodMs = reader.readInt64();
  if (flexible) {
    reader.skipTags();
  }
  return { hmac, renewPeriodMs };
}

export function encodeRenewDelegationTokenRequest(
  writer: ByteWriter,
  value: Encodable<RenewDelegationTokenRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('RenewDelegationTokenRequest', version);
  const flexible = version >= 2;
  const hmac = value.hmac ?? EMPTY_BYTES;
  flexible ? writer.writeCompactBytes(hmac) : writer.writeBytes(hmac);
  const renewPeriodMs = value.renewPeriodMs ?? 0n;
  writer.writeInt64(renewPeriodMs);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-2. */
export interface RenewDelegationTokenResponse {
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The timestamp in milliseconds at which this token expires. (versions 0+) */
  expiryTimestampMs: bigint;
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
}

export function decodeRenewDelegationTokenResponse(
  reader: ByteReader,
  version: number,
): RenewDelegationTokenResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('RenewDelegationTokenResponse', version);
  const flexible = version >= 2;
  const errorCode = reader.readInt16();
  const expiryTimestampMs = reader.readInt64();
  const throttleTimeMs = reader.readInt32();
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, expiryTimestampMs, throttleTimeMs };
}

export function encodeRenewDelegationTokenResponse(
  writer: ByteWriter,
  value: Encodable<RenewDelegationTokenResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('RenewDelegationTokenResponse', version);
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

/** RenewDelegationToken, ApiKey 39: versions 0-2, flexible since 2. */
export const renewDelegationTokenApi: KafkaApi<RenewDelegationTokenRequest, RenewDelegationTokenResponse> = {
  key: 39,
  name: 'RenewDelegationToken',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeRenewDelegationTokenRequest,
  encodeRequest: encodeRenewDelegationTokenRequest,
  decodeResponse: decodeRenewDelegationTokenResponse,
  encodeResponse: encodeRenewDelegationTokenResponse,
};
