// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-6. */
export interface FindCoordinatorRequest {
  /** The coordinator key. (versions 0-3) */
  key: string;
  /** The coordinator key type. (group, transaction, share). (versions 1+) */
  keyType: number;
  /** The coordinator keys. (versions 4+) */
  coordinatorKeys: string[];
}

export function decodeFindCoordinatorRequest(
  reader: ByteReader,
  version: number,
): FindCoordinatorRequest {
  if (!(version >= 0 && version <= 6)) unsupportedDecode('FindCoordinatorRequest', version);
  const flexible = version >= 3;
  let key: string = '';
  if (version <= 3) {
    key = flexible ? reader.readCompactString() : reader.readString();
  }
  let keyType: number = 0;
  if (version >= 1) {
    keyType = reader.readInt8();
  }
  const coordinatorKeys: string[] = [];
  if (version >= 4) {
    for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
      coordinatorKeys.push(reader.readCompactString());
    }
  }
  if (flexible) {
    reader.skipTags();
  }
  return { key, keyType, coordinatorKeys };
}

export function encodeFindCoordinatorRequest(
  writer: ByteWriter,
  value: Encodable<FindCoordinatorRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 6)) unsupportedEncode('FindCoordinatorRequest', version);
  const flexible = version >= 3;
  if (version <= 3) {
    const key = value.key ?? '';
    flexible ? writer.writeCompactString(key) : writer.writeString(key);
  } else if (value.key !== undefined && value.key !== '') notInVersion('FindCoordinatorRequest.key', version);
  if (version >= 1) {
    const keyType = value.keyType ?? 0;
    writer.writeInt8(keyType);
  } else if (value.keyType !== undefined && value.keyType !== 0) notInVersion('FindCoordinatorRequest.keyType', version);
  if (version >= 4) {
    const coordinatorKeys = value.coordinatorKeys ?? [];
    writer.writeCompactArrayCount(coordinatorKeys.length);
    for (const item of coordinatorKeys) writer.writeCompactString(item);
  } else if (value.coordinatorKeys !== undefined && value.coordinatorKeys.length !== 0) notInVersion('FindCoordinatorRequest.coordinatorKeys', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-6. */
export interface FindCoordinatorResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 1+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0-3) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 1-3, nullable 1-3) */
  errorMessage: string | null;
  /** The node id. (versions 0-3) */
  nodeId: number;
  /** The host name. (versions 0-3) */
  host: string;
  /** The port. (versions 0-3) */
  port: number;
  /** Each coordinator result in the response. (versions 4+) */
  coordinators: FindCoordinatorResponseCoordinator[];
}

export interface FindCoordinatorResponseCoordinator {
  /** The coordinator key. (versions 4+) */
  key: string;
  /** The node id. (versions 4+) */
  nodeId: number;
  /** The host name. (versions 4+) */
  host: string;
  /** The port. (versions 4+) */
  port: number;
  /** The error code, or 0 if there was no error. (versions 4+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 4+, nullable 4+) */
  errorMessage: string | null;
}

export function decodeFindCoordinatorResponse(
  reader: ByteReader,
  version: number,
): FindCoordinatorResponse {
  if (!(version >= 0 && version <= 6)) unsupportedDecode('FindCoordinatorResponse', version);
  const flexible = version >= 3;
  let throttleTimeMs: number = 0;
  if (version >= 1) {
    throttleTimeMs = reader.readInt32();
  }
  let errorCode: number = 0;
  if (version <= 3) {
    errorCode = reader.readInt16();
  }
  let errorMessage: string | null = '';
  if (version >= 1 && version <= 3) {
    errorMessage = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  }
  let nodeId: number = 0;
  if (version <= 3) {
    nodeId = reader.readInt32();
  }
  let host: string = '';
  if (version <= 3) {
    host = flexible ? reader.readCompactString() : reader.readString();
  }
  let port: number = 0;
  if (version <= 3) {
    port = reader.readInt32();
  }
  const coordinators: FindCoordinatorResponseCoordinator[] = [];
  if (version >= 4) {
    for (let count = reader.notNull(reader.readCompactArrayCount(14)); count > 0; count--) {
      coordinators.push(decodeFindCoordinatorResponseCoordinator(reader, version));
    }
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode, errorMessage, nodeId, host, port, coordinators };
}

export function encodeFindCoordinatorResponse(
  writer: ByteWriter,
  value: Encodable<FindCoordinatorResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 6)) unsupportedEncode('FindCoordinatorResponse', version);
  const flexible = version >= 3;
  if (version >= 1) {
    const throttleTimeMs = value.throttleTimeMs ?? 0;
    writer.writeInt32(throttleTimeMs);
  }
  if (version <= 3) {
    const errorCode = value.errorCode ?? 0;
    writer.writeInt16(errorCode);
  } else if (value.errorCode !== undefined && value.errorCode !== 0) notInVersion('FindCoordinatorResponse.errorCode', version);
  if (version >= 1 && version <= 3) {
    const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
    flexible ? writer.writeCompactNullableString(errorMessage) : writer.writeNullableString(errorMessage);
  }
  if (version <= 3) {
    const nodeId = value.nodeId ?? 0;
    writer.writeInt32(nodeId);
  } else if (value.nodeId !== undefined && value.nodeId !== 0) notInVersion('FindCoordinatorResponse.nodeId', version);
  if (version <= 3) {
    const host = value.host ?? '';
    flexible ? writer.writeCompactString(host) : writer.writeString(host);
  } else if (value.host !== undefined && value.host !== '') notInVersion('FindCoordinatorResponse.host', version);
  if (version <= 3) {
    const port = value.port ?? 0;
    writer.writeInt32(port);
  } else if (value.port !== undefined && value.port !== 0) notInVersion('FindCoordinatorResponse.port', version);
  if (version >= 4) {
    const coordinators = value.coordinators ?? [];
    writer.writeCompactArrayCount(coordinators.length);
    for (const item of coordinators) encodeFindCoordinatorResponseCoordinator(writer, item, version);
  } else if (value.coordinators !== undefined && value.coordinators.length !== 0) notInVersion('FindCoordinatorResponse.coordinators', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

function decodeFindCoordinatorResponseCoordinator(
  reader: ByteReader,
  _version: number,
): FindCoordinatorResponseCoordinator {
  const key = reader.readCompactString();
  const nodeId = reader.readInt32();
  const host = reader.readCompactString();
  const port = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { key, nodeId, host, port, errorCode, errorMessage };
}

function encodeFindCoordinatorResponseCoordinator(
  writer: ByteWriter,
  value: Encodable<FindCoordinatorResponseCoordinator>,
  _version: number,
): void {
  const key = value.key ?? '';
  writer.writeCompactString(key);
  const nodeId = value.nodeId ?? 0;
  writer.writeInt32(nodeId);
  const host = value.host ?? '';
  writer.writeCompactString(host);
  const port = value.port ?? 0;
  writer.writeInt32(port);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  writer.writeCompactNullableString(errorMessage);
  writer.writeUnsignedVarint(0);
}

/** FindCoordinator, ApiKey 10: versions 0-6, flexible since 3. */
export const findCoordinatorApi: KafkaApi<FindCoordinatorRequest, FindCoordinatorResponse> = {
  key: 10,
  name: 'FindCoordinator',
  versionMin: 0,
  versionMax: 6,
  flexibleSince: 3,
  latestVersionUnstable: false,
  decodeRequest: decodeFindCoordinatorRequest,
  encodeRequest: encodeFindCoordinatorRequest,
  decodeResponse: decodeFindCoordinatorResponse,
  encodeResponse: encodeFindCoordinatorResponse,
};
