import { Buffer } from 'node:buffer';
import {
  CompressionError,
  gzipCompress,
  gzipDecompress,
  zstdCompress,
  zstdDecompress,
} from '#libs/compression';
import { KafkaDecodeError } from '../kafka-codec.errors.js';
import { lz4FrameCompress, lz4FrameDecompress } from './lz4-frame.js';
import { snappyFramedCompress, snappyFramedDecompress } from './snappy-framing.js';

/** The values of bits 0-2 of a batch's or message's attributes. */
export const RecordCompression = { NONE: 0, GZIP: 1, SNAPPY: 2, LZ4: 3, ZSTD: 4 } as const;
export type RecordCompression = (typeof RecordCompression)[keyof typeof RecordCompression];

/**
 * Decompresses the records section of a batch, or the value of a wrapper message.
 *
 * @param magic of the batch: zstd exists from 2 on, and magic 0 has Kafka's old LZ4 header checksum
 * @param bytesMax the largest output
 * @throws KafkaDecodeError `records-corrupt`, `records-too-large` or `records-unsupported`
 */
export function decompressRecords(
  compression: number,
  magic: number,
  bytes: Buffer,
  bytesMax: number,
): Buffer {
  try {
    switch (compression) {
      case RecordCompression.NONE:
        return bytes;
      case RecordCompression.GZIP:
        return gzipDecompress(bytes, bytesMax);
      case RecordCompression.SNAPPY:
        return snappyFramedDecompress(bytes, bytesMax);
      case RecordCompression.LZ4:
        return lz4FrameDecompress(bytes, bytesMax, { headerChecksum: magic === 0 ? 'broken' : 'correct' });
      case RecordCompression.ZSTD:
        if (magic >= 2) return zstdDecompress(bytes, bytesMax);
    }
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    const code = error.code === 'too-large' ? 'records-too-large' : 'records-corrupt';
    throw new KafkaDecodeError(code, error.message);
  }
  throw new KafkaDecodeError('records-unsupported', `compression ${compression} with magic ${magic}`);
}

/** The inverse; `magic` as in {@link decompressRecords}. zstd is for magic 2 only, which is the caller's to know. */
export function compressRecords(compression: RecordCompression, magic: number, bytes: Buffer): Buffer {
  switch (compression) {
    case RecordCompression.NONE:
      return bytes;
    case RecordCompression.GZIP:
      return gzipCompress(bytes);
    case RecordCompression.SNAPPY:
      return snappyFramedCompress(bytes);
    case RecordCompression.LZ4:
      return lz4FrameCompress(bytes, { headerChecksum: magic === 0 ? 'broken' : 'correct' });
    case RecordCompression.ZSTD:
      return zstdCompress(bytes);
  }
}
