import type { SliceLog } from '#libs/cluster';
import type { KeyedRecord, PulsarError } from '#libs/pulsar';
import type { SliceChanges } from './slice-changes.js';

/** Called once, in the order of the calls; true: it is stored. */
export type Stored = (stored: boolean) => void;

/** One entry holds so much of what was changed; what is changed meanwhile goes into the next. */
const entryBytesMax = 1024 * 1024;
/** Entries without a receipt: with more to write, what follows waits and is written together. */
const entriesInFlightMax = 8;
/** Their bytes, above which none is added: with one more, of at most 5 MiB, they are less than a lease takes. */
const bytesInFlightMax = 8 * 1024 * 1024;

/** An entry, and who waits for it. */
interface Writing {
  readonly entry: readonly KeyedRecord[];
  readonly bytes: number;
  readonly waiting: Stored[];
}

/** Writes what changed in a slice to its log: all changes of one turn, and those made while others are on their way, as one. */
export class SliceJournal {
  /** Whom the next entry is waited for by. */
  #waiting: Stored[] = [];
  readonly #inFlight: Writing[] = [];
  #bytesInFlight = 0;
  /** Changed together with what is on its way, and not sent yet. */
  #unsent: Writing[] = [];
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
    return this.#inFlight.length >= entriesInFlightMax || this.#bytesInFlight >= bytesInFlightMax;
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
    const waiting = [...this.#inFlight, ...this.#unsent].flatMap((writing) => writing.waiting);
    this.#inFlight.length = 0;
    this.#unsent = [];
    for (const stored of [...waiting, ...this.#waiting.splice(0)]) stored(false);
  }

  #write(): void {
    this.#scheduled = false;
    this.#send();
    if (this.#closed || this.isBusy) return;
    const waiting = this.#waiting.splice(0);
    const entries = this.changes.take(entryBytesMax);
    if (entries.length === 0) {
      // It is on its way, or stored.
      const last = this.#inFlight.at(-1);
      if (last !== undefined) last.waiting.push(...waiting);
      else for (const stored of waiting) stored(true);
      return;
    }
    entries.forEach((entry, index) => {
      const isLast = index === entries.length - 1;
      const bytes = entry.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
      this.#unsent.push({ entry, bytes, waiting: isLast ? waiting : [] });
    });
    this.#send();
  }

  #send(): void {
    while (!this.#closed && !this.isBusy) {
      const next = this.#unsent.shift();
      if (next === undefined) return;
      this.#inFlight.push(next);
      this.#bytesInFlight += next.bytes;
      this.log.append(next.entry, (error) => this.#written(error));
    }
  }

  #written(error: PulsarError | undefined): void {
    if (this.#closed) return;
    if (error !== undefined) {
      this.close();
      this.onFault(error);
      return;
    }
    const wasBusy = this.isBusy;
    const written = this.#inFlight.shift();
    this.#bytesInFlight -= written?.bytes ?? 0;
    for (const stored of written?.waiting ?? []) stored(true);
    if (wasBusy && !this.isBusy && !this.#closed) this.flush();
  }
}
