import { PulsarError } from '../pulsar.errors.js';
import { varintBytes, WireReader, writeVarint } from './varint.js';

/**
 * The commands of the data path, encoded and decoded by hand: SEND, SEND_RECEIPT, MESSAGE, FLOW and ACK.
 * Byte for byte what protobufjs writes for the same fields (hot-commands.spec.ts); the numbers are PulsarApi.proto's.
 */

const typeTag = 0x08;

/** `BaseCommand.type`, which is also the field number, of the hot commands. */
export const HotCommand = { send: 6, sendReceipt: 7, message: 9, ack: 10, flow: 11 } as const;

export interface SendFields {
  producerId: number;
  /** The lowest of the batch. */
  sequenceId: number;
  /** Advances the topic's index by as much: the broker believes it, so it must be the true count. */
  numMessages: number;
  highestSequenceId?: number;
  txnidLeastBits?: number;
  txnidMostBits?: number;
  isChunk?: boolean;
}

function sendBytes(send: SendFields): number {
  let bytes = 2 + varintBytes(send.producerId) + varintBytes(send.sequenceId);
  if (send.numMessages !== 1) bytes += 1 + varintBytes(send.numMessages);
  if (send.txnidLeastBits !== undefined) bytes += 1 + varintBytes(send.txnidLeastBits);
  if (send.txnidMostBits !== undefined) bytes += 1 + varintBytes(send.txnidMostBits);
  if (send.highestSequenceId !== undefined) bytes += 1 + varintBytes(send.highestSequenceId);
  if (send.isChunk) bytes += 2;
  return bytes;
}

/** Bytes of the BaseCommand that `writeSend` writes. */
export function sendCommandBytes(send: SendFields): number {
  const body = sendBytes(send);
  return 3 + varintBytes(body) + body;
}

/** Writes the BaseCommand (no frame lengths) and returns the position after it. */
export function writeSend(target: Uint8Array, at: number, send: SendFields): number {
  let position = writeCommandHead(target, at, HotCommand.send, sendBytes(send));
  target[position++] = 0x08;
  position = writeVarint(target, position, send.producerId);
  target[position++] = 0x10;
  position = writeVarint(target, position, send.sequenceId);
  if (send.numMessages !== 1) {
    target[position++] = 0x18;
    position = writeVarint(target, position, send.numMessages);
  }
  if (send.txnidLeastBits !== undefined) {
    target[position++] = 0x20;
    position = writeVarint(target, position, send.txnidLeastBits);
  }
  if (send.txnidMostBits !== undefined) {
    target[position++] = 0x28;
    position = writeVarint(target, position, send.txnidMostBits);
  }
  if (send.highestSequenceId !== undefined) {
    target[position++] = 0x30;
    position = writeVarint(target, position, send.highestSequenceId);
  }
  if (send.isChunk) {
    target[position++] = 0x38;
    target[position++] = 1;
  }
  return position;
}

/** A whole FLOW frame. Permits count messages, not entries. */
export function encodeFlow(consumerId: number, permits: number): Buffer {
  const body = 2 + varintBytes(consumerId) + varintBytes(permits);
  const frame = commandFrame(HotCommand.flow, body);
  let position = frame.length - body;
  frame[position++] = 0x08;
  position = writeVarint(frame, position, consumerId);
  frame[position++] = 0x10;
  writeVarint(frame, position, permits);
  return frame;
}

export interface AckedPosition {
  ledgerId: number;
  entryId: number;
  /** Words of 64 bits, least significant first; a set bit is a message still unacknowledged (PIP-54). */
  ackSet?: readonly bigint[];
  batchSize?: number;
}

export interface AckFields {
  consumerId: number;
  /** Of `AckType`. */
  ackType: number;
  /** Exactly one when cumulative. */
  messageIds: readonly AckedPosition[];
  /** Both or none: the acknowledgement is part of this transaction. */
  txnidLeastBits?: number;
  txnidMostBits?: number;
  /** Asks for ACK_RESPONSE: await `Connection.answerTo(requestId)`. */
  requestId?: number;
}

