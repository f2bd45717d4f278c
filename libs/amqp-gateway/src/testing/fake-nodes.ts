import { Buffer } from 'node:buffer';
import { type AmqpComposite, AmqpErrorCondition } from '#libs/amqp-codec';
import { AmqpError } from '../amqp.errors.js';
import type {
  DeliveryOutcome,
  IncomingMessage,
  MessageSink,
  MessageSource,
  MessageTarget,
  Nodes,
  OutgoingDelivery,
  PublishDone,
  PublishPressure,
  SettleDone,
  SourceRequest,
  TargetRequest,
} from '../node.js';
import { dataMessage } from './amqp-client.js';

/** A message that a client sent and nobody has answered. */
export interface TakenMessage {
  readonly bytes: Buffer;
  readonly transactionId: Buffer | undefined;
  readonly done: PublishDone;
}

export class FakeTarget implements MessageTarget {
  readonly terminus: AmqpComposite<'target'>;
  messageBytesMax = 100_000;
  /** Stored at once; else whoever tests calls `done`. */
  isPrompt = true;
  readonly taken: TakenMessage[] = [];
  /** While set, all that is published is too much. */
  pressure: PublishPressure | undefined;
  isClosed = false;
  /** The link is told, as if access had been revoked. */
  readonly end: (error: AmqpError) => void;

  constructor(readonly request: TargetRequest) {
    this.terminus = request.target as AmqpComposite<'target'>;
    this.end = (error) => request.onEnded?.(error);
  }

  publish(message: IncomingMessage, done: PublishDone): PublishPressure | undefined {
    const bytes = Buffer.concat(message.parts);
    this.taken.push({ bytes, transactionId: message.transactionId, done });
    if (this.isPrompt) done(undefined);
    return this.pressure;
  }

  close(): void {
    this.isClosed = true;
  }
}

export class FakeDelivery implements OutgoingDelivery {
  parts: readonly Buffer[];
  readonly bytes: number;
  isSent = false;

  constructor(message: Buffer) {
    this.parts = [message];
    this.bytes = message.length;
  }

  sent(): void {
    this.isSent = true;
    this.parts = [];
  }
}

export interface Settlement {
  readonly delivery: OutgoingDelivery;
  readonly outcome: DeliveryOutcome;
  readonly done: SettleDone;
  readonly transactionId: Buffer | undefined;
}

/** Gives what it has as soon as there is credit, in one go, as Pulsar's consumers do. */
export class FakeSource implements MessageSource {
  readonly terminus: AmqpComposite<'source'>;
  /** Settled at once; else whoever tests calls `done`. */
  isPrompt = true;
  credit = 0;
  given = 0;
  readonly messages: Buffer[] = [];
  readonly settled: Settlement[] = [];
  /** How it was closed; undefined: it is open. */
  closed: boolean | undefined;
  closedOrderly = false;
  closing: Promise<void> | undefined;
  readonly drains: (() => void)[] = [];
  isDrainedAtOnce = true;

  constructor(
    readonly request: SourceRequest,
    readonly sink: MessageSink,
  ) {
    this.terminus = request.source!;
  }

  /** More to give. */
  offer(...texts: readonly (string | Buffer)[]): void {
    this.messages.push(...texts.map((text) => dataMessage(text)));
    this.#give();
  }

  setCredit(messages: number): void {
    if (this.closed !== undefined) throw new Error('credit for a source that is closed');
    this.credit = messages;
    this.#give();
  }

  drain(done: () => void): void {
    this.#give();
    if (this.isDrainedAtOnce) done();
    else this.drains.push(done);
  }

  settle(
    delivery: OutgoingDelivery,
    outcome: DeliveryOutcome,
    done: SettleDone,
    transactionId?: Buffer,
  ): void {
    this.settled.push({ delivery, outcome, done, transactionId });
    // As a queue does with what was never sent: it is the next again.
    if (outcome.type === 'released') this.messages.unshift(...delivery.parts);
    if (this.isPrompt) done(undefined);
  }

  close(closed: boolean, orderly = false): Promise<void> {
    this.closed = closed;
    this.closedOrderly = orderly;
    return this.closing ?? Promise.resolve();
  }

  #give(): void {
    while (this.credit > 0 && this.messages.length > 0 && this.closed === undefined) {
      this.credit--;
      this.given++;
      this.sink.onDelivery(new FakeDelivery(this.messages.shift()!));
    }
  }
}

/** Every address is a node, but `missing`; those that are `held` are opened when the test says so. */
export class FakeNodes implements Nodes {
  readonly targets = new Map<string | undefined, FakeTarget>();
  readonly sources = new Map<string | undefined, FakeSource>();
  readonly #held = new Map<string, PromiseWithResolvers<void>>();
  /** Called for each that is made, before it is used. */
  onTarget: ((target: FakeTarget) => void) | undefined;
  onSource: ((source: FakeSource) => void) | undefined;

  hold(address: string): void {
    this.#held.set(address, Promise.withResolvers());
  }

  letGo(address: string): void {
    this.#held.get(address)?.resolve();
    this.#held.delete(address);
  }

  async openTarget(request: TargetRequest): Promise<FakeTarget> {
    const address = request.target?.type === 'target' ? request.target.address : undefined;
    await this.#find(address);
    const target = new FakeTarget(request);
    this.targets.set(address, target);
    this.onTarget?.(target);
    return target;
  }

  async openSource(request: SourceRequest, sink: MessageSink): Promise<FakeSource> {
    const address = request.source?.address;
    await this.#find(address);
    const source = new FakeSource(request, sink);
    this.sources.set(address, source);
    this.onSource?.(source);
    return source;
  }

  closeConnection(): void {}

  async #find(address: string | undefined): Promise<void> {
    if (address !== undefined) await this.#held.get(address)?.promise;
    if (address === 'missing') throw new AmqpError(AmqpErrorCondition.NOT_FOUND, 'there is no such node');
  }
}
