import { fromSequenceId, positionMax, positionNear, toSequenceId } from './pulsar-sequence.js';

/** Batches whose outcome is remembered per producer and partition, as in Kafka's ProducerStateEntry. */
export const batchesRemembered = 5;

export type BatchState = 'in-flight' | 'stored' | 'failed';

/** One batch of an idempotent producer. Positions are sequences that do not wrap (pulsar-sequence.ts). */
export class SequencedBatch<Outcome> {
  state: BatchState = 'in-flight';
  /** Set when stored. */
  outcome: Outcome | undefined = undefined;

  constructor(
    readonly epoch: number,
    readonly first: number,
    readonly last: number,
  ) {}
}

/** What is to be done with a batch. The window changes only with `begin`. */
export type SequenceVerdict<Outcome> =
  /** In order: `begin` it and send it. */
  | { readonly kind: 'next'; readonly first: number }
  /**
   * Nothing is known of the producer and it does not start at 0. Either Pulsar forgot it, then this may be sent as
   * `next`; or batches before this one were refused, and are to come first.
   */
  | { readonly kind: 'mid-stream'; readonly first: number }
  /** From before this state was restored: `begin` it and send it; Pulsar's deduplication knows it or stores it. */
  | { readonly kind: 'ask-broker'; readonly first: number }
  /** The same batch again: it is stored, or in flight and its outcome will come. */
  | { readonly kind: 'known'; readonly batch: SequencedBatch<Outcome> }
  /** Stored, but longer ago than is remembered. */
  | { readonly kind: 'forgotten' }
  | { readonly kind: 'out-of-order'; readonly expected: number }
  | { readonly kind: 'stale-epoch'; readonly epoch: number };

/**
 * What Kafka's ProducerStateManager keeps of one producer id on one partition. Batches in flight count as
 * appended, so that clients may pipeline. Differences to Kafka: a duplicate older than the remembered batches is told
 * apart from a gap (DUPLICATE_SEQUENCE_NUMBER, which clients take as success), and after `restore` what Pulsar may
 * have stored is put to Pulsar again instead of being believed, since its last sequence id includes what it had not
 * yet persisted.
 */
export class SequenceWindow<Outcome> {
  /** -1: nothing is known. */
  private currentEpoch = -1;
  private nextPosition = 0;
  /** Lower positions were never seen: they are gaps, not duplicates. */
  private lowest = 0;
  private restoredThrough = -1;
  /** A batch failed and a later one was stored: no further sequence of this epoch is sound, nor will one be. */
  private broken = false;
  /** Ascending. */
  private batches: SequencedBatch<Outcome>[] = [];

  get epoch(): number {
    return this.currentEpoch;
  }

  /** Position of the last record that is known to be stored; -1 when none is. */
  get lastStored(): number {
    const stored = this.batches.findLast(({ state }) => state === 'stored');
    return Math.max(stored?.last ?? -1, this.restoredThrough);
  }

  /** Sequence id of the last record that was taken, stored or in flight; -1 when nothing is known. */
  get lastTaken(): number {
    return this.currentEpoch < 0 ? -1 : toSequenceId(this.currentEpoch, this.nextPosition - 1);
  }

  get inFlight(): number {
    let count = 0;
    for (const batch of this.batches) if (batch.state === 'in-flight') count++;
    return count;
  }

  examine(epoch: number, sequence: number, count: number): SequenceVerdict<Outcome> {
    if (epoch < this.currentEpoch) return { kind: 'stale-epoch', epoch: this.currentEpoch };
    if (this.currentEpoch === -1) return { kind: sequence === 0 ? 'next' : 'mid-stream', first: sequence };
    if (epoch > this.currentEpoch) {
      return sequence === 0 ? { kind: 'next', first: 0 } : { kind: 'out-of-order', expected: 0 };
    }
    const first = positionNear(this.nextPosition, sequence);
    const last = first + count - 1;
    let broken = this.broken;
    for (const batch of this.batches) {
      if (batch.state === 'failed') broken = true;
      else if (batch.first === first && batch.last === last) return { kind: 'known', batch };
    }
    const outOfOrder = { kind: 'out-of-order', expected: this.nextPosition } as const;
    if (broken) return outOfOrder;
    if (first === this.nextPosition) return last > positionMax ? outOfOrder : { kind: 'next', first };
    if (first < this.lowest || last >= this.nextPosition || this.overlaps(first, last)) return outOfOrder;
    return last <= this.restoredThrough ? { kind: 'ask-broker', first } : { kind: 'forgotten' };
  }

