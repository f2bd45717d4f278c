// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0. */
export interface GetTelemetrySubscriptionsRequest {
  /** Unique id for this client instance, must be set to 0 on the first request. (versions 0+) */
  clientInstanceId: Buffer;
}

export function decodeGetTelemetrySubscriptionsRequest(
  reader: ByteReader,
  version: number,
): GetTelemetrySubscriptionsRequest {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('GetTelemetrySubscriptionsRequest', version);
  const clientInstanceId = reader.readUuid();
  reader.skipTags();
  return { clientInstanceId };
}

export function encodeGetTelemetrySubscriptionsRequest(
  writer: ByteWriter,
  value: Encodable<GetTelemetrySubscriptionsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('GetTelemetrySubscriptionsRequest', version);
  const clientInstanceId = value.clientInstanceId ?? ZERO_UUID;
  writer.writeUuid(clientInstanceId);
  writer.writeUnsignedVarint(0);
}

/** Versions 0. */
export interface GetTelemetrySubscriptionsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** Assigned client instance id if ClientInstanceId was 0 in the request, else 0. (versions 0+) */
  clientInstanceId: Buffer;
  /** Unique identifier for the current subscription set for this client instance. (versions 0+) */
  subscriptionId: number;
  /** Compression types that broker accepts for the PushTelemetryRequest. (versions 0+) */
  acceptedCompressionTypes: number[];
  /** Configured push interval, which is the lowest configured interval in the current subscription set. (versions 0+) */
  pushIntervalMs: number;
  /** The maximum bytes of binary data the broker accepts in PushTelemetryRequest. (versions 0+) */
  telemetryMaxBytes: number;
  /** Flag to indicate monotonic/counter metrics are to be emitted as deltas or cumulative values. (versions 0+) */
  deltaTemporality: boolean;
  /** Requested metrics prefix string match. Empty array: No metrics subscribed, Array[0] empty string: All metrics subscribed. (versions 0+) */
  requestedMetrics: string[];
}

export function decodeGetTelemetrySubscriptionsResponse(
  reader: ByteReader,
  version: number,
): GetTelemetrySubscriptionsResponse {
  if (!(version >= 0 && version <= 0)) unsupportedDecode('GetTelemetrySubscriptionsResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const clientInstanceId = reader.readUuid();
  const subscriptionId = reader.readInt32();
  const acceptedCompressionTypes: number[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    acceptedCompressionTypes.push(reader.readInt8());
  }
  const pushIntervalMs = reader.readInt32();
  const telemetryMaxBytes = reader.readInt32();
  const deltaTemporality = reader.readBoolean();
  const requestedMetrics: string[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    requestedMetrics.push(reader.readCompactString());
  }
  reader.skipTags();
  return { throttleTimeMs, errorCode, clientInstanceId, subscriptionId, acceptedCompressionTypes, pushIntervalMs, telemetryMaxBytes, deltaTemporality, requestedMetrics };
}

export function encodeGetTelemetrySubscriptionsResponse(
  writer: ByteWriter,
  value: Encodable<GetTelemetrySubscriptionsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 0)) unsupportedEncode('GetTelemetrySubscriptionsResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const clientInstanceId = value.clientInstanceId ?? ZERO_UUID;
  writer.writeUuid(clientInstanceId);
  const subscriptionId = value.subscriptionId ?? 0;
  writer.writeInt32(subscriptionId);
  const acceptedCompressionTypes = value.acceptedCompressionTypes ?? [];
  writer.writeCompactArrayCount(acceptedCompressionTypes.length);
  for (const item of acceptedCompressionTypes) writer.writeInt8(item);
  const pushIntervalMs = value.pushIntervalMs ?? 0;
  writer.writeInt32(pushIntervalMs);
  const telemetryMaxBytes = value.telemetryMaxBytes ?? 0;
  writer.writeInt32(telemetryMaxBytes);
  const deltaTemporality = value.deltaTemporality ?? false;
  writer.writeBoolean(deltaTemporality);
  const requestedMetrics = value.requestedMetrics ?? [];
  writer.writeCompactArrayCount(requestedMetrics.length);
  for (const item of requestedMetrics) writer.writeCompactString(item);
  writer.writeUnsignedVarint(0);
}

/** GetTelemetrySubscriptions, ApiKey 71: versions 0, flexible since 0. */
export const getTelemetrySubscriptionsApi: KafkaApi<GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse> = {
  key: 71,
  name: 'GetTelemetrySubscriptions',
  versionMin: 0,
  versionMax: 0,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeGetTelemetrySubscriptionsRequest,
  encodeRequest: encodeGetTelemetrySubscriptionsRequest,
  decodeResponse: decodeGetTelemetrySubscriptionsResponse,
  encodeResponse: encodeGetTelemetrySubscriptionsResponse,
};
