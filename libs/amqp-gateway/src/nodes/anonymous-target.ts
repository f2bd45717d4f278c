import { Buffer } from 'node:buffer';
import {
  AmqpDecodeError,
  AmqpErrorCondition,
  type AmqpComposite,
  decodeMessageAnnotations,
  decodeProperties,
  findSections,
} from '#libs/amqp-codec';
import { AmqpError, asAmqpError } from '../amqp.errors.js';
import type {
  IncomingMessage,
  MessageTarget,
  PublishDone,
  PublishPressure,
  TransactionScope,
} from '../node.js';

/** Addresses of one link whose targets are kept open. */
const anonymousTargetsMax = 100;
/** Of messages that wait until their target is open; beyond, they are refused. */
const waitingBytesMax = 4 * 1024 * 1024;
/** How long a refusal of an address is repeated without being looked at again. */
const refusedMs = 1_000;

/** What a destination is, of JMS (Qpid JMS, `x-opt-jms-dest`). */
const jmsDestination = 'x-opt-jms-dest';
const capabilityOfJmsType: Readonly<Record<number, string>> = { 0: 'queue', 1: 'topic' };

export interface AnonymousTargetOptions {
  readonly terminus: AmqpComposite<'target'>;
  readonly messageBytesMax: number;
  readonly transactions: Pick<TransactionScope, 'expect'>;
  /** Authorized. Rejects with whatever makes an AmqpError. */
  open(address: string, capabilities: readonly string[]): Promise<AddressedTarget>;
  readonly now?: () => number;
}

/** A target, and whether it may still be sent to. */
export interface AddressedTarget {
  readonly target: MessageTarget;
  isAllowed(): boolean;
}

interface Waiting {
  readonly message: IncomingMessage;
  readonly done: PublishDone;
  /** Its transaction need not wait for it any more. */
  readonly arrived: (() => void) | undefined;
}

interface Place {
  opened: AddressedTarget | undefined;
  refused: { readonly error: AmqpError; readonly untilMs: number } | undefined;
  readonly waiting: Waiting[];
}

/**
 * The anonymous terminus: each message goes where its `to` says (Anonymous Terminus for Message Routing 1.0, 2.2). Messages
 * for one address keep their order.
 */
export class AnonymousTarget implements MessageTarget {
  readonly terminus: AmqpComposite<'target'>;
  readonly messageBytesMax: number;
  /** By address and capability; the least recently used first. */
  private readonly places = new Map<string, Place>();
  private waitingBytes = 0;
  private opening = 0;
  private readonly reliefs = new Set<() => void>();
  private closed = false;
  private readonly now: () => number;

  constructor(private readonly options: AnonymousTargetOptions) {
    this.terminus = options.terminus;
    this.messageBytesMax = options.messageBytesMax;
    this.now = options.now ?? (() => performance.now());
  }

  publish(message: IncomingMessage, done: PublishDone): PublishPressure | undefined {
    let to: Destination;
    try {
      to = destinationOf(message);
    } catch (error) {
      done(error as AmqpError);
      return undefined;
    }
    const key = `${to.capability ?? ''} ${to.address}`;
    let place = this.places.get(key);
    if (place?.refused !== undefined && place.refused.untilMs <= this.now()) place = undefined;
    // Behind the others: it was used.
    this.places.delete(key);
    if (place === undefined) {
      place = { opened: undefined, refused: undefined, waiting: [] };
      void this.open(to, place);
    }
    this.places.set(key, place);
    if (this.places.size > anonymousTargetsMax) this.forgetOne();
    if (place.opened !== undefined) return place.opened.target.publish(message, done);
    if (place.refused === undefined) return this.wait(place, message, done);
    done(place.refused.error);
    return undefined;
  }

  /** Permissions have changed. */
  recheck(): void {
    for (const [key, { opened }] of this.places) {
      if (opened === undefined || opened.isAllowed()) continue;
      this.places.delete(key);
      opened.target.close();
    }
  }

  close(): void {
    this.closed = true;
    for (const { opened } of this.places.values()) opened?.target.close();
    this.places.clear();
    this.reliefs.clear();
  }

  private wait(place: Place, message: IncomingMessage, done: PublishDone): PublishPressure | undefined {
    if (this.waitingBytes + message.bytes > waitingBytesMax) {
      const text = 'too much is sent to addresses that are still being looked up';
      done(new AmqpError(AmqpErrorCondition.RESOURCE_LIMIT_EXCEEDED, text));
    } else {
      this.waitingBytes += message.bytes;
      const { bytes, transactionId } = message;
      place.waiting.push({
        message: { bytes, transactionId, parts: [Buffer.concat(message.parts)] },
        done,
        arrived: transactionId && this.options.transactions.expect(transactionId),
      });
    }
    return this.pressure;
  }

  /** Until nothing is being opened: then what waits has gone on. */
  private readonly pressure: PublishPressure = {
    onRelief: (listener) => {
      if (this.opening === 0) {
        listener();
        return () => {};
      }
      this.reliefs.add(listener);
      return () => this.reliefs.delete(listener);
    },
  };

  private async open({ address, capability }: Destination, place: Place): Promise<void> {
    this.opening++;
    try {
      const opened = await this.options.open(address, capability === undefined ? [] : [capability]);
      place.opened = opened;
      for (const { message, done, arrived } of this.taken(place)) {
        opened.target.publish(message, done);
        arrived?.();
      }
      // Forgotten while it was opened, or the link is gone.
      if (this.closed || ![...this.places.values()].includes(place)) opened.target.close();
    } catch (cause) {
      const error = asAmqpError(cause);
      place.refused = { error, untilMs: this.now() + refusedMs };
      for (const { done, arrived } of this.taken(place)) {
        done(error);
        arrived?.();
      }
    }
    if (--this.opening > 0) return;
    const listeners = [...this.reliefs];
    this.reliefs.clear();
    for (const listener of listeners) listener();
  }

  private taken({ waiting }: Place): Waiting[] {
    for (const { message } of waiting) this.waitingBytes -= message.bytes;
    return waiting.splice(0);
  }

  private forgetOne(): void {
    const [key, place] = this.places.entries().next().value as [string, Place];
    this.places.delete(key);
    place.opened?.target.close();
  }
}

interface Destination {
  readonly address: string;
  readonly capability: string | undefined;
}

/** @throws AmqpError where the message cannot be read, or says no address */
function destinationOf({ parts }: IncomingMessage): Destination {
  try {
    const sections = findSections(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));
    const address = decodeProperties(sections)?.to;
    if (address === undefined) {
      const message = 'a message to the anonymous terminus says in "to" where it goes';
      throw new AmqpError(AmqpErrorCondition.PRECONDITION_FAILED, message);
    }
    // Most addresses say what they are, and then JMS says the same.
    const type = decodeMessageAnnotations(sections)?.get(jmsDestination);
    const capability = type?.type === 'byte' ? capabilityOfJmsType[type.value] : undefined;
    return { address, capability };
  } catch (error) {
    if (error instanceof AmqpDecodeError) throw new AmqpError(AmqpErrorCondition.DECODE_ERROR, error.message);
    throw error;
  }
}
