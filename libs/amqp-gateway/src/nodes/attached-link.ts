import type { AmqpError } from '../amqp.errors.js';
import type {
  DeliveryOutcome,
  IncomingMessage,
  MessageSource,
  MessageTarget,
  OutgoingDelivery,
  PublishDone,
  PublishPressure,
  SettleDone,
} from '../node.js';
import type { Buffer } from 'node:buffer';

/** A target that may end before its link does: from then on it refuses. */
export class AttachedTarget implements MessageTarget {
  readonly terminus: MessageTarget['terminus'];
  readonly messageBytesMax: number;
  private error: AmqpError | undefined;
  private closed = false;

  /** @param onClose called once */
  constructor(
    private readonly target: MessageTarget,
    private readonly onClose: () => void,
  ) {
    this.terminus = target.terminus;
    this.messageBytesMax = target.messageBytesMax;
  }

  publish(message: IncomingMessage, done: PublishDone): PublishPressure | undefined {
    if (this.error === undefined) return this.target.publish(message, done);
    done(this.error);
    return undefined;
  }

  end(error: AmqpError): void {
    this.error ??= error;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onClose();
    this.target.close();
  }
}

/** A source with what is to be done when its link is gone. */
export class AttachedSource implements MessageSource {
  readonly terminus: MessageSource['terminus'];
  private closing: Promise<void> | undefined;

  /** @param onClose called once, before the source is closed */
  constructor(
    private readonly source: MessageSource,
    private readonly onClose: (closed: boolean) => void,
  ) {
    this.terminus = source.terminus;
  }

  setCredit(messages: number): void {
    this.source.setCredit(messages);
  }

  drain(done: () => void): void {
    this.source.drain(done);
  }

  settle(
    delivery: OutgoingDelivery,
    outcome: DeliveryOutcome,
    done: SettleDone,
    transactionId?: Buffer,
  ): void {
    this.source.settle(delivery, outcome, done, transactionId);
  }

  close(closed: boolean, orderly?: boolean): Promise<void> {
    if (this.closing === undefined) {
      this.onClose(closed);
      this.closing = this.source.close(closed, orderly);
    }
    return this.closing;
  }
}
