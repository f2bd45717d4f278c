// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-1. */
export interface SaslHandshakeRequest {
  /** The SASL mechanism chosen by the client. (versions 0+) */
  mechanism: string;
}

export function decodeSaslHandshakeRequest(
  reader: ByteReader,
  version: number,
): SaslHandshakeRequest {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('SaslHandshakeRequest', version);
  const mechanism = reader.readString();
  return { mechanism };
}

export function encodeSaslHandshakeRequest(
  writer: ByteWriter,
  value: Encodable<SaslHandshakeRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('SaslHandshakeRequest', version);
  const mechanism = value.mechanism ?? '';
  writer.writeString(mechanism);
}

/** Versions 0-1. */
export interface SaslHandshakeResponse {
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The mechanisms enabled in the server. (versions 0+) */
  mechanisms: string[];
}

export function decodeSaslHandshakeResponse(
  reader: ByteReader,
  version: number,
): SaslHandshakeResponse {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('SaslHandshakeResponse', version);
  const errorCode = reader.readInt16();
  const mechanisms: string[] = [];
  for (let count = reader.notNull(reader.readArrayCount(2)); count > 0; count--) {
    mechanisms.push(reader.readString());
  }
  return { errorCode, mechanisms };
}

export function encodeSaslHandshakeResponse(
  writer: ByteWriter,
  value: Encodable<SaslHandshakeResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('SaslHandshakeResponse', version);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const mechanisms = value.mechanisms ?? [];
  writer.writeArrayCount(mechanisms.length);
  for (const item of mechanisms) writer.writeString(item);
}

/** SaslHandshake, ApiKey 17: versions 0-1. */
export const saslHandshakeApi: KafkaApi<SaslHandshakeRequest, SaslHandshakeResponse> = {
  key: 17,
  name: 'SaslHandshake',
  versionMin: 0,
  versionMax: 1,
  flexibleSince: -1,
  latestVersionUnstable: false,
  decodeRequest: decodeSaslHandshakeRequest,
  encodeRequest: encodeSaslHandshakeRequest,
  decodeResponse: decodeSaslHandshakeResponse,
  encodeResponse: encodeSaslHandshakeResponse,
};
