export { API_VERSIONS_KEY, isFlexible, kafkaApiByKey } from './api-lookup.js';
export { ByteReader } from './byte-reader.js';
export { ByteWriter } from './byte-writer.js';
export {
  CONSUMER_PROTOCOL_TYPE,
  type ConsumerProtocolAssignment,
  type ConsumerProtocolSubscription,
  decodeConsumerProtocolAssignment,
  decodeConsumerProtocolSubscription,
  encodeConsumerProtocolAssignment,
  encodeConsumerProtocolSubscription,
} from './consumer-protocol.js';
export { isRetriable, KafkaErrorCode, kafkaErrorName } from './error-code.js';
export { KafkaFrameDecoder } from './frame.js';
export * from './generated/index.js';
export type { AnyKafkaApi, Encodable, KafkaApi } from './kafka-api.js';
export {
  KafkaDecodeError,
  KafkaEncodeError,
} from './kafka-codec.errors.js';
export { decodeRequestHeader, encodeRequestFrame, type RequestHeader } from './request-header.js';
export {
  decodeResponseHeader,
  encodeResponse,
  encodeResponseFrame,
  responseHeaderVersion,
} from './response-header.js';
export { encodeMessageSet } from './record-batch/message-set-writer.js';
export { MessageSetCursor } from './record-batch/message-set-cursor.js';
export {
  RecordBatchEncoder,
  withoutCompression,
} from './record-batch/record-batch-encoder.js';
export {
  encodeRecordBatch,
  type RecordBatchOptions,
  RecordBatchWriter,
  type RecordHeader,
  type RecordInput,
  toRecordBatch,
} from './record-batch/record-batch-writer.js';
export { compressRecords, decompressRecords, RecordCompression } from './record-batch/record-compression.js';
export { RecordCursor, type RecordFields } from './record-batch/record-cursor.js';
export {
  type MessageSet,
  type RecordBatch,
  type RecordSet,
  recordsBytes,
  splitRecordSets,
  validateProducedBatch,
  verifyBatchCrc,
} from './record-batch/record-set.js';
