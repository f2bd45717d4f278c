import { Buffer } from 'node:buffer';
import {
  type AmqpDeliveryState,
  AmqpErrorCondition,
  type AmqpErrorConditionSymbol,
  type AmqpOutcome,
} from '#libs/amqp-codec';
import { AmqpError, asAmqpError } from './amqp.errors.js';
import { type CreditTaker, unfinishedBytesMax } from './links/connection-intake.js';
import { type DeliveryOwner, IncomingDelivery } from './links/incoming-delivery.js';
import { MessageAssembly } from './links/message-assembly.js';
import type { OutcomeMemory } from './links/outcome-memory.js';
import { ReceiverCredit } from './links/receiver-credit.js';
import type { IncomingMessage, MessageTarget, PublishPressure } from './node.js';
import { batchFormat, messagesOfBatch, publishAll } from './publishing/message-batch.js';
import { acceptedState } from './session/disposition-batch.js';
import { wireError } from './session/wire-error.js';
import type { CreditGiver, LinkFlow, LinkSession, TransferFrame } from './session/link-session.js';

const deliveryTagBytesMax = 32;
/** `rcv-settle-mode` (AMQP 2.8.3). */
export const settlesSecondMode = 1;

export interface ReceiverLinkOptions {
  /** Ours. */
  readonly handle: number;
  readonly initialDeliveryCount: number;
  /** The client settles after us, and not before it heard the outcome. */
  readonly settlesSecond: boolean;
  /** Of a link that may be suspended and resumed. */
  readonly memory?: OutcomeMemory | undefined;
}

/** A delivery whose last frame has not come. */
interface UnfinishedDelivery {
  readonly delivery: IncomingDelivery;
  readonly assembly: MessageAssembly;
}

/** What a client sends on one link: deliveries are put together, published, and settled when Pulsar has them. */
export class ReceiverLink implements DeliveryOwner, CreditGiver, CreditTaker {
  readonly #credit: ReceiverCredit;
  /** Of deliveries that are not settled (AMQP 2.6.12: unique among those). */
  readonly #tags = new Set<string>();
  #unfinished: UnfinishedDelivery | undefined;
  /** The frames of a delivery that is not to be resumed, up to its last. */
  #ignoring = false;
  #publishing = 0;
  #onPublished: (() => void) | undefined;
  #isCreditDue = false;
  /** While Pulsar is under pressure. */
  #cancelRelief: (() => void) | undefined;
  #closed = false;

  /** @param onFault detaches it with the error */
  constructor(
    private readonly session: LinkSession,
    private readonly target: MessageTarget,
    private readonly options: ReceiverLinkOptions,
    private readonly onFault: (error: AmqpError) => void,
  ) {
    this.#credit = new ReceiverCredit(options.initialDeliveryCount, session.links.intake.credit);
  }

