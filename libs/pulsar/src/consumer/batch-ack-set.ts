/** The most messages in one entry that are acknowledged one by one; no client makes batches of that size. */
export const batchIndexesMax = 1 << 20;

/**
 * Which messages of a batch still wait for their acknowledgement. On the wire (MessageIdData.ack_set) that is words of
 * 64 bits, least significant first, a set bit being a message not yet acknowledged (PIP-54).
 */
export class BatchAckSet {
  private readonly waiting: Uint8Array;
  private left = 0;

  /** All of `size` messages, or those that `words` leaves. Throws RangeError over `batchIndexesMax`. */
  constructor(size: number, words?: readonly bigint[]) {
    if (size > batchIndexesMax)
      throw new RangeError(`a batch of ${size} messages, ${batchIndexesMax} allowed`);
    this.waiting = new Uint8Array(size);
    for (let index = 0; index < size; index++) {
      if (words !== undefined && !isSet(words, index)) continue;
      this.waiting[index] = 1;
      this.left++;
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
    for (let each = 0; each <= index; each++) acknowledged += this.acknowledge(each);
    return acknowledged;
  }

  words(): bigint[] {
    const words: bigint[] = [];
    for (let start = 0; start < this.waiting.length; start += 64) {
      let word = 0n;
      const end = Math.min(start + 64, this.waiting.length);
      for (let index = start; index < end; index++) {
        if (this.waiting[index] === 1) word |= 1n << BigInt(index - start);
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
