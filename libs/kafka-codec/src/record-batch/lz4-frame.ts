// LZ4 frames (LZ4 Frame Format Description 1.6), the `lz4` of Kafka records.
import { Buffer } from 'node:buffer';
import { lz4BlockCompress, lz4BlockDecompress } from '#libs/compression';
import { KafkaDecodeError } from '../kafka-codec.errors.js';
import { appendLinkedBlock, LinkedOutput } from './lz4-linked-block.js';
import { xxhash32 } from './xxhash32.js';

const MAGIC = 0x184d2204;
/** Block sizes by the code in BD bits 4-6; codes below 4 are reserved. */
const BLOCK_BYTES_MAX: readonly number[] = [0, 0, 0, 0, 64 << 10, 256 << 10, 1 << 20, 4 << 20];
const VERSION_BITS = 0x40;
const INDEPENDENT_BLOCKS = 0x20;
const BLOCK_CHECKSUM = 0x10;
const CONTENT_SIZE = 0x08;
const CONTENT_CHECKSUM = 0x04;
const DICTIONARY_ID = 0x01;
const UNCOMPRESSED_BLOCK = 0x80000000;

/** What Kafka's own producer writes: 64 KB blocks, independent, no checksums but the header's. */
const WRITE_BLOCK_SIZE_CODE = 4;

export interface Lz4FrameOptions {
  /**
   * Kafka before 0.10 computed the header checksum over the magic number too. `broken` reads any header checksum, as
   * Kafka does for message sets of magic 0, and writes the old one.
   */
  readonly headerChecksum?: 'correct' | 'broken';
}

/**
 * @param bytesMax the largest output; more is `records-too-large`, without having been allocated
 * @throws KafkaDecodeError `records-corrupt` or `records-too-large`; also CompressionError from a block
 */
export function lz4FrameDecompress(source: Buffer, bytesMax: number, options: Lz4FrameOptions = {}): Buffer {
  const header = decodeHeader(source, options);
  if (header.contentBytes > bytesMax) throw tooLarge(bytesMax);
  const output = header.independent ? new BlockList(bytesMax) : new LinkedOutput(bytesMax);
  let at = header.end;
  for (;;) {
    const size = uint32(source, at);
    at += 4;
    if (size === 0) break;
    const length = size & ~UNCOMPRESSED_BLOCK;
    if (length > header.blockBytesMax) throw corrupt(`block of ${length} bytes`);
    const end = at + length;
    if (end > source.length) throw corrupt('a block goes beyond the frame');
    const block = source.subarray(at, end);
    at = end;
    if (header.flags & BLOCK_CHECKSUM) {
      if (uint32(source, at) !== xxhash32(block)) throw corrupt('wrong block checksum');
      at += 4;
    }
    if (size >= UNCOMPRESSED_BLOCK) output.append(block);
    else if (output instanceof LinkedOutput) appendLinkedBlock(block, header.blockBytesMax, output);
    else output.appendCompressed(block, header.blockBytesMax);
  }
  const bytes = output.finish();
  if (header.flags & CONTENT_CHECKSUM && uint32(source, at) !== xxhash32(bytes)) {
    throw corrupt('wrong content checksum');
  }
  if (header.contentBytes >= 0 && header.contentBytes !== bytes.length) throw corrupt('wrong content size');
  return bytes;
}

interface FrameHeader {
  readonly flags: number;
  readonly independent: boolean;
  readonly blockBytesMax: number;
  /** -1 when the frame does not say. */
  readonly contentBytes: number;
  /** Where the first block starts. */
  readonly end: number;
}

function decodeHeader(source: Buffer, options: Lz4FrameOptions): FrameHeader {
  if (uint32(source, 0) !== MAGIC) throw corrupt('no frame');
  if (source.length < 7) throw corrupt('the header is cut off');
  const flags = source[4]!;
  const descriptor = source[5]!;
  if ((flags & 0xc0) !== VERSION_BITS || flags & 0x02) throw corrupt(`flags 0x${flags.toString(16)}`);
  if (flags & DICTIONARY_ID) throw corrupt('a dictionary is needed');
  const blockBytesMax = BLOCK_BYTES_MAX[(descriptor >> 4) & 7]!;
  if (blockBytesMax === 0 || descriptor & 0x8f)
    throw corrupt(`block descriptor 0x${descriptor.toString(16)}`);
  let at = 6;
  let contentBytes = -1;
  if (flags & CONTENT_SIZE) {
    contentBytes = uint32(source, at) + uint32(source, at + 4) * 0x100000000;
    at += 8;
  }
  if (at >= source.length) throw corrupt('the header is cut off');
  const isRight = source[at] === headerChecksum(source.subarray(4, at));
  if (!isRight && options.headerChecksum !== 'broken') throw corrupt('wrong header checksum');
  return {
    flags,
    independent: (flags & INDEPENDENT_BLOCKS) !== 0,
    blockBytesMax,
    contentBytes,
    end: at + 1,
  };
}

function headerChecksum(bytes: Uint8Array): number {
  return (xxhash32(bytes) >>> 8) & 0xff;
}

/** The output of independent blocks, each decoded by itself. */
class BlockList {
  private readonly blocks: Buffer[] = [];
  private length = 0;

  constructor(private readonly bytesMax: number) {}

  append(block: Buffer): void {
    this.length += block.length;
    if (this.length > this.bytesMax) throw tooLarge(this.bytesMax);
    this.blocks.push(block);
  }

  appendCompressed(block: Buffer, blockBytesMax: number): void {
    this.append(lz4BlockDecompress(block, Math.min(blockBytesMax, this.bytesMax - this.length)));
  }

  finish(): Buffer {
    return this.blocks.length === 1 ? this.blocks[0]! : Buffer.concat(this.blocks, this.length);
  }
}

/** One frame of independent blocks of 64 KB; a block that would not shrink is stored as it is. */
export function lz4FrameCompress(source: Buffer, options: Lz4FrameOptions = {}): Buffer {
  const header = Buffer.alloc(7);
  header.writeUInt32LE(MAGIC, 0);
  header[4] = VERSION_BITS | INDEPENDENT_BLOCKS;
  header[5] = WRITE_BLOCK_SIZE_CODE << 4;
  header[6] = headerChecksum(header.subarray(options.headerChecksum === 'broken' ? 0 : 4, 6));
  const parts: Buffer[] = [header];
  const step = BLOCK_BYTES_MAX[WRITE_BLOCK_SIZE_CODE]!;
  for (let at = 0; at < source.length; at += step) {
    const block = source.subarray(at, at + step);
    const compressed = lz4BlockCompress(block);
    const size = Buffer.alloc(4);
    const shrank = compressed.length < block.length;
    size.writeUInt32LE(shrank ? compressed.length : block.length + UNCOMPRESSED_BLOCK, 0);
    parts.push(size, shrank ? compressed : block);
  }
  parts.push(Buffer.alloc(4));
  return Buffer.concat(parts);
}

function uint32(source: Buffer, at: number): number {
  if (at + 4 > source.length) throw corrupt('the frame is cut off');
  return source.readUInt32LE(at);
}

function corrupt(what: string): KafkaDecodeError {
  return new KafkaDecodeError('records-corrupt', `LZ4 frame: ${what}`);
}

function tooLarge(bytesMax: number): KafkaDecodeError {
  return new KafkaDecodeError('records-too-large', `LZ4 frame: more than ${bytesMax} bytes`);
}
