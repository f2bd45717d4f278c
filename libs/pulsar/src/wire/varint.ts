import { PulsarError } from '../pulsar.errors.js';

/**
 * Protocol Buffers' primitive encodings over numbers. Unsigned 64-bit values are numbers up to 2^53 - 1;
 * 2^64 - 1, Pulsar's "none", is -1 both ways; anything else that large is refused.
 */

const none64 = -1;
const none64Bytes = 10;

/** Bytes that `writeVarint` takes for a value. */
export function varintBytes(value: number): number {
  if (value < 0) return none64Bytes;
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  let bytes = 4;
  for (let rest = Math.floor(value / 0x10000000); rest > 0; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

/** Writes an unsigned value (or -1 as 2^64 - 1) and returns the position after it. The target must have the room. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let position = at;
  if (value < 0) {
    target.fill(0xff, position, position + none64Bytes - 1);
    target[position + none64Bytes - 1] = 0x01;
    return position + none64Bytes;
  }
  let rest = value;
  while (rest >= 0x80000000) {
    target[position++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest >= 0x80) {
    target[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[position++] = rest;
  return position;
}

/** A cursor over one message's bytes. Reading past `end`, or a varint over its length, throws 'MalformedFrame'. */
export class WireReader {
  position = 0;
  end = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  reset(bytes: Uint8Array, start: number, end: number): this {
    if (start > end || end > bytes.length) throw truncated();
    this.#bytes = bytes;
    this.position = start;
    this.end = end;
    return this;
  }

  get more(): boolean {
    return this.position < this.end;
  }

  /** The low 32 bits matter: tags, int32, bool, enum and lengths. */
  uint32(): number {
    const value = this.uint64();
    return value === none64 ? 0xffffffff : value >>> 0;
  }

  /** Also negative numbers, which the wire sign-extends to 64 bits. */
  int32(): number {
    return this.#int64LowBits() | 0;
  }

  uint64(): number {
    const bytes = this.#bytes;
    let value = 0;
    let unit = 1;
    for (let length = 1; length <= none64Bytes; length++) {
      if (this.position >= this.end) throw truncated();
      const byte = bytes[this.position++] as number;
      if (byte < 0x80) {
        value += byte * unit;
        if (value <= Number.MAX_SAFE_INTEGER) return value;
        // All ones is exact in no double but rounds to 2^64, which no other 64-bit value near it is used for.
        if (value >= 2 ** 64) return none64;
        throw new PulsarError(
          'MalformedFrame',
          `a 64-bit value of ${value} is beyond what can be kept exact`,
        );
      }
      value += (byte & 0x7f) * unit;
      unit *= 0x80;
    }
    throw new PulsarError('MalformedFrame', 'a varint of more than ten bytes');
  }

  /** A length prefix, checked against what is left. */
  length(): number {
    const length = this.uint64();
    if (length < 0 || length > this.end - this.position) throw truncated();
    return length;
  }

  skip(wireType: number): void {
    if (wireType === 0) {
      this.#int64LowBits();
      return;
    }
    if (wireType === 2) {
      const length = this.length();
      this.position += length;
      return;
    }
    if (wireType !== 1 && wireType !== 5) {
      throw new PulsarError('MalformedFrame', `an unknown wire type ${wireType}`);
    }
    this.position += wireType === 1 ? 8 : 4;
    if (this.position > this.end) throw truncated();
  }

  #int64LowBits(): number {
    let low = 0;
    for (let length = 0; length < none64Bytes; length++) {
      if (this.position >= this.end) throw truncated();
      const byte = this.#bytes[this.position++] as number;
      if (length < 5) low |= (byte & 0x7f) << (7 * length);
      if (byte < 0x80) return low;
    }
    throw new PulsarError('MalformedFrame', 'a varint of more than ten bytes');
  }
}

function truncated(): PulsarError {
  return new PulsarError('MalformedFrame', 'a message that ends before its fields do');
}
