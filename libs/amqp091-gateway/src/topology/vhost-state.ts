import { type FieldTable, fieldOf, fieldText } from '#libs/amqp091-codec';
import type { Log } from '#libs/telemetry';
import type { Exchange } from '../exchanges/exchange.js';
import { parseExchangeType, routingTypeOf } from '../exchanges/exchange-type.js';
import { MessageRouting, type RouteTable } from '../exchanges/message-routing.js';
import { predeclaredExchanges } from '../exchanges/predeclared.js';
import { ExchangeNode, QueueNode, type RouteBinding, type RouteNode } from '../exchanges/route-node.js';
import { routerOf } from '../exchanges/router.js';
import { Declarations } from './declarations.js';
import type { Queue } from './queue.js';
import { parseQueueArguments } from './queue-arguments.js';
import type {
  BindingRecord,
  ExchangeRecord,
  QueueRecord,
  TopologyRecord,
  UnusedRecord,
} from './topology-record.js';

/** A binding that was made. It routes while both its ends are in force. */
export class BoundBinding implements RouteBinding {
  source: ExchangeNode | undefined;
  /** Only of one that is active. */
  destination!: RouteNode;

  constructor(
    readonly key: string,
    readonly record: BindingRecord,
  ) {}

  get routingKey(): string {
    return this.record.routingKey;
  }

  get arguments(): FieldTable {
    return this.record.arguments;
  }

  get isActive(): boolean {
    return this.source !== undefined;
  }
}

/** Told of each queue that comes into force, or does not hold any more. */
export type QueueListener = (queue: Queue, isThere: boolean) => void;

/**
 * What is declared in one vhost: what the records of the log say, applied in its order. The same records in the same order
 * give the same state on all gateways, and so do those that compaction leaves.
 */
export class VhostState implements RouteTable {
  readonly #exchanges = new Declarations<Exchange>();
  readonly #queues = new Declarations<Queue>();
  /** In force, by uid. */
  readonly #nodes = new Map<string, RouteNode>();
  readonly #bindings = new Map<string, BoundBinding>();
  /** By the uid of either end. */
  readonly #bindingsOf = new Map<string, Set<BoundBinding>>();
  /** Deletions of exchanges that nothing was bound to, by key: all done here, and not yet in the log. */
  readonly #unused = new Map<string, UnusedRecord>();
  readonly #listeners = new Set<QueueListener>();
  readonly #routing = new MessageRouting(this);

  constructor(private readonly log: Log) {
    for (const exchange of predeclaredExchanges) this.#addExchange(exchange);
  }

  /** @throws Amqp091Error for one that no gateway would have written */
  add(key: string, uid: string, record: TopologyRecord): void {
    if (record.kind === 'exchange') this.#addExchange(exchangeOf(uid, record));
    else if (record.kind === 'queue') this.#addQueue(queueOf(uid, record));
    else if (record.kind === 'binding') this.#addBinding(new BoundBinding(key, record));
    else {
      this.#unused.set(key, record);
      const exchange = this.#exchanges.inForce(record.name);
      if (exchange?.uid === record.uid && !this.isSource(exchange)) this.#removeExchange(exchange);
    }
  }

