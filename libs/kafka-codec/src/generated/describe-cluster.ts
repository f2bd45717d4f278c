// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface DescribeClusterRequest {
  /** Whether to include cluster authorized operations. (versions 0+) */
  includeClusterAuthorizedOperations: boolean;
  /** The endpoint type to describe. 1=brokers, 2=controllers. (versions 1+) */
  endpointType: number;
  /** Whether to include fenced brokers when listing brokers. (versions 2+) */
  includeFencedBrokers: boolean;
}

export function decodeDescribeClusterRequest(
  reader: ByteReader,
  version: number,
): DescribeClusterRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('DescribeClusterRequest', version);
  const includeClusterAuthorizedOperations = reader.readBoolean();
  let endpointType: number = 1;
  if (version >= 1) {
    endpointType = reader.readInt8();
  }
  let includeFencedBrokers: boolean = false;
  if (version >= 2) {
    includeFencedBrokers = reader.readBoolean();
  }
  reader.skipTags();
  return { includeClusterAuthorizedOperations, endpointType, includeFencedBrokers };
}

export function encodeDescribeClusterRequest(
  writer: ByteWriter,
  value: Encodable<DescribeClusterRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('DescribeClusterRequest', version);
  const includeClusterAuthorizedOperations = value.includeClusterAuthorizedOperations ?? false;
  writer.writeBoolean(includeClusterAuthorizedOperations);
  if (version >= 1) {
    const endpointType = value.endpointType ?? 1;
    writer.writeInt8(endpointType);
  } else if (value.endpointType !== undefined && value.endpointType !== 1) notInVersion('DescribeClusterRequest.endpointType', version);
  if (version >= 2) {
    const includeFencedBrokers = value.includeFencedBrokers ?? false;
    writer.writeBoolean(includeFencedBrokers);
  } else if (value.includeFencedBrokers !== undefined && value.includeFencedBrokers !== false) notInVersion('DescribeClusterRequest.includeFencedBrokers', version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0-2. */
export interface DescribeClusterResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The top-level error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The top-level error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
  /** The endpoint type that was described. 1=brokers, 2=controllers. (versions 1+) */
  endpointType: number;
  /** The cluster ID that responding broker belongs to. (versions 0+) */
  clusterId: string;
  /** The ID of the controller. When handled by a controller, returns the current voter leader ID. When handled by a broker, returns a random alive broker ID as a fallback. (versions 0+) */
  controllerId: number;
  /** Each broker in the response. (versions 0+) */
  brokers: DescribeClusterResponseDescribeClusterBroker[];
  /** 32-bit bitfield to represent authorized operations for this cluster. (versions 0+) */
  clusterAuthorizedOperations: number;
}

export interface DescribeClusterResponseDescribeClusterBroker {
  /** The broker ID. (versions 0+) */
  brokerId: number;
  /** The broker hostname. (versions 0+) */
  host: string;
  /** The broker port. (versions 0+) */
  port: number;
  /** The rack of the broker, or null if it has not been assigned to a rack. (versions 0+, nullable 0+) */
  rack: string | null;
  /** Whether the broker is fenced (versions 2+) */
  isFenced: boolean;
}

export function decodeDescribeClusterResponse(
  reader: ByteReader,
  version: number,
): DescribeClusterResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('DescribeClusterResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  let endpointType: number = 1;
  if (version >= 1) {
    endpointType = reader.readInt8();
  }
  const clusterId = reader.readCompactString();
  const controllerId = reader.readInt32();
  const brokers: DescribeClusterResponseDescribeClusterBroker[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(11)); count > 0; count--) {
    brokers.push(decodeDescribeClusterResponseDescribeClusterBroker(reader, version));
  }
  const clusterAuthorizedOperations = reader.readInt32();
  reader.skipTags();
  return { throttleTimeMs, errorCode, errorMessage, endpointType, clusterId, controllerId, brokers, clusterAuthorizedOperations };
}

export function encodeDescribeClusterResponse(
  writer: ByteWriter,
  value: Encodable<DescribeClusterResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('DescribeClusterResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage ?? null;
  writer.writeCompactNullableString(errorMessage);
  if (version >= 1) {
    const endpointType = value.endpointType ?? 1;
    writer.writeInt8(endpointType);
  } else if (value.endpointType !== undefined && value.endpointType !== 1) notInVersion('DescribeClusterResponse.endpointType', version);
  const clusterId = value.clusterId ?? '';
  writer.writeCompactString(clusterId);
  const controllerId = value.controllerId ?? -1;
  writer.writeInt32(controllerId);
  const brokers = value.brokers ?? [];
  writer.writeCompactArrayCount(brokers.length);
  for (const item of brokers) encodeDescribeClusterResponseDescribeClusterBroker(writer, item, version);
  const clusterAuthorizedOperations = value.clusterAuthorizedOperations ?? -2147483648;
  writer.writeInt32(clusterAuthorizedOperations);
  writer.writeUnsignedVarint(0);
}

function decodeDescribeClusterResponseDescribeClusterBroker(
  reader: ByteReader,
  version: number,
): DescribeClusterResponseDescribeClusterBroker {
  const brokerId = reader.readInt32();
  const host = reader.readCompactString();
  const port = reader.readInt32();
  const rack = reader.readCompactNullableString();
  let isFenced: boolean = false;
  if (version >= 2) {
    isFenced = reader.readBoolean();
  }
  reader.skipTags();
  return { brokerId, host, port, rack, isFenced };
}

function encodeDescribeClusterResponseDescribeClusterBroker(
  writer: ByteWriter,
  value: Encodable<DescribeClusterResponseDescribeClusterBroker>,
  version: number,
): void {
  const brokerId = value.brokerId ?? 0;
  writer.writeInt32(brokerId);
  const host = value.host ?? '';
  writer.writeCompactString(host);
  const port = value.port ?? 0;
  writer.writeInt32(port);
  const rack = value.rack ?? null;
  writer.writeCompactNullableString(rack);
  if (version >= 2) {
    const isFenced = value.isFenced ?? false;
    writer.writeBoolean(isFenced);
  } else if (value.isFenced !== undefined && value.isFenced !== false) notInVersion('DescribeClusterResponseDescribeClusterBroker.isFenced', version);
  writer.writeUnsignedVarint(0);
}

/** DescribeCluster, ApiKey 60: versions 0-2, flexible since 0. */
export const describeClusterApi: KafkaApi<DescribeClusterRequest, DescribeClusterResponse> = {
  key: 60,
  name: 'DescribeCluster',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeDescribeClusterRequest,
  encodeRequest: encodeDescribeClusterRequest,
  decodeResponse: decodeDescribeClusterResponse,
  encodeResponse: encodeDescribeClusterResponse,
};
