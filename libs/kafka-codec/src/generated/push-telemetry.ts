// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { EMPTY_BYTES, unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface PushTelemetryRequest {
  /** Unique id for this client instance. (versions 0+) */
  clientInstanceId: Buffer;
  /** Unique identifier for the current subscription. (versions 0+) */
  subscriptionId: number;
  /** Client is terminating the connection. (versions 0+) */
  terminating: boolean;
  /** Compression codec used to compress the metrics. (versions 0+) */
  compressionType: number;
  /** Metrics encoded in OpenTelemetry MetricsData v1 protobuf format. (versions 0+) */
  metrics: Buffer;
}

export function decodePushTelemetryRequest(
  reader: ByteReader,
  version: number,
): PushTelemetryRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('PushTelemetryRequest', version);
  const clientInstanceId = reader.readUuid();
  const subscriptionId = reader.readInt32();
  const terminating = reader.readBoolean();
  const compressionType = reader.readInt8();
  const metrics = reader.readCompactBytes();
  reader.skipTags();
  return { clientInstanceId, subscriptionId, terminating, compressionType, metrics };
}

export function encodePushTelemetryRequest(
  writer: ByteWriter,
  value: Encodable<PushTelemetryRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('PushTelemetryRequest', version);
  const clientInstanceId = value.clientInstanceId ?? ZERO_UUID;
  writer.writeUuid(clientInstanceId);
  const subscriptionId = value.subscriptionId ?? 0;
  writer.writeInt32(subscriptionId);
  const terminating = value.terminating ?? false;
  writer.writeBoolean(terminating);
  const compressionType = value.compressionType ?? 0;
  writer.writeInt8(compressionType);
  const metrics = value.metrics ?? EMPTY_BYTES;
  writer.writeCompactBytes(metrics);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface PushTelemetryResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
}

export function decodePushTelemetryResponse(
  reader: ByteReader,
  version: number,
): PushTelemetryResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('PushTelemetryResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  reader.skipTags();
  return { throttleTimeMs, errorCode };
}

export function encodePushTelemetryResponse(
  writer: ByteWriter,
  value: Encodable<PushTelemetryResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('PushTelemetryResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  writer.writeUnsignedVarint(0);
}

/** PushTelemetry, ApiKey 72: versions 0, flexible since 0. */
export const pushTelemetryApi: KafkaApi<PushTelemetryRequest, PushTelemetryResponse> = {
  key: 72,
  name: 'PushTelemetry',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodePushTelemetryRequest,
  encodeRequest: encodePushTelemetryRequest,
  decodeResponse: decodePushTelemetryResponse,
  encodeResponse: encodePushTelemetryResponse,
};
