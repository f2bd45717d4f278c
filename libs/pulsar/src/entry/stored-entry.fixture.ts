import protobuf from 'protobufjs';
import { crc32c } from '#libs/compression';
import { type BrokerEntry, MessageCursor, parseEntry } from '../entry.js';
import type { PulsarMessage } from '../message.js';

/** Apache Pulsar's own definitions (PulsarApi.proto 4.2), read by protobufjs: the oracle for what is written by hand. */
const { root } = protobuf.parse(
  `syntax = "proto2";
  message KeyValue { required string key = 1; required string value = 2; }
  message EncryptionKeys { required string key = 1; required bytes value = 2; repeated KeyValue metadata = 3; }
  enum CompressionType { NONE = 0; LZ4 = 1; ZLIB = 2; ZSTD = 3; SNAPPY = 4; }
  message MessageMetadata {
    required string producer_name = 1; required uint64 sequence_id = 2; required uint64 publish_time = 3;
    repeated KeyValue properties = 4; optional string replicated_from = 5; optional string partition_key = 6;
    repeated string replicate_to = 7; optional CompressionType compression = 8 [default = NONE];
    optional uint32 uncompressed_size = 9 [default = 0]; optional int32 num_messages_in_batch = 11 [default = 1];
    optional uint64 event_time = 12 [default = 0]; repeated EncryptionKeys encryption_keys = 13;
    optional string encryption_algo = 14; optional bytes encryption_param = 15; optional bytes schema_version = 16;
    optional bool partition_key_b64_encoded = 17 [default = false]; optional bytes ordering_key = 18;
    optional int64 deliver_at_time = 19; optional int32 marker_type = 20; optional uint64 txnid_least_bits = 22;
    optional uint64 txnid_most_bits = 23; optional uint64 highest_sequence_id = 24 [default = 0];
    optional bool null_value = 25 [default = false]; optional string uuid = 26; optional int32 num_chunks_from_msg = 27;
    optional int32 total_chunk_msg_size = 28; optional int32 chunk_id = 29;
    optional bool null_partition_key = 30 [default = false]; repeated int32 compacted_batch_indexes = 31;
  }
  message SingleMessageMetadata {
    repeated KeyValue properties = 1; optional string partition_key = 2; required int32 payload_size = 3;
    optional bool compacted_out = 4 [default = false]; optional uint64 event_time = 5 [default = 0];
    optional bool partition_key_b64_encoded = 6 [default = false]; optional bytes ordering_key = 7;
    optional uint64 sequence_id = 8; optional bool null_value = 9 [default = false];
    optional bool null_partition_key = 10 [default = false];
  }
  message BrokerEntryMetadata { optional uint64 broker_timestamp = 1; optional uint64 index = 2; }`,
);
export const MessageMetadata = root.lookupType('MessageMetadata');
export const SingleMessageMetadata = root.lookupType('SingleMessageMetadata');
const BrokerEntryMetadata = root.lookupType('BrokerEntryMetadata');

export const bytesMax = 1 << 24;
export const position = { ledgerId: 7, entryId: 3 };

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A stored entry around a payload, as the broker dispatches it. */
export function stored(
  metadata: object,
  payload: Buffer,
  broker?: { index?: number; brokerTimestamp?: number },
): Buffer {
  const encoded = MessageMetadata.encode({
    producerName: 'p-1',
    sequenceId: 5,
    publishTime: 1_795_000_000_000,
    ...metadata,
  }).finish();
  const summed = Buffer.concat([u32(encoded.length), encoded, payload]);
  const entry = [Buffer.from([0x0e, 0x01]), u32(crc32c(summed)), summed];
  if (broker !== undefined) {
    const prefix = BrokerEntryMetadata.encode(broker).finish();
    entry.unshift(Buffer.from([0x0e, 0x02]), u32(prefix.length), Buffer.from(prefix));
  }
  return Buffer.concat(entry);
}

export const compressionNumbers = { none: 0, lz4: 1, zlib: 2, zstd: 3, snappy: 4 };

export function parse(frame: Buffer): BrokerEntry {
  return parseEntry(frame, 0, frame.length, position);
}

export function messagesOf(entry: BrokerEntry): PulsarMessage[] {
  const cursor = new MessageCursor(entry, { decompressedBytesMax: bytesMax });
  const messages: PulsarMessage[] = [];
  while (cursor.next()) messages.push(cursor.message());
  return messages;
}

/** The code of the error that a call throws. */
export function codeOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}
