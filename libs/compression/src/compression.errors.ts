/**
 * The only error the decompressors throw. `corrupt`: the bytes are not what the format allows, or end too early;
 * `too-large`: they would become more than the caller's cap in bytes.
 */
export class CompressionError extends Error {
  readonly code: 'corrupt' | 'too-large';

  constructor(code: 'corrupt' | 'too-large', message: string) {
    super(message);
    this.name = 'CompressionError';
    this.code = code;
  }
}
