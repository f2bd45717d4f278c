interface LongPoll {
  readonly offset: number;
  readonly wake: () => void;
}

/** Those who wait for something beyond their offset; each is woken once. */
export class LongPolls {
  private readonly polls = new Set<LongPoll>();

  get size(): number {
    return this.polls.size;
  }

  /** @param isOver whether there is nothing to wait for: then it is woken a moment later. Returns the way to cancel. */
  add(offset: number, wake: () => void, isOver: boolean): () => void {
    const poll: LongPoll = { offset, wake };
    this.polls.add(poll);
    if (isOver) queueMicrotask(() => this.wake(poll));
    return () => this.polls.delete(poll);
  }

  wakeWhere(isOver: (offset: number) => boolean): void {
    if (this.polls.size === 0) return;
    for (const poll of [...this.polls]) if (isOver(poll.offset)) this.wake(poll);
  }

  some(test: (offset: number) => boolean): boolean {
    for (const { offset } of this.polls) if (test(offset)) return true;
    return false;
  }

  private wake(poll: LongPoll): void {
    if (this.polls.delete(poll)) poll.wake();
  }
}
