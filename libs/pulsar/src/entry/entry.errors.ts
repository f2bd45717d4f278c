/**
 * Why an entry's bytes cannot be read.
 * - `malformed`: they are not what the format allows, or end too early
 * - `checksum`: the CRC-32C over metadata and payload does not fit
 * - `too-large`: decompressed, or put together of chunks, they would be over the caller's cap
 * - `encrypted`: only the producer's and consumer's keys can read them
 * - `incomplete`: one chunk of a larger message; see ChunkAssembler
 */
export type EntryDecodeErrorCode = 'malformed' | 'checksum' | 'too-large' | 'encrypted' | 'incomplete';

/** The only error that reading an entry throws. */
export class EntryDecodeError extends Error {
  readonly code: EntryDecodeErrorCode;

  constructor(code: EntryDecodeErrorCode, message: string) {
    super(message);
    this.name = 'EntryDecodeError';
    this.code = code;
  }
}
