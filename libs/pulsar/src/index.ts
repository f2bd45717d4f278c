export { PulsarClient } from './client.js';
export type { AuthOptions, PulsarClientOptions, TlsOptions } from './client.options.js';
export type {
  BrokerAddress,
  Connection,
  ConnectionUse,
  Connector,
  ConnectOptions,
  ConsumerHandler,
  ProducerHandler,
  PulsarLog,
} from './connection.js';
export {
  asPulsarError,
  type ClientErrorName,
  isPulsarError,
  PulsarError,
  type PulsarErrorCode,
  type ServerErrorName,
} from './pulsar.errors.js';
export * from './entry.js';
export type { OutgoingMessage, PulsarMessage } from './message.js';
