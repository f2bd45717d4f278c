import {
  constants,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { CompressionError } from './compression.errors.js';

const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/** Output is collected in pieces of up to this size; the size of the whole is never taken on trust. */
const chunkBytesMax = 64 * 1024;
const chunkBytesMin = 64;

/** RFC 1950. */
export function zlibCompress(source: Uint8Array): Buffer {
  return deflateSync(source);
}

/**
 * RFC 1950, also without the end marker and checksum: Pulsar's Java client flushes its deflater and does not finish
 * it. A stream cut short therefore gives what came before the cut; who knows the exact size compares.
 */
export function zlibDecompress(source: Uint8Array, bytesMax: number): Buffer {
  return capped('zlib', bytesMax, () =>
    inflateSync(source, { ...limits(bytesMax), finishFlush: constants.Z_SYNC_FLUSH }),
  );
}

/** RFC 1952. */
export function gzipCompress(source: Uint8Array): Buffer {
  return gzipSync(source);
}

/** RFC 1952; several members in a row are one stream. */
export function gzipDecompress(source: Uint8Array, bytesMax: number): Buffer {
  return capped('gzip', bytesMax, () => gunzipSync(source, limits(bytesMax)));
}

/** RFC 8878, one frame, level 3. */
export function zstdCompress(source: Uint8Array): Buffer {
  return zstdCompressSync(source, zstdOptions);
}

/** RFC 8878; several frames in a row are one stream. */
export function zstdDecompress(source: Uint8Array, bytesMax: number): Buffer {
  return capped('zstd', bytesMax, () => zstdDecompressSync(source, limits(bytesMax)));
}

function limits(bytesMax: number): { maxOutputLength: number; chunkSize: number } {
  // zlib knows no limit of zero: one byte too many is caught below.
  const maxOutputLength = Math.max(bytesMax, 1);
  return { maxOutputLength, chunkSize: Math.max(chunkBytesMin, Math.min(maxOutputLength, chunkBytesMax)) };
}

function capped(format: string, bytesMax: number, decompress: () => Buffer): Buffer {
  let bytes: Buffer;
  try {
    bytes = decompress();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(format, bytesMax);
    throw new CompressionError(
      'corrupt',
      `${format}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (bytes.length > bytesMax) throw tooLarge(format, bytesMax);
  return bytes;
}

function tooLarge(format: string, bytesMax: number): CompressionError {
  return new CompressionError('too-large', `${format}: more than ${bytesMax} bytes`);
}
