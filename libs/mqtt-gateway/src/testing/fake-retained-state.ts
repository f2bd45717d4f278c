import { AgreedStateError, type AgreedStateFault } from '#libs/cluster';
import type { RetainedState } from '../retained/tenant-retained.js';

interface Put {
  readonly key: string;
  readonly value: Buffer | null;
  resolve(): void;
  reject(error: AgreedStateError): void;
}

/** A tenant's common state in memory. Puts are answered at once, or when they are let go. */
export class FakeRetainedState implements RetainedState {
  ready = true;
  readonly puts: Put[] = [];
  holds = false;
  /** The fault of all puts from now on. */
  fault: AgreedStateFault | undefined;
  /** The log cannot be asked. */
  isAway = false;
  asked = 0;
  closed = false;
  readonly #values = new Map<string, Buffer>();
  readonly #listeners = new Set<(key: string, value: Buffer | undefined) => void>();

  async start(): Promise<void> {}

  get size(): number {
    return this.#values.size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const [key, value] of this.#values) bytes += key.length + value.length;
    return bytes;
  }

  get(key: string): Buffer | undefined {
    return this.#values.get(key);
  }

  keys(): string[] {
    return [...this.#values.keys()];
  }

  onChange(listener: (key: string, value: Buffer | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  put(key: string, value: Buffer | null): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.fault !== undefined) {
      reject(new AgreedStateError(this.fault, 'as the test wants'));
      return promise;
    }
    this.puts.push({ key, value, resolve, reject });
    if (!this.holds) this.release();
    return promise;
  }

  /** Stores all that was held. */
  release(): void {
    for (const { key, value, resolve } of this.puts.splice(0)) {
      this.write(key, value);
      resolve();
    }
  }

  /** As read from the log. */
  write(key: string, value: Buffer | null): void {
    if (value === null) this.#values.delete(key);
    else this.#values.set(key, value);
    for (const listener of this.#listeners) listener(key, value ?? undefined);
  }

  async caughtUp(): Promise<void> {
    this.asked++;
    if (this.isAway) throw new AgreedStateError('unavailable', 'as the test wants');
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const { reject } of this.puts.splice(0)) reject(new AgreedStateError('unconfirmed', 'closed'));
  }
}
