import type { Buffer } from 'node:buffer';
import {
  type AmqpComposite,
  type AmqpCompositeInput,
  type AmqpDeliveryState,
  AmqpErrorCondition,
  encodeFrame,
} from '#libs/amqp-codec';
import { AmqpError } from './amqp.errors.js';
import type {
  ConnectionSession,
  SessionConnection,
  SessionPerformative,
} from './connection/session-connection.js';
import type { ConnectionLinks } from './links/connection-links.js';
import type { IncomingDelivery } from './links/incoming-delivery.js';
import { saidOutcomeOf } from './links/said-outcome.js';
import type { SentDelivery } from './links/sent-delivery.js';
import { DeliveryLedger } from './session/delivery-ledger.js';
import { DispositionBatch } from './session/disposition-batch.js';
import { EndpointTable } from './session/endpoint-table.js';
import { FrameOutput } from './session/frame-output.js';
import { type EndpointSession, LinkEndpoint } from './session/link-endpoint.js';
import type { CreditGiver, LinkFlow, WaitingSender } from './session/link-session.js';
import { OutgoingTurns } from './session/outgoing-turns.js';
import { serialAdd, serialDistance } from './session/serial-number.js';
import { SessionWindows } from './session/session-windows.js';
import { wireError } from './session/wire-error.js';

/** Names are kept as long as their links, of which a client may have thousands. */
const linkNameCharsMax = 1_024;

/**
 * One session of a client, on one channel (AMQP 2.5):
 *
 *     mapped ── the client's end, answered ───────────────────────▶ ended
 *       └── a fault: end with the error ──▶ ending (drops all) ── the client's end ──▶ ended
 */
export class AmqpSession implements ConnectionSession, EndpointSession {
  readonly output: FrameOutput;
  readonly received = new DeliveryLedger<IncomingDelivery>();
  readonly sent = new DeliveryLedger<SentDelivery>();
  #state: 'mapped' | 'ending' | 'ended' = 'mapped';
  readonly #windows: SessionWindows;
  readonly #endpoints: EndpointTable;
  readonly #turns = new OutgoingTurns(() => this.sendable);
  /** Dispositions of us as receiver, and as sender. */
  readonly #ofReceived: DispositionBatch;
  readonly #ofSent: DispositionBatch;
  #creditGivers: CreditGiver[] = [];
  #nextDeliveryId = 0;
  /** Of the client's last delivery. */
  #lastReceivedId: number | undefined;

