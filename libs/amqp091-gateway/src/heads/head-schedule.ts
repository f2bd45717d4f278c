import type { QueueSettings } from '../topology/queue.js';

/** Two looks at one head are so far from each other at least. */
const lookEveryMs = 50;
/** What is in a queue may come back to its head, or get there, without that anybody says so. */
const lookAgainMs = 2_000;

/**
 * When the head of a queue is to be looked at for messages that have ended. With a TTL of the queue alone whatever is stored
 * ends after all that was stored before; messages with an expiration of their own may end at any time, when they are at the
 * head. Times are milliseconds since 1970. Pure bookkeeping.
 */
export class HeadSchedule {
  /** Infinity: never, unless something is stored. At first what is in it is not known. */
  lookAtMs: number;
  private lastLookMs = -Infinity;
  private isHeadKnown = false;

  constructor(
    private readonly settings: Pick<QueueSettings, 'messageTtlMs'>,
    private readonly expires: () => boolean,
    /** Other protocols store without a word. */
    private readonly idleMs: () => number,
    nowMs: number,
  ) {
    this.lookAtMs = nowMs;
  }

  /** Messages of the queue can end. */
  get isWatched(): boolean {
    return this.settings.messageTtlMs !== undefined || this.expires();
  }

  /**
   * A message was stored.
   *
   * @param endsInMs undefined: never, or nobody knows
   */
  stored(nowMs: number, endsInMs: number | undefined): void {
    // What is before it in the queue stays before it.
    if (endsInMs !== undefined) this.by(nowMs + Math.max(endsInMs, this.isHeadKnown ? lookAgainMs : 0));
  }

  /** Messages with an expiration of their own may be in it. */
  expiring(nowMs: number): void {
    if (!this.isHeadKnown) this.by(nowMs);
  }

  /**
   * It was looked at.
   *
   * @param endsAtMs when the oldest ends that is ready; Infinity: never; undefined: none is ready
   * @param isEmpty nobody has one either
   */
  looked(nowMs: number, endsAtMs: number | undefined, isEmpty: boolean): void {
    this.lastLookMs = nowMs;
    this.isHeadKnown = endsAtMs !== undefined;
    this.lookAtMs = Infinity;
    if (!this.isWatched) return;
    this.by(nowMs + this.idleMs());
    if (!isEmpty && (this.expires() || endsAtMs === undefined)) this.by(nowMs + lookAgainMs);
    if (endsAtMs !== undefined) this.by(endsAtMs);
  }

  /** It could not be looked at. */
  failed(nowMs: number): void {
    this.looked(nowMs, undefined, false);
  }

  private by(timeMs: number): void {
    this.lookAtMs = Math.min(this.lookAtMs, Math.max(timeMs, this.lastLookMs + lookEveryMs));
  }
}
