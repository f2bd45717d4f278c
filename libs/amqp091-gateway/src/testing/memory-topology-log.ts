import { AgreedStateError } from '#libs/cluster';
import type { TopologyAgreement } from '../topology/topology-log.js';

interface Entry {
  readonly key: string;
  readonly value: Buffer | null;
}

/** A tenant's log in memory, that the states of several gateways read: each when it is let, all in one order. */
export class MemoryTopologyLog {
  readonly entries: Entry[] = [];
  /** Whether each reads what is written in the next turn of the event loop; else by `deliver`. */
  isPrompt = true;
  /** Nothing can be written or asked. */
  isAway = false;
  /** What is written is stored, and its writer does not hear of it. */
  isUnconfirmed = false;
  /** How often the log was asked for its end. */
  asked = 0;

  state(): MemoryTopologyState {
    return new MemoryTopologyState(this);
  }

  /** As it is after compaction: of each key the last record, in the order of those, without tombstones. */
  compacted(): MemoryTopologyLog {
    const log = new MemoryTopologyLog();
    const last = new Map(this.entries.map(({ key }, at) => [key, at]));
    log.entries.push(...this.entries.filter(({ key, value }, at) => last.get(key) === at && value !== null));
    return log;
  }
}

/** What one gateway has read. */
export class MemoryTopologyState implements TopologyAgreement {
  readonly #values = new Map<string, Buffer>();
  readonly #listeners = new Set<(key: string, value: Buffer | undefined) => void>();
  readonly #waiting: { readonly upTo: number; done(): void }[] = [];
  #read = 0;
  closed = false;

  constructor(private readonly log: MemoryTopologyLog) {}

  async start(): Promise<void> {
    this.deliver();
  }

  get ready(): boolean {
    return !this.log.isAway;
  }

  get size(): number {
    return this.#values.size;
  }

  entries(): Iterable<[string, Buffer]> {
    return this.#values;
  }

  get(key: string): Buffer | undefined {
    return this.#values.get(key);
  }

  put(key: string, value: Buffer | null): Promise<void> {
    if (this.log.isAway) return Promise.reject(new AgreedStateError('unavailable', 'as the test wants'));
    const upTo = this.log.entries.push({ key, value });
    if (this.log.isUnconfirmed)
      return Promise.reject(new AgreedStateError('unconfirmed', 'as the test wants'));
    return this.#whenRead(upTo);
  }

  caughtUp(): Promise<void> {
    this.log.asked++;
    if (this.log.isAway) return Promise.reject(new AgreedStateError('unavailable', 'as the test wants'));
    return this.#whenRead(this.log.entries.length);
  }

  /** Reads on, up to `count` entries. */
  deliver(count = Number.POSITIVE_INFINITY): void {
    const end = Math.min(this.log.entries.length, this.#read + count);
    while (this.#read < end) {
      const { key, value } = this.log.entries[this.#read++]!;
      if (value === null) this.#values.delete(key);
      else this.#values.set(key, value);
      for (const listener of this.#listeners) listener(key, value ?? undefined);
      for (
        let first = this.#waiting[0];
        first !== undefined && first.upTo <= this.#read;
        first = this.#waiting[0]
      ) {
        this.#waiting.shift();
        first.done();
      }
    }
  }

  onChange(listener: (key: string, value: Buffer | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  #whenRead(upTo: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (upTo <= this.#read) resolve();
    else this.#waiting.push({ upTo, done: resolve });
    if (this.log.isPrompt) setImmediate(() => this.deliver());
    return promise;
  }
}