  remove(key: string, uid: string, record: TopologyRecord): void {
    const { kind } = record;
    if (kind === 'binding') {
      const binding = this.#bindings.get(key);
      if (binding !== undefined) this.#removeBinding(binding);
    } else if (kind === 'unused') {
      this.#unused.delete(key);
    } else if (kind === 'exchange') {
      this.#removeExchange({ name: record.name, uid });
    } else {
      if (!this.#queues.remove({ name: record.name, uid })) return;
      this.#leave(uid);
      const next = this.#queues.inForce(record.name);
      if (next !== undefined) this.#enter(next.uid, new QueueNode(next));
    }
  }

  exchangeNode(name: string): ExchangeNode | undefined {
    const exchange = this.#exchanges.inForce(name);
    return exchange && (this.#nodes.get(exchange.uid) as ExchangeNode);
  }

  queueNode(name: string): QueueNode | undefined {
    const queue = this.#queues.inForce(name);
    return queue && (this.#nodes.get(queue.uid) as QueueNode);
  }

  get exchanges(): Declarations<Exchange> {
    return this.#exchanges;
  }

  get queues(): Declarations<Queue> {
    return this.#queues;
  }

  get unused(): ReadonlyMap<string, UnusedRecord> {
    return this.#unused;
  }

  isInForce(uid: string): boolean {
    return this.#nodes.has(uid);
  }

  exchangeOf(uid: string): Exchange | undefined {
    const node = this.#nodes.get(uid);
    return node?.kind === 'exchange' ? node.exchange : undefined;
  }

  binding(key: string): BoundBinding | undefined {
    return this.#bindings.get(key);
  }

  bindings(): Iterable<BoundBinding> {
    return this.#bindings.values();
  }

  /** Active or not, with this at either end. */
  bindingsOf(uid: string): Iterable<BoundBinding> {
    return this.#bindingsOf.get(uid) ?? [];
  }

  /** Whether anything is bound to the exchange now. */
  isSource(exchange: Exchange): boolean {
    const node = this.#nodes.get(exchange.uid);
    return node?.kind === 'exchange' && node.router.size > 0;
  }

  route(
    exchange: Exchange,
    routingKeys: string | readonly string[],
    headers: () => FieldTable,
    visit: (queue: Queue, isDelayed: boolean) => void,
  ): number {
    const node = this.#nodes.get(exchange.uid);
    if (node?.kind !== 'exchange') return 0;
    const routing = this.#routing.isBusy ? new MessageRouting(this, new Set()) : this.#routing;
    return routing.route(node, routingKeys, headers, visit);
  }

  onQueue(listener: QueueListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #addExchange(exchange: Exchange): void {
    if (!this.#exchanges.add(exchange)) return;
    this.#enter(exchange.uid, new ExchangeNode(exchange, routerOf(exchange.routingType)));
  }

  #removeExchange({ name, uid }: Pick<Exchange, 'name' | 'uid'>): void {
    if (!this.#exchanges.remove({ name, uid })) return;
    this.#leave(uid);
    const next = this.#exchanges.inForce(name);
    if (next !== undefined) this.#enter(next.uid, new ExchangeNode(next, routerOf(next.routingType)));
  }

  #addQueue(queue: Queue): void {
    if (this.#queues.add(queue)) this.#enter(queue.uid, new QueueNode(queue));
  }

  #enter(uid: string, node: RouteNode): void {
    this.#nodes.set(uid, node);
    for (const binding of this.bindingsOf(uid)) this.#activate(binding);
    if (node.kind === 'queue') this.#tell(node.queue, true);
  }

  #leave(uid: string): void {
    const node = this.#nodes.get(uid);
    for (const binding of this.bindingsOf(uid)) deactivate(binding);
    this.#nodes.delete(uid);
    if (node?.kind === 'queue') this.#tell(node.queue, false);
  }

  #tell(queue: Queue, isThere: boolean): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(queue, isThere);
      } catch (error) {
        const fields = { event: 'topology.listener-threw', queue: queue.name, error };
        this.log.error(fields, 'who follows the queues of a vhost failed');
      }
    }
  }

  #addBinding(binding: BoundBinding): void {
    if (this.#bindings.has(binding.key)) return;
    this.#bindings.set(binding.key, binding);
    const { sourceUid, destinationUid } = binding.record;
    for (const uid of [sourceUid, destinationUid]) {
      const same = this.#bindingsOf.get(uid);
      if (same === undefined) this.#bindingsOf.set(uid, new Set([binding]));
      else same.add(binding);
    }
    this.#activate(binding);
  }

  #removeBinding(binding: BoundBinding): void {
    deactivate(binding);
    this.#bindings.delete(binding.key);
    const { sourceUid, destinationUid } = binding.record;
    for (const uid of [sourceUid, destinationUid]) {
      const same = this.#bindingsOf.get(uid);
      same?.delete(binding);
      if (same?.size === 0) this.#bindingsOf.delete(uid);
    }
  }

  #activate(binding: BoundBinding): void {
    const source = this.#nodes.get(binding.record.sourceUid);
    const destination = this.#nodes.get(binding.record.destinationUid);
    if (source?.kind !== 'exchange' || destination === undefined || binding.isActive) return;
    binding.source = source;
    binding.destination = destination;
    source.router.add(binding);
  }
}

function deactivate(binding: BoundBinding): void {
  binding.source?.router.remove(binding);
  binding.source = undefined;
}

export function exchangeOf(uid: string, record: ExchangeRecord): Exchange {
  const { name, durable, autoDelete, internal, arguments: table } = record;
  const type = parseExchangeType(record.type);
  return {
    name,
    uid,
    type,
    routingType: routingTypeOf(type, table),
    isDelayed: type !== routingTypeOf(type, table),
    durable,
    autoDelete,
    internal,
    arguments: table,
    alternateExchange: fieldText(fieldOf(table, 'alternate-exchange')),
  };
}

export function queueOf(uid: string, record: QueueRecord): Queue {
  const { name, durable, exclusive, autoDelete, arguments: table, owner } = record;
  return {
    name,
    uid,
    durable,
    exclusive,
    autoDelete,
    arguments: table,
    settings: parseQueueArguments(table, 'queue'),
    owner,
  };
}
