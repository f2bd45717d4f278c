import type { Buffer } from 'node:buffer';

/**
 * - unavailable: the log was not read yet, or cannot be read or written now; nothing was sent
 * - unconfirmed: it was sent and not read back in time; whether it holds is unknown
 * - full: there are as many entries, or bytes, as there may be
 * - invalid: a key or value that cannot be stored
 */
export type AgreedStateFault = 'unavailable' | 'unconfirmed' | 'full' | 'invalid';

export class AgreedStateError extends Error {
  override readonly name = 'AgreedStateError';

  constructor(
    readonly fault: AgreedStateFault,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Values by key that any gateway sets and all agree on: the order of their common log decides. */
export interface AgreedState {
  /** Reads the log, and goes on until closed. Resolves when all was read that was stored; not while Pulsar is away. */
  start(): Promise<void>;
  /** All was read, and the log has not been away for longer than `staleMsMax`. */
  readonly ready: boolean;
  readonly size: number;
  entries(): Iterable<[string, Buffer]>;
  get(key: string): Buffer | undefined;
  /**
   * Resolves when it was stored and read back here; what is in force then may be a later value, of another gateway.
   * Null deletes the key. Rejects with AgreedStateError.
   */
  put(key: string, value: Buffer | null): Promise<void>;
  /** Told of every key whose value changed; undefined: it is gone. */
  onChange(listener: (key: string, value: Buffer | undefined) => void): () => void;
  close(): Promise<void>;
}
