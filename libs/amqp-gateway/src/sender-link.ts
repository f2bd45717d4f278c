import type { Buffer } from 'node:buffer';
import { type AmqpComposite, AmqpErrorCondition, type AmqpOutcome } from '#libs/amqp-codec';
import { AmqpError } from './amqp.errors.js';
import { nextDeliveryTag } from './links/delivery-tag.js';
import type { SaidOutcome } from './links/said-outcome.js';
import { SentDelivery, type SentDeliveryOwner } from './links/sent-delivery.js';
import type { MessageSink, MessageSource, OutgoingDelivery, SettleDone } from './node.js';
import type { LinkFlow, LinkSession, WaitingSender } from './session/link-session.js';
import { serialAdd, serialDistance } from './session/serial-number.js';

/** `snd-settle-mode` (AMQP 2.8.2). */
export const settledMode = 1;
const released: AmqpOutcome = { type: 'released' };
const accepted: AmqpOutcome = { type: 'accepted' };
/** Not to be given to this client again: it takes no messages of this size. */
const tooLarge: AmqpOutcome = {
  ...{ type: 'modified', deliveryFailed: true, undeliverableHere: true, messageAnnotations: undefined },
};
const failed: AmqpOutcome = {
  ...{ type: 'modified', deliveryFailed: true, undeliverableHere: undefined, messageAnnotations: undefined },
};
/** At the bound on unsettled deliveries, more are asked for when this part of it is free. */
const roomPart = 1 / 4;

export interface SenderLinkOptions {
  /** Ours. */
  readonly handle: number;
  /** Deliveries are settled when they are sent. */
  readonly settled: boolean;
  /** The largest message that the client takes. */
  readonly messageBytesMax: number;
  /** What a delivery is that the client settles without saying how (AMQP 3.5.3). */
  readonly defaultOutcome: AmqpOutcome | undefined;
}

/** The number that the client must have seen if it says none. */
export const initialDeliveryCount = 0;

/** What a client receives on one link: as much as it has credit for, kept until it is settled. */
export class SenderLink implements MessageSink, SentDeliveryOwner, WaitingSender {
  #source: MessageSource | undefined;
  /** Deliveries begun (AMQP 2.6.7). */
  #deliveryCount = initialDeliveryCount;
  #linkCredit = 0;
  /** What the source may still give. */
  #sourceCredit = 0;
  #unsettled = 0;
  /** Given by the source when nothing could be sent. */
  readonly #waiting: OutgoingDelivery[] = [];
  /** Its first frame is sent, and its last is not. */
  #partial: SentDelivery | undefined;
  #draining = false;
  /** Counts drains, so that a late answer is not taken for that of another. */
  #drain = 0;
  /** Sent settled, and not told to the source yet. */
  #presettled: OutgoingDelivery[] = [];
  #closed = false;

  /** @param onFault detaches it with the error */
  constructor(
    private readonly session: LinkSession,
    private readonly options: SenderLinkOptions,
    private readonly onFault: (error: AmqpError) => void,
  ) {}

  /** Before the attach is answered: there is no credit yet. */
  start(source: MessageSource): void {
    this.#source = source;
  }

