/** Offsets without records in front of a batch. */
interface Hole {
  readonly from: number;
  readonly to: number;
  asked: boolean;
  /** What is below was removed; undefined as long as it is not known. */
  logStart: number | undefined;
}

/**
 * Places where offsets are missing and trimming could be the reason: who comes for such an offset has either missed
 * records or may pass. The broker is asked where the log starts when somebody comes.
 */
export class LogHoles {
  private holes: Hole[] = [];

  /** @param firstStored the offset of the first record that is still there; undefined: there is none */
  constructor(
    private readonly firstStored: () => Promise<number | undefined>,
    private readonly answered: () => void,
  ) {}

  /** Nothing is known of the offsets from `from` up to the one before `to`. */
  add(from: number, to: number): void {
    this.holes.push({ from, to, asked: false, logStart: undefined });
  }

  /** What is below `offset` is of no interest any more. */
  forgetBelow(offset: number): void {
    if (this.holes.length > 0) this.holes = this.holes.filter(({ to }) => to > offset);
  }

  /** Whether records were removed at this offset; 'unknown' while the broker is asked. */
  removed(offset: number): boolean | 'unknown' {
    if (this.holes.length === 0) return false;
    const hole = this.holes.find(({ from, to }) => offset >= from && offset < to);
    if (hole === undefined) return false;
    if (hole.logStart !== undefined) return offset < hole.logStart;
    if (!hole.asked) this.ask(hole);
    return 'unknown';
  }

  private ask(hole: Hole): void {
    hole.asked = true;
    this.firstStored().then(
      (start) => {
        hole.logStart = start ?? 0;
        this.answered();
      },
      // Who waits is answered with nothing, and asks again.
      () => {
        hole.asked = false;
      },
    );
  }
}
