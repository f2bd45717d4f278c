// LZ4 blocks whose matches may reach into the blocks before ("block-dependent" frames): the native decoder takes
// single blocks only.
import { Buffer } from 'node:buffer';
import { KafkaDecodeError } from '../kafka-codec.errors.js';

const CAPACITY_BYTES_MIN = 64 * 1024;

/** Output that grows with what is decoded, up to a maximum, and is the dictionary of what follows. */
export class LinkedOutput {
  bytes: Buffer;
  length = 0;

  constructor(private readonly bytesMax: number) {
    this.bytes = Buffer.allocUnsafeSlow(Math.min(bytesMax, CAPACITY_BYTES_MIN));
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytesMax) {
      throw new KafkaDecodeError('records-too-large', `LZ4 frame: more than ${this.bytesMax} bytes`);
    }
    if (needed <= this.bytes.length) return;
    const bigger = Buffer.allocUnsafeSlow(Math.min(this.bytesMax, Math.max(needed, this.bytes.length * 2)));
    this.bytes.copy(bigger, 0, 0, this.length);
    this.bytes = bigger;
  }

  append(block: Uint8Array): void {
    this.reserve(block.length);
    this.bytes.set(block, this.length);
    this.length += block.length;
  }

  finish(): Buffer {
    return this.bytes.subarray(0, this.length);
  }
}

/** Decodes one block (LZ4 Block Format Description, "Compressed block format") onto `output`. */
export function appendLinkedBlock(source: Buffer, blockBytesMax: number, output: LinkedOutput): void {
  const reader = new SequenceReader(source);
  const limit = output.length + blockBytesMax;
  for (;;) {
    const token = reader.byte();
    const literals = reader.length(token >> 4);
    if (literals > 0) {
      if (output.length + literals > limit) throw corrupt('block larger than its maximum');
      output.append(reader.take(literals));
    }
    if (reader.isAtEnd) return;
    const distance = reader.byte() | (reader.byte() << 8);
    if (distance === 0 || distance > output.length) throw corrupt('match before the start of the output');
    const length = reader.length(token & 15) + 4;
    if (output.length + length > limit) throw corrupt('block larger than its maximum');
    copyMatch(output, distance, length);
  }
}

function copyMatch(output: LinkedOutput, distance: number, length: number): void {
  output.reserve(length);
  const { bytes } = output;
  let to = output.length;
  if (distance >= length) {
    bytes.copyWithin(to, to - distance, to - distance + length);
  } else {
    // An overlapping match repeats what it writes itself.
    for (const end = to + length; to < end; to++) bytes[to] = bytes[to - distance]!;
  }
  output.length += length;
}

class SequenceReader {
  private at = 0;

  constructor(private readonly source: Buffer) {}

  get isAtEnd(): boolean {
    return this.at === this.source.length;
  }

  byte(): number {
    if (this.at >= this.source.length) throw corrupt('block is cut off');
    return this.source[this.at++]!;
  }

  /** A length of four bits; 15 is continued by bytes that are added, up to one that is not 255. */
  length(nibble: number): number {
    let total = nibble;
    if (nibble < 15) return total;
    for (let byte = 255; byte === 255; ) {
      byte = this.byte();
      total += byte;
    }
    return total;
  }

  take(count: number): Buffer {
    if (count > this.source.length - this.at) throw corrupt('literals go beyond the block');
    this.at += count;
    return this.source.subarray(this.at - count, this.at);
  }
}

function corrupt(what: string): KafkaDecodeError {
  return new KafkaDecodeError('records-corrupt', `LZ4 block: ${what}`);
}
