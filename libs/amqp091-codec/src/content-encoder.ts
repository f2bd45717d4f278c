import { Buffer } from 'node:buffer';
import type { RawBasicProperties } from './basic-properties.js';
import { CONTENT_HEADER_HEAD_BYTES, writeContentHeaderHead } from './content-header.js';
import {
  EMPTY_FRAME_BYTES,
  FRAME_END,
  FRAME_HEAD_BYTES,
  FrameType,
  checkFrameBytes,
  writeFrameHead,
} from './frame.js';
import { encodeMethod, methodReference } from './method-codec.js';
import type { Amqp091ContentMethod } from './method-table.js';

/** Bodies up to here are copied behind their head: cheaper than one more buffer for the system call. */
export const copiedBodyBytesMax = 1_024;
/** Of one body frame where there is no frame-max. */
const UNLIMITED_PAYLOAD_BYTES = 0x7fffffff;

/** What is sent after a method: properties as they are on the wire, and a body in one piece or many. */
export interface OutgoingContent {
  readonly properties: RawBasicProperties;
  readonly body: Buffer | readonly Buffer[];
}

/**
 * All frames of a method with its content, in order: method, header, and the body in frames of at most frame-max
 * (section 4.2.6.2). The body is not copied above {@link copiedBodyBytesMax}: its parts are among the buffers.
 *
 * @param frameBytesMax the frame-max that the peer agreed to, 0: no limit
 * @throws Amqp091EncodeError `too-large` where method or properties, which cannot be split, are over frame-max
 */
export function encodeContent(
  channel: number,
  method: Amqp091ContentMethod,
  { properties, body }: OutgoingContent,
  frameBytesMax: number,
): Buffer[] {
  const methodFrame = encodeMethod(channel, method, frameBytesMax);
  const headerBytes = CONTENT_HEADER_HEAD_BYTES + properties.length;
  checkFrameBytes(EMPTY_FRAME_BYTES + headerBytes, frameBytesMax);
  const parts = Buffer.isBuffer(body) ? [body] : body;
  const bodySize = parts.reduce((sum, part) => sum + part.length, 0);
  const payloadBytesMax = frameBytesMax > 0 ? frameBytesMax - EMPTY_FRAME_BYTES : UNLIMITED_PAYLOAD_BYTES;
  const isCopied = bodySize <= copiedBodyBytesMax && bodySize <= payloadBytesMax;
  const bodyRoom = bodySize === 0 ? 0 : isCopied ? EMPTY_FRAME_BYTES + bodySize : FRAME_HEAD_BYTES;

  const head = Buffer.allocUnsafe(methodFrame.length + EMPTY_FRAME_BYTES + headerBytes + bodyRoom);
  head.set(methodFrame);
  const headerAt = methodFrame.length;
  writeFrameHead(head, headerAt, FrameType.HEADER, channel, headerBytes);
  writeContentHeaderHead(head, headerAt + FRAME_HEAD_BYTES, methodReference(method.name).classId, bodySize);
  head.set(properties, headerAt + FRAME_HEAD_BYTES + CONTENT_HEADER_HEAD_BYTES);
  const bodyAt = headerAt + EMPTY_FRAME_BYTES + headerBytes;
  head[bodyAt - 1] = FRAME_END;
  if (bodySize === 0) return [head];

  writeFrameHead(head, bodyAt, FrameType.BODY, channel, Math.min(bodySize, payloadBytesMax));
  if (!isCopied) return [head, ...splitBody(channel, parts, bodySize, payloadBytesMax)];
  let at = bodyAt + FRAME_HEAD_BYTES;
  for (const part of parts) at += part.copy(head, at);
  head[at] = FRAME_END;
  return [head];
}

/** Views of the body, and between them the end of a frame with the head of the next; the head of the first is written. */
function splitBody(
  channel: number,
  parts: readonly Buffer[],
  bodySize: number,
  payloadBytesMax: number,
): Buffer[] {
  const pieces: Buffer[] = [];
  const frames = Math.ceil(bodySize / payloadBytesMax);
  const borders = Buffer.allocUnsafe((frames - 1) * EMPTY_FRAME_BYTES + 1);
  let borderAt = 0;
  let left = bodySize;
  let room = Math.min(left, payloadBytesMax);
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      const taken = Math.min(room, part.length - at);
      pieces.push(part.subarray(at, at + taken));
      at += taken;
      left -= taken;
      room -= taken;
      if (room > 0) continue;
      room = Math.min(left, payloadBytesMax);
      borders[borderAt] = FRAME_END;
      if (left > 0) writeFrameHead(borders, borderAt + 1, FrameType.BODY, channel, room);
      const end = borderAt + (left > 0 ? EMPTY_FRAME_BYTES : 1);
      pieces.push(borders.subarray(borderAt, end));
      borderAt = end;
    }
  }
  return pieces;
}
