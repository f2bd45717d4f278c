import { Buffer } from 'node:buffer';
import { Amqp091EncodeError } from './amqp091-codec.errors.js';

/** Section 4.2.3: type, channel and size before the payload, one octet behind it. */
export const FRAME_HEAD_BYTES = 7;
export const FRAME_END = 0xce;
/** A frame without payload: what frame-max counts besides it. */
export const EMPTY_FRAME_BYTES = FRAME_HEAD_BYTES + 1;
/** frame-min-size (section 1.2): the frame-max until it is tuned, and the least that a peer may ask for. */
export const FRAME_BYTES_MIN = 4_096;

/** Section 4.2.3. */
export const FrameType = { METHOD: 1, HEADER: 2, BODY: 3, HEARTBEAT: 8 } as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** One whole frame. The payload is a view of the bytes it arrived in; whether it makes sense is not known yet. */
export interface Amqp091Frame {
  readonly type: FrameType;
  readonly channel: number;
  readonly payload: Buffer;
}

/** Fills in the seven octets before a payload. */
export function writeFrameHead(
  buffer: Buffer,
  at: number,
  type: FrameType,
  channel: number,
  payloadBytes: number,
): void {
  buffer[at] = type;
  buffer[at + 1] = channel >> 8;
  buffer[at + 2] = channel;
  buffer[at + 3] = payloadBytes >>> 24;
  buffer[at + 4] = payloadBytes >>> 16;
  buffer[at + 5] = payloadBytes >>> 8;
  buffer[at + 6] = payloadBytes;
}

/** A frame in one buffer, the payload copied. */
export function encodeFrame({ type, channel, payload }: Amqp091Frame): Buffer {
  const frame = Buffer.allocUnsafe(EMPTY_FRAME_BYTES + payload.length);
  writeFrameHead(frame, 0, type, channel, payload.length);
  frame.set(payload, FRAME_HEAD_BYTES);
  frame[frame.length - 1] = FRAME_END;
  return frame;
}

/** Section 4.2.7: on channel 0, without payload. A new buffer each time, because links own what they are given. */
export function encodeHeartbeat(): Buffer {
  return encodeFrame({ type: FrameType.HEARTBEAT, channel: 0, payload: Buffer.alloc(0) });
}

/** Refuses a frame over frame-max (0: no limit), which the peer would answer by a close. */
export function checkFrameBytes(frameBytes: number, frameBytesMax: number): void {
  if (frameBytesMax > 0 && frameBytes > frameBytesMax) {
    throw new Amqp091EncodeError('too-large', `frame of ${frameBytes} bytes, at most ${frameBytesMax}`);
  }
}
