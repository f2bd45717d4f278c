import { Buffer } from 'node:buffer';
import { isBefore, type LogPosition } from './state-log.js';

/** What was read of a log, within limits: what is beyond is not kept, and told. */
export class AgreedValues {
  /** Bytes as text, each a character: beside a small Buffer of its own lies ten times its size in memory. */
  readonly #values = new Map<string, string>();
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

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** A copy. */
  get(key: string): Buffer | undefined {
    const value = this.#values.get(key);
    return value === undefined ? undefined : Buffer.from(value, 'latin1');
  }

  keys(): Iterable<string> {
    return this.#values.keys();
  }

  *entries(): Iterable<[string, Buffer]> {
    for (const [key, value] of this.#values) yield [key, Buffer.from(value, 'latin1')];
  }

  isSame(key: string, other: AgreedValues): boolean {
    return this.#values.get(key) === other.#values.get(key);
  }

  bytesWith(key: string, value: Buffer): number {
    const before = this.#values.get(key);
    return this.#bytes + entryBytes(key, value) - (before === undefined ? 0 : entryBytes(key, before));
  }

  /** Whether it is another value now. */
  set(key: string, value: Buffer | null): boolean {
    const before = this.#values.get(key);
    if (before !== undefined) this.#bytes -= entryBytes(key, before);
    this.#values.delete(key);
    if (value === null || value.length === 0) return before !== undefined;
    const { entriesMax, bytesMax } = this.limits;
    if (this.#values.size >= entriesMax || this.#bytes + entryBytes(key, value) > bytesMax) {
      this.isIncomplete = true;
      return before !== undefined;
    }
    const kept = value.toString('latin1');
    this.#bytes += entryBytes(key, kept);
    this.#values.set(key, kept);
    return kept !== before;
  }
}

function entryBytes(key: string, value: Buffer | string): number {
  return key.length + value.length;
}
