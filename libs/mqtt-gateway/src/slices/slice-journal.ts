import type { SliceLog } from '#libs/cluster';
import type { PulsarError } from '#libs/pulsar';
import type { SliceChanges } from './slice-changes.js';

/** Called once, in the order of the calls; true: it is stored. */
export type Stored = (stored: boolean) => void;

/** One entry holds so much of what was changed; what is changed meanwhile goes into the next. */
const entryBytesMax = 1024 * 1024;
/** Entries without a receipt: with more to write, what follows waits and is written together. */
const entriesInFlightMax = 8;

/** Writes what changed in a slice to its log: all changes of one turn, and those made while others are on their way, as one. */
export class SliceJournal {
  /** Whom the next entry is waited for by. */
  #waiting: Stored[] = [];
  readonly #inFlight: Stored[][] = [];
  #scheduled = false;
  #closed = false;

  /** @param onFault the log takes nothing any more: the slice is lost */
  constructor(
    private readonly log: SliceLog,
    private readonly changes: SliceChanges,
    private readonly onFault: (error: PulsarError) => void,
  ) {}

  /** More is being written than Pulsar takes: nothing should be added that can wait. */
  get isBusy(): boolean {
    return this.#inFlight.length >= entriesInFlightMax;
  }

  /** Writes all that was changed until now. */
  flush(stored?: Stored): void {
    if (this.#closed) {
      stored?.(false);
      return;
    }
    if (stored !== undefined) this.#waiting.push(stored);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#write());
  }

  /** The slice is somebody else's: nobody waits any longer. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stored of [...this.#inFlight.flat(), ...this.#waiting.splice(0)]) stored(false);
    this.#inFlight.length = 0;
  }

  #write(): void {
    this.#scheduled = false;
    if (this.#closed || this.isBusy) return;
    const waiting = this.#waiting.splice(0);
    const entries = this.changes.take(entryBytesMax);
    if (entries.length === 0) {
      // It is on its way, or stored.
      const last = this.#inFlight.at(-1);
      if (last !== undefined) last.push(...waiting);
      else for (const stored of waiting) stored(true);
      return;
    }
    entries.forEach((entry, index) => {
      const isLast = index === entries.length - 1;
      this.#inFlight.push(isLast ? waiting : []);
      this.log.append(entry, (error) => this.#written(error));
    });
  }

  #written(error: PulsarError | undefined): void {
    if (this.#closed) return;
    if (error !== undefined) {
      this.close();
      this.onFault(error);
      return;
    }
    const wasBusy = this.isBusy;
    for (const stored of this.#inFlight.shift() ?? []) stored(true);
    if (wasBusy && !this.isBusy && !this.#closed) this.flush();
  }
}
