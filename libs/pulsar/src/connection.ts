import type { PulsarError } from './pulsar.errors.js';
import type { AssignedBroker, BaseCommand, BaseCommandInit, FeatureFlags } from './wire/commands.js';
import type { MessageFields } from './wire/hot-commands.js';

/** A broker as a lookup named it, and how to get there. Equal brokers have equal `key`s. */
export interface BrokerAddress {
  readonly key: string;
  readonly host: string;
  readonly port: number;
  /** Connect to the service URL and ask it to pass everything on to this broker (`proxy_through_service_url`). */
  readonly throughServiceUrl: boolean;
}

/**
 * Why a connection is wanted. The uses never share a socket: the broker throttles a publisher by no longer reading
 * its whole connection, and closes the whole connection of a fenced producer at its next SEND.
 */
export type ConnectionUse = 'publish' | 'dispatch' | 'lease';

export interface ProducerHandler {
  /** `ledgerId` and `entryId` are both -1 for a duplicate that deduplication dropped. `highestSequenceId` is 0 when absent. */
  onSendReceipt(
    producerId: number,
    sequenceId: number,
    ledgerId: number,
    entryId: number,
    highestSequenceId: number,
  ): void;
  /** `sequenceId` is the highest one of the refused entry. */
  onSendError(sequenceId: number, error: PulsarError): void;
  /** The broker closed the producer (unload, transfer, migration), which is no longer registered; nothing sent since was taken. */
  onCloseProducer(assigned: AssignedBroker | undefined): void;
  /** The second PRODUCER_SUCCESS of a wait-for-exclusive producer: it was promoted. */
  onProducerSuccess?(success: NonNullable<BaseCommand['producerSuccess']>): void;
  /** The PRODUCER of a queued wait-for-exclusive producer failed after all. Without it: `onCloseProducer`. */
  onProducerFailed?(error: PulsarError): void;
  /** The connection ended; the handler is no longer registered. */
  onDisconnect(error: PulsarError): void;
}

export interface ConsumerHandler {
  /**
   * One entry: `frame[entryStart, entryEnd)` is everything after the command, from the broker-entry prefix or the
   * checksum on. `frame` is a view on the socket's bytes; whoever keeps a small part of it for long should copy it.
   */
  onMessage(frame: Buffer, message: MessageFields, entryStart: number, entryEnd: number): void;
  /** The broker closed the consumer (unload, seek), which is no longer registered. */
  onCloseConsumer(assigned: AssignedBroker | undefined): void;
  onActiveConsumerChange?(active: boolean): void;
  onReachedEndOfTopic?(): void;
  /** The connection ended; the handler is no longer registered. */
  onDisconnect(error: PulsarError): void;
}

/** One live connection to a broker, after CONNECTED. */
export interface Connection {
  /** Unique in the process. */
  readonly id: number;
  readonly broker: BrokerAddress;
  /** Bytes of the largest entry (metadata and payload) the broker takes. */
  readonly maxMessageSize: number;
  readonly protocolVersion: number;
  /** What the broker announced. */
  readonly features: FeatureFlags;
  readonly serverVersion: string;
  readonly closed: boolean;
  nextRequestId(): number;
  /**
   * Sends a command that has a request id and resolves with its answer. ERROR, a failed lookup or metadata answer
   * and the like reject with the broker's PulsarError; no answer rejects with 'Timeout' (default: the operation
   * timeout), the end of the connection with 'Disconnected', too many outstanding with 'TooManyPending'.
   */
  request(command: BaseCommandInit, timeoutMs?: number): Promise<BaseCommand>;
  /**
   * Waits for the answer to a request that was written by hand into bytes given to `send` (ACK with a request id).
   * Same rejections as `request`.
   */
  answerTo(requestId: number, timeoutMs?: number): Promise<BaseCommand>;
  /** Sends a cold command that has no answer. */
  tell(command: BaseCommandInit): boolean;
  /** Whole frames, hot. False: above the high-water mark; wait for `onWritable`. After the end: false, dropped. */
  send(bytes: Buffer | readonly Buffer[]): boolean;
  readonly sendBufferedBytes: number;
  /** True while `send` may go on. */
  readonly writable: boolean;
  /** Called each time the send buffer has drained below the mark. Returns the way to stop it. */
  onWritable(listener: () => void): () => void;
  /** Returns the way to unregister. One handler per id. */
  registerProducer(producerId: number, handler: ProducerHandler): () => void;
  registerConsumer(consumerId: number, handler: ConsumerHandler): () => void;
  registerTopicListWatcher(watcherId: number, handler: TopicListHandler): () => void;
  /** Called once, at the end. */
  onClose(listener: (error: PulsarError) => void): () => void;
  close(reason: string): void;
}

export interface TopicListHandler {
  onUpdate(added: readonly string[], deleted: readonly string[], topicsHash: string): void;
  onDisconnect(error: PulsarError): void;
}

/** What producers, consumers, readers and leases need of the client. */
export interface Connector {
  /**
   * The connection for a topic (one partition or non-partitioned): by lookup, or straight to `assigned` when the
   * broker named it. Looks up again each time: after a disconnect the topic may live elsewhere.
   */
  connect(topic: string, options: ConnectOptions): Promise<Connection>;
  /** Unique in the process, so that a frame stays valid byte for byte on another connection. */
  nextProducerId(): number;
  nextConsumerId(): number;
  readonly operationTimeoutMs: number;
  readonly log: PulsarLog;
}

export interface ConnectOptions {
  /** Connections are shared only between equal keys: the tenant, since publish throttling stops a whole one. */
  readonly tenantKey: string;
  readonly use: ConnectionUse;
  /** From CLOSE_PRODUCER or CLOSE_CONSUMER. */
  readonly assigned?: AssignedBroker;
}

export interface PulsarLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
