import type { Buffer } from 'node:buffer';
import type {
  Amqp091Command,
  Amqp091ContentMethod,
  Amqp091Error,
  Amqp091Method,
  Amqp091MethodName,
  OutgoingContent,
} from '#libs/amqp091-codec';
import type { Principal } from '#libs/auth';
import type { QuotaHandle } from '#libs/rate-limit';
import type { ConnectionLog, TenantCounters } from '#libs/telemetry';
import type { Amqp091Services } from '../amqp091.services.js';
import type { ClientCapabilities } from '../connection/client-properties.js';
import type { TopologyClient, VhostTopology } from '../topology/vhost-topology.js';
import type { ChannelTransaction } from './channel-transaction.js';

/** What a channel sees of its connection. */
export interface ChannelConnection {
  /** Unique over all processes: whose exclusive queues are whose. */
  readonly id: string;
  readonly services: Amqp091Services;
  /** Another object after the client has proven again who it is (connection.update-secret). */
  readonly principal: Principal;
  readonly topology: VhostTopology;
  /** What it may do, and who it is for the topology; asked anew each time, for it changes with the principal. */
  readonly client: TopologyClient;
  readonly capabilities: ClientCapabilities;
  /** The frame-max that was agreed on, 0: no limit. */
  readonly frameBytesMax: number;
  readonly log: ConnectionLog;
  readonly tenantCounters: TenantCounters;
  /** What its client may use up. */
  readonly quota: QuotaHandle;
  /** Whether `send` would answer true. */
  readonly writable: boolean;
  /** Whether its consumers may be given messages: not while the client has been given more than it may be. */
  readonly deliverable: boolean;
  /** It was given a message. */
  delivered(bytes: number): void;
  /**
   * Whole frames, in their order; the buffers belong to the link from then on. False: no more until `onWritable`.
   *
   * @param onFlushed called once: the operating system has them, or they will never be sent
   */
  send(frames: Buffer | readonly Buffer[], onFlushed?: () => void): boolean;
  /**
   * The client is not read any more until the function that is returned was called, once: what it sent is more than can
   * be taken now. If that lasts it is told (connection.blocked).
   *
   * @param reason for the client
   */
  hold(reason: string): () => void;
  /** Closes the connection with this error, whatever its level is; all channels are closed by it. */
  fail(error: Amqp091Error): void;
}

/** What the parts of a channel see of it. After its end all methods do nothing. */
export interface PartChannel {
  readonly number: number;
  readonly connection: ChannelConnection;
  /** False: it is closed or about to be; nothing can be sent. */
  readonly isOpen: boolean;
  /** Set while the channel is transactional (tx.select): acknowledgements wait for the commit, too. */
  transaction: ChannelTransaction | undefined;
  /** False: no more until `onWritable`; what is sent nevertheless is kept in memory. */
  send(method: Amqp091Method): boolean;
  /**
   * @param onFlushed called once: the operating system has it, or it will never be sent
   * @throws Amqp091EncodeError where method or properties are larger than a frame
   */
  sendContent(method: Amqp091ContentMethod, content: OutgoingContent, onFlushed?: () => void): boolean;
  /**
   * The client did what it may not, or what it asked for cannot be: closes the channel, or the connection, by the level of
   * the error.
   *
   * @param about what it did; default: the method that is served, none if there is none
   */
  fail(error: Amqp091Error, about?: Amqp091MethodName): void;
  /**
   * The queue that a method is about: the last one that was declared on this channel, where the name is empty.
   *
   * @throws Amqp091Error `not-found`
   */
  queueNamed(name: string): string;
  /** A queue was declared. */
  declared(queue: string): void;
}

/** Serves some methods of one channel, for as long as the channel is open. */
export interface ChannelPart {
  /**
   * One of its methods, in the channel's order. A promise makes the later methods of the channel wait, and its rejection
   * closes as what is thrown does. Buffers are views of what arrived.
   *
   * @throws Amqp091Error closes channel or connection, by its level
   */
  onCommand(command: Amqp091Command): void | Promise<void>;
  /**
   * Set while something is not done yet that must be done before another part serves what the client sent after it; the part
   * itself is given more meanwhile. Never rejects.
   */
  readonly unfinished?: Promise<void> | undefined;
  /** The link has room again, after a `send` that answered false. */
  onWritable?(): void;
  /** The channel, or the connection with it, is closed or gone: nothing can be sent any more. Called once. */
  close(): void;
  /** Resolves when what the client sent is answered; nothing more comes from it. The channel is closed next. */
  drain?(): Promise<void>;
}

/** Methods that clients send on channels, those for the channel itself left out. */
export type ChannelMethodName = Exclude<Amqp091MethodName, `connection.${string}` | `channel.${string}`>;

/** One kind of part: each channel makes its own when the first of these methods comes. */
export interface ChannelPartKind {
  readonly methods: readonly ChannelMethodName[];
  /** What clients are told that it does (`capabilities` of connection.start). */
  readonly capabilities?: readonly ServerCapability[];
  open(channel: PartChannel): ChannelPart;
}

/** RabbitMQ's names. */
export type ServerCapability =
  | 'publisher_confirms'
  | 'exchange_exchange_bindings'
  | 'basic.nack'
  | 'consumer_cancel_notify'
  | 'connection.blocked'
  | 'consumer_priorities'
  | 'authentication_failure_close'
  | 'per_consumer_qos'
  | 'direct_reply_to';
