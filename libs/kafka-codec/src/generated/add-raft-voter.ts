// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { Buffer } from 'node:buffer';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode, ZERO_UUID } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-1. */
export interface AddRaftVoterRequest {
  /** The cluster id. (versions 0+, nullable 0+) */
  clusterId: string | null;
  /** The maximum time to wait for the request to complete before returning. (versions 0+) */
  timeoutMs: number;
  /** The replica id of the voter getting added to the topic partition. (versions 0+) */
  voterId: number;
  /** The directory id of the voter getting added to the topic partition. (versions 0+) */
  voterDirectoryId: Buffer;
  /** The endpoints that can be used to communicate with the voter. (versions 0+) */
  listeners: AddRaftVoterRequestListener[];
  /** When true, return a response after the new voter set is committed. Otherwise, return after the leader writes the changes locally. (versions 1+) */
  ackWhenCommitted: boolean;
}

export interface AddRaftVoterRequestListener {
  /** The name of the endpoint. (versions 0+) */
  name: string;
  /** The hostname. (versions 0+) */
  host: string;
  /** The port. (versions 0+) */
  port: number;
}

export function decodeAddRaftVoterRequest(
  reader: ByteReader,
  version: number,
): AddRaftVoterRequest {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('AddRaftVoterRequest', version);
  const clusterId = reader.readCompactNullableString();
  const timeoutMs = reader.readInt32();
  const voterId = reader.readInt32();
  const voterDirectoryId = reader.readUuid();
  const listeners: AddRaftVoterRequestListener[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(5)); count > 0; count--) {
    listeners.push(decodeAddRaftVoterRequestListener(reader, version));
  }
  let ackWhenCommitted: boolean = true;
  if (version >= 1) {
    ackWhenCommitted = reader.readBoolean();
  }
  reader.skipTags();
  return { clusterId, timeoutMs, voterId, voterDirectoryId, listeners, ackWhenCommitted };
}

export function encodeAddRaftVoterRequest(
  writer: ByteWriter,
  value: Encodable<AddRaftVoterRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('AddRaftVoterRequest', version);
  const clusterId = value.clusterId === undefined ? '' : value.clusterId;
  writer.writeCompactNullableString(clusterId);
  const timeoutMs = value.timeoutMs ?? 0;
  writer.writeInt32(timeoutMs);
  const voterId = value.voterId ?? 0;
  writer.writeInt32(voterId);
  const voterDirectoryId = value.voterDirectoryId ?? ZERO_UUID;
  writer.writeUuid(voterDirectoryId);
  const listeners = value.listeners ?? [];
  writer.writeCompactArrayCount(listeners.length);
  for (const item of listeners) encodeAddRaftVoterRequestListener(writer, item, version);
  if (version >= 1) {
    const ackWhenCommitted = value.ackWhenCommitted ?? true;
    writer.writeBoolean(ackWhenCommitted);
  } else if (value.ackWhenCommitted !== undefined && value.ackWhenCommitted !== true) notInVersion('AddRaftVoterRequest.ackWhenCommitted', version);
  writer.writeUnsignedVarint(0);
}

function decodeAddRaftVoterRequestListener(
  reader: ByteReader,
  _version: number,
): AddRaftVoterRequestListener {
  const name = reader.readCompactString();
  const host = reader.readCompactString();
  const port = reader.readUint16();
  reader.skipTags();
  return { name, host, port };
}

function encodeAddRaftVoterRequestListener(
  writer: ByteWriter,
  value: Encodable<AddRaftVoterRequestListener>,
  _version: number,
): void {
  const name = value.name ?? '';
  writer.writeCompactString(name);
  const host = value.host ?? '';
  writer.writeCompactString(host);
  const port = value.port ?? 0;
  writer.writeUint16(port);
  writer.writeUnsignedVarint(0);
}

/** Versions 0-1. */
export interface AddRaftVoterResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The error message, or null if there was no error. (versions 0+, nullable 0+) */
  errorMessage: string | null;
}

export function decodeAddRaftVoterResponse(
  reader: ByteReader,
  version: number,
): AddRaftVoterResponse {
  if (!(version >= 0 && version <= 1)) unsupportedDecode('AddRaftVoterResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const errorMessage = reader.readCompactNullableString();
  reader.skipTags();
  return { throttleTimeMs, errorCode, errorMessage };
}

export function encodeAddRaftVoterResponse(
  writer: ByteWriter,
  value: Encodable<AddRaftVoterResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 1)) unsupportedEncode('AddRaftVoterResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const errorMessage = value.errorMessage === undefined ? '' : value.errorMessage;
  writer.writeCompactNullableString(errorMessage);
  writer.writeUnsignedVarint(0);
}

/** AddRaftVoter, ApiKey 80: versions 0-1, flexible since 0. */
export const addRaftVoterApi: KafkaApi<AddRaftVoterRequest, AddRaftVoterResponse> = {
  key: 80,
  name: 'AddRaftVoter',
  versionMin: 0,
  versionMax: 1,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeAddRaftVoterRequest,
  encodeRequest: encodeAddRaftVoterRequest,
  decodeResponse: decodeAddRaftVoterResponse,
  encodeResponse: encodeAddRaftVoterResponse,
};
