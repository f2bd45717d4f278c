import type { Buffer } from 'node:buffer';
import type { AmqpComposite, AmqpFields, AmqpOutcome } from '#libs/amqp-codec';
import type { OutgoingEntry, TopicConsumer, TransactionalAck } from '#libs/pulsar';
import type { AmqpError } from './amqp.errors.js';
import type { AmqpIdentity } from './connection/amqp-identity.js';

/** There is more in flight to Pulsar than should be. */
export interface PublishPressure {
  /** Calls `listener` once, as soon as there is room again; perhaps at once. Returns the way to cancel. */
  onRelief(listener: () => void): () => void;
}

/**
 * Called once, after Pulsar's receipt or when there will be none. In a transaction it may be called before the receipt:
 * what is accepted is so only if the transaction commits (AMQP 4.4.1), and the client is told the outcome inside of a
 * `transactional-state` with the same id.
 *
 * @param outcome where it is another than accepted (without an error) or rejected (with one): `declared` of a coordinator
 */
export type PublishDone = (error: AmqpError | undefined, outcome?: AmqpOutcome) => void;

/** A message that a client sent, whole. */
export interface IncomingMessage {
  /**
   * All sections, in the parts that arrived: views on the socket's bytes, copied before `publish` returns. One part where
   * the message came in one frame.
   */
  readonly parts: readonly Buffer[];
  readonly bytes: number;
  /** The transaction that the transfer's state names. */
  readonly transactionId: Buffer | undefined;
}

/** Where the messages of one receiver link go. */
export interface MessageTarget {
  /** What the client is told (AMQP 2.6.3). */
  readonly terminus: AmqpComposite<'target'> | AmqpComposite<'coordinator'>;
  /** The largest message, in bytes, that can be stored. */
  readonly messageBytesMax: number;
  /**
   * Never throws; `done` may be called before it returns when the message is refused. What it returns, if anything, says
   * that no credit should be given before its relief; what was sent already is taken, up to a bound.
   */
  publish(message: IncomingMessage, done: PublishDone): PublishPressure | undefined;
  /** The link is gone for good, or its connection is. What is in flight still calls its `done`. */
  close(): void;
}

/** A message to give to a client. */
export interface OutgoingDelivery {
  /**
   * The sections in their order: what this hop adds (header, annotations), then the bare message as it was sent. The
   * buffers may be shared with other links: not to be changed.
   */
  readonly parts: readonly Buffer[];
  readonly bytes: number;
  /**
   * For the link, once: its last frame was given to the socket. From then on only settling is left, and `parts` is empty: a
   * delivery that waits for its outcome keeps no bytes.
   */
  sent(): void;
}

/** How a delivery ended. `released`: also what was not settled when its link ended. */
export type DeliveryOutcome = AmqpOutcome;

/** Called once: Pulsar has it. With an error the message may come again. */
export type SettleDone = (error: AmqpError | undefined) => void;

/** Whom a source gives its messages to. */
export interface MessageSink {
  /** Never more than there is credit for. */
  onDelivery(delivery: OutgoingDelivery): void;
  /** The source ended by itself: topic or subscription gone, no longer authorized. Nothing follows. */
  onEnded(error: AmqpError): void;
}

/** Where the messages of one sender link come from. */
export interface MessageSource<D extends OutgoingDelivery = OutgoingDelivery> {
  /** What the client is told: address, durability, expiry, filters that are in force (AMQP 2.6.3). */
  readonly terminus: AmqpComposite<'source'>;
  /** Sets the credit: as many more deliveries are wanted from now on; 0 stops, nothing comes then. */
  setCredit(messages: number): void;
  /** Gives what can be given now, then calls `done`: with what credit is left there is nothing to give (AMQP 2.6.7). */
  drain(done: () => void): void;
  /**
   * @param transactionId where the outcome is part of one: it acts with its commit, and `done` is called when the
   *   transaction ends. With an error nothing was done: the delivery is still the client's if it has not settled it, and
   *   is to be settled as modified (delivery-failed) if it has (AMQP 4.4.2)
   */
  settle(delivery: D, outcome: DeliveryOutcome, done: SettleDone, transactionId?: Buffer): void;
  /**
   * The link is gone; all that is not settled is given to others, or comes again.
   *
   * @param closed whether the terminus ends too (AMQP 2.6.4): a durable subscription is deleted
   * @param orderly the client said that it goes: what it leaves is no failure, it may have asked for more than it used
   */
  close(closed: boolean, orderly?: boolean): Promise<void>;
}

