import {
  CompressionError,
  lz4BlockCompress,
  lz4BlockDecompress,
  snappyCompress,
  snappyDecompress,
  zlibCompress,
  zlibDecompress,
  zstdCompress,
  zstdDecompress,
} from '#libs/compression';
import { EntryDecodeError } from './entry.errors.js';

/** `CompressionType` of PulsarApi.proto, by number. */
export const compressions = ['none', 'lz4', 'zlib', 'zstd', 'snappy'] as const;
export type Compression = (typeof compressions)[number];

/** LZ4 and snappy are raw blocks, zlib is RFC 1950, zstd is one frame (`org.apache.pulsar.common.compression`). */
const codecs = {
  lz4: { compress: lz4BlockCompress, decompress: lz4BlockDecompress },
  zlib: { compress: zlibCompress, decompress: zlibDecompress },
  zstd: { compress: zstdCompress, decompress: zstdDecompress },
  snappy: { compress: snappyCompress, decompress: snappyDecompress },
} as const;

export function compressPayload(compression: Exclude<Compression, 'none'>, payload: Buffer): Buffer {
  return codecs[compression].compress(payload);
}

/**
 * The payload as it was before compression; the same bytes when there was none.
 * Throws EntryDecodeError 'too-large' when its declared size is over `bytesMax`, 'malformed' when it is another.
 */
export function decompressPayload(
  compression: Compression,
  payload: Buffer,
  uncompressedSize: number,
  bytesMax: number,
): Buffer {
  if (compression === 'none') return payload;
  if (uncompressedSize > bytesMax) {
    throw new EntryDecodeError('too-large', `${uncompressedSize} bytes decompressed, ${bytesMax} allowed`);
  }
  if (uncompressedSize === 0) return Buffer.alloc(0);
  let plain: Buffer;
  try {
    plain = codecs[compression].decompress(payload, uncompressedSize);
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    throw new EntryDecodeError('malformed', error.message);
  }
  if (plain.length !== uncompressedSize) {
    throw new EntryDecodeError(
      'malformed',
      `${plain.length} bytes decompressed, ${uncompressedSize} declared`,
    );
  }
  return plain;
}
