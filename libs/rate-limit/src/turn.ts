/** What was drawn ahead for one turn of the event loop. */
export interface DrawnAhead {
  giveBack(): void;
}

/** The turn of the event loop, and what connections have drawn for it: whatever they do not use is given back at its end. */
export class Turn {
  #drawn: DrawnAhead[] = [];

  /** @param now milliseconds, of a clock that never goes back */
  constructor(readonly now: () => number) {}

  add(drawn: DrawnAhead): void {
    if (this.#drawn.push(drawn) === 1) setImmediate(() => this.recall());
  }

  /** At its end, or before: what one has not used another needs. */
  recall(): void {
    const all = this.#drawn;
    if (all.length === 0) return;
    this.#drawn = [];
    for (const drawn of all) drawn.giveBack();
  }
}
