import type { PulsarClientOptions } from './client.options.js';
import type { ConnectOptions, Connection, Connector, PulsarLog } from './connection.js';
import { PulsarError } from './pulsar.errors.js';

/** Skeleton: the shape that the rest compiles against. */
export class PulsarClient implements Connector {
  constructor(readonly options: PulsarClientOptions) {}
  get operationTimeoutMs(): number {
    return this.options.operationTimeoutMs ?? 30_000;
  }
  get log(): PulsarLog {
    throw new PulsarError('Closed', '');
  }
  async connect(_topic: string, _options: ConnectOptions): Promise<Connection> {
    throw new PulsarError('Closed', '');
  }
  /** 0 = non-partitioned; rejects with 'TopicNotFound'; never creates. */
  async partitions(_topic: string): Promise<number> {
    throw new PulsarError('Closed', '');
  }
  nextProducerId(): number {
    return 0;
  }
  nextConsumerId(): number {
    return 0;
  }
  async ping(): Promise<void> {}
  async close(): Promise<void> {}
}
