import type { AmqpComposite } from '#libs/amqp-codec';
import { serialAdd } from '../session/serial-number.js';

/** The weight of one message in the mean size of a link's messages. */
const meanWeight = 1 / 16;

export interface ReceiverCreditOptions {
  /** Messages that the client may have on their way, told and not settled. */
  readonly messagesMax: number;
  /** The same in bytes, by the mean size of what came. */
  readonly bytesMax: number;
  /** How large messages are, until one has come. */
  readonly assumedBytes: number;
}

/** What one client may send on one link (AMQP 2.6.7). */
export class ReceiverCredit {
  /** The client's count of deliveries on this link. */
  deliveryCount: number;
  /** Deliveries that the client may begin now. */
  credit = 0;
  /** Deliveries that were begun and are not settled. */
  inFlight = 0;
  #meanBytes = 0;

  constructor(
    initialDeliveryCount: number,
    private readonly options: ReceiverCreditOptions,
  ) {
    this.deliveryCount = initialDeliveryCount;
  }

  /** A delivery begins; false: it was not allowed to. */
  begin(): boolean {
    if (this.credit === 0) return false;
    this.credit--;
    this.inFlight++;
    this.deliveryCount = serialAdd(this.deliveryCount, 1);
    return true;
  }

  /** A delivery is whole. */
  measured(bytes: number): void {
    this.#meanBytes += (bytes - this.#meanBytes) * (this.#meanBytes === 0 ? 1 : meanWeight);
  }

  /** A delivery was settled, or is gone. */
  end(): void {
    this.inFlight--;
  }

  /** Messages that may be on their way, credit included. */
  get window(): number {
    const { messagesMax, bytesMax, assumedBytes } = this.options;
    const meanBytes = this.#meanBytes || assumedBytes;
    if (meanBytes * messagesMax <= bytesMax) return messagesMax;
    return Math.max(1, Math.floor(bytesMax / meanBytes));
  }

  /** Half of the window, or more, would be new credit. */
  get isTopUpDue(): boolean {
    const { window } = this;
    return window - this.inFlight - this.credit >= Math.max(1, window >>> 1);
  }

  /** Sets the credit to what may be had now. */
  topUp(): void {
    this.credit = Math.max(this.credit, this.window - this.inFlight);
  }

  /** What the client is told. */
  get told(): Pick<AmqpComposite<'flow'>, 'deliveryCount' | 'linkCredit'> {
    return { deliveryCount: this.deliveryCount, linkCredit: this.credit };
  }
}
