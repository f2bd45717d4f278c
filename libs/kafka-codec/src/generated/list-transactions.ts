// Generated from Apache Kafka's message definitions (kafka-clients 4.3.1 and 3.9.1; Apache License 2.0) by libs/kafka-codec/generator.
// Do not edit: change the generator and run `node dist/libs/kafka-codec/generator/main.js`.
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { notInVersion, unsupportedDecode, unsupportedEncode } from '../generated-support.js';
import type { Encodable, KafkaApi } from '../kafka-api.js';

/** Versions 0-2. */
export interface ListTransactionsRequest {
  /** The transaction states to filter by: if empty, all transactions are returned; if non-empty, then only transactions matching one of the filtered states will be returned. (versions 0+) */
  stateFilters: string[];
  /** The producerIds to filter by: if empty, all transactions will be returned; if non-empty, only transactions which match one of the filtered producerIds will be returned. (versions 0+) */
  producerIdFilters: bigint[];
  /** Duration (in millis) to filter by: if < 0, all transactions will be returned; otherwise, only transactions running longer than this duration will be returned. (versions 1+) */
  durationFilter: bigint;
  /** The transactional ID regular expression pattern to filter by: if it is empty or null, all transactions are returned; Otherwise then only the transactions matching the given regular expression will be returned. (versions 2+, nullable 2+) */
  transactionalIdPattern: string | null;
}

export function decodeListTransactionsRequest(
  reader: ByteReader,
  version: number,
): ListTransactionsRequest {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('ListTransactionsRequest', version);
  const stateFilters: string[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    stateFilters.push(reader.readCompactString());
  }
  const producerIdFilters: bigint[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(8)); count > 0; count--) {
    producerIdFilters.push(reader.readInt64());
  }
  let durationFilter: bigint = -1n;
  if (version >= 1) {
    durationFilter = reader.readInt64();
  }
  let transactionalIdPattern: string | null = null;
  if (version >= 2) {
    transactionalIdPattern = reader.readCompactNullableString();
  }
  reader.skipTags();
  return { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern };
}

export function encodeListTransactionsRequest(
  writer: ByteWriter,
  value: Encodable<ListTransactionsRequest>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('ListTransactionsRequest', version);
  const stateFilters = value.stateFilters ?? [];
  writer.writeCompactArrayCount(stateFilters.length);
  for (const item of stateFilters) writer.writeCompactString(item);
  const producerIdFilters = value.producerIdFilters ?? [];
  writer.writeCompactArrayCount(producerIdFilters.length);
  for (const item of producerIdFilters) writer.writeInt64(item);
  if (version >= 1) {
    const durationFilter = value.durationFilter ?? -1n;
    writer.writeInt64(durationFilter);
  } else if (value.durationFilter !== undefined && BigInt(value.durationFilter) !== -1n) notInVersion('ListTransactionsRequest.durationFilter', version);
  if (version >= 2) {
    const transactionalIdPattern = value.transactionalIdPattern ?? null;
    writer.writeCompactNullableString(transactionalIdPattern);
  } else if ((value.transactionalIdPattern ?? null) !== null) notInVersion('ListTransactionsRequest.transactionalIdPattern', version);
  writer.writeUnsignedVarint(0);
}

/** Versions 0-2. */
export interface ListTransactionsResponse {
  /** The duration in milliseconds for which the request was throttled due to a quota violation, or zero if the request did not violate any quota. (versions 0+) */
  throttleTimeMs: number;
  /** The error code, or 0 if there was no error. (versions 0+) */
  errorCode: number;
  /** Set of state filters provided in the request which were unknown to the transaction coordinator. (versions 0+) */
  unknownStateFilters: string[];
  /** The current state of the transaction for the transactional id. (versions 0+) */
  transactionStates: ListTransactionsResponseTransactionState[];
}

export interface ListTransactionsResponseTransactionState {
  /** The transactional id. (versions 0+) */
  transactionalId: string;
  /** The producer id. (versions 0+) */
  producerId: bigint;
  /** The current transaction state of the producer. (versions 0+) */
  transactionState: string;
}

export function decodeListTransactionsResponse(
  reader: ByteReader,
  version: number,
): ListTransactionsResponse {
  if (!(version >= 0 && version <= 2)) unsupportedDecode('ListTransactionsResponse', version);
  const throttleTimeMs = reader.readInt32();
  const errorCode = reader.readInt16();
  const unknownStateFilters: string[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(1)); count > 0; count--) {
    unknownStateFilters.push(reader.readCompactString());
  }
  const transactionStates: ListTransactionsResponseTransactionState[] = [];
  for (let count = reader.notNull(reader.readCompactArrayCount(11)); count > 0; count--) {
    transactionStates.push(decodeListTransactionsResponseTransactionState(reader, version));
  }
  reader.skipTags();
  return { throttleTimeMs, errorCode, unknownStateFilters, transactionStates };
}

export function encodeListTransactionsResponse(
  writer: ByteWriter,
  value: Encodable<ListTransactionsResponse>,
  version: number,
): void {
  if (!(version >= 0 && version <= 2)) unsupportedEncode('ListTransactionsResponse', version);
  const throttleTimeMs = value.throttleTimeMs ?? 0;
  writer.writeInt32(throttleTimeMs);
  const errorCode = value.errorCode ?? 0;
  writer.writeInt16(errorCode);
  const unknownStateFilters = value.unknownStateFilters ?? [];
  writer.writeCompactArrayCount(unknownStateFilters.length);
  for (const item of unknownStateFilters) writer.writeCompactString(item);
  const transactionStates = value.transactionStates ?? [];
  writer.writeCompactArrayCount(transactionStates.length);
  for (const item of transactionStates) encodeListTransactionsResponseTransactionState(writer, item, version);
  writer.writeUnsignedVarint(0);
}

function decodeListTransactionsResponseTransactionState(
  reader: ByteReader,
  _version: number,
): ListTransactionsResponseTransactionState {
  const transactionalId = reader.readCompactString();
  const producerId = reader.readInt64();
  const transactionState = reader.readCompactString();
  reader.skipTags();
  return { transactionalId, producerId, transactionState };
}

function encodeListTransactionsResponseTransactionState(
  writer: ByteWriter,
  value: Encodable<ListTransactionsResponseTransactionState>,
  _version: number,
): void {
  const transactionalId = value.transactionalId ?? '';
  writer.writeCompactString(transactionalId);
  const producerId = value.producerId ?? 0n;
  writer.writeInt64(producerId);
  const transactionState = value.transactionState ?? '';
  writer.writeCompactString(transactionState);
  writer.writeUnsignedVarint(0);
}

/** ListTransactions, ApiKey 66: versions 0-2, flexible since 0. */
export const listTransactionsApi: KafkaApi<ListTransactionsRequest, ListTransactionsResponse> = {
  key: 66,
  name: 'ListTransactions',
  versionMin: 0,
  versionMax: 2,
  flexibleSince: 0,
  latestVersionUnstable: false,
  decodeRequest: decodeListTransactionsRequest,
  encodeRequest: encodeListTransactionsRequest,
  decodeResponse: decodeListTransactionsResponse,
  encodeResponse: encodeListTransactionsResponse,
};