  /** @throws AmqpError of the link or the session */
  onTransfer(transfer: TransferFrame, payload: Buffer): void {
    // Of a frame that aborts, `more` means nothing (AMQP 2.7.5).
    if (this.#ignoring) this.#ignoring = transfer.more && !transfer.aborted;
    else if (this.#unfinished !== undefined) this.#continue(this.#unfinished, transfer, payload);
    else this.#begin(transfer, payload);
  }

  onPublished(
    delivery: IncomingDelivery,
    error: AmqpError | undefined,
    outcome: AmqpOutcome | undefined,
  ): void {
    this.#publishing--;
    this.session.links.intake.remove(delivery.bytes);
    if (error !== undefined) {
      const { tenantCounters, transactions } = this.session.connection;
      tenantCounters.produceErrors++;
      if (delivery.transactionId !== undefined) transactions.refused(delivery.transactionId, error);
    }
    // Also of a link that is gone: it may be resumed.
    delivery.kept?.tell(stateOf(delivery, error, outcome));
    if (!this.#closed) this.#tell(delivery, error, outcome);
    if (this.#publishing === 0) this.#onPublished?.();
  }

  onSettledByClient(delivery: IncomingDelivery): void {
    this.options.memory?.forget(delivery.tag);
    this.#settle(delivery);
  }

  get told(): LinkFlow {
    return { handle: this.options.handle, ...this.#credit.told };
  }

  takeFlow(): LinkFlow | undefined {
    this.#isCreditDue = false;
    if (this.#closed) return undefined;
    // More may have been stored since.
    this.#credit.topUp();
    return this.told;
  }

  onCreditRelief(): void {
    this.#topUp();
  }

  /** Resolves when the client was told of all that it sent, or cannot be. */
  published(): Promise<void> {
    if (this.#publishing === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onPublished = resolve;
    });
  }

  /** First credit. */
  start(): void {
    this.#topUp();
  }

  /** The link is gone; what is published goes on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onPublished?.();
    this.#cancelRelief?.();
    const { links, received } = this.session;
    links.intake.forget(this);
    this.#dropUnfinished();
    if (this.#tags.size > 0)
      for (const each of received) if (each.owner === this) received.delete(each.deliveryId);
    this.target.close();
  }

  #begin(transfer: TransferFrame, payload: Buffer): void {
    const delivery = this.#deliveryOf(transfer);
    if (!this.#credit.begin()) {
      throw fault(AmqpErrorCondition.TRANSFER_LIMIT_EXCEEDED, 'a delivery without credit for it');
    }
    if (transfer.aborted) {
      this.#aborted();
      return;
    }
    if (transfer.resume) {
      this.#ignoring = transfer.more;
      this.#resume(delivery);
      return;
    }
    this.#checkSize(payload.length);
    if (!transfer.more) {
      this.#publish(delivery, payload);
      return;
    }
    this.#unfinished = { delivery, assembly: new MessageAssembly() };
    this.#append(this.#unfinished.assembly, payload);
  }

  /** The client says again what it has sent before: it is told what became of it, or is ignored (AMQP 2.7.5). */
  #resume(delivery: IncomingDelivery): void {
    const { tag, presettled } = delivery;
    const { memory } = this.options;
    const kept = presettled ? undefined : memory?.get(tag);
    if (kept === undefined) {
      memory?.forget(tag);
      this.#aborted();
      return;
    }
    this.session.received.add(delivery);
    this.#tags.add(tag);
    kept.whenTold((state) => {
      if (!this.#closed && !delivery.isSettled) this.#dispose(delivery, state);
    });
  }

  #deliveryOf(transfer: TransferFrame): IncomingDelivery {
    const { deliveryTag, state, settled } = transfer;
    const deliveryId = this.session.acceptDeliveryId(transfer.deliveryId);
    if (deliveryTag === undefined || deliveryTag.length > deliveryTagBytesMax) {
      throw fault(
        AmqpErrorCondition.INVALID_FIELD,
        `a delivery has a tag of at most ${deliveryTagBytesMax} bytes`,
      );
    }
    const tag = deliveryTag.toString('latin1');
    if (this.#tags.has(tag)) {
      throw fault(AmqpErrorCondition.NOT_ALLOWED, 'the delivery tag of another unsettled delivery');
    }
    return new IncomingDelivery(
      this,
      deliveryId,
      tag,
      transfer.messageFormat ?? 0,
      state?.type === 'transactional-state' ? Buffer.from(state.txnId) : undefined,
      this.#settlesSecond(transfer),
      settled === true,
    );
  }

  #continue({ delivery, assembly }: UnfinishedDelivery, transfer: TransferFrame, payload: Buffer): void {
    if (transfer.deliveryId !== undefined && transfer.deliveryId !== delivery.deliveryId) {
      throw fault(AmqpErrorCondition.NOT_ALLOWED, 'a delivery begins before the one before it has ended');
    }
    if (transfer.aborted) {
      this.#dropUnfinished();
      this.#aborted();
      return;
    }
    if (transfer.settled === true) delivery.presettled = true;
    this.#append(assembly, payload);
    if (transfer.more) return;
    this.#dropUnfinished();
    this.#publish(delivery, assembly.joined());
  }

  /** It counts as sent and settled (AMQP 2.7.5). */
  #aborted(): void {
    this.#credit.end();
    this.#topUp();
  }

  #append(assembly: MessageAssembly, payload: Buffer): void {
    const { intake } = this.session.links;
    this.#checkSize(assembly.bytes + payload.length);
    const areOthers = intake.unfinishedBytes > assembly.bytes;
    if (areOthers && intake.unfinishedBytes + payload.length > unfinishedBytesMax) {
      throw fault(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, 'too many messages are not whole yet');
    }
    assembly.add(payload, this.target.messageBytesMax);
    intake.unfinishedBytes += payload.length;
  }

  #checkSize(bytes: number): void {
    const { messageBytesMax } = this.target;
    if (bytes <= messageBytesMax) return;
    throw fault(AmqpErrorCondition.MESSAGE_SIZE_EXCEEDED, `messages have at most ${messageBytesMax} bytes`);
  }

  #dropUnfinished(): void {
    if (this.#unfinished === undefined) return;
    this.session.links.intake.unfinishedBytes -= this.#unfinished.assembly.bytes;
    this.#unfinished = undefined;
  }

