import native from 'lz4-napi';
import { CompressionError } from './compression.errors.js';

/** The native module puts the uncompressed size (u32, little endian) before a block; Pulsar and Kafka do not. */
const sizePrefixBytes = 4;

/** Below this many compressed bytes the call into the native module costs more than decoding here. */
const nativeBytesMin = 512;

/** One raw LZ4 block: no frame, no size in front. */
export function lz4BlockCompress(source: Uint8Array): Buffer {
  return native.compressSync(asBuffer(source)).subarray(sizePrefixBytes);
}

/**
 * Decodes one raw LZ4 block into at most `bytesMax` bytes (the exact size, where it is known). The result may be
 * shorter than `bytesMax`; who knows the exact size compares.
 */
export function lz4BlockDecompress(source: Uint8Array, bytesMax: number): Buffer {
  if (source.length < nativeBytesMin) return decodeBlock(source, bytesMax);
  const prefixed = Buffer.allocUnsafe(sizePrefixBytes + source.length);
  prefixed.writeUInt32LE(outputBytesMax(source, bytesMax), 0);
  prefixed.set(source, sizePrefixBytes);
  try {
    // The prefix is what the native decoder allocates and never writes beyond: it is the cap.
    return native.uncompressSync(prefixed);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CompressionError(message.includes('too small') ? 'too-large' : 'corrupt', `LZ4: ${message}`);
  }
}

/** A byte of a block never stands for more than 255 bytes of output. */
function outputBytesMax(source: Uint8Array, bytesMax: number): number {
  return Math.min(bytesMax, source.length * 255);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Sequences of (literals, match), each length in a nibble that 15 continues (LZ4 block format, "Compressed block format"). */
function decodeBlock(source: Uint8Array, bytesMax: number): Buffer {
  const target = Buffer.allocUnsafe(outputBytesMax(source, bytesMax));
  let from = 0;
  let to = 0;
  const lengthFrom = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15) {
      let byte: number;
      do {
        if (from >= source.length) throw corrupt('a length goes beyond the block');
        byte = source[from++]!;
        length += byte;
      } while (byte === 255);
    }
    return length;
  };
  for (;;) {
    if (from >= source.length) throw corrupt('the block ends without a last sequence');
    const token = source[from++]!;
    const literals = lengthFrom(token >>> 4);
    if (from + literals > source.length) throw corrupt('literals go beyond the block');
    if (to + literals > target.length) throw tooLarge(bytesMax);
    target.set(source.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === source.length) return target.subarray(0, to);
    if (from + 2 > source.length) throw corrupt('a match offset goes beyond the block');
    const offset = source[from]! | (source[from + 1]! << 8);
    from += 2;
    if (offset === 0 || offset > to) throw corrupt('a match starts before the output');
    const match = lengthFrom(token & 15) + 4;
    if (to + match > target.length) throw tooLarge(bytesMax);
    // Byte by byte: a match may overlap what it writes.
    for (const end = to + match; to < end; to++) target[to] = target[to - offset]!;
  }
}

function corrupt(what: string): CompressionError {
  return new CompressionError('corrupt', `LZ4: ${what}`);
}

function tooLarge(bytesMax: number): CompressionError {
  return new CompressionError('too-large', `LZ4: more than ${bytesMax} bytes`);
}
