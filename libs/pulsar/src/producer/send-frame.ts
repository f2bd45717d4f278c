import { crc32c } from '#libs/compression';
import type { OutgoingEntry } from '../entry.js';
import { type SendFields, sendCommandBytes, writeSend } from '../wire/hot-commands.js';
import { type EntryIdentity, entryMetadataBytes, writeEntryMetadata } from './entry-metadata.encode.js';

/** `[total u32][cmdSize u32]` before the command. */
const frameHeadBytes = 8;
/** `[0x0e01 u16][crc32c u32]`. */
const checksumBytes = 6;
const metadataSizeBytes = 4;
const checksumMagic = 0x0e01;

/**
 * Kept free below `max_message_size` for what broker and bookie put around an entry; an entry a few bytes over the
 * bookie's frame limit would make the broker create ledgers without end.
 */
export const entryReserveBytes = 1024;

/** Numbers and sizes of one entry on its way into its frame; reused from entry to entry. */
export interface SendNumbers extends EntryIdentity, SendFields {
  sequenceId: number;
  highestSequenceId: number | undefined;
}

/** Bytes of the whole entry as it will be stored: checksum, metadata and payload. */
export function entryBytes(entry: OutgoingEntry, metadataBytes: number): number {
  return checksumBytes + metadataSizeBytes + metadataBytes + entry.payloadEnd - entry.payloadStart;
}

export function metadataBytesOf(entry: OutgoingEntry, numbers: SendNumbers): number {
  return entryMetadataBytes(entry.metadata, numbers);
}

/**
 * The whole SEND frame (`Commands.serializeCommandSendWithSize`). Written into the entry's own headroom, so it is a view on `entry.buffer`; when
 * the headroom is too small, a copy.
 */
export function encodeSendFrame(entry: OutgoingEntry, numbers: SendNumbers, metadataBytes: number): Buffer {
  const commandBytes = sendCommandBytes(numbers);
  const payloadBytes = entry.payloadEnd - entry.payloadStart;
  const headBytes = frameHeadBytes + commandBytes + checksumBytes + metadataSizeBytes + metadataBytes;
  let frame: Buffer;
  if (entry.payloadStart >= headBytes) {
    frame = entry.buffer.subarray(entry.payloadStart - headBytes, entry.payloadEnd);
  } else {
    frame = Buffer.allocUnsafeSlow(headBytes + payloadBytes);
    entry.buffer.copy(frame, headBytes, entry.payloadStart, entry.payloadEnd);
  }
  frame.writeUInt32BE(frame.length - 4, 0);
  frame.writeUInt32BE(commandBytes, 4);
  let position = writeSend(frame, frameHeadBytes, numbers);
  position = frame.writeUInt16BE(checksumMagic, position);
  const summedFrom = position + 4;
  position = frame.writeUInt32BE(metadataBytes, summedFrom);
  writeEntryMetadata(frame, position, entry.metadata, numbers);
  frame.writeUInt32BE(crc32c(frame.subarray(summedFrom)), summedFrom - 4);
  return frame;
}

/** True when a SEND frame still has the bytes its checksum was made over. */
export function frameIsIntact(frame: Buffer): boolean {
  const summedFrom = frameHeadBytes + frame.readUInt32BE(4) + checksumBytes;
  return frame.readUInt32BE(summedFrom - 4) === crc32c(frame.subarray(summedFrom));
}
