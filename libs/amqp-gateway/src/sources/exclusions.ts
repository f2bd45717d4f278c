import { type EntryPosition, PositionMap } from '#libs/pulsar';

/** Entries that are remembered of one link. */
const remembered = 10_000;
const firstDelayMs = 10;
const delayMsMax = 5_000;

/**
 * Entries of a shared subscription that one link cannot use: its filter does not match, or the client said that it is not to
 * have them (`undeliverable-here`). They are given back for others; what nobody else wants comes here again and again, each
 * time later.
 */
export class Exclusions {
  private times: PositionMap<number> | undefined;
  private excluded: PositionMap<true> | undefined;

  exclude(position: EntryPosition): void {
    this.excluded ??= new PositionMap();
    if (this.excluded.size >= remembered) this.excluded.clear();
    this.excluded.set(position, true);
  }

  isExcluded(position: EntryPosition): boolean {
    return this.excluded?.get(position) === true;
  }

  /** How long it is kept before it is given back, in ms: at first not at all, somebody else may wait for it. */
  delayMs(position: EntryPosition): number {
    this.times ??= new PositionMap();
    const before = this.times.get(position) ?? 0;
    if (this.times.size >= remembered) this.times.clear();
    this.times.set(position, before + 1);
    return before === 0 ? 0 : Math.min(delayMsMax, firstDelayMs * 2 ** Math.min(before, 10));
  }
}
