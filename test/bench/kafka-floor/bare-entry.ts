import { crc32c } from '#libs/compression';
import { RecordCursor } from '#libs/kafka-codec';
import { varintBytes, writeVarint } from '../../../libs/pulsar/src/wire/varint.js';
import type { BareProducer } from './bare-pulsar.js';

/** In front of the messages: frame, command and metadata of an entry. */
const headBytes = 256;
/** What a message takes in Pulsar's batch beyond what it takes in Kafka's, at most. */
const growthBytes = 16;

/**
 * A record batch, `[offset, length, epoch, magic, crc, attributes...]`, as a SEND frame. By hand: what writes them for the
 * gateway is a part of what is measured against this.
 */
export function bareEntry(batch: Buffer, producer: BareProducer): Buffer {
  if (crc32c(batch.subarray(21)) !== batch.readUInt32BE(17)) throw new Error('a batch with a wrong checksum');
  const count = batch.readInt32BE(57);
  const frame = Buffer.allocUnsafeSlow(headBytes + batch.length + count * growthBytes);
  const end = writeMessages(frame, batch, count);
  const start = writeHead(frame, end, count, producer);
  producer.messages += count;
  return frame.subarray(start, end);
}

/** `[size u32][SingleMessageMetadata][value]` each; returns the end. */
function writeMessages(frame: Buffer, batch: Buffer, count: number): number {
  const baseTimestamp = Number(batch.readBigInt64BE(27));
  const record = new RecordCursor(batch.subarray(61), count);
  let at = headBytes;
  while (record.next()) {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd } = record;
    const metadataAt = at + 4;
    at = metadataAt;
    if (keyStart >= 0) {
      frame[at++] = 0x12;
      at = writeVarint(frame, at, keyEnd - keyStart);
      at += buffer.copy(frame, at, keyStart, keyEnd);
    }
    frame[at++] = 0x18;
    at = writeVarint(frame, at, valueEnd - valueStart);
    frame[at++] = 0x28;
    at = writeVarint(frame, at, baseTimestamp + record.timestampDelta);
    frame.writeUInt32BE(at - metadataAt, metadataAt - 4);
    at += buffer.copy(frame, at, valueStart, valueEnd);
  }
  return at;
}

/** `[total u32][command size u32][SEND][0x0e01][crc32c][metadata size u32][MessageMetadata]`; returns the start. */
function writeHead(frame: Buffer, end: number, count: number, producer: BareProducer): number {
  const { id, name, messages: sequenceId } = producer;
  const now = Date.now();
  const sendBytes = 3 + varintBytes(id) + varintBytes(sequenceId) + varintBytes(count);
  const commandBytes = 4 + sendBytes;
  const metadataBytes = 2 + name.length + 3 + varintBytes(sequenceId) + varintBytes(now) + varintBytes(count);
  const start = headBytes - metadataBytes - 10 - commandBytes - 8;
  let at = frame.writeUInt32BE(end - start - 4, start);
  at = frame.writeUInt32BE(commandBytes, at);
  at += frame.write('\x08\x06\x32', at, 'latin1');
  at = writeVarint(frame, at, sendBytes);
  at = field(frame, at, 0x08, id);
  at = field(frame, at, 0x10, sequenceId);
  at = field(frame, at, 0x18, count);
  at = frame.writeUInt16BE(0x0e01, at) + 4;
  const summedFrom = at;
  at = frame.writeUInt32BE(metadataBytes, at);
  at = field(frame, at, 0x0a, name.length);
  at += name.copy(frame, at);
  at = field(frame, at, 0x10, sequenceId);
  at = field(frame, at, 0x18, now);
  field(frame, at, 0x58, count);
  frame.writeUInt32BE(crc32c(frame.subarray(summedFrom, end)), summedFrom - 4);
  return start;
}

function field(frame: Buffer, at: number, tag: number, value: number): number {
  frame[at] = tag;
  return writeVarint(frame, at + 1, value);
}
