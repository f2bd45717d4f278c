import { Amqp091Error, type FieldTable } from '#libs/amqp091-codec';
import type { Exchange } from '../exchanges/exchange.js';
import { BindingOperations } from './binding-operations.js';
import { ExchangeOperations } from './exchange-operations.js';
import type { Queue } from './queue.js';
import { QueueOperations } from './queue-operations.js';
import { Removals } from './removals.js';
import type { Amqp091Scope } from './scope.js';
import type { VhostServices } from './vhost-services.js';
import type {
  Binding,
  BindingRequest,
  ExchangeDeclaration,
  QueueDeclaration,
  TopologyClient,
  VhostTopology,
} from './vhost-topology.js';

/** Exclusive queues of one connection that are deleted at once. */
const deletedAtOnce = 16;
/** A record that was not confirmed is in the log by then, or never. */
const doubtfulMs = 60_000;

/** A vhost whose declarations are records that all gateways read in one order. */
export class AgreedVhost implements VhostTopology {
  readonly scope: Amqp091Scope;
  readonly #exchanges: ExchangeOperations;
  readonly #queues: QueueOperations;
  readonly #bindings: BindingOperations;
  /** Connections that declare exclusive queues now. */
  readonly #declaring = new Map<string, { pending: number; hasEnded: boolean }>();
  /** Exclusive queues of this gateway, by connection. */
  readonly #held = new Map<string, Set<Queue>>();
  /** Connections whose queues could not be deleted yet. */
  readonly #ended = new Set<string>();
  /** Connections that declared one, and nobody knows whether it is stored: it may turn up. By the time to forget them. */
  readonly #doubtful = new Map<string, number>();
  readonly removals: Removals;

  constructor(private readonly services: VhostServices) {
    this.scope = services.scope;
    this.removals = new Removals(services);
    this.#exchanges = new ExchangeOperations(services, this.removals);
    this.#queues = new QueueOperations(services, this.removals);
    this.#bindings = new BindingOperations(services, this.#exchanges, this.#queues, this.removals);
    // What is there already as this gateway's is of connections that ended when the tenant was removed.
    for (const queue of services.state.queues) this.#hold(queue, true);
    for (const connectionId of this.#held.keys()) this.#ended.add(connectionId);
    services.state.onQueue((queue, isThere) => this.#hold(queue, isThere));
  }

  get ready(): boolean {
    return this.services.records.ready;
  }

  declareExchange(declaration: ExchangeDeclaration, client: TopologyClient): Promise<Exchange> {
    return this.#exchanges.declare(declaration, client);
  }

  checkExchange(name: string): Promise<Exchange> {
    return this.#exchanges.check(name);
  }

  deleteExchange(
    name: string,
    { ifUnused }: { readonly ifUnused: boolean },
    client: TopologyClient,
  ): Promise<void> {
    return this.#exchanges.delete(name, ifUnused, client);
  }

  async declareQueue(declaration: QueueDeclaration, client: TopologyClient) {
    if (!declaration.exclusive) return this.#queues.declare(declaration, client);
    const { connectionId } = client;
    const declaring = this.#declaring.get(connectionId) ?? { pending: 0, hasEnded: false };
    this.#declaring.set(connectionId, declaring);
    declaring.pending++;
    try {
      return await this.#queues.declare(declaration, client);
    } catch (error) {
      // It ends the connection, and the record may be on its way.
      if (error instanceof Amqp091Error && error.code === 'internal-error') {
        this.#doubtful.set(connectionId, Number.POSITIVE_INFINITY);
      }
      throw error;
    } finally {
      if (--declaring.pending === 0) this.#declaring.delete(connectionId);
      // It came into being after its connection's queues were deleted.
      if (declaring.hasEnded) await this.connectionClosed(connectionId);
    }
  }

  checkQueue(name: string, client: TopologyClient): Promise<Queue> {
    return this.#queues.check(name, client);
  }

  deleteQueue(
    name: string,
    options: { readonly ifUnused: boolean; readonly ifEmpty: boolean },
    client: TopologyClient,
  ): Promise<number> {
    return this.#queues.delete(name, options, client);
  }

  expireQueue(queue: Queue): Promise<boolean> {
    return this.#queues.expire(queue);
  }

  bind(binding: BindingRequest, client: TopologyClient): Promise<void> {
    return this.#bindings.bind(binding, client);
  }

  unbind(binding: BindingRequest, client: TopologyClient): Promise<void> {
    return this.#bindings.unbind(binding, client);
  }

  async connectionClosed(connectionId: string): Promise<void> {
    const declaring = this.#declaring.get(connectionId);
    if (declaring !== undefined) declaring.hasEnded = true;
    const held = [...(this.#held.get(connectionId) ?? [])];
    if (held.length === 0) return;
    this.#ended.add(connectionId);
    for (let from = 0; from < held.length; from += deletedAtOnce) {
      await Promise.all(held.slice(from, from + deletedAtOnce).map((queue) => this.#queues.expire(queue)));
    }
    this.#ended.delete(connectionId);
  }

  /** All connections of this gateway have ended. */
  async connectionsClosed(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((connectionId) => this.connectionClosed(connectionId)));
  }

  /** Once more for connections whose queues are left because the log, or Pulsar, was away. */
  async retryEnded(nowMs: number): Promise<void> {
    for (const connectionId of [...this.#ended]) {
      this.#ended.delete(connectionId);
      await this.connectionClosed(connectionId);
    }
    for (const [connectionId, untilMs] of [...this.#doubtful]) {
      if (nowMs > untilMs) this.#doubtful.delete(connectionId);
      else this.#doubtful.set(connectionId, Math.min(untilMs, nowMs + doubtfulMs));
      await this.connectionClosed(connectionId);
    }
  }

  #hold(queue: Queue, isThere: boolean): void {
    const connectionId = queue.owner?.connectionId;
    if (connectionId === undefined || queue.owner?.instance !== this.services.self().instance) return;
    const held = this.#held.get(connectionId);
    if (!isThere) {
      held?.delete(queue);
      if (held?.size === 0) this.#held.delete(connectionId);
    } else if (held === undefined) this.#held.set(connectionId, new Set([queue]));
    else held.add(queue);
  }

  findExchange(name: string): Exchange | undefined {
    return this.services.state.exchanges.inForce(name);
  }

  findQueue(name: string): Queue | undefined {
    return this.services.state.queues.inForce(name);
  }

  route(
    exchange: Exchange,
    routingKeys: string | readonly string[],
    headers: () => FieldTable,
    visit: (queue: Queue, isDelayed: boolean) => void,
  ): number {
    return this.services.state.route(exchange, routingKeys, headers, visit);
  }

  exchanges(): Iterable<Exchange> {
    return this.services.state.exchanges;
  }

  queues(): Iterable<Queue> {
    return this.services.state.queues;
  }

  *bindings(): Iterable<Binding> {
    for (const { isActive, record } of this.services.state.bindings()) if (isActive) yield record;
  }

  caughtUp(): Promise<void> {
    return this.services.records.caughtUp();
  }

  onQueue(listener: (queue: Queue, isThere: boolean) => void): () => void {
    return this.services.state.onQueue(listener);
  }
}
