/**
 * Memory of entries, used again. Fresh memory for each entry is the most expensive part of publishing: at 16 KB an
 * entry it costs 2 of 3.2 CPU seconds per million records of 1 KB, nearly all in the garbage collector (measured).
 */

/** Bytes kept for later entries, over the whole process. */
const keptBytesMax = 16 * 1024 * 1024;

/** Larger pieces are too rare to keep. */
const pieceBytesMax = 2 * 1024 * 1024;

const pieceBytesMin = 2 * 1024;

/** Free pieces by their size. */
const free = new Map<number, Buffer[]>();
let keptBytes = 0;

/**
 * A piece of memory lent to one entry. Who never gives it back leaves it to the garbage collector, which is right
 * whenever somebody may still read it.
 */
export class EntryMemory {
  readonly buffer: Buffer;
  #lent = true;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  /**
   * For the producer, once: the entry was sent once and is stored, so no socket has bytes of it any more. An entry that
   * was sent again, or whose outcome is unknown, keeps its memory.
   */
  release(): void {
    const { length } = this.buffer;
    if (!this.#lent || length > pieceBytesMax || keptBytes + length > keptBytesMax) return;
    this.#lent = false;
    keptBytes += length;
    const pieces = free.get(length);
    if (pieces === undefined) free.set(length, [this.buffer]);
    else pieces.push(this.buffer);
  }
}

/** At least so many bytes, with whatever was in them. */
export function lendEntryMemory(bytes: number): EntryMemory {
  const size = pieceBytes(bytes);
  const buffer = free.get(size)?.pop();
  if (buffer === undefined) return new EntryMemory(Buffer.allocUnsafeSlow(size));
  keptBytes -= size;
  return new EntryMemory(buffer);
}

/** Rounded up to four sizes per doubling, so that pieces fit other entries and at most a fifth is left over. */
function pieceBytes(bytes: number): number {
  if (bytes <= pieceBytesMin) return pieceBytesMin;
  if (bytes > pieceBytesMax) return bytes;
  const step = 1 << (29 - Math.clz32(bytes - 1));
  return Math.ceil(bytes / step) * step;
}
