/** What is told of the event loop's turns. */
export interface TurnListener {
  /** A turn is over. True: tell of the next one, too, which will not sleep. */
  turnOver(): boolean;
}

/** Counts turns of the event loop, for all who want to know; without anybody it costs nothing. */
class LoopTurns {
  private listeners: TurnListener[] = [];
  private readonly onTurn = () => this.tell();

  add(listener: TurnListener): void {
    this.listeners.push(listener);
    if (this.listeners.length === 1) setImmediate(this.onTurn);
  }

  private tell(): void {
    const { listeners } = this;
    this.listeners = [];
    for (const listener of listeners) if (listener.turnOver()) this.add(listener);
  }
}

/** One for the process. */
export const loopTurns = new LoopTurns();
