/** The most messages in one entry that are acknowledged one by one; no client makes batches of that size. */
export const batchIndexesMax = 1 << 20;

/**
 * Which messages of a batch still wait for their acknowledgement. On the wire (MessageIdData.ack_set) that is words of
 * 64 bits, least significant first, a set bit being a message not yet acknowledged (PIP-54).
 */
export class BatchAckSet {
  /** By index: 1 waits, 0 is acknowledged here, 2 was not delivered. */
  private readonly waiting: Uint8Array;
  private left = 0;

  /**
   * All of `size` messages, or those that `words` leaves: the others were not delivered, because they are acknowledged, or
   * because a transaction that may yet be aborted has acknowledged them. So they are never said to be acknowledged.
   * Throws RangeError over `batchIndexesMax`.
   */
  constructor(size: number, words?: readonly bigint[]) {
    if (size > batchIndexesMax)
      throw new RangeError(`a batch of ${size} messages, ${batchIndexesMax} allowed`);
    this.waiting = new Uint8Array(size);
    for (let index = 0; index < size; index++) {
      const isDelivered = words === undefined || isSet(words, index);
      this.waiting[index] = isDelivered ? 1 : 2;
      if (isDelivered) this.left++;
    }
  }

  /** Messages not yet acknowledged. */
  get remaining(): number {
    return this.left;
  }

  has(index: number): boolean {
    return this.waiting[index] === 1;
  }

  /** How many were newly acknowledged: 1 or 0. */
  acknowledge(index: number): number {
    if (this.waiting[index] !== 1) return 0;
    this.waiting[index] = 0;
    this.left--;
    return 1;
  }

  /** How many were newly acknowledged of those up to and including `index`. */
  acknowledgeThrough(index: number): number {
    let acknowledged = 0;
    for (let each = 0; each <= index; each++) {
      acknowledged += this.acknowledge(each);
      this.waiting[each] = 0;
    }
    return acknowledged;
  }

  /** Whether there are messages that were not delivered. */
  get isPartial(): boolean {
    return this.waiting.includes(2);
  }

  /** @param isAcked all that was delivered is acknowledged */
  words(isAcked = false): bigint[] {
    const words: bigint[] = [];
    for (let start = 0; start < this.waiting.length; start += 64) {
      let word = 0n;
      const end = Math.min(start + 64, this.waiting.length);
      for (let index = start; index < end; index++) {
        const state = this.waiting[index];
        if (state === 2 || (state === 1 && !isAcked)) word |= 1n << BigInt(index - start);
      }
      words.push(word);
    }
    return words;
  }
}

function isSet(words: readonly bigint[], index: number): boolean {
  const word = words[index >> 6];
  return word !== undefined && ((word >> BigInt(index & 63)) & 1n) === 1n;
}
