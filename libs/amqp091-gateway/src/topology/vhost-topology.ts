import type { FieldTable, RawFieldTable } from '#libs/amqp091-codec';
import type { ClientChange } from '#libs/telemetry';
import type { Exchange } from '../exchanges/exchange.js';
import type { Queue } from './queue.js';
import type { Amqp091Scope } from './scope.js';

export type ResourceKind = 'exchange' | 'queue';

/** What one connection may do to one vhost. Each throws Amqp091Error `access-refused` where it may not. */
export interface TopologyAccess {
  /** @param action which of the two that RabbitMQ calls configure */
  configure(kind: ResourceKind, name: string, action: 'create' | 'delete'): void;
  write(kind: ResourceKind, name: string): void;
  read(kind: ResourceKind, name: string): void;
  /**
   * All that a message to the exchange needs. Through the default exchange, a rule that denies writing to the queue of the
   * routing key holds, and one that allows it is enough; who sends to a queue that nobody declared needs `write` to it, too.
   */
  publish(exchange: Exchange, routingKey: string): void;
  /** Of topic exchanges, after `read`: the routing key of a binding. */
  readTopic(exchange: string, routingKey: string): void;
}

export type TopologyChange = Extract<ClientChange, `${ResourceKind | 'binding'}.${string}`>;

/** Who asks. */
export interface TopologyClient {
  /** Unique in this gateway's life: exclusive queues belong to it. */
  readonly connectionId: string;
  readonly access: TopologyAccess;
  /** For the audit: what it changed for others, too. @param name inside of the vhost */
  changed?(action: TopologyChange, name: string): void;
}

export interface ExchangeDeclaration {
  readonly exchange: string;
  /** As the client says it. */
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: RawFieldTable;
}

export interface QueueDeclaration {
  /** Empty: the server names it. */
  readonly queue: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: RawFieldTable;
}

export interface BindingRequest {
  readonly source: string;
  readonly destinationKind: ResourceKind;
  readonly destination: string;
  readonly routingKey: string;
  readonly arguments: RawFieldTable;
}

/** One of what is bound, for who lists it. */
export interface Binding extends Omit<BindingRequest, 'arguments'> {
  readonly arguments: FieldTable;
}

/**
 * Exchanges, queues and bindings of one vhost, the same on all gateways. What changes it is answered after it was read back
 * from the log; what is refused, with Amqp091Error and RabbitMQ's code and text. While the log is away: `internal-error`.
 */
export interface VhostTopology {
  readonly scope: Amqp091Scope;
  /** False while it is not known what is declared, or not surely any more. */
  readonly ready: boolean;

  /** Declares it, or checks that it was declared so (exchange.declare). */
  declareExchange(declaration: ExchangeDeclaration, client: TopologyClient): Promise<Exchange>;
  /** exchange.declare with passive; `not-found`. */
  checkExchange(name: string): Promise<Exchange>;
  /** One that is not there is deleted, too. `precondition-failed` where it is in use and that matters. */
  deleteExchange(
    name: string,
    options: { readonly ifUnused: boolean },
    client: TopologyClient,
  ): Promise<void>;

  /** `isNew`: it was not declared before. */
  declareQueue(
    declaration: QueueDeclaration,
    client: TopologyClient,
  ): Promise<{ readonly queue: Queue; readonly isNew: boolean }>;
  /**
   * queue.declare with passive, and what all that is about a queue begins with: `not-found`; `resource-locked` where it is
   * another connection's. One that was never declared is there when its Pulsar topic is.
   */
  checkQueue(name: string, client: TopologyClient): Promise<Queue>;
  /** Resolves to how many messages were in it; one that is not there is deleted, too. */
  deleteQueue(
    name: string,
    options: { readonly ifUnused: boolean; readonly ifEmpty: boolean },
    client: TopologyClient,
  ): Promise<number>;
  /**
   * For who keeps the queue: it expired, or its last consumer left. Nothing where this declaration is not in force any more.
   * Resolves to whether it was deleted.
   */
  expireQueue(queue: Queue): Promise<boolean>;

  /** queue.bind and exchange.bind: names are given, the channel's last queue is not known here. */
  bind(binding: BindingRequest, client: TopologyClient): Promise<void>;
  /** What is not bound is unbound, too. */
  unbind(binding: BindingRequest, client: TopologyClient): Promise<void>;

  /** Exclusive queues of a connection that has ended are deleted. */
  connectionClosed(connectionId: string): Promise<void>;

  findExchange(name: string): Exchange | undefined;
  /** Only what was declared. */
  findQueue(name: string): Queue | undefined;
  /**
   * Finds the queues of a message (RabbitMQ's rules: exchange to exchange, alternate exchanges), each once. Never waits and
   * never throws; allocates nothing for direct and fanout exchanges.
   *
   * @param routingKeys more than one where the message has CC or BCC
   * @param headers asked for once, and only by headers exchanges
   * @param visit `isDelayed`: an exchange on the way honours `x-delay`. Must not change the topology
   * @returns how many were visited
   */
  route(
    exchange: Exchange,
    routingKeys: string | readonly string[],
    headers: () => FieldTable,
    visit: (queue: Queue, isDelayed: boolean) => void,
  ): number;

  exchanges(): Iterable<Exchange>;
  queues(): Iterable<Queue>;
  bindings(): Iterable<Binding>;

  /** Resolves when all is known here that was answered before the call, on whichever gateway. */
  caughtUp(): Promise<void>;
  /** Told of each queue that is there now, or is not any more; after a reading from the start too. Returns the way to cancel. */
  onQueue(listener: (queue: Queue, isThere: boolean) => void): () => void;
}
