import type { AmqpOutcome } from '#libs/amqp-codec';

/** `snd-settle-mode` (AMQP 2.8.2). */
export const settledMode = 1;

export interface SenderLinkOptions {
  /** Ours. */
  readonly handle: number;
  /** Deliveries are settled when they are sent. */
  readonly settled: boolean;
  /** The largest message that the client takes. */
  readonly messageBytesMax: number;
  /** What a delivery is that the client settles without saying how (AMQP 3.5.3). */
  readonly defaultOutcome: AmqpOutcome | undefined;
  /** It may be suspended and resumed: what is not settled is kept to be sent again. */
  readonly isResumable: boolean;
}

/** The number that the client must have seen if it says none. */
export const initialDeliveryCount = 0;
