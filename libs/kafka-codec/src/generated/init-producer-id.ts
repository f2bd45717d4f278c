// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-6. */
export interface InitProducerIdRequest {
  /** The transactional id, or null if the producer is not transactional. (versions 0+, nullable 0+) */
  transactionalId: string | null;
  /** The time in ms to wait before aborting idle transactions sent by this producer. This is only relevant if a TransactionalId has been defined. (versions 0+) */
  transactionTimeoutMs: number;
  /** The producer id. This is used to disambiguate requests if a transactional id is reused following its expiration. (versions 3+) */
  producerId: bigint;
  /** The producer's current epoch. This will be checked against the producer epoch on the broker, and the request will return an error if they do not match. (versions 3+) */
  producerEpoch: number;
  /** True if the client wants to enable two-phase commit (2PC) protocol for transactions. (versions 6+) */
  enable2Pc: boolean;
  /** True if the client wants to keep the currently ongoing transaction instead of aborting it. (versions 6+) */
  keepPreparedTxn: boolean;
}

export function decodeInitProducerIdRequest(
  reader: ByteReader,
  version: number,
): InitProducerIdRequest {
  if (!(version >= 0 && version <= 6)) unsupportedDecode('InitProducerIdRequest', version);
  const flexible = version >= 2;
  const transactionalId = flexible ? reader.readCompactNullableString() : reader.readNullableString();
  const transactionTimeoutMs = reader.readInt32();
  let producerId: bigint = -1n;
  if (version >= 3) {
    producerId = reader.readInt64();
  }
  let producerEpoch: number = -1;
  if (version >= 3) {
    producerEpoch = reader.readInt16();
  }
  let enable2Pc: boolean = false;
  if (version >= 6) {
    enable2Pc = reader.readBoolean();
  }
  let keepPreparedTxn: boolean = false;
  if (version >= 6) {
    keepPreparedTxn = reader.readBoolean();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { transactionalId, transactionTimeoutMs, producerId, producerEpoch, enable2Pc, keepPreparedTxn };
}

export function encodeInitProducerIdRequest(
  writer: ByteWriter,
  value: Encodable<InitProducerIdRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 6)) unsupportedEncode('InitProducerIdRequest', version);
  const flexible = version >= 2;
  const transactionalId = value.transactionalId === undefined ? '' : value.transactionalId;
  flexible ? writer.writeCompactNullableString(transactionalId) : writer.writeNullableString(transactionalId);
  const transactionTimeoutMs = value.transactionTimeoutMs ?? 0;
  writer.writeInt32(transactionTimeoutMs);
  if (version >= 3) {
    const producerId = value.producerId ?? -1n;
    writer.writeInt64(producerId);
  } else if (value.producerId !== undefined && BigInt(value.producerId) !== -1n) notInVersion('InitProducerIdRequest.producerId', version);
  if (version >= 3) {
    const producerEpoch = value.producerEpoch ?? -1;
    writer.writeInt16(producerEpoch);
  } else if (value.producerEpoch !== undefined && value.producerEpoch !== -1) notInVersion('InitProducerIdRequest.producerEpoch', version);
  if (version >= 6) {
    const enable2Pc = value.enable2Pc ?? false;
    writer.writeBoolean(enable2Pc);
  } else if (value.enable2Pc !== undefined && value.enable2Pc !== false) notInVersion('InitProducerIdRequest.enable2Pc', version);
  if (version >= 6) {
    const keepPreparedTxn = value.keepPreparedTxn ?? false;
    writer.writeBoolean(keepPreparedTxn);
  } else if (value.keepPreparedTxn !== undefined && value.keepPreparedTxn !== false) notInVersion('InitProducerIdRequest.keepPreparedTxn', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** Versions 0-6. */
export interface InitProducerIdResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** The current producer id. (versions 0+) */
  producerId: bigint;
  /** The current epoch associated with the producer id. (versions 0+) */
  producerEpoch: number;
  /** The producer id for ongoing transaction when KeepPreparedTxn is used, -1 if there is no transaction ongoing. (versions 6+) */
  ongoingTxnProducerId: bigint;
  /** The epoch associated with the  producer id for ongoing transaction when KeepPreparedTxn is used, -1 if there is no transaction ongoing. (versions 6+) */
  ongoingTxnProducerEpoch: number;
}

export function decodeInitProducerIdResponse(
  reader: ByteReader,
  version: number,
): InitProducerIdResponse {
  if (!(version >= 0 && version <= 6)) unsupportedDecode('InitProducerIdResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const producerId = reader.readInt64();
  const producerEpoch = reader.readInt16();
  let ongoingTxnProducerId: bigint = -1n;
  if (version >= 6) {
    ongoingTxnProducerId = reader.readInt64();
  }
  let ongoingTxnProducerEpoch: number = -1;
  if (version >= 6) {
    ongoingTxnProducerEpoch = reader.readInt16();
  }
  if (flexible) {
    reader.skipTags();
  }
  return { throttleTimeMs, errorCode, producerId, producerEpoch, ongoingTxnProducerId, ongoingTxnProducerEpoch };
}

export function encodeInitProducerIdResponse(
  writer: ByteWriter,
  value: Encodable<InitProducerIdResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 6)) unsupportedEncode('InitProducerIdResponse', version);
  const flexible = version >= 2;
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const producerId = value.producerId ?? -1n;
  writer.writeInt64(producerId);
  const producerEpoch = value.producerEpoch ?? 0;
  writer.writeInt16(producerEpoch);
  if (version >= 6) {
    const ongoingTxnProducerId = value.ongoingTxnProducerId ?? -1n;
    writer.writeInt64(ongoingTxnProducerId);
  } else if (value.ongoingTxnProducerId !== undefined && BigInt(value.ongoingTxnProducerId) !== -1n) notInVersion('InitProducerIdResponse.ongoingTxnProducerId', version);
  if (version >= 6) {
    const ongoingTxnProducerEpoch = value.ongoingTxnProducerEpoch ?? -1;
    writer.writeInt16(ongoingTxnProducerEpoch);
  } else if (value.ongoingTxnProducerEpoch !== undefined && value.ongoingTxnProducerEpoch !== -1) notInVersion('InitProducerIdResponse.ongoingTxnProducerEpoch', version);
  if (flexible) {
    writer.writeUnsignedVarint(0);
  }
}

/** InitProducerId, ApiKey 22: versions 0-6, flexible since 2. */
export const initProducerIdApi: KafkaApi<InitProducerIdRequest, InitProducerIdResponse> = {
  key: 22,
  name: 'InitProducerId',
  versionMin: 0,
  versionMax: 6,
  flexibleSince: 2,
  latestVersionUnstable: true,
  decodeRequest: decodeInitProducerIdRequest,
  encodeRequest: encodeInitProducerIdRequest,
  decodeResponse: decodeInitProducerIdResponse,
  encodeResponse: encodeInitProducerIdResponse,
};
