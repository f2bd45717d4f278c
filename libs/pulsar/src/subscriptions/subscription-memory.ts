import type { EntryPosition } from '../entry.js';
import { PositionMap } from './position-map.js';

export interface SubscriptionMemoryOptions {
  /** How long an acknowledgement is remembered at least, in ms, unless there are too many. */
  readonly ackMemoryMs: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

/** Acknowledgements that are remembered of one subscription of one partition. */
const acksMax = 200_000;
/** Entries whose deliveries are counted otherwise than Pulsar does. */
const correctionsMax = 10_000;
/** No batch has more messages. */
const batchBits = 2 ** 20;

interface Correction {
  by: number;
  /** Of those, deliveries to clients that went in order. */
  left: number;
}

/**
 * What this process knows of one subscription of one partition and Pulsar does not, or not for sure. It outlives links and
 * attachments, and is lost with the process.
 *
 * Acknowledgements: an unload drops those that are on their way, and a broker that is killed those of its last second. What
 * comes again though it was accepted is acknowledged again and not delivered.
 *
 * Deliveries: Pulsar counts whatever is given back, also what no client has seen; and it does not count what a link left
 * behind that was lost.
 */
export class SubscriptionMemory {
  private young = new Map<number, Set<number>>();
  private old = new Map<number, Set<number>>();
  private youngCount = 0;
  /** The last entry that came. */
  private readonly newest = { ledgerId: -1, entryId: -1 };
  /** The last one that a former broker has given. */
  private uncounted: EntryPosition | undefined;
  private youngSince = 0;
  private corrections: PositionMap<Correction> | undefined;
  private failures: PositionMap<number> | undefined;

  constructor(private readonly options: SubscriptionMemoryOptions) {}

  /** There is nothing to forget. */
  get isEmpty(): boolean {
    const counts = (this.corrections?.size ?? 0) + (this.failures?.size ?? 0);
    return this.young.size === 0 && this.old.size === 0 && counts === 0;
  }

  /** @param batchIndex -1: all of it */
  acknowledged({ ledgerId, entryId }: EntryPosition, batchIndex: number): void {
    this.turn();
    let acks = this.young.get(ledgerId);
    if (acks === undefined) {
      acks = new Set();
      this.young.set(ledgerId, acks);
    }
    acks.add(keyOf(entryId, batchIndex));
    this.youngCount++;
  }

  /** The client was told that it is not, and it comes again. */
  notAcknowledged({ ledgerId, entryId }: EntryPosition, batchIndex: number): void {
    for (const acks of [this.young.get(ledgerId), this.old.get(ledgerId)]) {
      acks?.delete(entryId);
      if (batchIndex >= 0) acks?.delete(keyOf(entryId, batchIndex));
    }
  }

  /** Whether this message is, by itself or with all of its entry. */
  isAcknowledged(position: EntryPosition, batchIndex: number): boolean {
    if (!this.remembers(position, batchIndex)) return false;
    // Only what is found can be too old.
    this.turn();
    return this.remembers(position, batchIndex);
  }

  /** Adds to what Pulsar counts as deliveries of this entry. */
  correct(position: EntryPosition, by: number): void {
    this.correctionAt(position).by += by;
  }

  correctionOf(position: EntryPosition): number {
    return this.corrections?.get(position)?.by ?? 0;
  }

  /** A client went in order and left it: that is told of its next delivery, and is no failure. */
  left(position: EntryPosition): void {
    const correction = this.correctionAt(position);
    correction.by++;
    correction.left++;
  }

  /** How often. */
  leftOf(position: EntryPosition): number {
    return this.corrections?.get(position)?.left ?? 0;
  }

  /** A client failed at it so often: Pulsar's own count ends with the subscription's last consumer. */
  failed(position: EntryPosition, times: number): void {
    this.failures ??= new PositionMap();
    if (this.failures.size >= correctionsMax) this.failures.clear();
    this.failures.set(position, times);
  }

  /** Deliveries of it before this one that ended without an acceptance. */
  redeliveriesOf(delivery: EntryPosition & { readonly redeliveryCount: number }): number {
    const counted = delivery.redeliveryCount + this.correctionOf(delivery);
    return Math.max(0, counted, this.failures?.get(delivery) ?? 0);
  }

  /** @returns whether this entry, or one behind it, has come before: as Shared subscriptions go in order, it comes again */
  arrived({ ledgerId, entryId }: EntryPosition): boolean {
    const { newest } = this;
    if (!isBehind(newest, ledgerId, entryId)) return true;
    newest.ledgerId = ledgerId;
    newest.entryId = entryId;
    return false;
  }

  /** A broker counts deliveries in its memory, and the subscription moves to another one, or to the same one again. */
  countsLost(): void {
    this.uncounted = { ...this.newest };
  }

  /** Whether it may have been given before, to whomever, by a broker that has told nobody: Shared subscriptions go in order. */
  mayComeAgain({ ledgerId, entryId }: EntryPosition): boolean {
    const { uncounted } = this;
    return uncounted !== undefined && !isBehind(uncounted, ledgerId, entryId);
  }

  /** The entry is gone from the subscription. */
  forget(position: EntryPosition): void {
    this.corrections?.delete(position);
    this.failures?.delete(position);
  }

  private correctionAt(position: EntryPosition): Correction {
    this.corrections ??= new PositionMap();
    const known = this.corrections.get(position);
    if (known !== undefined) return known;
    // The oldest are the least likely to come again; which they are is not worth remembering.
    if (this.corrections.size >= correctionsMax) this.corrections.clear();
    const added = { by: 0, left: 0 };
    this.corrections.set(position, added);
    return added;
  }

  private remembers({ ledgerId, entryId }: EntryPosition, batchIndex: number): boolean {
    return (
      holds(this.young.get(ledgerId), entryId, batchIndex) ||
      holds(this.old.get(ledgerId), entryId, batchIndex)
    );
  }

  private turn(): void {
    const now = this.options.now();
    const elapsedMs = now - this.youngSince;
    if (this.youngCount < acksMax / 2 && elapsedMs < this.options.ackMemoryMs) return;
    this.old = elapsedMs >= 2 * this.options.ackMemoryMs ? new Map() : this.young;
    this.young = new Map();
    this.youngCount = 0;
    this.youngSince = now;
  }
}

function isBehind(position: EntryPosition, ledgerId: number, entryId: number): boolean {
  return position.ledgerId < ledgerId || (position.ledgerId === ledgerId && position.entryId < entryId);
}

function holds(acks: ReadonlySet<number> | undefined, entryId: number, batchIndex: number): boolean {
  if (acks === undefined) return false;
  return acks.has(entryId) || (batchIndex >= 0 && acks.has(keyOf(entryId, batchIndex)));
}

/** Entries are numbered from 0: messages of a batch get the numbers below. */
function keyOf(entryId: number, batchIndex: number): number {
  return batchIndex < 0 ? entryId : -(entryId * batchBits + batchIndex + 1);
}
