import type { PublishPressure } from '#libs/pulsar';
import { type QuotaHandle, QuotaPause } from '#libs/rate-limit';
import type { TenantCounters } from '#libs/telemetry';
import type { Amqp091Options } from '../amqp091.options.js';
import { HeldBudget } from './held-budget.js';

/** Who publishes, and is not read while too much of it is not stored. */
export interface PublishingConnection {
  readonly quota: QuotaHandle;
  readonly tenantCounters: TenantCounters;
  /** The client is not read until the function that is returned was called. @param reason for the client */
  hold(reason: string): () => void;
}

export type IntakeLimits = Pick<Amqp091Options, 'transactionBytesMax' | 'publishBytesInFlightMax'>;

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
  readonly #quota: QuotaHandle;
  readonly #throttled: QuotaPause;
  #release: (() => void) | undefined;
  #isPressed = false;

  constructor(
    private readonly connection: PublishingConnection,
    { transactionBytesMax, publishBytesInFlightMax }: IntakeLimits,
    heldByAll: HeldBudget,
  ) {
    const { quota } = connection;
    this.held = new HeldBudget(transactionBytesMax, heldByAll);
    this.#quota = quota;
    let release = () => {};
    this.#throttled = new QuotaPause({
      owedMs: () => quota.owedInMs(),
      limits: () => quota,
      counters: connection.tenantCounters,
      onBegin: () => {
        release = connection.hold('more is published than may be');
      },
      onEnd: () => release(),
    });
    this.#bytesMax = publishBytesInFlightMax;
  }

  /** A whole message was taken. @param messageBytes of its body and properties, as the client sent them */
  add(bytes: number, messageBytes: number): void {
    this.inFlightBytes += bytes;
    this.#throttled.begin(this.#quota.admitIn(messageBytes, 1));
    if (this.inFlightBytes > this.#bytesMax) {
      this.#release ??= this.connection.hold('too much of what was published is not stored yet');
    }
  }

  /** All who share a limit together owe so much that no more is taken from who can be told so. */
  refuses(): boolean {
    if (!this.#quota.refusesIn) return false;
    this.#throttled.begin(this.#quota.owedInMs());
    return true;
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
}
