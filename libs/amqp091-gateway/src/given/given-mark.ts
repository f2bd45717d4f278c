import type { EntryPosition } from '#libs/pulsar';

interface Place {
  ledgerId: number;
  entryId: number;
}

/** Others hear a little later that the broker let them go, or are heard later. */
const lateNotesMs = 1_000;

/**
 * Up to where messages of one partition may have been given to clients. Shared subscriptions go in order: what comes to this
 * gateway and is not behind all that was given before comes again. Pure bookkeeping.
 *
 * What another gateway has been given counts when that one is gone: as long as it is there, it gives back by itself what its
 * clients leave, and Pulsar counts that; and what Pulsar sent here before may come later than the other's word.
 */
export class GivenMark {
  /** Given by this gateway. */
  readonly own: Place = nowhere();
  /** Given before this gateway came to the queue, by gateways that are gone, or by a broker that has forgotten it. */
  readonly past: Place = nowhere();
  /** What was published before it may have been given: nobody knows. Milliseconds since 1970. */
  unknownBeforeMs = 0;
  private readonly others = new Map<unknown, Place>();
  private brokerLostAtMs = -Infinity;

  /** @param now milliseconds of a clock that only goes forward */
  constructor(private readonly now: () => number = () => performance.now()) {}

  given({ ledgerId, entryId }: EntryPosition): void {
    raise(this.own, ledgerId, entryId);
  }

  /** Another gateway has given so far. */
  heard(from: unknown, ledgerId: number, entryId: number): void {
    let place = this.others.get(from);
    if (place === undefined) {
      place = nowhere();
      this.others.set(from, place);
    }
    raise(place, ledgerId, entryId);
    if (this.now() - this.brokerLostAtMs < lateNotesMs) raise(this.past, ledgerId, entryId);
  }

  /** It is gone, and others have what it had not acknowledged. */
  lost(from: unknown): void {
    const place = this.others.get(from);
    if (place === undefined) return;
    this.others.delete(from);
    raise(this.past, place.ledgerId, place.entryId);
  }

  /** The broker gives again what is not acknowledged, to whomever, as if for the first time. */
  brokerLost(): void {
    this.brokerLostAtMs = this.now();
    this.allMayComeAgain();
  }

  allMayComeAgain(): void {
    const { ledgerId, entryId } = this.reached;
    raise(this.past, ledgerId, entryId);
  }

  /** So far was given before this gateway came. */
  happened(ledgerId: number, entryId: number): void {
    raise(this.past, ledgerId, entryId);
  }

  /** The last that anybody has been given, as far as is known here. */
  get reached(): EntryPosition {
    const last = { ...this.past };
    raise(last, this.own.ledgerId, this.own.entryId);
    for (const { ledgerId, entryId } of this.others.values()) raise(last, ledgerId, entryId);
    return last;
  }

  mayHaveBeenGiven({ ledgerId, entryId }: EntryPosition, publishedAtMs: number): boolean {
    const { past } = this;
    if (ledgerId < past.ledgerId || (ledgerId === past.ledgerId && entryId <= past.entryId)) return true;
    return publishedAtMs < this.unknownBeforeMs;
  }
}

function nowhere(): Place {
  return { ledgerId: -1, entryId: -1 };
}

function raise(place: Place, ledgerId: number, entryId: number): void {
  if (ledgerId < place.ledgerId || (ledgerId === place.ledgerId && entryId <= place.entryId)) return;
  place.ledgerId = ledgerId;
  place.entryId = entryId;
}
