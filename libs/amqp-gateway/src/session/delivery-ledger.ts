import { serialDistance } from './serial-number.js';

/** What is known by its delivery id. */
export interface LedgerEntry {
  readonly deliveryId: number;
}

/** So many places of entries that are gone are stepped over before the ledger is put together again. */
const gapsSteppedOverMax = 64;
/** So many of them are kept, and one for each entry, wherever they are. */
const gapsKeptMax = 1_024;

/**
 * The deliveries of one direction of a session that are not settled, in the order of their ids, which grow. Found by id or by
 * a range of ids, at the cost of what is found (AMQP 2.6.12: a disposition may be about any of 2^31 ids).
 */
export class DeliveryLedger<E extends LedgerEntry> {
  /** Undefined: gone. The ids stay, to be searched. */
  #entries: (E | undefined)[] = [];
  #ids: number[] = [];
  /** All before it are gone. */
  #head = 0;
  #size = 0;
  /** While it is above 0 nothing is moved. */
  #visits = 0;

  get size(): number {
    return this.#size;
  }

  /** Of entries, and of those that are gone and still take memory. */
  get places(): number {
    return this.#ids.length;
  }

  /** Mostly behind all that are there: what comes in several frames is added with its last. Not late while it is visited. */
  add(entry: E): void {
    const { deliveryId } = entry;
    const last = this.#ids.at(-1);
    this.#size++;
    if (last === undefined || serialDistance(last, deliveryId) > 0) {
      this.#entries.push(entry);
      this.#ids.push(deliveryId);
      return;
    }
    const index = this.#indexFrom(deliveryId);
    this.#entries.splice(index, 0, entry);
    this.#ids.splice(index, 0, deliveryId);
  }

  get(deliveryId: number): E | undefined {
    const index = this.#indexFrom(deliveryId);
    return this.#ids[index] === deliveryId ? this.#entries[index] : undefined;
  }

  /** False: it was not there. */
  delete(deliveryId: number): boolean {
    const index = this.#indexFrom(deliveryId);
    if (this.#ids[index] !== deliveryId || this.#entries[index] === undefined) return false;
    this.#entries[index] = undefined;
    this.#size--;
    if (index === this.#head) this.#advance();
    this.#shrink();
    return true;
  }

  /**
   * Visits the entries from `first` to `last`, both included, in order; the visitor may delete what it is given, and what it
   * adds is not visited: of what was sent meanwhile the client has said nothing.
   */
  visit(first: number, last: number, visitor: (entry: E) => void): void {
    const entries = this.#entries;
    const ids = this.#ids;
    const end = ids.length;
    let gaps = 0;
    this.#visits++;
    for (let i = this.#indexFrom(first); i < end && serialDistance(ids[i]!, last) >= 0; i++) {
      const entry = entries[i];
      if (entry === undefined) gaps++;
      else visitor(entry);
    }
    this.#visits--;
    if (gaps > gapsSteppedOverMax && this.#visits === 0) this.#compact();
    else this.#shrink();
  }

  /** All of them, in order. */
  *[Symbol.iterator](): Generator<E> {
    for (const entry of [...this.#entries]) if (entry !== undefined) yield entry;
  }

  /** Where the first id that is not before `deliveryId` is. */
  #indexFrom(deliveryId: number): number {
    const ids = this.#ids;
    let low = this.#head;
    if (low >= ids.length) return ids.length;
    // Where nothing was sent settled the ids have no gaps, and it is found at once.
    const guess = low + serialDistance(ids[low]!, deliveryId);
    if (guess <= low) return low;
    if (ids[guess] === deliveryId) return guess;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (serialDistance(ids[middle]!, deliveryId) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #advance(): void {
    const entries = this.#entries;
    while (this.#head < entries.length && entries[this.#head] === undefined) this.#head++;
  }

  #shrink(): void {
    if (this.#visits > 0) return;
    if (this.#size === 0 || this.#entries.length > 2 * this.#size + gapsKeptMax) this.#compact();
  }

  #compact(): void {
    const live = this.#entries.filter((entry) => entry !== undefined);
    this.#entries = live;
    this.#ids = live.map(({ deliveryId }) => deliveryId);
    this.#head = 0;
  }
}
