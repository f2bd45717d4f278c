// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { EMPTY_BYTES, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface SaslAuthenticateRequest {
  /** The SASL authentication bytes from the client, as defined by the SASL mechanism. (versions 0+) */
  authBytes: Buffer;
}

export function decodeSaslAuthenticateRequest(
  reader: ByteReader,
  version: number,
): SaslAuthenticateRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('SaslAuthenticateRequest', version);
  const flexible = version >= 2;
  const authBytes = flexible ? reader.readCompactBytes() : reader.readBytes();
  if (flexible) {
    reader.skipTags();
  }
  return { authBytes };
}

export function encodeSaslAuthenticateRequest(
  writer: ByteWriter,
  value: Encodable<SaslAuthenticateRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('SaslAuthenticateRequest', version);
  const flexible = version >= 2;
  const authBytes = value.authBytes ?? EMPTY_BYTES;
  flexible ? writer.writeCompactBytes(authBytes) : writer.writeBytes(authBytes);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-2. */
export interface SaslAuthenticateResponse {
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The SASL authentication bytes from the server, as defined by the SASL mechanism. (versions 0+) */
  authBytes: Buffer;
  /** Number of milliseconds after which only re-authentication over the existing connection to create a new session can occur. (versions 1+) */
  sessionLifetimeMs: bigint;
}

export function decodeSaslAuthenticateResponse(
  reader: ByteReader,
  version: number,
): SaslAuthenticateResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('SaslAuthenticateResponse', version);
  const flexible = version >= 2;
  const errorCode = reader.readInt16();
  const errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const authBytes = flexible ? reader.readCompactBytes() : reader.readBytes();
  let sessionLifetimeMs: bigint = 0n;
  if (version >= 1) {
    sessionLifetimeMs = reader.readInt64();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { errorCode, errorMessage, authBytes, sessionLifetimeMs };
}

export function encodeSaslAuthenticateResponse(
  writer: ByteWriter,
  value: Encodable<SaslAuthenticateResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('SaslAuthenticateResponse', version);
  const flexible = version >= 2;
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  const authBytes = value.authBytes ?? EMPTY_BYTES;
  flexible ? writer.writeCompactBytes(authBytes) : writer.writeBytes(authBytes);
  if (version >= 1) {
    const sessionLifetimeMs = value.sessionLifetimeMs ?? 0n;
    writer.writeInt64(sessionLifetimeMs);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** SaslAuthenticate, ApiKey 36: versions 0-2, flexible since 2. */
export const saslAuthenticateApi: KafkaApi<SaslAuthenticateRequest, SaslAuthenticateResponse> = {
  key: 36,
  name: 'SaslAuthenticate',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 2,
  latestVersionUnstable: false,
  decodeRequest: decodeSaslAuthenticateRequest,
  encodeRequest: encodeSaslAuthenticateRequest,
  decodeResponse: decodeSaslAuthenticateResponse,
  encodeResponse: encodeSaslAuthenticateResponse,
};
