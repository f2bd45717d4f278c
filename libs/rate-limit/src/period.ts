/** What was drawn ahead for some milliseconds. */
export interface DrawnAhead {
  giveBack(): void;
}

const periodMs = 10;

/** Some milliseconds, and what connections have drawn for them: whatever they have not used is given back at the end. */
export class Period {
  #drawn: DrawnAhead[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param now milliseconds, of a clock that never goes back */
  constructor(readonly now: () => number) {}

  add(drawn: DrawnAhead): void {
    this.#drawn.push(drawn);
    this.#timer ??= setTimeout(() => this.#end(), periodMs).unref();
  }

  /** Before the end: what one has not used another needs. */
  recall(): void {
    const all = this.#drawn;
    if (all.length === 0) return;
    this.#drawn = [];
    for (const drawn of all) drawn.giveBack();
  }

  #end(): void {
    this.#timer = undefined;
    this.recall();
  }
}
