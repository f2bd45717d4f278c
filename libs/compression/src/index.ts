export { CompressionError } from './compression.errors.js';
export { crc32c } from './crc32c.js';
export { lz4BlockCompress, lz4BlockDecompress } from './lz4.js';
export { snappyCompress, snappyDecompress } from './snappy.js';
export {
  gzipCompress,
  gzipDecompress,
  zlibCompress,
  zlibDecompress,
  zstdCompress,
  zstdDecompress,
} from './zlib.js';
