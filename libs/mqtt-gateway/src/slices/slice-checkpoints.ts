import type { ClockTimer, SliceClock } from '#libs/cluster';
import type { EntryPosition } from '#libs/pulsar';
import type { SliceJournal } from './slice-journal.js';
import type { SliceTable } from './slice-table.js';

/** Between two checkpoints at most, beside the time. */
const entriesBetweenMax = 1_000;
const bytesBetweenMax = 4 * 1024 * 1024;

/** When positions, and what nobody waits for to be stored, are written: now and then, together. */
export class SliceCheckpoints {
  readonly #passed = new Map<string, EntryPosition>();
  #entries = 0;
  #bytes = 0;
  #timer: ClockTimer | undefined;
  #forRoom: (() => void)[] = [];

  constructor(
    private readonly table: SliceTable,
    private readonly journal: SliceJournal,
    private readonly clock: SliceClock,
    private readonly intervalMs: number,
  ) {}

  /** Something changed that can wait. */
  touched(): void {
    this.#timer ??= this.clock.after(this.intervalMs, () => this.write());
  }

  /** All of an entry is in the table. @param bytes of what was kept of it */
  passed(partition: string, position: EntryPosition, bytes: number): void {
    this.#passed.set(partition, position);
    this.#bytes += bytes;
    if (++this.#entries >= entriesBetweenMax || this.#bytes >= bytesBetweenMax) this.write();
    else this.touched();
  }

  /** It is not read any more: what was passed of it is not to be written. */
  forget(partition: string): void {
    this.#passed.delete(partition);
  }

  /** False: more is being written than Pulsar takes. `resume` is called when that is over. */
  hasRoom(resume: () => void): boolean {
    if (!this.journal.isBusy) return true;
    this.#forRoom.push(resume);
    if (this.#forRoom.length === 1) this.journal.flush(() => this.#tellRoom());
    return false;
  }

  write(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#entries = 0;
    this.#bytes = 0;
    this.table.checkpoint(this.#passed);
    this.#passed.clear();
    this.journal.flush();
  }

  close(): void {
    this.#timer?.cancel();
    this.#forRoom = [];
  }

  #tellRoom(): void {
    for (const resume of this.#forRoom.splice(0)) resume();
  }
}
