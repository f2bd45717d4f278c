import type { Buffer } from 'node:buffer';
import {
  type AmqpComposite,
  type AmqpCompositeInput,
  type AmqpDescribed,
  AmqpErrorCondition,
  type AmqpOutcome,
} from '#libs/amqp-codec';
import { AmqpError, asAmqpError } from '../amqp.errors.js';
import { LinkClaims } from '../links/link-claims.js';
import type { NamedLink } from '../links/link-names.js';
import { type LinkRemains, LinkResumption, type SuspendedSender } from '../links/link-resumption.js';
import type { OutcomeMemory, UnsettledMap } from '../links/outcome-memory.js';
import { ReboundTransactions } from '../links/rebound-transactions.js';
import { fittingAttach } from './attach-frame.js';
import type { MessageSource } from '../node.js';
import { ReceiverLink, settlesSecondMode } from '../receiver-link.js';
import { initialDeliveryCount, settledMode } from '../links/sender-link-options.js';
import { SenderLink } from '../sender-link.js';
import type { LinkSession, TransferFrame } from './link-session.js';
import { wireError } from './wire-error.js';

type Attach = AmqpComposite<'attach'>;
type Flow = AmqpComposite<'flow'>;
type Detach = AmqpComposite<'detach'>;

/** A session with the table that its endpoints are in. */
export interface EndpointSession extends LinkSession {
  /** Our handle is free. */
  detached(endpoint: LinkEndpoint): void;
}

/**
 * One link from the client's attach to both sides' detach:
 *
 *     opening ── the node is found ──▶ attached ── the client detaches ──▶ closing ── the source is closed ──▶ detached
 *        │                                └── a fault of ours ──▶ ending ── the client detaches ──────────────────▲
 *        └── refused: attach without the terminus, detach ──────────▲
 *
 * While it opens, the client's flow and detach wait, the last of each; other links go on. While it is ending, what comes
 * is dropped: the client does not know yet.
 */
export class LinkEndpoint implements NamedLink {
  #state: 'opening' | 'attached' | 'closing' | 'ending' | 'detached' = 'opening';
  #receiver: ReceiverLink | undefined;
  #sender: SenderLink | undefined;
  #heldFlow: Flow | undefined;
  #heldDetach: Detach | undefined;
  /** Of the attach; not needed when it is answered. */
  #attach: Attach | undefined;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #releasing: Promise<void> | undefined;
  readonly #claims: LinkClaims;
  readonly #resumption: LinkResumption;
  /** Of a link that may be resumed: its source's transactions, or what became of what the client sent. */
  #transactions: ReboundTransactions | undefined;
  #memory: OutcomeMemory | undefined;
  /** What failed after the client detached: told in the answer. */
  #closingFault: AmqpError | undefined;
  readonly #name: string;
  readonly peerHandle: number;
  /** We receive: the client's role is the other (AMQP 2.8.1). */
  readonly receives: boolean;

  constructor(
    private readonly session: EndpointSession,
    attach: Attach,
    readonly handle: number,
  ) {
    this.#attach = attach;
    this.#name = attach.name;
    this.peerHandle = attach.handle;
    this.receives = !attach.role;
    this.#resumption = new LinkResumption(session, attach);
    this.#claims = new LinkClaims(session, attach, this, this.#resumption);
  }

  /** Finds the node and answers the attach. */
  open(): void {
    this.#opening = this.#open(this.#attach!);
  }