  get told(): LinkFlow {
    const { handle } = this.options;
    return { handle, deliveryCount: this.#deliveryCount, linkCredit: this.#linkCredit };
  }

  /** The client's credit (AMQP 2.6.7). True: it is answered when it is drained. */
  onFlow(flow: AmqpComposite<'flow'>): boolean {
    if (flow.properties?.has('txn-id')) {
      // AMQP 4.4.3. Who asks for it would take for granted that it happens.
      this.onFault(
        new AmqpError(AmqpErrorCondition.NOT_IMPLEMENTED, 'deliveries are not acquired in transactions'),
      );
      return true;
    }
    if (flow.linkCredit !== undefined) {
      const seen = flow.deliveryCount ?? initialDeliveryCount;
      this.#linkCredit = Math.max(
        0,
        flow.linkCredit - Math.max(0, serialDistance(seen, this.#deliveryCount)),
      );
    }
    this.#draining = flow.drain;
    this.#drain++;
    this.#giveUp();
    this.#ask();
    if (this.#draining) this.#startDrain();
    return this.#draining;
  }

  onDelivery(delivery: OutgoingDelivery): void {
    this.#sourceCredit--;
    if (this.#closed) return;
    if (delivery.bytes > this.options.messageBytesMax) {
      this.#source!.settle(delivery, tooLarge, ignored);
      this.#askAgain();
      return;
    }
    if (this.#waiting.length >= this.#linkCredit) {
      this.#source!.settle(delivery, released, ignored);
      return;
    }
    if (this.session.sendable && this.#partial === undefined && this.#waiting.length === 0) {
      this.#begin(delivery);
      if (!this.#sendPartial()) {
        this.#askAgain();
        return;
      }
    } else {
      this.#waiting.push(delivery);
    }
    this.session.wait(this);
    this.#askFor(0);
  }

  sendWaiting(): boolean {
    if (this.#partial === undefined) {
      const delivery = this.#waiting.shift();
      if (delivery === undefined) return false;
      this.#begin(delivery);
    }
    this.#sendFrame();
    return this.#partial !== undefined || this.#waiting.length > 0;
  }

  onUnblocked(): void {
    this.#ask();
    if (this.#draining) this.#startDrain();
  }

  onDisposition(sent: SentDelivery, said: SaidOutcome, settled: boolean): void {
    if (sent === this.#partial) {
      // The source keeps what is not sent yet; told once it is.
      if (sent.early?.settled !== true) sent.early = { said, settled };
      return;
    }
    if (settled) {
      const outcome = said.outcome ?? this.options.defaultOutcome ?? released;
      this.#count(outcome);
      this.session.sent.delete(sent.deliveryId);
      if (!sent.isSettling) this.#settle(sent, outcome, said.transactionId);
      this.#forgotten();
    } else if (said.outcome !== undefined && !sent.isSettling) {
      this.#count(said.outcome);
      this.#settleAndTell(sent, said, said.outcome);
    }
  }

  onEnded(error: AmqpError): void {
    if (!this.#closed) this.onFault(error);
  }

  /** The link is gone: the source gives all that is not settled to others. */
  async close(closed: boolean): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.session.forget(this);
    const { sent, connection } = this.session;
    if (this.#unsettled > 0) for (const each of sent) if (each.owner === this) sent.delete(each.deliveryId);
    // The frames leave before the answer to who ends the link: it has them, and has them once.
    if (!connection.isLost) this.#acceptPresettled();
    this.#waiting.length = 0;
    this.#partial = undefined;
    await this.#source?.close(closed, !connection.isLost);
  }

  /** Takes it out of the client's credit, which is what orders the ids of the session too. */
  #begin(delivery: OutgoingDelivery): void {
    const { session, options } = this;
    this.#linkCredit--;
    this.#deliveryCount = serialAdd(this.#deliveryCount, 1);
    const { handle, settled } = options;
    const deliveryId = session.nextDeliveryId();
    const sent = new SentDelivery(
      this,
      session.channel,
      handle,
      deliveryId,
      nextDeliveryTag(),
      settled,
      delivery,
    );
    if (!settled) {
      this.#unsettled++;
      session.sent.add(sent);
    }
    this.#partial = sent;
  }

  /** True: there is more of it. */
  #sendPartial(): boolean {
    while (this.#partial !== undefined && this.session.sendable) this.#sendFrame();
    return this.#partial !== undefined;
  }

  #sendFrame(): void {
    const sent = this.#partial!;
    if (!this.session.transfer(sent)) return;
    this.#partial = undefined;
    const { delivery, settled, early } = sent;
    const { services, tenantCounters } = this.session.connection;
    services.counters.deliveriesSent++;
    tenantCounters.consumeMessages++;
    tenantCounters.consumeBytes += delivery.bytes;
    delivery.sent();
    if (settled) this.#sentSettled(delivery);
    else if (early !== undefined) this.onDisposition(sent, early.said, early.settled);
  }

  /** At most once: the source is told when the operating system has it, together with others of this turn. */
  #sentSettled(delivery: OutgoingDelivery): void {
    this.session.connection.services.counters.presettledSent++;
    this.#presettled.push(delivery);
    if (this.#presettled.length > 1) return;
    this.session.output.onFlushed(() => {
      if (!this.#closed) this.#acceptPresettled();
    });
  }

  #acceptPresettled(): void {
    for (const each of this.#presettled.splice(0)) this.#source!.settle(each, accepted, ignored);
  }

  #settle(sent: SentDelivery, outcome: AmqpOutcome, transactionId: Buffer | undefined): void {
    const source = this.#source!;
    if (transactionId === undefined) {
      source.settle(sent.delivery, outcome, ignored);
      return;
    }
    const done: SettleDone = (error) => {
      if (error !== undefined) this.#rolledBack(sent);
    };
    source.settle(sent.delivery, outcome, done, transactionId);
  }

  /** The client has settled it, so it comes again (AMQP 4.4.2). */
  #rolledBack({ delivery }: SentDelivery): void {
    if (!this.#closed) this.#source!.settle(delivery, failed, ignored);
  }

  /** The client wants to hear that it is settled: it settles second (AMQP 2.6.12). */
  #settleAndTell(sent: SentDelivery, { state, transactionId }: SaidOutcome, outcome: AmqpOutcome): void {
    const { deliveryId, delivery } = sent;
    sent.isSettling = true;
    const done: SettleDone = (error) => {
      sent.isSettling = false;
      const isRolledBack = error !== undefined && transactionId !== undefined;
      // The client has settled it meanwhile, or the link is gone.
      if (this.session.sent.get(deliveryId) !== sent) {
        if (isRolledBack) this.#rolledBack(sent);
        return;
      }
      // It is still the client's.
      if (isRolledBack) return;
      this.session.sent.delete(deliveryId);
      this.session.disposeSent(deliveryId, error === undefined ? state! : released);
      this.#forgotten();
    };
    this.#source!.settle(delivery, outcome, done, transactionId);
  }

  /** There is room for another unsettled one. */
  #forgotten(): void {
    this.#unsettled--;
    const { unsettledMax } = this.session.connection.services.options;
    const wanted = Math.min(this.#linkCredit, unsettledMax - this.#unsettled);
    const worthwhile = Math.min(this.#linkCredit, unsettledMax * roomPart);
    if (wanted > this.#sourceCredit && wanted - this.#sourceCredit >= worthwhile) this.#ask();
  }

  #count({ type }: AmqpOutcome): void {
    if (type !== 'declared') this.session.connection.services.counters.settledByClients[type]++;
  }

  /** Asks the source for what may be sent. */
  #ask(): void {
    if (!this.session.sendable || this.#partial !== undefined || this.#waiting.length > 0) {
      this.#askFor(0);
      if (this.#linkCredit > 0) this.session.wait(this);
      return;
    }
    const { unsettledMax } = this.session.connection.services.options;
    this.#askFor(Math.max(0, Math.min(this.#linkCredit, unsettledMax - this.#unsettled)));
  }

  /** All that the source was asked for has come. */
  #askAgain(): void {
    if (this.#sourceCredit === 0 && this.#linkCredit > 0) this.#ask();
  }

  #askFor(messages: number): void {
    if (this.#closed || this.#source === undefined || this.#sourceCredit === messages) return;
    this.#sourceCredit = messages;
    this.#source.setCredit(messages);
  }

  /** What waits beyond the credit that is left goes back. */
  #giveUp(): void {
    while (this.#waiting.length > this.#linkCredit) {
      this.#source!.settle(this.#waiting.pop()!, released, ignored);
    }
  }

  #startDrain(): void {
    if (this.#source === undefined) return;
    if (!this.session.sendable) {
      this.session.wait(this);
      return;
    }
    const drain = ++this.#drain;
    this.#source.drain(() => {
      if (drain === this.#drain && !this.#closed) this.#drained();
    });
  }

  /** What credit is left is used up (AMQP 2.6.7); what waits for the session is sent before. */
  #drained(): void {
    if (this.#partial !== undefined || this.#waiting.length > 0) return;
    this.#draining = false;
    this.#deliveryCount = serialAdd(this.#deliveryCount, this.#linkCredit);
    this.#linkCredit = 0;
    this.#askFor(0);
    this.session.sendFlow({ ...this.told, drain: true });
  }
}

/** What Pulsar did not take comes again. */
function ignored(): void {}
