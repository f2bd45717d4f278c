import type { PublishPressure } from '#libs/pulsar';
import type { TenantLimiter } from '#libs/rate-limit';
import type { ChannelConnection } from '../channels/channel-part.js';
import { HeldBudget } from './held-budget.js';

/** A client that was stopped is read again when so much of the bound is free. */
const relievedAt = 0.75;

/**
 * What one client has published and Pulsar has not confirmed, over all its channels, and what its tenant may publish. Over
 * the bounds the client is not read.
 */
export class ConnectionIntake {
  inFlightBytes = 0;
  /** What its transactions hold. */
  readonly held: HeldBudget;
  readonly #bytesMax: number;
  readonly #limiter: TenantLimiter | undefined;
  #release: (() => void) | undefined;
  #isPressed = false;
  #isThrottled = false;

  constructor(
    private readonly connection: ChannelConnection,
    heldByAll: HeldBudget,
  ) {
    const { services, principal } = connection;
    this.held = new HeldBudget(services.options.transactionBytesMax, heldByAll);
    const limiter = services.limits.forTenant(principal.tenant);
    this.#limiter = limiter.limited ? limiter : undefined;
    this.#bytesMax = services.options.publishBytesInFlightMax;
  }

  /** A whole message was taken. */
  add(bytes: number): void {
    this.inFlightBytes += bytes;
    if (this.#limiter !== undefined && !this.#isThrottled)
      this.#throttle(this.#limiter.admitProduce(bytes, 1));
    else this.#limiter?.admitProduce(bytes, 1);
    if (this.inFlightBytes > this.#bytesMax) {
      this.#release ??= this.connection.hold('too much of what was published is not stored yet');
    }
  }

  /** Pulsar has it, or refused it. */
  remove(bytes: number): void {
    this.inFlightBytes -= bytes;
    if (this.#release === undefined || this.inFlightBytes > relievedAt * this.#bytesMax) return;
    this.#release();
    this.#release = undefined;
  }

  /** A queue, a tenant or the gateway has too much in flight. */
  press(pressure: PublishPressure): void {
    if (this.#isPressed) return;
    this.#isPressed = true;
    const release = this.connection.hold('too much waits for Pulsar');
    pressure.onRelief(() => {
      this.#isPressed = false;
      release();
    });
  }

  #throttle(waitMs: number): void {
    if (waitMs === 0) return;
    const { tenantCounters } = this.connection;
    tenantCounters.throttles++;
    tenantCounters.throttledMs += waitMs;
    this.#isThrottled = true;
    const release = this.connection.hold('the tenant publishes more than it may');
    setTimeout(() => {
      this.#isThrottled = false;
      // Others of the tenant may have used up more meanwhile.
      this.#throttle(this.#limiter!.admitProduce(0, 0));
      release();
    }, waitMs).unref();
  }
}
