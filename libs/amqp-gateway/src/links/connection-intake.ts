import { type QuotaHandle, QuotaPause } from '#libs/rate-limit';
import type { ReceiverCreditOptions } from './receiver-credit.js';
import type { SessionConnection } from '../connection/session-connection.js';

/** Above so many times the bound the client is not read: it had credit for what it sends. */
const pausedAt = 2;
/** Credit is given again when so much of the bound is free. */
const relievedAt = 0.75;
/** Who must wait for longer is not read: what it has credit for costs too. */
const unreadMs = 250;
/** Or for longer than this part of the longest wait. */
const unreadPart = 0.5;
/** With a limit, one link has credit for what may come in so long. */
const creditSeconds = 0.1;
/** And as if messages were so large, before any has come. */
const limitedAssumedBytes = 1_024;
/** Bytes of messages that are not whole yet; one may always be as large as messages may be. */
export const unfinishedBytesMax = 16 * 1024 * 1024;

/** Who waits for credit to be given again. */
export interface CreditTaker {
  onCreditRelief(): void;
}

/**
 * What one client has sent and Pulsar has not confirmed, over all its links, and what its tenant may send. Over the bound
 * links get no credit; when that does not help, for what it had credit for is too much, the client is not read.
 */
export class ConnectionIntake {
  inFlightBytes = 0;
  #inFlight = 0;
  #onSettled: (() => void)[] = [];
  unfinishedBytes = 0;
  #paused = false;
  readonly #quota: QuotaHandle;
  readonly #throttled: QuotaPause;
  readonly #bytesMax: number;
  #waiting = new Set<CreditTaker>();

  constructor(private readonly connection: SessionConnection) {
    const { services, quota } = connection;
    this.#quota = quota;
    this.#throttled = new QuotaPause({
      owedMs: () => quota.owedInMs(),
      limits: () => quota,
      counters: connection.tenantCounters,
      onEnd: () => this.#relieve(),
    });
    this.#bytesMax = services.options.publishBytesInFlightMax;
  }

  /** What the client of one link may have on its way. */
  get credit(): ReceiverCreditOptions {
    const { linkCreditMessages } = this.connection.services.options;
    const bytesMax = this.#bytesMax;
    const quota = this.#quota;
    return {
      get messagesMax() {
        return Math.max(
          1,
          Math.min(linkCreditMessages, Math.floor(quota.messagesInPerSecond * creditSeconds)),
        );
      },
      get bytesMax() {
        return Math.min(bytesMax, quota.bytesInPerSecond * creditSeconds);
      },
      get assumedBytes() {
        return quota.bytesInPerSecond === Number.POSITIVE_INFINITY ? 0 : limitedAssumedBytes;
      },
    };
  }

  /** No credit is to be given now. */
  get withheld(): boolean {
    return this.inFlightBytes >= this.#bytesMax || this.#throttled.holds;
  }

  /** A whole delivery was taken, of one message or several. */
  add(bytes: number, messages = 1): void {
    this.#inFlight++;
    this.inFlightBytes += bytes;
    this.#throttle(this.#quota.admitIn(bytes, messages));
    if (this.inFlightBytes > pausedAt * this.#bytesMax) this.#pause();
  }

  /** Pulsar has it, or refused it. */
  remove(bytes: number): void {
    this.#inFlight--;
    this.inFlightBytes -= bytes;
    if (this.inFlightBytes <= relievedAt * this.#bytesMax) this.#relieve();
    if (this.#inFlight === 0) for (const resolve of this.#onSettled.splice(0)) resolve();
  }

  /** Resolves when Pulsar has confirmed or refused all that was taken. */
  settled(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onSettled.push(resolve));
  }

  /** Is told when credit may be given; once. */
  awaitRelief(taker: CreditTaker): void {
    if (this.#waiting.has(taker)) return;
    this.connection.services.counters.creditWithheld++;
    this.#waiting.add(taker);
  }

  forget(taker: CreditTaker): void {
    this.#waiting.delete(taker);
  }

  close(): void {
    this.#throttled.close();
    this.#waiting.clear();
  }

  #throttle(waitMs: number): void {
    if (waitMs === 0) return;
    this.#throttled.begin(waitMs);
    if (waitMs > Math.min(unreadMs, this.#quota.throttleMsMax * unreadPart)) this.#pause();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.connection.pause();
  }

  #relieve(): void {
    const isThrottled = this.#throttled.holds;
    if (this.#paused && !isThrottled && this.inFlightBytes <= this.#bytesMax) {
      this.#paused = false;
      this.connection.resume();
    }
    if (this.withheld || this.#waiting.size === 0) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const taker of waiting) taker.onCreditRelief();
  }
}