function positionBytes(id: AckedPosition): number {
  let bytes = 2 + varintBytes(id.ledgerId) + varintBytes(id.entryId);
  for (const word of id.ackSet ?? []) bytes += 1 + varintBytes64(word);
  if (id.batchSize !== undefined) bytes += 1 + varintBytes(id.batchSize);
  return bytes;
}

/** A whole ACK frame. */
export function encodeAck(ack: AckFields): Buffer {
  let body = 2 + varintBytes(ack.consumerId) + varintBytes(ack.ackType);
  for (const id of ack.messageIds) {
    const bytes = positionBytes(id);
    body += 1 + varintBytes(bytes) + bytes;
  }
  if (ack.txnidLeastBits !== undefined) body += 1 + varintBytes(ack.txnidLeastBits);
  if (ack.txnidMostBits !== undefined) body += 1 + varintBytes(ack.txnidMostBits);
  if (ack.requestId !== undefined) body += 1 + varintBytes(ack.requestId);
  const frame = commandFrame(HotCommand.ack, body);
  let position = frame.length - body;
  frame[position++] = 0x08;
  position = writeVarint(frame, position, ack.consumerId);
  frame[position++] = 0x10;
  position = writeVarint(frame, position, ack.ackType);
  for (const id of ack.messageIds) position = writeAckedPosition(frame, position, id);
  if (ack.txnidLeastBits !== undefined) {
    frame[position++] = 0x30;
    position = writeVarint(frame, position, ack.txnidLeastBits);
  }
  if (ack.txnidMostBits !== undefined) {
    frame[position++] = 0x38;
    position = writeVarint(frame, position, ack.txnidMostBits);
  }
  if (ack.requestId !== undefined) {
    frame[position++] = 0x40;
    writeVarint(frame, position, ack.requestId);
  }
  return frame;
}

function writeAckedPosition(frame: Buffer, at: number, id: AckedPosition): number {
  let position = at;
  frame[position++] = 0x1a;
  position = writeVarint(frame, position, positionBytes(id));
  frame[position++] = 0x08;
  position = writeVarint(frame, position, id.ledgerId);
  frame[position++] = 0x10;
  position = writeVarint(frame, position, id.entryId);
  for (const word of id.ackSet ?? []) {
    frame[position++] = 0x28;
    position = writeVarint64(frame, position, word);
  }
  if (id.batchSize !== undefined) {
    frame[position++] = 0x30;
    position = writeVarint(frame, position, id.batchSize);
  }
  return position;
}

function varintBytes64(word: bigint): number {
  let bytes = 1;
  for (let rest = BigInt.asUintN(64, word) >> 7n; rest > 0n; rest >>= 7n) bytes++;
  return bytes;
}

