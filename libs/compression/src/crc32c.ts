import native from '@node-rs/crc32';

/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes` as an unsigned 32-bit number. `previous` is the checksum of
 * the bytes before, so that a sum over several buffers needs no copy.
 */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  return native.crc32c(bytes, previous);
}
