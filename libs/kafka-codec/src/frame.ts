import { Buffer } from 'node:buffer';
import { KafkaDecodeError } from './kafka-codec.errors.js';

const SIZE_PREFIX_BYTES = 4;
/** Chunks below this are gathered in a slab, so that a frame that drips in costs no object per byte. */
const SMALL_CHUNK_BYTES = 4 * 1024;
const SLAB_BYTES = 16 * 1024;
const EMPTY = Buffer.alloc(0);

/**
 * Cuts a byte stream into Kafka frames (`size: INT32`, then that many bytes).
 *
 * A frame inside one chunk is a view of it; one that spans chunks is copied once, when it is whole. Nothing is
 * allocated because of the announced size: what is held is what arrived, at most one frame and the chunk that ends
 * it. The chunks given to {@link push} must not be reused by the caller.
 */
export class KafkaFrameDecoder {
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** The last held buffer, while small chunks are gathered in it, and the room left at its end. */
  private slab = EMPTY;
  private slabRoomBytes = 0;
  /** Bytes of the frame being gathered, with its size prefix; 0 until the prefix is here. */
  private wantedBytes = 0;
  private bytesMax: number;
  private failure: KafkaDecodeError | undefined;

  /**
   * @param frameBytesMaxBefore largest frame, without the size prefix, before {@link authenticated} is called
   * @param frameBytesMaxAfter and after it
   */
  constructor(
    frameBytesMaxBefore: number,
    private readonly frameBytesMaxAfter: number,
  ) {
    this.bytesMax = frameBytesMaxBefore;
  }

  /** Raises the maximum; a peer that proved who it is may send large requests. */
  authenticated(): void {
    this.bytesMax = this.frameBytesMaxAfter;
  }

  /** Bytes that arrived of a frame that is not whole yet. */
  get bufferedBytes(): number {
    return this.heldBytes;
  }

  /**
   * Takes the next bytes and returns the frames they complete, without their size prefix.
   *
   * @throws KafkaDecodeError `frame-invalid` or `frame-too-large`; then again on every call
   */
  push(bytes: Buffer): Buffer[] {
    if (this.failure) throw this.failure;
    const frames: Buffer[] = [];
    let rest = bytes;
    if (this.heldBytes > 0) rest = this.complete(bytes, frames);
    while (this.heldBytes === 0 && rest.length > 0) {
      if (rest.length < SIZE_PREFIX_BYTES) {
        this.hold(rest);
        break;
      }
      const whole = SIZE_PREFIX_BYTES + this.frameSize(rest);
      if (rest.length < whole) {
        this.wantedBytes = whole;
        this.hold(rest);
        break;
      }
      frames.push(rest.subarray(SIZE_PREFIX_BYTES, whole));
      rest = rest.subarray(whole);
    }
    return frames;
  }

  /** Adds to the frame that is held, and returns what is left behind its end. */
  private complete(bytes: Buffer, frames: Buffer[]): Buffer {
    let rest = bytes;
    if (this.wantedBytes === 0) {
      rest = this.holdUpTo(SIZE_PREFIX_BYTES, rest);
      if (this.heldBytes < SIZE_PREFIX_BYTES) return rest;
      this.wantedBytes = SIZE_PREFIX_BYTES + this.frameSize(Buffer.concat(this.held, SIZE_PREFIX_BYTES));
    }
    const missing = this.wantedBytes - this.heldBytes;
    if (rest.length < missing) {
      if (rest.length > 0) this.hold(rest);
      return rest.subarray(rest.length);
    }
    if (missing > 0) this.hold(rest.subarray(0, missing));
    frames.push(this.release());
    return rest.subarray(missing);
  }

  private holdUpTo(bytesMax: number, bytes: Buffer): Buffer {
    const taken = Math.min(bytesMax - this.heldBytes, bytes.length);
    this.hold(bytes.subarray(0, taken));
    return bytes.subarray(taken);
  }

  /** The frame in one buffer, without its size prefix. */
  private release(): Buffer {
    if (this.slabRoomBytes > 0) this.held.push(this.held.pop()!.subarray(0, SLAB_BYTES - this.slabRoomBytes));
    const frame = Buffer.concat(this.held, this.wantedBytes).subarray(SIZE_PREFIX_BYTES);
    this.held = [];
    this.heldBytes = 0;
    this.slab = EMPTY;
    this.slabRoomBytes = 0;
    this.wantedBytes = 0;
    return frame;
  }

  private hold(bytes: Buffer): void {
    this.heldBytes += bytes.length;
    let rest = bytes;
    if (this.slabRoomBytes > 0) rest = this.fillSlab(rest);
    if (rest.length >= SMALL_CHUNK_BYTES) {
      this.held.push(rest);
    } else if (rest.length > 0) {
      this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.held.push(this.slab);
      this.slabRoomBytes = SLAB_BYTES;
      this.fillSlab(rest);
    }
  }

  private fillSlab(bytes: Buffer): Buffer {
    const taken = Math.min(this.slabRoomBytes, bytes.length);
    bytes.copy(this.slab, SLAB_BYTES - this.slabRoomBytes, 0, taken);
    this.slabRoomBytes -= taken;
    return bytes.subarray(taken);
  }

  private frameSize(prefix: Buffer): number {
    const size = prefix.readInt32BE(0);
    if (size >= 0 && size <= this.bytesMax) return size;
    this.failure = this.sizeError(size);
    this.held = [];
    this.heldBytes = 0;
    throw this.failure;
  }

  private sizeError(size: number): KafkaDecodeError {
    if (size < 0) return new KafkaDecodeError('frame-invalid', `frame of ${size} bytes`);
    return new KafkaDecodeError('frame-too-large', `frame of ${size} bytes, at most ${this.bytesMax}`);
  }
}
