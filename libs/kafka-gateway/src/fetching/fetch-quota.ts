import type { RequestContext } from '../handler.js';

/** With a limit, one answer takes what there is of it in so long, and at least so many bytes. */
const roomSeconds = 0.25;
const roomBytesMin = 16 * 1024;

/** What one Fetch request takes of its client's quota. */
export class FetchQuota {
  /** The client, or those that share its limit, have had too much: nothing is given now, as Kafka does it. */
  withheld = false;

  constructor(private readonly context: RequestContext) {}

  /** To be called before each reading. @returns bytes that may be read */
  room(bytesMax: number): number {
    const { quota } = this.context.connection;
    this.withheld = false;
    if (quota?.limitsOut !== true) return bytesMax;
    this.withheld = quota.withholdsOut();
    if (this.withheld) return 0;
    return Math.min(bytesMax, Math.max(roomBytesMin, quota.bytesOutPerSecond * roomSeconds));
  }

  /** Slows the client for what it is given. */
  charge(bytes: number, records: number): void {
    const { quota } = this.context.connection;
    if (quota?.limitsOut !== true) return;
    this.context.throttle(this.withheld ? quota.owedOutMs() : quota.admitOut(bytes, records));
  }
}
