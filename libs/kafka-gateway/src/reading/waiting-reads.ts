import type { TrackerTime } from '../mapping/offset-tracker.js';
import type { LogRead } from './partition-log.js';

interface WaitingRead {
  readonly offset: number;
  readonly bytesMax: number;
  readonly minOne: boolean;
  readonly resolve: (read: LogRead) => void;
  timer: unknown;
}

export const nothingThere: LogRead = { batches: [], bytes: 0 };

/** Reads that could not be answered from memory. Each is answered once, after `waitMsMax` with what there is then. */
export class WaitingReads {
  private waiting: WaitingRead[] = [];

  constructor(
    private readonly take: (offset: number, bytesMax: number, minOne: boolean) => LogRead | undefined,
    private readonly expired: () => void,
    private readonly time: TrackerTime,
    private readonly waitMsMax: number,
  ) {}

  get count(): number {
    return this.waiting.length;
  }

  add(offset: number, bytesMax: number, minOne: boolean): Promise<LogRead> {
    return new Promise((resolve) => {
      const read: WaitingRead = { offset, bytesMax, minOne, resolve, timer: undefined };
      read.timer = this.time.setTimer(() => this.expire(read), this.waitMsMax);
      this.waiting.push(read);
    });
  }

  /** Answers those that can be answered now. */
  settle(): void {
    if (this.waiting.length === 0) return;
    const { waiting } = this;
    this.waiting = [];
    for (const each of waiting) {
      const read = this.take(each.offset, each.bytesMax, each.minOne);
      if (read === undefined) this.waiting.push(each);
      else {
        this.time.clearTimer(each.timer);
        each.resolve(read);
      }
    }
  }

  private expire(read: WaitingRead): void {
    this.waiting = this.waiting.filter((each) => each !== read);
    this.expired();
    read.resolve(this.take(read.offset, read.bytesMax, read.minOne) ?? nothingThere);
  }
}
