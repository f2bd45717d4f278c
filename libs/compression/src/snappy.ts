import native from 'snappy';
import { CompressionError } from './compression.errors.js';

// Copying the output is four times as fast as handing it over as an external buffer (measured at 1 to 64 KB).
const copied = { copyOutputData: true } as const;
const copiedBuffer = { asBuffer: true, copyOutputData: true } as const;

/** One raw snappy block (neither xerial's framing nor snappy's own). */
export function snappyCompress(source: Uint8Array): Buffer {
  return native.compressSync(source, copied);
}

/** Decodes one raw snappy block; its declared size is checked against `bytesMax` before anything is allocated. */
export function snappyDecompress(source: Uint8Array, bytesMax: number): Buffer {
  const size = declaredSize(source);
  if (size > bytesMax) throw new CompressionError('too-large', `snappy: ${size} bytes, ${bytesMax} allowed`);
  // The densest element makes 64 bytes of three: what declares more than that lies, and would only cost memory.
  if (size > source.length * 22)
    throw new CompressionError('corrupt', 'snappy: the declared size is impossible');
  try {
    return native.uncompressSync(source, copiedBuffer) as Buffer;
  } catch (error) {
    throw new CompressionError(
      'corrupt',
      `snappy: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The block starts with its uncompressed size, a little-endian base-128 varint of up to 32 bits. */
function declaredSize(source: Uint8Array): number {
  let size = 0;
  for (let at = 0; at < 5 && at < source.length; at++) {
    const byte = source[at]!;
    size += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return size;
  }
  throw new CompressionError('corrupt', 'snappy: the declared size is cut off');
}
