export interface DrainOptions {
  /** The longest wait for a message that may come. */
  readonly waitMs: number;
  /** Whether it is certain that nothing will come. May reject: nobody knows. */
  readonly hasNothing: () => Promise<boolean>;
  /** Called once. */
  readonly onOver: () => void;
}

/** After the last message that came. */
const quietMs = 25;
/** While messages keep coming. */
const totalMsMax = 1_000;

/**
 * Waits until no message is to be expected at present (AMQP 2.6.7). A broker does not say so: a subscription without backlog
 * has none, otherwise it is quiet for a while.
 */
export class Drain {
  private readonly startedAt = performance.now();
  private timer: NodeJS.Timeout;
  private isOver = false;

  constructor(private readonly options: DrainOptions) {
    this.timer = this.waitFor(options.waitMs);
    options.hasNothing().then(
      (isEmpty) => {
        if (isEmpty) this.end();
      },
      () => undefined,
    );
  }

  /** A message came. */
  arrived(): void {
    if (this.isOver) return;
    clearTimeout(this.timer);
    if (performance.now() - this.startedAt >= totalMsMax) this.end();
    else this.timer = this.waitFor(quietMs);
  }

  /** All credit is used, or the link is gone: nothing more is waited for. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.timer);
    this.options.onOver();
  }

  private waitFor(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.end(), ms).unref();
  }
}
