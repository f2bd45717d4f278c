import { Buffer } from 'node:buffer';
import { Amqp091Error, frameError } from './amqp091-codec.errors.js';
import {
  type Amqp091Frame,
  EMPTY_FRAME_BYTES,
  FRAME_BYTES_MIN,
  FRAME_END,
  FRAME_HEAD_BYTES,
  FrameType,
} from './frame.js';
import { encodeProtocolHeader, PROTOCOL_HEADER_BYTES, protocolHeaderKind } from './protocol-header.js';

const EMPTY = Buffer.alloc(0);
const HELD_BYTES_MIN = 64;
/**
 * Some clients count frame-max without the eight octets around the payload; RabbitMQ accepts theirs
 * (`FRAME_SIZE_FUDGE` of rabbit_reader) and so do we.
 */
const FRAME_SIZE_TOLERANCE_BYTES = EMPTY_FRAME_BYTES;

export interface Amqp091FrameDecoderOptions {
  /** Largest frame before {@link Amqp091FrameDecoder.tuned}; default 4,096. RabbitMQ has 8,192, for long passwords. */
  readonly initialFrameBytesMax?: number;
  /** The other side is a server, which sends no protocol header unless it refuses ours. */
  readonly fromServer?: boolean;
}

/**
 * Cuts a byte stream into frames (section 4.2.3), after the protocol header of a client.
 *
 * A frame inside one chunk is a view of it, one that spans chunks is gathered in a buffer that grows with what arrived: at
 * most twice that, never because of an announced size. The chunks given to {@link push} must not be reused.
 */
export class Amqp091FrameDecoder {
  private held = EMPTY;
  private heldBytes = 0;
  private headerSeen: boolean;
  private frameBytesMax: number;
  /** Only channel 0 may speak before tune-ok said how many there are (section 2.2.4). */
  private channelMax = 0;
  private failure: Amqp091Error | undefined;

  constructor(options: Amqp091FrameDecoderOptions = {}) {
    this.headerSeen = options.fromServer === true;
    this.frameBytesMax = options.initialFrameBytesMax ?? FRAME_BYTES_MIN;
  }

  /** The protocol header was there: connection.start is what answers it. */
  get isHeaderSeen(): boolean {
    return this.headerSeen;
  }

  /** Bytes that arrived of a frame that is not whole yet. */
  get bufferedBytes(): number {
    return this.heldBytes;
  }

  /**
   * The limits of tune-ok, for all that follows it.
   *
   * @param frameBytesMax 0: no limit but that of the size field
   * @param channelMax highest channel number; 0: 65,535
   */
  tuned(frameBytesMax: number, channelMax: number): void {
    this.frameBytesMax = frameBytesMax;
    this.channelMax = channelMax === 0 ? 0xffff : channelMax;
  }

  /**
   * Takes the next bytes and returns the frames that they complete.
   *
   * @param frames gets them, those before an error too: they are to be served before it is answered
   * @throws Amqp091Error then on every call
   */
  push(bytes: Buffer, frames: Amqp091Frame[] = []): Amqp091Frame[] {
    if (this.failure) throw this.failure;
    try {
      this.cut(bytes, frames);
    } catch (error) {
      if (error instanceof Amqp091Error) this.fail(error);
      throw error;
    }
    return frames;
  }

  private fail(error: Amqp091Error): void {
    this.failure = error;
    this.held = EMPTY;
    this.heldBytes = 0;
  }

  private cut(bytes: Buffer, frames: Amqp091Frame[]): void {
    let at = this.headerSeen ? 0 : this.completeHeader(bytes);
    if (!this.headerSeen) return;
    if (this.heldBytes > 0) at = this.completeHeld(bytes, at, frames);
    while (at < bytes.length) {
      const wholeBytes = this.frameBytes(bytes, at, bytes.length);
      const end = at + wholeBytes;
      if (wholeBytes < 0 || end > bytes.length) {
        this.hold(bytes, at, bytes.length, wholeBytes < 0 ? FRAME_HEAD_BYTES : wholeBytes);
        return;
      }
      frames.push(frameOf(bytes, at, end));
      at = end;
    }
  }

  /** Takes what is missing of the protocol header; returns how many of the bytes it took. */
  private completeHeader(bytes: Buffer): number {
    const taken = Math.min(PROTOCOL_HEADER_BYTES - this.heldBytes, bytes.length);
    this.hold(bytes, 0, taken, PROTOCOL_HEADER_BYTES);
    const kind = protocolHeaderKind(this.held.subarray(0, this.heldBytes));
    if (kind === 'incomplete') return taken;
    if (kind !== 'amqp-0-9-1') {
      const error = frameError(`the connection begins with ${kind}`);
      error.protocolHeader = encodeProtocolHeader();
      throw error;
    }
    this.headerSeen = true;
    this.held = EMPTY;
    this.heldBytes = 0;
    return taken;
  }

