import type { Buffer } from 'node:buffer';
import type { AmqpDeliveryState, AmqpOutcome } from '#libs/amqp-codec';
import type { AmqpError } from '../amqp.errors.js';
import type { IncomingMessage, PublishDone } from '../node.js';
import type { KeptOutcome } from './outcome-memory.js';

const noParts: readonly Buffer[] = [];

/** Who is told what became of a delivery. */
export interface DeliveryOwner {
  onPublished(
    delivery: IncomingDelivery,
    error: AmqpError | undefined,
    outcome: AmqpOutcome | undefined,
  ): void;
  /** The client has settled it (AMQP 2.6.12). */
  onSettledByClient(delivery: IncomingDelivery): void;
}

/**
 * A message of a client, from its last frame until it is settled:
 *
 *     publishing ── Pulsar's receipt ──▶ settled (mode first)
 *         │                └───────────▶ told (mode second) ── the client settles ──▶ settled
 *         └── the client settles, and wants to hear nothing ──▶ settled
 */
export class IncomingDelivery implements IncomingMessage {
  /** From its last frame until the target has it, else empty. */
  parts: readonly Buffer[] = noParts;
  bytes = 0;
  /** What the client was told; undefined: nothing yet. */
  state: AmqpDeliveryState | undefined;
  /** Nothing more is to be said of it. */
  isSettled = false;
  /** Where its outcome is remembered for a client that resumes its link. */
  kept: KeptOutcome | undefined;
  /** For the target, which keeps it without the delivery. */
  readonly done: PublishDone = (error, outcome) => this.owner.onPublished(this, error, outcome);

  /**
   * @param tag as latin1 text
   * @param presettled by the client; its last frame may still say so
   */
  constructor(
    readonly owner: DeliveryOwner,
    readonly deliveryId: number,
    readonly tag: string,
    readonly messageFormat: number,
    readonly transactionId: Buffer | undefined,
    readonly settlesSecond: boolean,
    public presettled: boolean,
  ) {}

  whole(message: Buffer): void {
    this.parts = [message];
    this.bytes = message.length;
  }

  taken(): void {
    this.parts = noParts;
  }

  onSettledByClient(): void {
    this.owner.onSettledByClient(this);
  }
}
