import { Buffer } from 'node:buffer';
import { AmqpDecodeError, framingError } from './amqp-codec.errors.js';
import { AmqpReader } from './amqp-reader.js';
import { readKnownComposite } from './composite-decoder.js';
import { type CompositePlace, compositePlaces } from './composite-rows.js';
import { type AmqpPerformative, type AmqpSaslPerformative, compositeTable } from './composite-table.js';
import {
  type AmqpProtocolHeader,
  protocolHeaderBytes,
  protocolHeaderPrefix,
  readProtocolHeader,
} from './protocol-header.js';
import { TypeCode } from './type-code.js';

const EMPTY = Buffer.alloc(0);
const HELD_BYTES_MIN = 64;
/** Size, doff, type and channel (AMQP 2.3.1). */
const FRAME_HEADER_BYTES = 8;
const AMQP_FRAME = 0;
const SASL_FRAME = 1;
const [LETTER_A] = protocolHeaderPrefix;

/** What a frame may announce before the connection is open, authentication included. */
export const unopenedFrameBytesMax = 8_192;
/** Frames of this size and above would start as a protocol header does. */
const frameBytesCeiling = 0x4000_0000;

/** A frame of a session or of the connection. */
export interface AmqpFrame {
  readonly type: 'frame';
  readonly channel: number;
  readonly performative: AmqpPerformative;
  /** Of a transfer, else empty. A view of the bytes that were received; who keeps it for long copies it. */
  readonly payload: Buffer;
}

export interface AmqpSaslFrame {
  readonly type: 'sasl-frame';
  readonly performative: AmqpSaslPerformative;
}

/** An empty frame: the peer is alive (AMQP 2.4.5). */
export interface AmqpHeartbeat {
  readonly type: 'heartbeat';
}

export type AmqpInput = AmqpProtocolHeader | AmqpFrame | AmqpSaslFrame | AmqpHeartbeat;

const heartbeat: AmqpHeartbeat = { type: 'heartbeat' };

/**
 * What may come next:
 *
 *     header ---sasl---> sasl ---amqp---> amqp
 *        \------------amqp---------------^
 *
 * A header that is not supported ends the stream.
 */
type Layer = 'header' | 'sasl' | 'amqp' | 'ended';

/**
 * Cuts a byte stream into protocol headers and frames, and decodes them.
 *
 * A frame inside one chunk is decoded where it is, one that spans chunks is gathered in a buffer that grows with what
 * arrived: at most twice that, never because of an announced length. Payloads and other binary data of flow, transfer and
 * disposition are views, so the chunks given to {@link push} must not be reused by the caller, and who keeps a delivery tag
 * copies it; other frames are copied, because what a terminus or an open holds outlives its chunk. Whether a frame may come at this time, on this channel, is
 * the connection's to say; here only that SASL frames come in the SASL layer, and others behind the AMQP header.
 */
export class AmqpFrameDecoder {
  private readonly reader = new AmqpReader('frame');
  private layer: Layer = 'header';
  private frameBytesMax: number;
  private held = EMPTY;
  private heldBytes = 0;
  private failure: AmqpDecodeError | undefined;

  /** @param frameBytesMax until {@link allowFrames} */
  constructor(frameBytesMax = unopenedFrameBytesMax) {
    this.frameBytesMax = checkMaximum(frameBytesMax);
  }

  /** From now on, for the frame that is not whole yet too: the max-frame-size of the `open` that we sent (AMQP 2.7.1). */
  allowFrames(frameBytesMax: number): void {
    this.frameBytesMax = checkMaximum(frameBytesMax);
  }

  /** Bytes that arrived of a frame that is not whole yet. */
  get bufferedBytes(): number {
    return this.heldBytes;
  }

  /**
   * Takes the next bytes and returns the headers and frames that they complete.
   *
   * @param inputs gets them, those before an error too: they are to be served before it is answered
   * @throws AmqpDecodeError then on every call
   */
  push(bytes: Buffer, inputs: AmqpInput[] = []): AmqpInput[] {
    if (this.failure) throw this.failure;
    try {
      this.decodeAll(bytes, inputs);
    } catch (error) {
      if (error instanceof AmqpDecodeError) this.fail(error);
      throw error;
    }
    return inputs;
  }

  private fail(error: AmqpDecodeError): void {
    error.duringHeader = this.layer === 'header';
    this.failure = error;
    this.letGo();
    this.reader.release();
  }

  private letGo(): void {
    this.held = EMPTY;
    this.heldBytes = 0;
  }

  private decodeAll(bytes: Buffer, inputs: AmqpInput[]): void {
    let at = this.heldBytes > 0 ? this.completeHeld(bytes, inputs) : 0;
    while (at < bytes.length && this.layer !== 'ended') {
      const wholeBytes = this.wholeBytes(bytes, at, bytes.length);
      if (wholeBytes < 0 || at + wholeBytes > bytes.length) {
        this.hold(bytes, at, bytes.length, wholeBytes < 0 ? FRAME_HEADER_BYTES : wholeBytes);
        return;
      }
      inputs.push(this.decode(bytes, at, at + wholeBytes));
      at += wholeBytes;
    }
  }