  /** Adds to the frame that is held; returns where the bytes go on behind it. */
  private completeHeld(bytes: Buffer, from: number, frames: Amqp091Frame[]): number {
    let at = from;
    let wholeBytes = this.frameBytes(this.held, 0, this.heldBytes);
    while (wholeBytes < 0) {
      if (at === bytes.length) return at;
      this.hold(bytes, at, ++at, FRAME_HEAD_BYTES);
      wholeBytes = this.frameBytes(this.held, 0, this.heldBytes);
    }
    const taken = Math.min(wholeBytes - this.heldBytes, bytes.length - at);
    this.hold(bytes, at, at + taken, wholeBytes);
    if (this.heldBytes < wholeBytes) return at + taken;
    const frame = this.held;
    this.held = EMPTY;
    this.heldBytes = 0;
    frames.push(frameOf(frame, 0, wholeBytes));
    return at + taken;
  }

  private hold(bytes: Buffer, from: number, to: number, wholeBytes: number): void {
    const wanted = this.heldBytes + to - from;
    if (wanted > this.held.length) {
      const capacity = Math.max(wanted, Math.min(wholeBytes, Math.max(2 * this.held.length, HELD_BYTES_MIN)));
      const bigger = Buffer.allocUnsafeSlow(capacity);
      this.held.copy(bigger, 0, 0, this.heldBytes);
      this.held = bigger;
    }
    bytes.copy(this.held, this.heldBytes, from, to);
    this.heldBytes = wanted;
  }

  /** Bytes of the whole frame that begins here, or -1 when more are needed to know. Each octet is judged at once. */
  private frameBytes(bytes: Buffer, at: number, end: number): number {
    const type = bytes[at]!;
    if (type !== FrameType.BODY && type !== FrameType.METHOD && !isFrameType(bytes, at, end)) return -1;
    if (end - at < FRAME_HEAD_BYTES) return -1;
    const channel = (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (channel > this.channelMax) {
      throw new Amqp091Error('channel-error', `frame on channel ${channel}, at most ${this.channelMax}`);
    }
    const b = bytes;
    const payloadBytes = ((b[at + 3]! << 24) | (b[at + 4]! << 16) | (b[at + 5]! << 8) | b[at + 6]!) >>> 0;
    this.checkPlace(type, channel, payloadBytes);
    return EMPTY_FRAME_BYTES + payloadBytes;
  }

  private checkPlace(type: number, channel: number, payloadBytes: number): void {
    const { frameBytesMax } = this;
    if (frameBytesMax > 0 && payloadBytes > frameBytesMax - EMPTY_FRAME_BYTES + FRAME_SIZE_TOLERANCE_BYTES) {
      throw frameError(`frame of ${EMPTY_FRAME_BYTES + payloadBytes} bytes, at most ${frameBytesMax}`);
    }
    if (type === FrameType.METHOD) return;
    if (type !== FrameType.HEARTBEAT) {
      // Section 4.2.6: content on channel 0.
      if (channel === 0) throw new Amqp091Error('channel-error', 'content on channel 0');
      return;
    }
    // Section 4.2.7; a payload would be read and thrown away without anyone counting it.
    if (channel !== 0) throw frameError(`heartbeat on channel ${channel}`);
    if (payloadBytes !== 0) throw frameError(`heartbeat with ${payloadBytes} bytes`);
  }
}

/** False: more bytes are needed to know what else it is. A client that is refused is sent a header (section 4.2.2). */
function isFrameType(bytes: Buffer, at: number, end: number): boolean {
  const type = bytes[at]!;
  if (type === FrameType.HEADER || type === FrameType.HEARTBEAT) return true;
  const kind = protocolHeaderKind(bytes.subarray(at, Math.min(end, at + PROTOCOL_HEADER_BYTES)));
  if (kind === 'incomplete') return false;
  if (kind === 'not-amqp') throw frameError(`frame of unknown type ${type}`);
  throw frameError(`a protocol header (${kind}) where a frame should be`);
}

function frameOf(bytes: Buffer, at: number, end: number): Amqp091Frame {
  if (bytes[end - 1] !== FRAME_END) throw frameError(`frame that ends with ${bytes[end - 1]}, not 206`);
  return {
    type: bytes[at] as FrameType,
    channel: (bytes[at + 1]! << 8) | bytes[at + 2]!,
    payload: bytes.subarray(at + FRAME_HEAD_BYTES, end - 1),
  };
}
