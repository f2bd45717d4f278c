export { rabbitPermissionFaults } from './permissions/rabbit-permission-faults.js';
export { VhostAccess } from './permissions/vhost-access.js';
export {
  AgreedTopologies,
  pulsarTopologyState,
} from './topology/agreed-topologies.js';
export type { QueueStore } from './topology/queue-store.js';
export type { Amqp091Scope } from './topology/scope.js';
export type { Topologies } from './topology/topologies.js';
export { type Amqp091Options, amqp091OptionsSchema } from './amqp091.options.js';
export type { Amqp091Process } from './amqp091.services.js';
export { Amqp091GatewayModule } from './amqp091-gateway.module.js';
export { Amqp091Protocol } from './amqp091.protocol.js';