  /** Adds to the frame that is held; returns how many of the bytes it took. */
  private completeHeld(bytes: Buffer, inputs: AmqpInput[]): number {
    let at = 0;
    let wholeBytes = this.wholeBytes(this.held, 0, this.heldBytes);
    while (wholeBytes < 0) {
      if (at === bytes.length) return at;
      this.hold(bytes, at, ++at, FRAME_HEADER_BYTES);
      wholeBytes = this.wholeBytes(this.held, 0, this.heldBytes);
    }
    const taken = Math.min(wholeBytes - this.heldBytes, bytes.length - at);
    this.hold(bytes, at, at + taken, wholeBytes);
    if (this.heldBytes < wholeBytes) return at + taken;
    const frame = this.held;
    this.letGo();
    inputs.push(this.decode(frame, 0, wholeBytes));
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

  /** Of the header or frame that starts at `at`; -1 when more bytes are needed to know. Faults are seen at their byte. */
  private wholeBytes(bytes: Buffer, at: number, end: number): number {
    if (this.layer === 'header' || (this.layer === 'sasl' && bytes[at] === LETTER_A)) {
      checkPrefix(bytes, at, Math.min(end, at + protocolHeaderPrefix.length));
      return protocolHeaderBytes;
    }
    if (end - at < 4) return -1;
    const size = bytes.readUInt32BE(at);
    if (size < FRAME_HEADER_BYTES) throw framingError('AMQP 2.3.1', `frame of ${size} bytes`);
    if (size > this.frameBytesMax) {
      throw framingError('AMQP 2.7.1', `frame of ${size} bytes, at most ${this.frameBytesMax}`);
    }
    return size;
  }

  private decode(bytes: Buffer, from: number, end: number): AmqpInput {
    if (this.layer === 'header' || (this.layer === 'sasl' && bytes[from] === LETTER_A)) {
      return this.decodeHeader(bytes, from);
    }
    const bodyAt = from + 4 * bytes[from + 4]!;
    if (bodyAt < from + FRAME_HEADER_BYTES || bodyAt > end) {
      throw framingError('AMQP 2.3.1', `data offset ${bytes[from + 4]} in a frame of ${end - from} bytes`);
    }
    const type = bytes[from + 5]!;
    if (type !== (this.layer === 'sasl' ? SASL_FRAME : AMQP_FRAME)) {
      throw framingError('AMQP 2.3.1', `frame of type ${type} in the ${this.layer} layer`);
    }
    // What is between the header and the body is for extensions, and ignored (AMQP 2.3.1).
    this.reader.reset(bytes, bodyAt, end);
    const input = type === SASL_FRAME ? this.decodeSasl() : this.decodeAmqp(bytes.readUInt16BE(from + 6));
    this.reader.release();
    return input;
  }

  private decodeHeader(bytes: Buffer, at: number): AmqpProtocolHeader {
    const header = readProtocolHeader(bytes, at);
    if (this.layer === 'sasl' && header.protocol === 'sasl') {
      throw framingError('AMQP 5.3.2', 'second SASL header');
    }
    this.layer = !header.isSupported ? 'ended' : header.protocol === 'sasl' ? 'sasl' : 'amqp';
    return header;
  }

  private decodeSasl(): AmqpSaslFrame {
    const performative = this.readPerformative(compositePlaces.sasl) as AmqpSaslPerformative;
    if (this.reader.offset !== this.reader.end) {
      throw this.reader.decodeError('AMQP 5.3.1', 'bytes behind a SASL performative');
    }
    return { type: 'sasl-frame', performative };
  }

  private decodeAmqp(channel: number): AmqpFrame | AmqpHeartbeat {
    const { reader } = this;
    if (reader.offset === reader.end) return heartbeat;
    if (!isShortLived(reader.buffer, reader.offset)) {
      const own = Buffer.allocUnsafeSlow(reader.end - reader.offset);
      reader.buffer.copy(own, 0, reader.offset, reader.end);
      reader.reset(own, 0, own.length);
    }
    try {
      const performative = this.readPerformative(compositePlaces.performative) as AmqpPerformative;
      if (reader.offset === reader.end) return { type: 'frame', channel, performative, payload: EMPTY };
      if (performative.type !== 'transfer') {
        throw reader.decodeError('AMQP 2.3.2', `payload behind ${performative.type}`);
      }
      const payload = reader.buffer.subarray(reader.offset, reader.end);
      return { type: 'frame', channel, performative, payload };
    } catch (error) {
      if (error instanceof AmqpDecodeError) error.channel = channel;
      throw error;
    }
  }

  private readPerformative(place: CompositePlace): { readonly type: string } {
    const performative = readKnownComposite(this.reader, place);
    if (performative !== undefined) return performative;
    throw this.reader.error('amqp:not-implemented', 'AMQP 2.3.2', 'unknown performative');
  }
}

/** A flow, transfer or disposition, with its descriptor as everyone encodes it. */
function isShortLived(bytes: Buffer, at: number): boolean {
  const { flow, disposition } = compositeTable;
  const code = bytes[at + 2]!;
  return (
    bytes[at] === TypeCode.DESCRIBED &&
    bytes[at + 1] === TypeCode.SMALLULONG &&
    code >= flow.code &&
    code <= disposition.code
  );
}

function checkMaximum(frameBytesMax: number): number {
  if (frameBytesMax < FRAME_HEADER_BYTES || frameBytesMax > frameBytesCeiling) {
    throw new RangeError(`frames of at most ${frameBytesMax} bytes`);
  }
  return frameBytesMax;
}

function checkPrefix(bytes: Buffer, at: number, end: number): void {
  for (let i = at; i < end; i++) {
    if (bytes[i] !== protocolHeaderPrefix[i - at]) throw framingError('AMQP 2.2', 'no protocol header');
  }
}
