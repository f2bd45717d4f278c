export type { Exchange, ExchangeType, RoutingType } from './exchanges/exchange.js';
export type { Queue, QueueOwner, QueueSettings } from './topology/queue.js';
export type { QueueStore } from './topology/queue-store.js';
export type { Amqp091Scope } from './topology/scope.js';
export type { Topologies } from './topology/topologies.js';
export type { VhostTopology } from './topology/vhost-topology.js';
