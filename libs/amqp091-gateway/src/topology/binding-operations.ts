import type { Exchange } from '../exchanges/exchange.js';
import { defaultExchangeName } from '../exchanges/exchange.js';
import { checkHeadersArguments } from '../exchanges/headers-router.js';
import type { ExchangeOperations } from './exchange-operations.js';
import type { Queue } from './queue.js';
import type { QueueOperations } from './queue-operations.js';
import { defaultExchangeRefusal, notFound, preconditionFailed, resourceText } from './refusals.js';
import type { Removals } from './removals.js';
import { type BindingRecord, bindingKey, tableOf } from './topology-record.js';
import type { VhostServices } from './vhost-services.js';
import type { BindingRequest, TopologyClient } from './vhost-topology.js';

/** queue.bind, exchange.bind and their opposites, in RabbitMQ's order of checks. */
export class BindingOperations {
  constructor(
    private readonly services: VhostServices,
    private readonly exchanges: ExchangeOperations,
    private readonly queues: QueueOperations,
    private readonly removals: Removals,
  ) {}

  async bind(request: BindingRequest, client: TopologyClient): Promise<void> {
    const { state, records } = this.services;
    checkMayBind(request, client);
    const source = await this.exchanges.check(request.source);
    if (source.routingType === 'topic') client.access.readTopic(source.name, request.routingKey);
    const destination = await this.#destination(request, client);
    const record = this.#recordOf(request, source, destination);
    if (source.routingType === 'headers') checkHeadersArguments(record.arguments);
    const key = bindingKey(record);
    if (state.binding(key) !== undefined) await records.caughtUp();
    if (state.binding(key)?.isActive === true) return;
    this.#checkRoom(request, source);
    await records.put(key, record);
    const bound = state.binding(key);
    if (bound === undefined || bound.isActive) {
      this.#changed('binding.create', request, destination, client);
      return;
    }
    // One of its ends was deleted meanwhile: it will never hold.
    await this.removals.forget([bound]);
    throw state.isInForce(source.uid)
      ? notFound(request.destinationKind, request.destination, this.services.scope.vhost)
      : notFound('exchange', request.source, this.services.scope.vhost);
  }

  async unbind(request: BindingRequest, client: TopologyClient): Promise<void> {
    const { state, records } = this.services;
    checkMayBind(request, client);
    await records.caughtUp();
    const source = state.exchanges.inForce(request.source);
    const ofKind = request.destinationKind === 'queue' ? state.queues : state.exchanges;
    const destination = ofKind.inForce(request.destination);
    if (source !== undefined && source.routingType === 'topic') {
      client.access.readTopic(source.name, request.routingKey);
    }
    if (source === undefined || destination === undefined) return;
    if (request.destinationKind === 'queue') this.queues.checkHeldBy(destination as Queue, client);
    const key = bindingKey(this.#recordOf(request, source, destination));
    if (state.binding(key) === undefined) return;
    await records.put(key, null);
    await this.removals.autoDelete([source]);
    this.#changed('binding.delete', request, destination, client);
  }

  /** A queue that is a connection's own, and what is bound to it, is nobody else's concern. */
  #changed(
    action: 'binding.create' | 'binding.delete',
    { source, destinationKind, routingKey }: BindingRequest,
    destination: Exchange | Queue,
    client: TopologyClient,
  ): void {
    if ('exclusive' in destination && destination.exclusive) return;
    client.changed?.(action, `${source} to ${destinationKind} ${destination.name} by ${routingKey}`);
  }

  async #destination(
    { destinationKind, destination }: BindingRequest,
    client: TopologyClient,
  ): Promise<Exchange | Queue> {
    if (destinationKind === 'exchange') return this.exchanges.check(destination);
    return this.queues.toBind(destination, client);
  }

  #recordOf(request: BindingRequest, source: Exchange, destination: Exchange | Queue): BindingRecord {
    const { destinationKind, routingKey } = request;
    return {
      kind: 'binding',
      vhost: this.services.scope.vhost,
      source: source.name,
      sourceUid: source.uid,
      destinationKind,
      destination: destination.name,
      destinationUid: destination.uid,
      routingKey,
      arguments: tableOf(request.arguments),
    };
  }

  #checkRoom({ destinationKind, destination, routingKey }: BindingRequest, source: Exchange): void {
    const { counts, limits, records, scope, state } = this.services;
    const what = resourceText(destinationKind, destination, scope.vhost);
    if (counts.binding + records.making.binding >= limits.bindingsMax) {
      throw preconditionFailed(`cannot bind ${what}: binding limit (${limits.bindingsMax}) is reached`);
    }
    if (state.exchangeNode(source.name)?.router.hasRoom(routingKey) === false) {
      const from = resourceText('exchange', source.name, scope.vhost);
      throw preconditionFailed(`cannot bind ${what}: the patterns of ${from} have too many words`);
    }
  }
}

function checkMayBind(request: BindingRequest, { access }: TopologyClient): void {
  const { source, destinationKind, destination } = request;
  if (source === defaultExchangeName) throw defaultExchangeRefusal();
  if (destinationKind === 'exchange' && destination === defaultExchangeName) throw defaultExchangeRefusal();
  access.write(destinationKind, destination);
  access.read('exchange', source);
}