  async #open(attach: Attach): Promise<void> {
    try {
      await this.#claims.claim(attach, () => this.#state === 'opening');
      if (this.#state !== 'opening') return;
      const remains = await this.#resumption.take();
      if (this.#state !== 'opening') return await remains?.release();
      if (this.receives) await this.#openTarget(attach, remains);
      else if (remains !== undefined && 'sender' in remains) await this.#resumeSender(attach, remains);
      else await this.#openSource(attach);
    } catch (error) {
      if (!(error instanceof AmqpError)) this.session.connection.log.failure(error, 'an attach failed');
      if (this.#state === 'opening') this.#refuse(attach, asAmqpError(error));
      return;
    }
    this.#attach = undefined;
    this.#serveHeld();
  }

  #serveHeld(): void {
    const flow = this.#heldFlow;
    const detach = this.#heldDetach;
    this.#heldFlow = undefined;
    this.#heldDetach = undefined;
    if (this.#state !== 'attached') return;
    if (flow !== undefined) this.onFlow(flow);
    if (detach !== undefined) this.onDetach(detach);
  }

  /** @throws AmqpError */
  onTransfer(transfer: TransferFrame, payload: Buffer): void {
    if (this.#state === 'ending' || this.#state === 'closing') return;
    if (!this.receives) throw new AmqpError(AmqpErrorCondition.NOT_ALLOWED, 'a transfer from a receiver');
    if (this.#receiver === undefined) {
      throw new AmqpError(AmqpErrorCondition.TRANSFER_LIMIT_EXCEEDED, 'a delivery without credit for it');
    }
    this.#receiver.onTransfer(transfer, payload);
  }

  onFlow(flow: Flow): void {
    if (this.#state === 'opening') {
      this.#heldFlow = flow;
      return;
    }
    if (this.#state !== 'attached') return;
    if (this.#sender !== undefined) {
      const answered = this.#sender.onFlow(flow);
      if (flow.echo && !answered) this.session.sendFlow(this.#sender.told);
    } else if (flow.echo) {
      this.session.sendFlow(this.#receiver!.told);
    }
  }

  onDetach(detach: Detach): void {
    switch (this.#state) {
      case 'opening':
        this.#heldDetach = detach;
        return;
      case 'attached':
        this.#closing = this.#close(detach.closed);
        return;
      case 'ending':
        this.#end();
        return;
      case 'closing':
      case 'detached':
        return;
    }
  }

  /** Detaches it with the error. */
  fail(error: AmqpError, closed = true, suspends = false): void {
    if (this.#state === 'opening') {
      // What is being opened is closed when it is there.
      this.#refuse(this.#attach!, error);
      return;
    }
    if (this.#state === 'closing') this.#closingFault ??= error;
    if (this.#state !== 'attached') return;
    this.#state = 'ending';
    this.session.note(error);
    this.session.control({ type: 'detach', handle: this.handle, closed, error: wireError(error) });
    void this.#abandon(suspends);
  }

  async stolen(): Promise<void> {
    // A client that has detached it takes nothing from itself.
    if (this.#state !== 'closing' && this.#heldDetach === undefined) {
      this.fail(new AmqpError(AmqpErrorCondition.STOLEN, 'the link was attached again'), false, true);
    }
    await this.#opening;
    // What it was told of what it sent is there for who resumes it.
    await this.#closing;
    // Whoever detached it is told what failed.
    await this.#releasing?.catch(() => {});
  }

  /** The session is over, or the connection is gone. */
  close(): void {
    this.#state = 'detached';
    if (this.#releasing === undefined) void this.#abandon(!this.session.connection.isRefused);
  }

  async #openTarget(attach: Attach, remains: LinkRemains | undefined): Promise<void> {
    const { session } = this;
    const { connection } = session;
    this.#memory = remains !== undefined && 'memory' in remains ? remains.memory : undefined;
    const target = await connection.services.nodes.openTarget({
      ...{ identity: connection.identity, containerId: connection.containerId, linkName: this.#name },
      target: knownTerminus(attach.target),
      desiredCapabilities: attach.desiredCapabilities ?? [],
      transactions: connection.transactions,
      onEnded: (error) => this.fail(error),
    });
    if (this.#state !== 'opening') {
      target.close();
      return;
    }
    this.#state = 'attached';
    this.#memory ??= this.#resumption.newMemory();
    connection.services.counters.receiverLinksOpen++;
    const settlesSecond = attach.rcvSettleMode === settlesSecondMode;
    const options = {
      ...{ handle: this.handle, settlesSecond, initialDeliveryCount: attach.initialDeliveryCount ?? 0 },
      memory: this.#memory,
    };
    const receiver = new ReceiverLink(session, target, options, (error) => this.fail(error));
    this.#receiver = receiver;
    const answer = {
      ...this.#answer(attach, attach.source, this.#resumption.lasting(target.terminus)),
      ...{ maxMessageSize: BigInt(target.messageBytesMax), unsettled: this.#resumption.told(this.#memory) },
    };
    session.control(fittingAttach(answer, connection.peerFrameBytesMax));
    receiver.start();
  }

  async #openSource(attach: Attach): Promise<void> {
    const { session } = this;
    const { connection } = session;
    const given = knownTerminus(attach.source);
    if (this.#resumption.isWanted) this.#transactions = new ReboundTransactions(connection.transactions);
    const sender = new SenderLink(session, this.#senderOptions(attach, given), (error) => this.fail(error));
    const source = await connection.services.nodes.openSource(
      {
        ...{ identity: connection.identity, containerId: connection.containerId, linkName: this.#name },
        source: given,
        desiredCapabilities: attach.desiredCapabilities ?? [],
        properties: attach.properties,
        transactions: this.#transactions ?? connection.transactions,
      },
      sender,
    );
    if (this.#state !== 'opening') {
      // The client has been told already.
      await source.close(false).catch((error: unknown) => session.note(asAmqpError(error)));
      return;
    }
    this.#attachSender(attach, sender, source);
  }

  /** With what it had not settled (AMQP 2.6.13). */
  async #resumeSender(attach: Attach, { sender, transactions, release }: SuspendedSender): Promise<void> {
    const { session } = this;
    this.#transactions = transactions;
    transactions.scope = session.connection.transactions;
    const options = this.#senderOptions(attach, knownTerminus(attach.source));
    const said = this.#resumption.unsettled!;
    let unsettled: UnsettledMap;
    try {
      unsettled = sender.resume(session, options, (error) => this.fail(error), said);
    } catch (error) {
      await release();
      throw error;
    }
    this.#attachSender(attach, sender, sender.source, unsettled);
  }

  #attachSender(attach: Attach, sender: SenderLink, source: MessageSource, unsettled?: UnsettledMap): void {
    const { session } = this;
    this.#state = 'attached';
    session.connection.services.counters.senderLinksOpen++;
    this.#sender = sender;
    const answer = fittingAttach(
      {
        ...this.#answer(attach, this.#resumption.lasting(source.terminus), attach.target),
        ...{ initialDeliveryCount, unsettled: unsettled ?? this.#resumption.told(this.#memory) },
      },
      session.connection.peerFrameBytesMax,
    );
    // First: an answer that the client's frames are too small for ends the connection, and the source with it.
    sender.start(source, answer.incompleteUnsettled === true || attach.incompleteUnsettled);
    session.control(answer);
  }

  #senderOptions(attach: Attach, source: AmqpComposite<'source'> | undefined) {
    const { maxMessageSize, sndSettleMode } = attach;
    // 0: no bound (AMQP 2.7.3).
    const isBounded = maxMessageSize !== undefined && maxMessageSize > 0n;
    return {
      handle: this.handle,
      settled: sndSettleMode === settledMode,
      messageBytesMax: isBounded ? Number(maxMessageSize) : Number.POSITIVE_INFINITY,
      isResumable: this.#resumption.isWanted,
      defaultOutcome:
        source?.defaultOutcome?.type === 'described'
          ? undefined
          : (source?.defaultOutcome as AmqpOutcome | undefined),
    };
  }

  #answer(
    { sndSettleMode, rcvSettleMode }: Attach,
    source: AmqpCompositeInput<'attach'>['source'],
    target: AmqpCompositeInput<'attach'>['target'],
  ): AmqpCompositeInput<'attach'> {
    const { handle, receives } = this;
    return {
      ...{ type: 'attach', name: this.#name, handle, role: receives },
      ...{ sndSettleMode, rcvSettleMode, source, target },
    };
  }

  /** An attach without what was asked for, then its end (AMQP 2.6.3). */
  #refuse(attach: Attach, error: AmqpError): void {
    this.#state = 'ending';
    const { session, receives, handle } = this;
    // Its outcomes are still to be told to the client when it tries again.
    this.#leaveMemory(!session.connection.isRefused);
    this.#claims.release();
    session.note(error);
    const source = receives ? attach.source : undefined;
    const target = receives ? undefined : attach.target;
    const count = receives ? {} : { initialDeliveryCount };
    session.control({ ...this.#answer(attach, source, target), ...count });
    session.control({ type: 'detach', handle, closed: true, error: wireError(error) });
    if (this.#heldDetach !== undefined) this.#end();
  }

  /** The client detached: what it sent is answered, what it did not settle is given to others, then it is answered itself. */
  async #close(closed: boolean): Promise<void> {
    this.#state = 'closing';
    await this.#receiver?.published();
    if (this.#isOver) return;
    try {
      await this.#release(closed, !closed);
    } catch (error) {
      this.#closingFault = asAmqpError(error);
    }
    if (this.#isOver) return;
    const fault = this.#closingFault;
    if (fault !== undefined) this.session.note(fault);
    const error = fault === undefined ? undefined : wireError(fault);
    this.session.control({ type: 'detach', handle: this.handle, closed, error });
    this.#end();
  }

  /** The session has ended meanwhile. */
  get #isOver(): boolean {
    return this.#state === 'detached';
  }

  #end(): void {
    this.#state = 'detached';
    this.session.detached(this);
  }

  /** Nobody waits for it, and what fails in it has no other answer than this one line. */
  async #abandon(suspends = false): Promise<void> {
    try {
      await this.#release(false, suspends);
    } catch (error) {
      this.session.note(asAmqpError(error));
    }
  }

  /** @param suspends the link may be resumed */
  #release(closed: boolean, suspends: boolean): Promise<void> {
    this.#releasing ??= this.#closeEnds(closed, suspends).finally(() => this.#claims.release());
    return this.#releasing;
  }

  async #closeEnds(closed: boolean, suspends: boolean): Promise<void> {
    const { counters } = this.session.connection.services;
    const sender = this.#sender;
    const receiver = this.#receiver;
    this.#sender = undefined;
    this.#receiver = undefined;
    if (receiver !== undefined) {
      counters.receiverLinksOpen--;
      receiver.close();
    }
    this.#leaveMemory(suspends);
    if (sender !== undefined) {
      counters.senderLinksOpen--;
      if (suspends && this.#resumption.suspendSender(sender, this.#transactions, this.#isOver)) return;
      await sender.close(closed);
    }
  }

  /** Also of a link that was still being opened. */
  #leaveMemory(suspends: boolean): void {
    const memory = this.#memory;
    this.#memory = undefined;
    if (memory === undefined) return;
    if (suspends) this.#resumption.suspendReceiver(memory, this.#isOver);
    else memory.clear();
  }
}

/** Kinds of terminus that no specification of ours knows are refused. */
function knownTerminus<T extends { readonly type: string }>(
  terminus: T | AmqpDescribed | undefined,
): Exclude<T, AmqpDescribed> | undefined {
  if (terminus?.type !== 'described') return terminus as Exclude<T, AmqpDescribed> | undefined;
  throw new AmqpError(AmqpErrorCondition.NOT_IMPLEMENTED, 'a terminus of an unknown kind');
}
