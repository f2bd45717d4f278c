/** What is flushed. */
interface Flushable {
  flush(): void;
}

/** Flushes partitions at the end of a turn of the event loop: after all sockets that have something in it were read. */
export class TurnEnd {
  private scheduled: Flushable[] = [];
  private readonly onEnd = () => this.flush();

  readonly schedule = (partition: Flushable): void => {
    this.scheduled.push(partition);
    if (this.scheduled.length === 1) setImmediate(this.onEnd);
  };

  /** At once. */
  flush(): void {
    const { scheduled } = this;
    this.scheduled = [];
    for (const partition of scheduled) partition.flush();
  }
}
