// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-4. */
export interface AddOffsetsToTxnRequest {
  /** The transactional id corresponding to the transaction. (versions 0+) */
  transactionalId: string;
  /** Current producer id in use by the transactional id. (versions 0+) */
  producerId: bigint;
  /** Current epoch associated with the producer id. (versions 0+) */
  producerEpoch: number;
  /** The unique group identifier. (versions 0+) */
  groupId: string;
}

export function decodeAddOffsetsToTxnRequest(
  reader: ByteReader,
  version: number,
): AddOffsetsToTxnRequest {
  if (!(version >= 0 && version <= 4)) unsupportedDecode('AddOffsetsToTxnRequest', version);
  const flexible = version >= 3;
  const transactionalId = flexible ? reader.readCompactString() : reader.readString();
  const producerId = reader.readInt64();
  const producerEpoch = reader.readInt16();
  const groupId = flexible ? reader.readCompactString() : reader.readString();
  if (flexible) {
    reader.skipTags();
  }
  return { transactionalId, producerId, producerEpoch, groupId };
}

export function encodeAddOffsetsToTxnRequest(
  writer: ByteWriter,
  value: Encodable<AddOffsetsToTxnRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 4)) unsupportedEncode('AddOffsetsToTxnRequest', version);
  const flexible = version >= 3;
  const transactionalId = value.transactionalId ?? '';
  flexible ? writer.writeCompactString(transactionalId) : writer.writeString(transactionalId);
  const producerId = value.producerId ?? 0n;
  writer.writeInt64(producerId);
  const producerEpoch = value.producerEpoch ?? 0;
  writer.writeInt16(producerEpoch);
  const groupId = value.groupId ?? '';
  flexible ? writer.writeCompactString(groupId) : writer.writeString(groupId);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-4. */
export interface AddOffsetsToTxnResponse {
  /** Duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The response error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
}

export function decodeAddOffsetsToTxnResponse(
  reader: ByteReader,
  version: number,
): AddOffsetsToTxnResponse {
  if (!(version >= 0 && version <= 4)) unsupportedDecode('AddOffsetsToTxnResponse', version);
  const flexible = version >= 3;
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode };
}

export function encodeAddOffsetsToTxnResponse(
  writer: ByteWriter,
  value: Encodable<AddOffsetsToTxnResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 4)) unsupportedEncode('AddOffsetsToTxnResponse', version);
  const flexible = version >= 3;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** AddOffsetsToTxn, ApiKey 25: versions 0-4, flexible since 3. */
export const addOffsetsToTxnApi: KafkaApi<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse> = {
  key: 25,
  name: 'AddOffsetsToTxn',
  versionMin: 0,
  versionMax: 4,
  flexibleSince: 3,
  latestVersionUnstable: false,
  decodeRequest: decodeAddOffsetsToTxnRequest,
  encodeRequest: encodeAddOffsetsToTxnRequest,
  decodeResponse: decodeAddOffsetsToTxnResponse,
  encodeResponse: encodeAddOffsetsToTxnResponse,
};
