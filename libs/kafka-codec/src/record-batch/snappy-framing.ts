// Snappy as Kafka records have it: one raw block (librdkafka and others) or the blocks of xerial's snappy-java.
import { Buffer } from 'node:buffer';
import { snappyCompress, snappyDecompress } from '#libs/compression';
import { KafkaDecodeError } from '../kafka-codec.errors.js';

/** `\x82SNAPPY\0`, version 1, compatible with 1 (snappy-java, SnappyCodec). */
const XERIAL_HEADER = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex');
const XERIAL_MAGIC_BYTES = 8;
/** snappy-java's default, and what Kafka's producer uses. */
const BLOCK_BYTES = 32 * 1024;

/** @throws KafkaDecodeError `records-corrupt` or `records-too-large`; also CompressionError from a block */
export function snappyFramedDecompress(source: Buffer, bytesMax: number): Buffer {
  if (!isXerialAt(source, 0)) return snappyDecompress(source, bytesMax);
  const blocks: Buffer[] = [];
  let total = 0;
  let at = XERIAL_HEADER.length;
  while (at < source.length) {
    // Streams that were written one after the other are one stream.
    if (isXerialAt(source, at)) {
      at += XERIAL_HEADER.length;
      continue;
    }
    if (at + 4 > source.length) throw corrupt('a block size is cut off');
    const size = source.readInt32BE(at);
    at += 4;
    if (size < 1 || size > source.length - at) throw corrupt(`block of ${size} bytes`);
    const block = snappyDecompress(source.subarray(at, at + size), bytesMax - total);
    total += block.length;
    at += size;
    blocks.push(block);
  }
  return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks, total);
}

function isXerialAt(source: Buffer, at: number): boolean {
  if (source.length - at < XERIAL_HEADER.length) return false;
  return source.compare(XERIAL_HEADER, 0, XERIAL_MAGIC_BYTES, at, at + XERIAL_MAGIC_BYTES) === 0;
}

/** xerial's framing: every Kafka client reads it, the raw block not all. */
export function snappyFramedCompress(source: Buffer): Buffer {
  const parts: Buffer[] = [XERIAL_HEADER];
  for (let at = 0; at < source.length; at += BLOCK_BYTES) {
    const block = snappyCompress(source.subarray(at, at + BLOCK_BYTES));
    const size = Buffer.alloc(4);
    size.writeInt32BE(block.length, 0);
    parts.push(size, block);
  }
  return Buffer.concat(parts);
}

function corrupt(what: string): KafkaDecodeError {
  return new KafkaDecodeError('records-corrupt', `snappy framing: ${what}`);
}
