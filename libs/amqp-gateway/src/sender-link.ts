import type { Buffer } from 'node:buffer';
import { type AmqpComposite, AmqpErrorCondition, type AmqpOutcome } from '#libs/amqp-codec';
import { AmqpError } from './amqp.errors.js';
import { nextDeliveryTag } from './links/delivery-tag.js';
import { type ClientUnsettled, KeptDeliveries } from './links/kept-deliveries.js';
import type { UnsettledMap } from './links/outcome-memory.js';
import { failed, released, tooLarge } from './links/own-outcomes.js';
import { PresettledDeliveries } from './links/presettled-deliveries.js';
import type { SaidOutcome } from './links/said-outcome.js';
import { SentDelivery, type SentDeliveryOwner } from './links/sent-delivery.js';
import { initialDeliveryCount, type SenderLinkOptions } from './links/sender-link-options.js';
import type { MessageSink, MessageSource, OutgoingDelivery, SettleDone } from './node.js';
import type { LinkFlow, LinkSession, WaitingSender } from './session/link-session.js';
import { serialAdd, serialDistance } from './session/serial-number.js';

/** At the bound on unsettled deliveries, more are asked for when this part of it is free. */
const roomPart = 1 / 4;

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
  readonly #presettled = new PresettledDeliveries();
  #closed = false;
  /** Between being suspended and being started again. */
  #isSuspended = false;
  /** A list of what is unsettled was not complete: nothing new may be sent (AMQP 2.7.3). */
  #resumesOnly = false;
  readonly #kept: KeptDeliveries | undefined;

  /** @param onFault detaches it with the error */
  constructor(
    private session: LinkSession,
    private options: SenderLinkOptions,
    private onFault: (error: AmqpError) => void,
  ) {
    if (!options.isResumable) return;
    const onResumed = () => {
      if (!this.#isSuspended && !this.#closed) this.#ask();
    };
    this.#kept = new KeptDeliveries(session.connection, () => this.#source!, onResumed);
  }

  /** Before the attach is answered: there is no credit yet. @param resumesOnly nothing new is to be sent */
  start(source: MessageSource, resumesOnly = false): void {
    this.#source = source;
    this.#isSuspended = false;
    this.#resumesOnly = resumesOnly;
  }

  get source(): MessageSource {
    return this.#source!;
  }

  get unsettled(): number {
    return this.#unsettled;
  }

  /** Its session goes on without it, and what is not settled stays the link's. @param onFault of the source, until it is resumed */
  suspend(onFault: () => void): void {
    const { session } = this;
    this.#isSuspended = true;
    this.onFault = onFault;
    session.forget(this);
    this.#linkCredit = 0;
    this.#draining = false;
    this.#drain++;
    this.#giveUp();
    this.#askFor(0);
    const partial = this.#partial;
    this.#partial = undefined;
    this.#unsettled = 0;
    this.#kept!.suspend(session, partial);
  }

  /** On another session; to be started. @returns what the client is told to be unsettled. @throws AmqpError */
  resume(
    session: LinkSession,
    options: SenderLinkOptions,
    onFault: (error: AmqpError) => void,
    unsettled: ClientUnsettled,
  ): UnsettledMap {
    this.session = session;
    this.options = options;
    this.onFault = onFault;
    this.#deliveryCount = initialDeliveryCount;
    return this.#kept!.resume(unsettled);
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
    if (this.#partial === undefined && !this.#beginResumed()) {
      const delivery = this.#waiting.shift();
      if (delivery === undefined) return false;
      this.#begin(delivery);
    }
    this.#sendFrame();
    return this.#partial !== undefined || this.#waiting.length > 0 || this.#mayResume;
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
      this.#forgotten(sent);
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
    this.#kept?.clear();
    // The frames leave before the answer to who ends the link: it has them, and has them once.
    if (!connection.isLost) this.#presettled.flushed(this.#source);
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

  get #mayResume(): boolean {
    return this.#kept !== undefined && this.#kept.waiting > 0 && this.#linkCredit > 0;
  }

  /** The next of what goes on where it was suspended; false: there is none, or no credit. */
  #beginResumed(): boolean {
    if (!this.#mayResume) return false;
    const { session } = this;
    this.#linkCredit--;
    this.#deliveryCount = serialAdd(this.#deliveryCount, 1);
    const sent = this.#kept!.take(this, session.channel, this.options.handle, session.nextDeliveryId());
    if (!sent.settled && !sent.aborted) {
      this.#unsettled++;
      session.sent.add(sent);
    }
    this.#partial = sent;
    return true;
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
    const { connection } = this.session;
    connection.services.counters.deliveriesSent++;
    connection.delivered(delivery.bytes);
    if (sent.resumes) {
      if (early !== undefined) this.onDisposition(sent, early.said, early.settled);
      return;
    }
    if (!settled) this.#kept?.sent(sent);
    delivery.sent();
    if (settled) this.#sentSettled(delivery);
    else if (early !== undefined) this.onDisposition(sent, early.said, early.settled);
  }

  #sentSettled(delivery: OutgoingDelivery): void {
    this.session.connection.services.counters.presettledSent++;
    if (!this.#presettled.add(delivery)) return;
    this.session.output.onFlushed(() => this.#presettled.flushed(this.#closed ? undefined : this.#source));
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
      // The client has settled it meanwhile, or the link is gone or suspended.
      if (this.session.sent.get(deliveryId) !== sent) {
        if (sent.isKept) sent.isOver = !isRolledBack;
        else if (isRolledBack) this.#rolledBack(sent);
        return;
      }
      // It is still the client's.
      if (isRolledBack) return;
      this.session.sent.delete(deliveryId);
      this.session.disposeSent(deliveryId, error === undefined ? state! : released);
      this.#forgotten(sent);
    };
    this.#source!.settle(delivery, outcome, done, transactionId);
  }

  /** There is room for another unsettled one. */
  #forgotten(sent: SentDelivery): void {
    this.#kept?.forget(sent);
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
    while (this.#partial === undefined && this.session.sendable && this.#beginResumed()) this.#sendPartial();
    const hasFrames = this.#partial !== undefined || this.#waiting.length > 0 || this.#mayResume;
    if (!this.session.sendable || hasFrames || this.#resumesOnly) {
      this.#askFor(0);
      if (hasFrames || (this.#linkCredit > 0 && !this.#resumesOnly)) this.session.wait(this);
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