function writeVarint64(target: Uint8Array, at: number, word: bigint): number {
  let position = at;
  let rest = BigInt.asUintN(64, word);
  while (rest >= 0x80n) {
    target[position++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  target[position++] = Number(rest);
  return position;
}

/** `[total u32][cmdSize u32][BaseCommand head]` with room for `bodyBytes` at the end. */
function commandFrame(type: number, bodyBytes: number): Buffer {
  const command = 3 + varintBytes(bodyBytes) + bodyBytes;
  const frame = Buffer.allocUnsafe(8 + command);
  frame.writeUInt32BE(4 + command, 0);
  frame.writeUInt32BE(command, 4);
  writeCommandHead(frame, 8, type, bodyBytes);
  return frame;
}

function writeCommandHead(target: Uint8Array, at: number, type: number, bodyBytes: number): number {
  target[at] = typeTag;
  target[at + 1] = type;
  target[at + 2] = (type << 3) | 2;
  return writeVarint(target, at + 3, bodyBytes);
}

/**
 * The type of a BaseCommand in `frame[start, end)` when it is written the way every broker writes it (type first,
 * then the one field), else 0: decode it the slow way.
 */
export function hotCommandType(frame: Uint8Array, start: number, end: number): number {
  if (end - start < 4 || frame[start] !== typeTag) return 0;
  const type = frame[start + 1] as number;
  return type < 16 && frame[start + 2] === ((type << 3) | 2) ? type : 0;
}

/** A MESSAGE command. `partition` and `batchIndex` are -1 when absent. */
export interface MessageFields {
  consumerId: number;
  ledgerId: number;
  entryId: number;
  partition: number;
  batchIndex: number;
  redeliveryCount: number;
  /** Words of 64 bits, least significant first; a set bit is a message not yet acknowledged. */
  ackSet: readonly bigint[] | undefined;
  consumerEpoch: number | undefined;
}

/** A SEND_RECEIPT command. Both ids are -1 for a duplicate that deduplication dropped. */
export interface SendReceiptFields {
  producerId: number;
  sequenceId: number;
  ledgerId: number;
  entryId: number;
  /** 0 when absent. */
  highestSequenceId: number;
}

/** Decodes hot commands; keeps its cursors, so one per connection. The command's bytes are `frame[start, end)`. */
export class HotDecoder {
  readonly #outer = new WireReader();
  readonly #inner = new WireReader();

  message(frame: Uint8Array, start: number, end: number): MessageFields {
    const reader = this.#body(frame, start, end);
    const fields: MessageFields = {
      consumerId: -1,
      ledgerId: -1,
      entryId: -1,
      partition: -1,
      batchIndex: -1,
      redeliveryCount: 0,
      ackSet: undefined,
      consumerEpoch: undefined,
    };
    let ackSet: bigint[] | undefined;
    while (reader.more) {
      const tag = reader.uint32();
      if (tag === 0x08) fields.consumerId = reader.uint64();
      else if (tag === 0x12) this.#messageId(frame, reader, fields);
      else if (tag === 0x18) fields.redeliveryCount = reader.uint32();
      else if (tag === 0x20) (ackSet ??= []).push(readInt64(frame, reader));
      else if (tag === 0x28) fields.consumerEpoch = reader.uint64();
      else reader.skip(tag & 7);
    }
    fields.ackSet = ackSet;
    if (fields.consumerId < 0) throw new PulsarError('MalformedFrame', 'MESSAGE without a consumer id');
    return fields;
  }

  sendReceipt(frame: Uint8Array, start: number, end: number, into: SendReceiptFields): SendReceiptFields {
    const reader = this.#body(frame, start, end);
    into.producerId = -1;
    into.sequenceId = -1;
    into.ledgerId = -1;
    into.entryId = -1;
    into.highestSequenceId = 0;
    while (reader.more) {
      const tag = reader.uint32();
      if (tag === 0x08) into.producerId = reader.uint64();
      else if (tag === 0x10) into.sequenceId = reader.uint64();
      else if (tag === 0x1a) this.#messageId(frame, reader, into);
      else if (tag === 0x20) into.highestSequenceId = reader.uint64();
      else reader.skip(tag & 7);
    }
    return into;
  }

  #body(frame: Uint8Array, start: number, end: number): WireReader {
    const reader = this.#outer.reset(frame, start + 3, end);
    const length = reader.length();
    reader.end = reader.position + length;
    return reader;
  }

  #messageId(
    frame: Uint8Array,
    outer: WireReader,
    into: { ledgerId: number; entryId: number; partition?: number; batchIndex?: number },
  ): void {
    const length = outer.length();
    const reader = this.#inner.reset(frame, outer.position, outer.position + length);
    outer.position += length;
    while (reader.more) {
      const tag = reader.uint32();
      if (tag === 0x08) into.ledgerId = reader.uint64();
      else if (tag === 0x10) into.entryId = reader.uint64();
      else if (tag === 0x18 && into.partition !== undefined) into.partition = reader.int32();
      else if (tag === 0x20 && into.batchIndex !== undefined) into.batchIndex = reader.int32();
      else reader.skip(tag & 7);
    }
  }
}

function readInt64(frame: Uint8Array, reader: WireReader): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (reader.position >= reader.end) break;
    const byte = frame[reader.position++] as number;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
  throw new PulsarError('MalformedFrame', 'an acknowledgment set that is no varint');
}
