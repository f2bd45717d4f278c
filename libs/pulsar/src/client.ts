import { AdminHttp, PulsarAdmin } from './admin/index.js';
import { createAuthProvider } from './auth/auth-provider.js';
import {
  type PulsarClientOptions,
  type PulsarIdentity,
  type ResolvedClientOptions,
  withDefaults,
} from './client.options.js';
import type { BrokerAddress, Connection, Connector, ConnectOptions, PulsarLog } from './connection.js';
import { ConnectionPool } from './connection-pool.js';
import { createConsumer, type TopicConsumer } from './consumer/consumer.js';
import type { ConsumerOptions } from './consumer/consumer.options.js';
import { createLease, type LeaseOptions, type TopicLease } from './lease.js';
import { TopicLookup } from './lookup.js';
import { createProducer, type Producer } from './producer/producer.js';
import type { ProducerOptions } from './producer/producer.options.js';
import { PulsarError } from './pulsar.errors.js';
import { TopicListWatch, type TopicListWatchOptions } from './topic-list-watch.js';
import { createReader, type ReaderOptions, type TopicReader } from './topic-reader.js';
import { PulsarTransactions } from './transactions/transactions.js';

/** Whether the service URL answers: 'idle' before anybody asked, 'disconnected' until the next success. */
export type PulsarClientState = 'idle' | 'connected' | 'disconnected' | 'closed';

/** `GetTopicsOfNamespace.Mode`. */
const persistentTopics = 0;

/** The process's door to one Pulsar cluster. Connects when first used. */
export class PulsarClient implements Connector {
  /** As this client itself, whichever tenant they are for: a coordinator ends only what the same role began. */
  readonly transactions: PulsarTransactions;
  readonly #options: ResolvedClientOptions;
  readonly #pool: ConnectionPool;
  readonly #lookup: TopicLookup;
  readonly #admin: PulsarAdmin | undefined;
  readonly #stateListeners = new Set<(state: PulsarClientState) => void>();
  readonly #watches = new Set<TopicListWatch>();
  #state: PulsarClientState = 'idle';
  #throughServiceUrl = false;
  #lastProducerId = 0;
  #lastConsumerId = 0;
  #lastWatcherId = 0;

  /** Throws 'InvalidConfiguration'. */
  constructor(options: PulsarClientOptions) {
    this.#options = withDefaults(options);
    const { adminUrl, tls, operationTimeoutMs: timeoutMs, originalPrincipal } = this.#options;
    const auth = createAuthProvider(this.#options.auth);
    this.#pool = new ConnectionPool(this.#options, auth, (connected) => {
      this.#become(connected ? 'connected' : 'disconnected');
    });
    this.#lookup = new TopicLookup(this.#options, this.#pool);
    this.transactions = new PulsarTransactions({
      operationTimeoutMs: this.operationTimeoutMs,
      partitions: (topic) => this.partitions(topic),
      connect: async (topic) =>
        this.#pool.connection(await this.#lookup.broker(topic), { tenantKey: '', use: 'lookup' }),
    });
    this.#admin =
      adminUrl === undefined
        ? undefined
        : new PulsarAdmin(new AdminHttp({ adminUrl, auth, tls, timeoutMs, originalPrincipal }));
  }

  get state(): PulsarClientState {
    return this.#state;
  }

  get operationTimeoutMs(): number {
    return this.#options.operationTimeoutMs;
  }

  get log(): PulsarLog {
    return this.#options.log;
  }

  /** Open connections, of all brokers, tenants and uses. */
  get connectionCount(): number {
    return this.#pool.size;
  }

  /** Throws 'InvalidConfiguration' when there is no admin URL. */
  get admin(): PulsarAdmin {
    if (!this.#admin) throw new PulsarError('InvalidConfiguration', 'no Pulsar admin URL is configured');
    return this.#admin;
  }

  onStateChange(listener: (state: PulsarClientState) => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  /** One round trip to a host of the service URL. Rejects with a PulsarError. */
  async ping(timeoutMs: number = this.operationTimeoutMs): Promise<void> {
    const connection = await this.#pool.lookupConnection();
    await connection.roundTrip(timeoutMs);
  }

  /**
   * Resolves when the brokers take these credentials, which are used for nothing else. Rejects with 'AuthenticationError'
   * or 'AuthorizationError' when they do not, and with other PulsarErrors when nobody could say.
   */
  tryIdentity(identity: PulsarIdentity): Promise<void> {
    return this.#pool.trial(identity);
  }

  /**
   * Closes a tenant's connections for reading, so that readers and consumers open others and are judged anew: a broker
   * does not end a reader that acts for a role when that role loses its grant, as it does with producers.
   */
  renewReading(tenantKey: string): void {
    this.#pool.renew({ tenantKey, use: 'dispatch' }, 'permissions have changed');
  }

  /** The broker that serves a topic (one partition or non-partitioned), now. */
  async lookup(topic: string): Promise<BrokerAddress> {
    const broker = await this.#lookup.broker(topic);
    this.#throughServiceUrl = broker.throughServiceUrl;
    return broker;
  }

  /** Number of partitions, 0 for a topic without. Never creates a topic; rejects with 'TopicNotFound'. */
  partitions(topic: string): Promise<number> {
    return this.#lookup.partitions(topic);
  }

  /** Persistent topics of `tenant/namespace`, partitions each for itself. */
  async topicsOfNamespace(namespace: string): Promise<string[]> {
    const connection = await this.#pool.lookupConnection();
    const answer = await connection.request({ getTopicsOfNamespace: { namespace, mode: persistentTopics } });
    return answer.getTopicsOfNamespaceResponse?.topics ?? [];
  }

  /** Follows the topics of a namespace until it is closed. Resolves when `onTopics` has the first list. */
  async watchTopics(options: TopicListWatchOptions): Promise<{ close(): void }> {
    const watch = new TopicListWatch(options, {
      log: this.log,
      connect: () => this.#pool.lookupConnection(),
      nextWatcherId: () => ++this.#lastWatcherId,
    });
    await watch.start();
    this.#watches.add(watch);
    return {
      close: () => {
        this.#watches.delete(watch);
        watch.close();
      },
    };
  }

  async connect(topic: string, { tenantKey, use, assigned }: ConnectOptions): Promise<Connection> {
    const named = this.#lookup.address(
      assigned?.assignedBrokerServiceUrl,
      assigned?.assignedBrokerServiceUrlTls,
      this.#throughServiceUrl,
    );
    return this.#pool.connection(named ?? (await this.lookup(topic)), { tenantKey, use });
  }

  nextProducerId(): number {
    return ++this.#lastProducerId;
  }

  nextConsumerId(): number {
    return ++this.#lastConsumerId;
  }

  createProducer(options: ProducerOptions): Promise<Producer> {
    return createProducer(this, options);
  }

  subscribe(options: ConsumerOptions): Promise<TopicConsumer> {
    return createConsumer(this, options);
  }

  createReader(options: ReaderOptions): Promise<TopicReader> {
    return createReader(this, options);
  }

  acquireLease(options: LeaseOptions): Promise<TopicLease> {
    return createLease(this, options);
  }

  /** Ends all connections. Producers and consumers are closed by their owners before. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    for (const watch of this.#watches) watch.close();
    this.#watches.clear();
    this.#pool.close();
    this.#admin?.close();
    this.#become('closed');
    this.#stateListeners.clear();
  }

  #become(state: PulsarClientState): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    this.log.info({ event: 'pulsar-state', state }, `Pulsar is ${state}`);
    for (const listener of [...this.#stateListeners]) listener(state);
  }
}