  #publish(delivery: IncomingDelivery, message: Buffer): void {
    const { session } = this;
    const { tenantCounters, services } = session.connection;
    const { presettled } = delivery;
    delivery.whole(message);
    this.#publishing++;
    this.#credit.measured(message.length);
    services.counters.deliveriesReceived++;
    if (presettled) services.counters.presettledReceived++;
    const messages = delivery.messageFormat === 0 ? undefined : this.#batchOf(delivery);
    const count = Array.isArray(messages) ? messages.length : 1;
    tenantCounters.produceMessages += count;
    tenantCounters.produceBytes += message.length;
    session.links.intake.add(message.length, count);
    if (!presettled) {
      session.received.add(delivery);
      this.#tags.add(delivery.tag);
      // A transaction ends with its connection, and with it what it was told.
      if (delivery.transactionId === undefined) delivery.kept = this.options.memory?.begin(delivery.tag);
    }
    if (messages instanceof AmqpError) delivery.done(messages);
    else {
      const pressure =
        messages === undefined
          ? this.target.publish(delivery, delivery.done)
          : publishAll(messages, this.target, delivery.done);
      if (pressure !== undefined && this.#cancelRelief === undefined) this.#withholdUntilRelief(pressure);
    }
    delivery.taken();
    this.#topUp();
  }

  /** Its messages, all of which could be stored; or why it is refused. */
  #batchOf(delivery: IncomingDelivery): readonly IncomingMessage[] | AmqpError {
    if (delivery.messageFormat !== batchFormat || this.target.terminus.type !== 'target') {
      return fault(AmqpErrorCondition.NOT_IMPLEMENTED, 'messages are of format 0, or batches of those');
    }
    try {
      return messagesOfBatch(delivery, this.session.connection.identity.principal);
    } catch (error) {
      return asAmqpError(error);
    }
  }

  /** A transfer may ask to be settled at once on a link of mode second, but not the other way (AMQP 2.7.5). */
  #settlesSecond({ rcvSettleMode }: TransferFrame): boolean {
    const { settlesSecond } = this.options;
    if (rcvSettleMode === undefined) return settlesSecond;
    if (rcvSettleMode === settlesSecondMode && !settlesSecond) {
      throw fault(AmqpErrorCondition.INVALID_FIELD, 'rcv-settle-mode second on a link of mode first');
    }
    return rcvSettleMode === settlesSecondMode;
  }

  #tell(delivery: IncomingDelivery, error: AmqpError | undefined, outcome: AmqpOutcome | undefined): void {
    if (delivery.presettled) {
      this.#credit.end();
      if (error !== undefined) this.onFault(error);
      else this.#topUp();
      return;
    }
    if (error !== undefined) this.session.note(error);
    if (delivery.isSettled) return;
    const { settledToClients } = this.session.connection.services.counters;
    settledToClients[error === undefined ? 'accepted' : 'rejected']++;
    this.#dispose(delivery, stateOf(delivery, error, outcome));
  }

  #dispose(delivery: IncomingDelivery, state: AmqpDeliveryState): void {
    delivery.state = state;
    this.session.disposeReceived(delivery.deliveryId, state, !delivery.settlesSecond);
    if (!delivery.settlesSecond) this.#settle(delivery);
  }

  #settle(delivery: IncomingDelivery): void {
    delivery.isSettled = true;
    this.session.received.delete(delivery.deliveryId);
    this.#tags.delete(delivery.tag);
    this.#credit.end();
    this.#topUp();
  }

  #withholdUntilRelief(pressure: PublishPressure): void {
    this.session.connection.services.counters.creditWithheld++;
    let isRelieved = false;
    const cancel = pressure.onRelief(() => {
      isRelieved = true;
      this.#cancelRelief = undefined;
      this.#topUp();
    });
    if (!isRelieved) this.#cancelRelief = cancel;
  }

  /** Credit is told when half of it is new, and not while there is too much in flight. */
  #topUp(): void {
    if (this.#closed || this.#cancelRelief !== undefined || !this.#credit.isTopUpDue) return;
    const { intake } = this.session.links;
    if (intake.withheld) {
      intake.awaitRelief(this);
      return;
    }
    if (this.#isCreditDue) return;
    this.#isCreditDue = true;
    this.session.giveCredit(this);
  }
}

function fault(condition: AmqpErrorConditionSymbol, message: string): AmqpError {
  return new AmqpError(condition, message);
}

/** What the client is told. In a transaction it is so only if that commits (AMQP 4.4.1). */
function stateOf(
  { transactionId }: IncomingDelivery,
  error: AmqpError | undefined,
  outcome: AmqpOutcome | undefined,
): AmqpDeliveryState {
  if (error !== undefined) return { type: 'rejected', error: wireError(error) };
  if (transactionId === undefined) return outcome ?? acceptedState;
  return { type: 'transactional-state', txnId: transactionId, outcome: outcome ?? acceptedState };
}
