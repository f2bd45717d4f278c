import type { Buffer } from 'node:buffer';
import { compositeTable } from './composite-table.js';
import { TypeCode } from './type-code.js';

/** The largest head that {@link writeTransferHead} writes. */
export const transferHeadBytesMax = 48;
const FRAME_HEADER_BYTES = 8;
const DATA_OFFSET = 2;
const TWO_TO_32 = 0x1_0000_0000;

/** The first frame of a delivery of message format 0, or its only one. */
export interface TransferHead {
  readonly channel: number;
  readonly handle: number;
  readonly deliveryId: number;
  /** Sent as 8 bytes: a safe integer. */
  readonly deliveryTag: number;
  readonly settled: boolean;
  /** A delivery of a link that was suspended goes on (AMQP 2.6.13). */
  readonly resumes?: boolean;
  /** Nothing more of it comes. */
  readonly aborted?: boolean;
}

/**
 * Writes the head of a transfer frame by hand: what `encodeTransferHead` does, for the path of every message.
 *
 * @param into with room for {@link transferHeadBytesMax}
 * @param more whether other frames of this delivery follow
 * @returns where the payload goes
 */
export function writeTransferHead(
  into: Buffer,
  at: number,
  head: TransferHead,
  payloadBytes: number,
  more: boolean,
): number {
  let to = startTransfer(into, at, head.channel);
  to = writeUint(into, to, head.handle);
  to = writeUint(into, to, head.deliveryId);
  into[to++] = TypeCode.BINARY8;
  into[to++] = 8;
  to = writeUint32(into, to, Math.floor(head.deliveryTag / TWO_TO_32));
  to = writeUint32(into, to, head.deliveryTag % TWO_TO_32);
  into[to++] = TypeCode.UINT0;
  into[to++] = head.settled ? TypeCode.TRUE : TypeCode.FALSE;
  if (head.resumes) return endTransfer(into, at, writeResumed(into, to, head, more), 10, payloadBytes);
  if (more) into[to++] = TypeCode.TRUE;
  return endTransfer(into, at, to, more ? 6 : 5, payloadBytes);
}

function writeResumed(into: Buffer, at: number, { aborted }: TransferHead, more: boolean): number {
  into[at] = more ? TypeCode.TRUE : TypeCode.FALSE;
  // No rcv-settle-mode, no state.
  into[at + 1] = TypeCode.NULL;
  into[at + 2] = TypeCode.NULL;
  into[at + 3] = TypeCode.TRUE;
  into[at + 4] = aborted ? TypeCode.TRUE : TypeCode.FALSE;
  return at + 5;
}

/** The same of a frame that goes on with a delivery: it names only the link (AMQP 2.7.5). */
export function writeTransferContinuation(
  into: Buffer,
  at: number,
  head: TransferHead,
  payloadBytes: number,
  more: boolean,
): number {
  let to = startTransfer(into, at, head.channel);
  to = writeUint(into, to, head.handle);
  if (!more) return endTransfer(into, at, to, 1, payloadBytes);
  // Delivery id, tag, format and whether it is settled: as in the first frame.
  for (let i = 0; i < 4; i++) into[to++] = TypeCode.NULL;
  into[to++] = TypeCode.TRUE;
  return endTransfer(into, at, to, 6, payloadBytes);
}

function startTransfer(into: Buffer, at: number, channel: number): number {
  let to = at + 4;
  into[to++] = DATA_OFFSET;
  into[to++] = 0;
  into[to++] = channel >>> 8;
  into[to++] = channel;
  into[to++] = TypeCode.DESCRIBED;
  into[to++] = TypeCode.SMALLULONG;
  into[to++] = compositeTable.transfer.code;
  into[to] = TypeCode.LIST8;
  return to + 3;
}

function endTransfer(into: Buffer, at: number, to: number, fields: number, payloadBytes: number): number {
  const listAt = at + FRAME_HEADER_BYTES + 3;
  into[listAt + 1] = to - listAt - 2;
  into[listAt + 2] = fields;
  writeUint32(into, at, to - at + payloadBytes);
  return to;
}

function writeUint(into: Buffer, at: number, value: number): number {
  if (value < 0x100) {
    into[at] = TypeCode.SMALLUINT;
    into[at + 1] = value;
    return at + 2;
  }
  into[at] = TypeCode.UINT;
  return writeUint32(into, at + 1, value);
}

function writeUint32(into: Buffer, at: number, value: number): number {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
  return at + 4;
}
