export {
  Amqp091EncodeError,
  Amqp091Error,
  type MethodReference,
} from './amqp091-codec.errors.js';
export {
  type BasicProperties,
  decodeBasicProperties,
  encodeBasicProperties,
  type RawBasicProperties,
} from './basic-properties.js';
export {
  type Amqp091Command,
  type Amqp091Content,
  AssemblyBudget,
  ContentAssembler,
} from './content-assembler.js';
export { copiedBodyBytesMax, encodeContent, type OutgoingContent } from './content-encoder.js';
export { decodeContentHeader } from './content-header.js';
export { closeOf } from './exception-close.js';
export {
  decodeFieldTable,
  encodeFieldTable,
  type FieldTable,
  type FieldValue,
  fieldOf,
  fieldText,
  type RawFieldTable,
  tableDepthMax,
  tableElementsMax,
  textField,
} from './field-table.js';
export {
  type Amqp091Frame,
  EMPTY_FRAME_BYTES,
  encodeFrame,
  encodeHeartbeat,
  FRAME_BYTES_MIN,
  FrameType,
} from './frame.js';
export { Amqp091FrameDecoder } from './frame-decoder.js';
export { encodeMethod, hasContent, methodReference, peekMethodName } from './method-codec.js';
export {
  type Amqp091ContentMethod,
  type Amqp091Method,
  type Amqp091MethodName,
  type Amqp091MethodOf,
  methodTable,
} from './method-table.js';
export {
  encodeProtocolHeader,
  PROTOCOL_HEADER_BYTES,
  protocolHeaderKind,
} from './protocol-header.js';
export {
  type Amqp091ExceptionLevel,
  type Amqp091ReplyCodeName,
  replyCodes,
  replyText,
} from './reply-code.js';
export { negotiateTune, type TuneParameters } from './tune.js';
