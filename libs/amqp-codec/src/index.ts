export {
  AmqpDecodeError,
  type AmqpDecodeErrorCode,
  AmqpEncodeError,
  type AmqpFault,
} from './amqp-codec.errors.js';
export { amqpElementsMax, amqpNestingMax } from './amqp-reader.js';
export {
  type AmqpAnnotations,
  type AmqpArray,
  type AmqpDescribed,
  type AmqpDescribedArray,
  type AmqpFields,
  type AmqpMessageId,
  type AmqpScalar,
  type AmqpValue,
  amqpBinary,
  amqpBoolean,
  amqpLong,
  amqpNull,
  amqpString,
  amqpSymbol,
  amqpUint,
} from './amqp-value.js';
export { decodeComposite } from './composite-decoder.js';
export { describedComposite } from './composite-encoder.js';
export {
  type AmqpComposite,
  type AmqpCompositeInput,
  type AmqpCompositeName,
  type AmqpDeliveryState,
  type AmqpFieldType,
  type AmqpOutcome,
  type AmqpPerformative,
  type AmqpPerformativeName,
  type AmqpSaslPerformative,
  type AmqpSaslPerformativeName,
  compositeTable,
} from './composite-table.js';
export { AmqpErrorCondition, type AmqpErrorConditionSymbol, AmqpSaslCode } from './error-condition.js';
export {
  type AmqpFrame,
  AmqpFrameDecoder,
  type AmqpInput,
  type AmqpSaslFrame,
  unopenedFrameBytesMax,
} from './frame-decoder.js';
export {
  encodeFrame,
  encodeSaslFrame,
  encodeTransferHead,
  encodeTransfers,
  heartbeatFrame,
} from './frame-encoder.js';
export {
  type AmqpMessageSections,
  type AmqpSection,
  bareMessage,
  findSections,
} from './message-sections.js';
export {
  type AmqpProtocolHeader,
  type AmqpProtocolName,
  encodeProtocolHeader,
  protocolHeaderBytes,
} from './protocol-header.js';
export {
  decodeApplicationProperties,
  decodeBody,
  decodeDeliveryAnnotations,
  decodeFooter,
  decodeHeader,
  decodeMessageAnnotations,
  decodeProperties,
} from './section-decoder.js';
export {
  encodeApplicationProperties,
  encodeDataHead,
  encodeDeliveryAnnotations,
  encodeFooter,
  encodeHeader,
  encodeMessageAnnotations,
  encodeProperties,
  encodeSequence,
  encodeValueSection,
} from './section-encoder.js';
export { decodeFilters, noLocalFilter, selectorFilter } from './source-filter.js';
export {
  type TransferHead,
  transferHeadBytesMax,
  writeTransferContinuation,
  writeTransferHead,
} from './transfer-head.js';
export { decodeValue } from './value-decoder.js';
export { encodeValue } from './value-encoder.js';
