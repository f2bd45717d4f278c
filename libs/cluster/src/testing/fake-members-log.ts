import type { ClusterClock } from '../cluster-clock.js';
import { decodeRecord } from '../member-record.js';
import type { MembersLog, MembersLogListener } from '../members-log.js';

/** Time that passes when the test says so. */
export class ManualClock implements ClusterClock {
  #now = 1_000;
  #timers: { at: number; call: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): { cancel(): void } {
    const timer = { at: this.#now + ms, call };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((each) => each !== timer)) };
  }

  /** In steps that are shorter than every interval. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    while (this.#now < until) {
      this.#now = Math.min(until, this.#now + 50);
      const due = this.#timers.filter(({ at }) => at <= this.#now);
      this.#timers = this.#timers.filter(({ at }) => at > this.#now);
      for (const { call } of due) call();
      await turn();
    }
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Reader {
  readonly listener: MembersLogListener;
  instance: string | undefined;
  /** Of the entries. */
  next: number;
}

/** A log in memory that all gateways of a test share; its clock is that of the test, a day ahead. */
export class FakeMembersLog {
  attached = true;
  #stalled: Buffer[] | undefined;
  readonly #entries: { value: Buffer; at: number }[] = [];
  readonly #readers = new Set<Reader>();
  readonly #silent = new Set<string>();

  constructor(private readonly clock: ClusterClock) {}

  readonly open = async (listener: MembersLogListener): Promise<MembersLog> => {
    await turn();
    const reader: Reader = { listener, instance: undefined, next: 0 };
    this.#deliver(reader);
    this.#readers.add(reader);
    const isAttached = () => this.attached;
    return {
      get attached() {
        return isAttached();
      },
      append: (_key, value, done) => {
        const record = decodeRecord(value);
        reader.instance = record?.instance;
        setImmediate(() => {
          if (record === undefined || !this.#silent.has(record.instance)) this.write(value);
          done?.(undefined);
        });
      },
      close: async () => {
        this.#readers.delete(reader);
      },
    };
  };

  /** Connections stay and nothing is stored. */
  stall(): void {
    this.#stalled = [];
  }

  /** What was written meanwhile by those for whom it works again is stored. */
  resume(): void {
    const waiting = this.#stalled ?? [];
    this.#stalled = undefined;
    for (const value of waiting) this.write(value);
  }

  write(value: Buffer): void {
    if (this.#stalled !== undefined) {
      this.#stalled.push(value);
      return;
    }
    const at = this.clock.now() + 86_400_000;
    this.#entries.push({ value, at });
    for (const reader of this.#readers) this.#deliver(reader);
  }

  /** What it writes is not stored, and it hears nothing: it is cut off, or stands still. */
  silence(instance: string): void {
    this.#silent.add(instance);
  }

  /** It goes on where it stood. */
  hear(instance: string): void {
    this.#silent.delete(instance);
    for (const reader of this.#readers) this.#deliver(reader);
  }

  /** Ends by itself for one gateway. */
  end(of: string): void {
    for (const reader of this.#readers) {
      if (reader.instance !== of) continue;
      this.#readers.delete(reader);
      reader.listener.onClosed('the topic was deleted');
    }
  }

  /** All that was written has been read, and what was answered to it too. */
  async settled(): Promise<void> {
    for (let turns = 0; turns < 20; turns++) await turn();
  }

  #deliver(reader: Reader): void {
    if (reader.instance !== undefined && this.#silent.has(reader.instance)) return;
    while (reader.next < this.#entries.length) {
      const { value, at } = this.#entries[reader.next++]!;
      reader.listener.onRecord(value, at);
    }
  }
}
