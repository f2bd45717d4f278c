/** basic.ack or basic.nack for publishers. */
export interface Confirm {
  readonly deliveryTag: number;
  /** All up to this one. */
  readonly multiple: boolean;
  readonly isStored: boolean;
}

const pending = 0;
const stored = 1;
const refused = 2;
/** So many places in front are left empty before what is behind them moves up. */
const emptyMax = 1_024;

/**
 * Which messages of a channel in confirm mode are stored, by their numbers: from 1, in the order of publishing. They are
 * confirmed in that order; those of one turn that end alike are confirmed together.
 */
export class Confirms {
  /** By number, less `#first`. */
  #outcomes: number[] = [];
  /** The number of the first place. */
  #first = 1;
  /** What comes next to be confirmed. */
  #head = 1;

  /** Published and not confirmed. */
  get pending(): number {
    return this.#first + this.#outcomes.length - this.#head;
  }

  /** The number of the next message. */
  add(): number {
    return this.#first + this.#outcomes.push(pending) - 1;
  }

  /** Once for each. True: there is something to confirm. */
  settle(number: number, isStored: boolean): boolean {
    this.#outcomes[number - this.#first] = isStored ? stored : refused;
    return number === this.#head;
  }

  /** Takes what can be confirmed. */
  take(): Confirm[] {
    const confirms: Confirm[] = [];
    const end = this.#first + this.#outcomes.length;
    while (this.#head < end) {
      const from = this.#head;
      const outcome = this.#outcomes[from - this.#first] as number;
      if (outcome === pending) break;
      while (this.#head < end && this.#outcomes[this.#head - this.#first] === outcome) this.#head++;
      const deliveryTag = this.#head - 1;
      confirms.push({ deliveryTag, multiple: deliveryTag > from, isStored: outcome === stored });
    }
    const passed = this.#head - this.#first;
    if (passed >= emptyMax || passed === this.#outcomes.length) {
      this.#outcomes = this.#outcomes.slice(passed);
      this.#first = this.#head;
    }
    return confirms;
  }
}
