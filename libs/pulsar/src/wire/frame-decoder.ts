import { PulsarError } from '../pulsar.errors.js';

/** What a frame may have beyond `max_message_size` (the broker's MESSAGE_SIZE_FRAME_PADDING). */
export const framePaddingBytes = 10 * 1024;
/** Before CONNECTED names a size: the broker's default. */
export const defaultMaxMessageSize = 5 * 1024 * 1024;

const lengthBytes = 4;

/**
 * Cuts a byte stream into frames. A frame that lies whole in one chunk is a view of it; one that spans chunks is
 * copied once, into a buffer of its own size.
 */
export class FrameDecoder {
  #frameBytesMax: number;
  readonly #head = Buffer.alloc(lengthBytes);
  #headFilled = 0;
  #frame: Buffer | undefined;
  #frameFilled = 0;

  constructor(frameBytesMax = defaultMaxMessageSize + framePaddingBytes) {
    this.#frameBytesMax = frameBytesMax;
  }

  set frameBytesMax(bytes: number) {
    this.#frameBytesMax = bytes;
  }

  /** Calls `onFrame` with each frame, without its length: `[cmdSize u32][BaseCommand]...`. Throws 'MalformedFrame'. */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame) {
        at = this.#fill(this.#frame, chunk, at, onFrame);
        continue;
      }
      if (this.#headFilled > 0 || chunk.length - at < lengthBytes) {
        const taken = Math.min(lengthBytes - this.#headFilled, chunk.length - at);
        chunk.copy(this.#head, this.#headFilled, at, at + taken);
        this.#headFilled += taken;
        at += taken;
        if (this.#headFilled < lengthBytes) return;
        this.#headFilled = 0;
        this.#begin(this.#checked(this.#head.readUInt32BE(0)));
        continue;
      }
      const total = this.#checked(chunk.readUInt32BE(at));
      at += lengthBytes;
      if (chunk.length - at < total) {
        this.#begin(total);
        continue;
      }
      const frame = chunk.subarray(at, at + total);
      at += total;
      onFrame(frame);
    }
  }

  #begin(total: number): void {
    this.#frame = Buffer.allocUnsafe(total);
    this.#frameFilled = 0;
  }

  #fill(frame: Buffer, chunk: Buffer, at: number, onFrame: (frame: Buffer) => void): number {
    const taken = Math.min(frame.length - this.#frameFilled, chunk.length - at);
    chunk.copy(frame, this.#frameFilled, at, at + taken);
    this.#frameFilled += taken;
    if (this.#frameFilled === frame.length) {
      this.#frame = undefined;
      onFrame(frame);
    }
    return at + taken;
  }

  #checked(total: number): number {
    if (total <= lengthBytes) {
      throw new PulsarError('MalformedFrame', `a frame of ${total} bytes has no room for a command`);
    }
    if (total > this.#frameBytesMax) {
      throw new PulsarError(
        'MalformedFrame',
        `a frame of ${total} bytes is over the ${this.#frameBytesMax} allowed`,
      );
    }
    return total;
  }
}

/** The end of the command in a frame: `[lengthBytes, end)`; what follows is the entry. Throws 'MalformedFrame'. */
export function commandEnd(frame: Buffer): number {
  const end = lengthBytes + frame.readUInt32BE(0);
  if (end > frame.length || end === lengthBytes) {
    throw new PulsarError(
      'MalformedFrame',
      `a command of ${end - lengthBytes} bytes in a frame of ${frame.length}`,
    );
  }
  return end;
}

/** Where the command starts in a frame. */
export const commandStart = lengthBytes;
