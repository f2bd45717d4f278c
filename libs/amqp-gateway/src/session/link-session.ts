import type { AmqpComposite, AmqpCompositeInput, AmqpDeliveryState } from '#libs/amqp-codec';
import type { AmqpError } from '../amqp.errors.js';
import type { SessionConnection } from '../connection/session-connection.js';
import type { ConnectionLinks } from '../links/connection-links.js';
import type { IncomingDelivery } from '../links/incoming-delivery.js';
import type { SentDelivery } from '../links/sent-delivery.js';
import type { DeliveryLedger } from './delivery-ledger.js';
import type { FrameOutput } from './frame-output.js';

export type LinkFlow = Pick<AmqpComposite<'flow'>, 'handle' | 'deliveryCount' | 'linkCredit'> & {
  readonly drain?: boolean;
};

/** Who waits for the session to be able to send. */
export interface WaitingSender {
  /** Sends one frame of what waits. True: there is more. */
  sendWaiting(): boolean;
  /** Nothing waits any more: the source may be asked again. */
  onUnblocked(): void;
}

/** Whose new credit is told at the end of the turn. */
export interface CreditGiver {
  /** Undefined: the link is gone. */
  takeFlow(): LinkFlow | undefined;
}

/** What a link sees of its session. */
export interface LinkSession {
  readonly connection: SessionConnection;
  readonly channel: number;
  readonly links: ConnectionLinks;
  readonly output: FrameOutput;
  /** Of the client, not settled. */
  readonly received: DeliveryLedger<IncomingDelivery>;
  /** To the client, not settled. */
  readonly sent: DeliveryLedger<SentDelivery>;
  /** A frame may be sent: there is window, and the link takes it. */
  readonly sendable: boolean;
  /** A frame at once, behind all that was put off. */
  control(performative: AmqpCompositeInput<'attach' | 'detach' | 'end' | 'begin'>): void;
  /** The next frame of the delivery; true: the last. */
  transfer(delivery: SentDelivery): boolean;
  nextDeliveryId(): number;
  /** A delivery of the client begins. @throws AmqpError where its id does not follow */
  acceptDeliveryId(deliveryId: number | undefined): number;
  /** Of what the client sent, at the end of the turn. */
  disposeReceived(deliveryId: number, state: AmqpDeliveryState, settled: boolean): void;
  /** Settles what was sent to the client, at the end of the turn. */
  disposeSent(deliveryId: number, state: AmqpDeliveryState): void;
  giveCredit(giver: CreditGiver): void;
  sendFlow(link?: LinkFlow): void;
  /** It has something to send, or wants to be told when it may. */
  wait(sender: WaitingSender): void;
  forget(sender: WaitingSender): void;
  /** A fault that is none of this frame's: logged, and counted. */
  note(error: AmqpError): void;
}

export type TransferFrame = AmqpComposite<'transfer'>;
