/** Bytes that one link has waiting, for its credit or for its socket, about: no more is asked for at it. */
const waitingBytesMax = 1024 * 1024;
/** Asked for before anything is known of the size of messages. */
const firstMessages = 32;
/** Weight of the newest message in the running mean. */
const meanWeight = 1 / 16;

/** Bytes that the links of a process have waiting. */
export class WaitingBytes {
  total = 0;

  constructor(readonly totalMax: number) {}
}

/**
 * How many messages one link may ask for. The broker counts messages and never bytes, so fewer are asked for as they grow.
 * Pure bookkeeping.
 */
export class SourceWindow {
  private waiting = 0;
  private meanBytes = 0;

  constructor(
    private readonly all: WaitingBytes,
    private readonly messagesMax: number,
  ) {}

  arrived(bytes: number): void {
    this.waiting += bytes;
    this.all.total += bytes;
    this.meanBytes += this.meanBytes === 0 ? bytes : (bytes - this.meanBytes) * meanWeight;
  }

  left(bytes: number): void {
    this.waiting -= bytes;
    this.all.total -= bytes;
  }

  /** @param wanted messages that there is credit for and that did not come yet */
  messages(wanted: number): number {
    if (wanted <= 0) return 0;
    if (this.meanBytes === 0) return Math.min(wanted, firstMessages, this.messagesMax);
    const isFull = this.all.total >= this.all.totalMax;
    const room = isFull ? 0 : waitingBytesMax - this.waiting;
    // Whoever has nothing waiting gets one, so that it goes on.
    const least = this.waiting === 0 ? 1 : 0;
    return Math.min(wanted, this.messagesMax, Math.max(least, Math.floor(room / this.meanBytes)));
  }

  /** The link is gone with all that waited. */
  close(): void {
    this.all.total -= this.waiting;
    this.waiting = 0;
  }
}
