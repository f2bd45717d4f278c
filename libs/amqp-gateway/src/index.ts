export { type AmqpOptions, amqpOptionsSchema } from './amqp.options.js';
export type { AmqpProcess } from './amqp.services.js';
