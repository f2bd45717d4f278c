import { Buffer } from 'node:buffer';
import { isBefore, type LogPosition } from './state-log.js';

/** What was read of a log, within limits: what is beyond is not kept, and told. */
export class AgreedValues {
  readonly #values = new Map<string, Buffer>();
  #bytes = 0;
  /** How far. */
  read: LogPosition | undefined;
  /** Some of it is not here, so none of it may be used. */
  isIncomplete = false;

  constructor(private readonly limits: { readonly entriesMax: number; readonly bytesMax: number }) {}

  get size(): number {
    return this.#values.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  isRead(position: LogPosition): boolean {
    return this.read !== undefined && !isBefore(this.read, position);
  }

  get(key: string): Buffer | undefined {
    return this.#values.get(key);
  }

  keys(): Iterable<string> {
    return this.#values.keys();
  }

  entries(): Iterable<[string, Buffer]> {
    return this.#values.entries();
  }

  bytesWith(key: string, value: Buffer): number {
    const before = this.#values.get(key);
    return this.#bytes + entryBytes(key, value) - (before === undefined ? 0 : entryBytes(key, before));
  }

  set(key: string, value: Buffer | null): void {
    const before = this.#values.get(key);
    if (before !== undefined) this.#bytes -= entryBytes(key, before);
    this.#values.delete(key);
    if (value === null || value.length === 0) return;
    const { entriesMax, bytesMax } = this.limits;
    if (this.#values.size >= entriesMax || this.#bytes + entryBytes(key, value) > bytesMax) {
      this.isIncomplete = true;
      return;
    }
    // A copy: it came as a view on a socket's buffer. Of its own: a small one would keep a whole slab of Node's pool.
    const kept = Buffer.allocUnsafeSlow(value.length);
    value.copy(kept);
    this.#bytes += entryBytes(key, kept);
    this.#values.set(key, kept);
  }
}

function entryBytes(key: string, value: Buffer): number {
  return key.length + value.length;
}

export function isSameValue(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}
