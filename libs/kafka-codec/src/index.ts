export { API_VERSIONS_KEY, isFlexible, kafkaApiByKey } from './api-lookup.js';
export { ByteReader } from './byte-reader.js';
export { ByteWriter } from './byte-writer.js';
export { isRetriable, KafkaErrorCode, type KafkaErrorName, kafkaErrorName } from './error-code.js';
export { KafkaFrameDecoder } from './frame.js';
export * from './generated/index.js';
export type { AnyKafkaApi, Encodable, KafkaApi } from './kafka-api.js';
export {
  KafkaDecodeError,
  type KafkaDecodeErrorCode,
  KafkaEncodeError,
  type KafkaEncodeErrorCode,
} from './kafka-codec.errors.js';
export { decodeRequestHeader, encodeRequestFrame, type RequestHeader } from './request-header.js';
export { decodeResponseHeader, encodeResponseFrame, responseHeaderVersion } from './response-header.js';