  /** Counts a batch as appended, after `examine` said `next`, `ask-broker` or `mid-stream`. */
  begin(epoch: number, first: number, count: number): SequencedBatch<Outcome> {
    if (epoch !== this.currentEpoch) this.startEpoch(epoch, first);
    const batch = new SequencedBatch<Outcome>(epoch, first, first + count - 1);
    let at = this.batches.length;
    while (at > 0 && (this.batches[at - 1] as SequencedBatch<Outcome>).first > first) at--;
    if (at === this.batches.length) this.batches.push(batch);
    else this.batches.splice(at, 0, batch);
    this.nextPosition = Math.max(this.nextPosition, batch.last + 1);
    return batch;
  }

  stored(batch: SequencedBatch<Outcome>, outcome: Outcome): void {
    batch.state = 'stored';
    batch.outcome = outcome;
    let stored = 0;
    for (const each of this.batches) {
      if (each.state === 'stored') stored++;
      else if (each.state === 'failed' && each.first < batch.first) this.broken = true;
    }
    while (stored > batchesRemembered && this.batches[0]?.state !== 'in-flight') {
      if (this.batches.shift()?.state === 'stored') stored--;
    }
  }

  /**
   * The batch is certainly not stored. Its sequence is expected again; while later ones are in flight nothing is, and
   * once one of those is stored, nothing but a new epoch.
   */
  failed(batch: SequencedBatch<Outcome>): void {
    batch.state = 'failed';
    const at = this.batches.indexOf(batch);
    if (at < 0) return;
    if (batch.last <= this.restoredThrough) {
      this.batches.splice(at, 1);
      return;
    }
    let tail = this.batches.at(-1);
    while (tail?.state === 'failed') {
      this.batches.pop();
      this.nextPosition = tail.first;
      tail = this.batches.at(-1);
    }
  }

  /**
   * Takes over what the broker says of this producer, after its Pulsar producer was opened (again). Batches whose
   * outcome was not learnt are forgotten: at or below the broker's position they are asked for, above they are next. One that
   * failed below it is not: the broker would take it for a duplicate of what it never had.
   * @param lastSequenceId -1: the broker remembers nothing
   */
  restore(lastSequenceId: number): void {
    const failed = this.batches.find((batch) => batch.state === 'failed');
    this.batches = this.batches.filter((batch) => batch.state === 'stored');
    if (lastSequenceId < 0) {
      this.restoredThrough = -1;
      // The first batch is still owed: those that the client sent after it must not get in before it.
      this.nextPosition = (this.batches.at(-1)?.last ?? this.lowest - 1) + 1;
      return;
    }
    const { epoch, position } = fromSequenceId(lastSequenceId);
    if (epoch !== this.currentEpoch) this.startEpoch(epoch, 0);
    // At its end, or beyond what was taken here, another gateway stored, to which the client had gone with what failed.
    else if (failed !== undefined && failed.last < position && position < this.nextPosition)
      this.broken = true;
    this.batches = this.batches.filter((batch) => batch.last <= position);
    this.nextPosition = position + 1;
    this.restoredThrough = position;
  }

  private startEpoch(epoch: number, first: number): void {
    this.currentEpoch = epoch;
    this.nextPosition = first;
    this.lowest = first;
    this.restoredThrough = -1;
    this.broken = false;
    this.batches = [];
  }

  /** With batches that are remembered: the same positions cut differently, which no sound client does. */
  private overlaps(first: number, last: number): boolean {
    return this.batches.some((batch) => batch.first <= last && batch.last >= first);
  }
}
