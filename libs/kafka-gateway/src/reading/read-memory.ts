/** What holds batches in memory and can let go of them. */
export interface MemoryHolder {
  readonly lastReadAt: number;
  readonly heldBytes: number;
  /** Lets go of `bytes` of what was given to somebody already, as far as there is so much. */
  releaseRead(bytes: number): void;
  /** Lets go of everything, also of what nobody was given yet: who wants it has it read again. */
  releaseAll(): void;
}

export interface ReadMemoryOptions {
  /** Bytes of record batches in memory, over all partitions. */
  readonly bytesMax: number;
  /** What may be read ahead for one place of one partition, when there is room. */
  readonly aheadBytesMax: number;
}

/** Reading ahead by less than this would cost a round trip per entry. */
const aheadBytesMin = 64 * 1024;
/** When there is too much, so much more is let go of that it is not the same again at once. */
const roomShare = 1 / 16;

/** The process's memory for record batches that were read; the longest unread goes first. */
export class ReadMemory {
  private readonly holders = new Set<MemoryHolder>();
  private held = 0;

  constructor(private readonly options: ReadMemoryOptions) {}

  get heldBytes(): number {
    return this.held;
  }

  /** What one place may hold that nobody was given yet: half of the memory is for that. */
  get aheadBytesMax(): number {
    const { bytesMax, aheadBytesMax } = this.options;
    const share = bytesMax / 2 / Math.max(1, this.holders.size);
    return Math.min(aheadBytesMax, Math.max(aheadBytesMin, share));
  }

  add(holder: MemoryHolder): void {
    this.holders.add(holder);
  }

  remove(holder: MemoryHolder): void {
    this.holders.delete(holder);
  }

  /** `holder` holds so much more, or less. */
  changed(bytes: number): void {
    this.held += bytes;
    if (bytes > 0 && this.held > this.options.bytesMax) this.makeRoom();
  }

  private makeRoom(): void {
    const target = this.options.bytesMax * (1 - roomShare);
    const longestUnread = [...this.holders]
      .filter(({ heldBytes }) => heldBytes > 0)
      .sort((a, b) => a.lastReadAt - b.lastReadAt);
    for (const holder of longestUnread) {
      if (this.held <= target) return;
      holder.releaseRead(this.held - target);
    }
    // The one that was read last goes on in any case.
    longestUnread.pop();
    for (const holder of longestUnread) {
      if (this.held <= this.options.bytesMax) return;
      holder.releaseAll();
    }
  }
}
