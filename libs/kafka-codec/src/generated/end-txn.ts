// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-5. */
export interface EndTxnRequest {
  /** The ID of the transaction to end. (versions 0+) */
  transactionalId: string;
  /** The producer ID. (versions 0+) */
  producerId: bigint;
  /** The current epoch associated with the producer. (versions 0+) */
  producerEpoch: number;
  /** True if the transaction was committed, false if it was aborted. (versions 0+) */
  committed: boolean;
}

export function decodeEndTxnRequest(
  reader: ByteReader,
  version: number,
): EndTxnRequest {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('EndTxnRequest', version);
  const flexible = version >= 3;
  const transactionalId = flexible ? reader.readCompactString() : reader.readString();
  const producerId = reader.readInt64();
  const producerEpoch = reader.readInt16();
  const committed = reader.readBoolean();
  if (flexible) {
    reader.skipTags();
  }
  return { transactionalId, producerId, producerEpoch, committed };
}

export function encodeEndTxnRequest(
  writer: ByteWriter,
  value: Encodable<EndTxnRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('EndTxnRequest', version);
  const flexible = version >= 3;
  const transactionalId = value.transactionalId ?? '';
  flexible ? writer.writeCompactString(transactionalId) : writer.writeString(transactionalId);
  const producerId = value.producerId ?? 0n;
  writer.writeInt64(producerId);
  const producerEpoch = value.producerEpoch ?? 0;
  writer.writeInt16(producerEpoch);
  const committed = value.committed ?? false;
  writer.writeBoolean(committed);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-5. */
export interface EndTxnResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The producer ID. (versions 5+) */
  producerId: bigint;
  /** The current epoch associated with the producer. (versions 5+) */
  producerEpoch: number;
}

export function decodeEndTxnResponse(
  reader: ByteReader,
  version: number,
): EndTxnResponse {
  if (!(version >= 0 && version <= 5)) unsupportedDecode('EndTxnResponse', version);
  const flexible = version >= 3;
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  let producerId: bigint = -1n;
  if (version >= 5) {
    producerId = reader.readInt64();
  }
  let producerEpoch: number = -1;
  if (version >= 5) {
    producerEpoch = reader.readInt16();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode, producerId, producerEpoch };
}

export function encodeEndTxnResponse(
  writer: ByteWriter,
  value: Encodable<EndTxnResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 5)) unsupportedEncode('EndTxnResponse', version);
  const flexible = version >= 3;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  if (version >= 5) {
    const producerId = value.producerId ?? -1n;
    writer.writeInt64(producerId);
  }
  if (version >= 5) {
    const producerEpoch = value.producerEpoch ?? -1;
    writer.writeInt16(producerEpoch);
  }
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** EndTxn, ApiKey 26: versions 0-5, flexible since 3. */
export const endTxnApi: KafkaApi<EndTxnRequest, EndTxnResponse> = {
  key: 26,
  name: 'EndTxn',
  versionMin: 0,
  versionMax: 5,
  flexibleSince: 3,
  latestVersionUnstable: false,
  decodeRequest: decodeEndTxnRequest,
  encodeRequest: encodeEndTxnRequest,
  decodeResponse: decodeEndTxnResponse,
  encodeResponse: encodeEndTxnResponse,
};
