export { AmqpError, asAmqpError } from './amqp.errors.js';
export { type AmqpOptions, amqpOptionsSchema } from './amqp.options.js';
export { AmqpProtocol } from './amqp.protocol.js';
export type { AmqpProcess } from './amqp.services.js';
export { AmqpGatewayModule } from './amqp-gateway.module.js';