/** What an attach asks for. */
export interface TargetRequest {
  readonly identity: AmqpIdentity;
  readonly containerId: string;
  readonly linkName: string;
  /** As the client said it; undefined: null, the anonymous terminus. */
  readonly target: AmqpComposite<'target'> | AmqpComposite<'coordinator'> | undefined;
  readonly desiredCapabilities: readonly string[];
  readonly transactions: TransactionScope;
  /** The target ended by itself: no longer authorized, deleted. From then on it refuses all that is published. */
  readonly onEnded?: (error: AmqpError) => void;
}

export interface SourceRequest {
  readonly identity: AmqpIdentity;
  readonly containerId: string;
  readonly linkName: string;
  readonly source: AmqpComposite<'source'> | undefined;
  readonly desiredCapabilities: readonly string[];
  readonly properties: AmqpFields | undefined;
  readonly transactions: TransactionScope;
}

/** A message for one partition, or a topic without, that waits for its transaction's commit. */
export interface EnlistedPost {
  /** Pulsar's full name of the partition. */
  readonly topic: string;
  /** One message: an entry of several would make the topic's index wrong. */
  readonly entry: OutgoingEntry;
}

/** A delivery whose outcome waits for its transaction's commit. */
export interface EnlistedOutcome {
  /** What is acknowledged with the commit, all or nothing; undefined where the outcome acts in `onEnd`. */
  readonly acknowledgement: EnlistedAcknowledgement | undefined;
  /** The transaction has ended, or there is none of this id; with an error nothing of it was done. */
  onEnd(error: AmqpError | undefined): void;
}

export interface EnlistedAcknowledgement extends TransactionalAck {
  /** Its subscription; it is told when the acknowledgement is committed. */
  readonly consumer: TopicConsumer;
}

/**
 * The open transactions of one connection (AMQP 4). An id that is not of one is `amqp:transaction:unknown-id`, one whose
 * time was over `amqp:transaction:timeout`. Nothing of it throws, but `declare`.
 */
export interface TransactionScope {
  /** The id of a new transaction, 8 bytes. @throws AmqpError `amqp:resource-limit-exceeded` */
  declare(): Buffer;
  /** Commits, or with `fail` rolls back. `done` with an error: nothing was done, or it is said that nobody knows. */
  discharge(transactionId: Buffer, fail: boolean, done: PublishDone): void;
  /** The entry is the transaction's from now on. An error makes the whole transaction one that cannot commit. */
  post(transactionId: Buffer, post: EnlistedPost, done: PublishDone): PublishPressure | undefined;
  /**
   * A message of it came and is posted, or refused, later: its discharge waits until what is returned was called, once.
   * A client need not wait for outcomes before it discharges (AMQP 4.4.1).
   */
  expect(transactionId: Buffer): () => void;
  /** What `MessageSource.settle` does with the outcomes of a transaction. */
  enlist(transactionId: Buffer, enlisted: EnlistedOutcome): void;
  /**
   * A message of it was refused before it was posted, for whatever reason: it cannot commit any more, since the client may
   * never look at the outcome of that message (AMQP 4.4.1). Nothing where there is no such transaction.
   */
  refused(transactionId: Buffer, error: AmqpError): void;
  /** The connection is gone: all are rolled back. */
  close(): void;
}

/** What transactions are made of, for all connections of a process. */
export interface Transactions {
  /** One per connection, whose `close` ends it. Makes nothing before the first `declare`. */
  openScope(identity: AmqpIdentity): TransactionScope;
  /**
   * For an attach whose target is a coordinator (AMQP 4.2).
   *
   * @throws AmqpError `amqp:not-implemented` where the tenant or the cluster has no transactions
   */
  openCoordinator(request: TargetRequest): Promise<MessageTarget>;
}

/** Finds, makes and opens what addresses name. Both reject with AmqpError, before anything was looked up if it is not allowed. */
export interface Nodes {
  openTarget(request: TargetRequest): Promise<MessageTarget>;
  openSource(request: SourceRequest, sink: MessageSink): Promise<MessageSource>;
  /** The connection is gone: its temporary nodes end. */
  closeConnection(identity: AmqpIdentity): void;
}