  /**
   * Answers the client's `begin`.
   *
   * @param links one for all sessions of the connection
   */
  constructor(
    readonly connection: SessionConnection,
    readonly channel: number,
    begin: AmqpComposite<'begin'>,
    readonly links: ConnectionLinks,
  ) {
    const { services, peerFrameBytesMax } = connection;
    const { sessionWindowFrames, linksPerSessionMax } = services.options;
    this.#windows = new SessionWindows(begin, sessionWindowFrames);
    this.#endpoints = new EndpointTable(linksPerSessionMax, begin.handleMax);
    this.#ofReceived = new DispositionBatch(channel, true);
    this.#ofSent = new DispositionBatch(channel, false);
    this.output = new FrameOutput(connection, peerFrameBytesMax, () => this.#writePutOff());
    services.counters.sessionsOpen++;
    const { nextOutgoingId, incomingWindow, outgoingWindow } = this.#windows.renew();
    this.control({
      ...{ type: 'begin', remoteChannel: channel, nextOutgoingId, incomingWindow, outgoingWindow },
      handleMax: linksPerSessionMax - 1,
    });
  }

  onFrame(performative: SessionPerformative, payload: Buffer): void {
    if (this.#state === 'ending') {
      if (performative.type === 'end') this.#end();
      return;
    }
    try {
      this.#dispatch(performative, payload);
    } catch (error) {
      if (!(error instanceof AmqpError) || error.scope === 'connection') throw error;
      this.#fail(error);
    }
  }

  flush(): void {
    this.output.flush();
  }

  onWritable(): void {
    this.output.onWritable();
    this.#turns.run();
  }

  close(): void {
    if (this.#state === 'ended') return;
    if (this.#state === 'mapped') this.#release();
    this.#state = 'ended';
    this.output.close();
  }

  async drain(): Promise<void> {
    await this.links.intake.settled();
    this.output.flush();
  }

  get sendable(): boolean {
    const { output, connection } = this;
    return (
      this.#windows.sendable > 0 && this.#state === 'mapped' && output.writable && connection.deliverable
    );
  }

  control(performative: AmqpCompositeInput<'attach' | 'begin' | 'detach' | 'end'>): void {
    if (this.#state !== 'mapped') return;
    this.#writePutOff();
    const frame = encodeFrame(this.channel, performative);
    if (frame.length <= this.connection.peerFrameBytesMax) {
      this.output.frame(frame);
      return;
    }
    // It cannot be told what it wants to know: its own attach has more bytes than it would take.
    const message = `${performative.type} does not fit the client's frames`;
    this.connection.fail(new AmqpError(AmqpErrorCondition.FRAME_SIZE_TOO_SMALL, message, 'connection'));
  }

  transfer(delivery: SentDelivery): boolean {
    this.#windows.sent();
    return this.output.transfer(delivery);
  }

  nextDeliveryId(): number {
    const id = this.#nextDeliveryId;
    this.#nextDeliveryId = serialAdd(id, 1);
    return id;
  }

  acceptDeliveryId(deliveryId: number | undefined): number {
    const last = this.#lastReceivedId;
    if (deliveryId === undefined || (last !== undefined && serialDistance(last, deliveryId) <= 0)) {
      throw new AmqpError(
        AmqpErrorCondition.INVALID_FIELD,
        'the delivery-id does not follow the one before',
        'session',
      );
    }
    this.#lastReceivedId = deliveryId;
    return deliveryId;
  }

  disposeReceived(deliveryId: number, state: AmqpDeliveryState, settled: boolean): void {
    this.#ofReceived.add(deliveryId, state, settled);
    this.output.schedule();
  }

  disposeSent(deliveryId: number, state: AmqpDeliveryState): void {
    this.#ofSent.add(deliveryId, state, true);
    this.output.schedule();
  }

  giveCredit(giver: CreditGiver): void {
    this.#creditGivers.push(giver);
    this.output.schedule();
  }

  sendFlow(link?: LinkFlow): void {
    if (this.#state !== 'mapped') return;
    this.output.frame(encodeFrame(this.channel, { type: 'flow', ...this.#windows.renew(), ...link }));
  }

  wait(sender: WaitingSender): void {
    this.#turns.wait(sender);
  }

  forget(sender: WaitingSender): void {
    this.#turns.forget(sender);
  }

  note(error: AmqpError): void {
    const { connection } = this;
    connection.services.metrics.errors('amqp', error.condition).inc();
    connection.log.fault(error.condition, error.detail);
  }

  detached(endpoint: LinkEndpoint): void {
    this.#endpoints.free(endpoint);
  }

  #dispatch(performative: SessionPerformative, payload: Buffer): void {
    switch (performative.type) {
      case 'transfer':
        this.#onTransfer(performative, payload);
        break;
      case 'disposition':
        this.#onDisposition(performative);
        break;
      case 'flow':
        this.#onFlow(performative);
        break;
      case 'attach':
        this.#onAttach(performative);
        break;
      case 'detach':
        this.#endpoints.remove(performative.handle).onDetach(performative);
        break;
      case 'end':
        this.control({ type: 'end' });
        this.#release();
        this.#end();
        break;
    }
  }

  #onTransfer(transfer: AmqpComposite<'transfer'>, payload: Buffer): void {
    if (!this.#windows.received()) {
      throw new AmqpError(AmqpErrorCondition.WINDOW_VIOLATION, 'a transfer beyond the window', 'session');
    }
    if (this.#windows.isRenewalDue) this.output.schedule();
    const endpoint = this.#endpoints.get(transfer.handle);
    try {
      endpoint.onTransfer(transfer, payload);
    } catch (error) {
      if (!(error instanceof AmqpError) || error.scope !== 'link') throw error;
      endpoint.fail(error);
    }
  }

  #onDisposition({ role, first, last = first, settled, state }: AmqpComposite<'disposition'>): void {
    if (serialDistance(first, last) < 0) {
      throw new AmqpError(AmqpErrorCondition.INVALID_FIELD, 'a range that ends before it begins', 'session');
    }
    if (role) {
      const said = saidOutcomeOf(state);
      this.sent.visit(first, last, (sent) => sent.owner.onDisposition(sent, said, settled));
    } else if (settled) {
      this.received.visit(first, last, (delivery) => delivery.owner.onSettledByClient(delivery));
    }
  }

  #onFlow(flow: AmqpComposite<'flow'>): void {
    if (!this.#windows.onFlow(flow)) {
      throw new AmqpError(
        AmqpErrorCondition.INVALID_FIELD,
        'a next-incoming-id of what was never sent',
        'session',
      );
    }
    if (flow.handle !== undefined) this.#endpoints.get(flow.handle).onFlow(flow);
    else if (flow.echo) this.sendFlow();
    this.#turns.run();
  }

  #onAttach(attach: AmqpComposite<'attach'>): void {
    if (attach.name.length > linkNameCharsMax) {
      const message = `a link name has at most ${linkNameCharsMax} characters`;
      throw new AmqpError(AmqpErrorCondition.INVALID_FIELD, message, 'session');
    }
    const endpoint = new LinkEndpoint(this, attach, this.#endpoints.freeHandle(attach.handle));
    this.#endpoints.add(endpoint);
    endpoint.open();
  }

  /** What was said during the turn. */
  #writePutOff(): void {
    if (this.#state !== 'mapped') return;
    this.#ofReceived.take((frame) => this.output.frame(frame));
    this.#ofSent.take((frame) => this.output.frame(frame));
    const givers = this.#creditGivers;
    if (givers.length > 0) {
      this.#creditGivers = [];
      for (const giver of givers) {
        const flow = giver.takeFlow();
        if (flow !== undefined) this.sendFlow(flow);
      }
    }
    if (this.#windows.isRenewalDue) this.sendFlow();
  }

  #fail(error: AmqpError): void {
    this.note(error);
    this.control({ type: 'end', error: wireError(error) });
    this.#release();
    this.#state = 'ending';
  }

  #release(): void {
    this.#state = 'ending';
    this.connection.services.counters.sessionsOpen--;
    this.#endpoints.close();
    this.links.sessionOver(this);
  }

  #end(): void {
    this.#state = 'ended';
    this.output.flush();
    this.output.close();
    this.connection.released(this.channel);
  }
}
