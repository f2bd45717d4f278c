import { Buffer } from 'node:buffer';

const SLAB_BYTES_MIN = 256;
const SLAB_BYTES_MAX = 16 * 1024;
/** A view is kept when it is at least this part of the memory that it keeps alive. */
const KEPT_SHARE = 4;

/**
 * Gathers a body that comes in many frames: what is large stays where it is, what is small is copied together, so that a
 * body in frames of one byte costs no object per byte, and a piece of a chunk does not keep the whole chunk alive. At most
 * four times as much memory is held as there are bytes.
 */
export class BodyParts {
  private readonly parts: Buffer[] = [];
  private gatheredBytes = 0;
  /** The last of the parts while it is filled, and how much of it is. */
  private slab: Buffer | undefined;
  private slabBytes = 0;

  add(bytes: Buffer): void {
    this.gatheredBytes += bytes.length;
    if (bytes.length >= SLAB_BYTES_MIN && bytes.length * KEPT_SHARE >= bytes.buffer.byteLength) {
      this.closeSlab();
      this.parts.push(bytes);
      return;
    }
    for (let at = 0; at < bytes.length; ) {
      this.slab ??= this.openSlab();
      const taken = bytes.copy(this.slab, this.slabBytes, at);
      this.slabBytes += taken;
      at += taken;
      if (this.slabBytes === this.slab.length) this.closeSlab();
    }
  }

  /** All of them, in order; none is empty. Nothing is added afterwards. */
  take(): Buffer[] {
    this.closeSlab();
    return this.parts;
  }

  /** Grows with what arrived, so that an announced size allocates nothing. */
  private openSlab(): Buffer {
    this.slabBytes = 0;
    const capacity = Math.min(SLAB_BYTES_MAX, Math.max(SLAB_BYTES_MIN, this.gatheredBytes));
    return Buffer.allocUnsafeSlow(capacity);
  }

  private closeSlab(): void {
    if (this.slab !== undefined) this.parts.push(this.slab.subarray(0, this.slabBytes));
    this.slab = undefined;
  }
}
