import { MalformedFrame } from './protocol.js';

/**
 * Whether an error from a decoder says that the client's bytes are wrong. Codecs may not import this lib; their typed
 * errors are known by a string `code` that is not one of Node's own (`ERR_OUT_OF_RANGE` from a decoder is a bug in it).
 */
export function isMalformedFrame(error: unknown): error is Error & { code: string } {
  if (error instanceof MalformedFrame) return true;
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && !code.startsWith('ERR_');
}
