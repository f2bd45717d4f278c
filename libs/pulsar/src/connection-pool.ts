import { setTimeout as delay } from 'node:timers/promises';
import { type AuthProvider, createAuthProvider } from './auth/auth-provider.js';
import { type BrokerConnection, openConnection } from './broker-connection.js';
import type { PulsarIdentity, ResolvedClientOptions, TlsOptions } from './client.options.js';
import type { BrokerAddress, ConnectionUse } from './connection.js';
import { asPulsarError, isPulsarError, PulsarError } from './pulsar.errors.js';
import { ServiceHosts } from './service-hosts.js';
import { hostPort, parseServiceUrl, type ServiceHost, type ServiceUrl } from './service-url.js';

export interface PoolKey {
  readonly tenantKey: string;
  readonly use: ConnectionUse | 'lookup';
}

/** An identity, ready to connect with. */
interface Face {
  readonly auth: AuthProvider;
  readonly tls: TlsOptions;
  readonly originalPrincipal: string | undefined;
  /** The brokers said no to it, and are not asked again before this time. */
  refused?: { readonly error: PulsarError; readonly untilMs: number } | undefined;
}

interface Slot {
  readonly poolKey: PoolKey;
  readonly opening: Promise<BrokerConnection>;
  connection?: BrokerConnection;
  usedAtMs: number;
}

/** Clients that try again and again are no reason to knock at brokers that often. */
const refusedMs = 1_000;

/** How often unused connections are looked for, within one `connectionIdleMs`. */
const sweepsPerIdleTime = 4;

/** Stands for "any host of the service URL": what lookups are sent to. */
export const serviceAddress: BrokerAddress = { key: 'service', host: '', port: 0, throughServiceUrl: false };

/**
 * Connections by broker, tenant and use, so that one tenant's throttling and one lease's fencing touch nobody else
 * (see `ConnectionUse`). One connect at a time per key; unused ones are closed.
 */
export class ConnectionPool {
  readonly #slots = new Map<string, Slot>();
  readonly #options: ResolvedClientOptions;
  readonly #own: Face;
  /** By `tenantKey`; who is not here is the client itself. */
  readonly #faces: ReadonlyMap<string, Face>;
  readonly #service: ServiceUrl;
  readonly #serviceHosts: ServiceHosts;
  readonly #sweeper: NodeJS.Timeout;
  readonly #onServiceState: (connected: boolean) => void;
  #closed = false;

  /** `onServiceState` hears of each connect to, and loss of, the lookup connection. Throws 'InvalidConfiguration'. */
  constructor(
    options: ResolvedClientOptions,
    auth: AuthProvider,
    onServiceState: (connected: boolean) => void,
  ) {
    this.#options = options;
    const { tls, originalPrincipal, identities } = options;
    this.#own = { auth, tls, originalPrincipal };
    this.#faces = new Map([...(identities ?? [])].map(([key, each]) => [key, faceOf(each, tls)]));
    this.#onServiceState = onServiceState;
    this.#service = parseServiceUrl(options.serviceUrl);
    this.#serviceHosts = new ServiceHosts(this.#service.hosts);
    this.#sweeper = setInterval(() => this.#sweep(), options.connectionIdleMs / sweepsPerIdleTime);
    this.#sweeper.unref();
  }

  get size(): number {
    return this.#slots.size;
  }

  get tls(): boolean {
    return this.#service.tls;
  }

  /** The connection for lookups, to any host of the service URL. */
  lookupConnection(): Promise<BrokerConnection> {
    return this.connection(serviceAddress, { tenantKey: '', use: 'lookup' });
  }

  /** An open connection, made when there is none. Rejects with a PulsarError, 'TooManyPending' when the pool is full. */
  connection(broker: BrokerAddress, { tenantKey, use }: PoolKey): Promise<BrokerConnection> {
    if (this.#closed) return Promise.reject(new PulsarError('Closed', 'the client is closed'));
    const key = JSON.stringify([broker.key, use, tenantKey]);
    const present = this.#slots.get(key);
    if (present) {
      present.usedAtMs = performance.now();
      return present.opening;
    }
    if (this.#slots.size >= this.#options.connectionsMax) {
      const evicted = this.#evictIdle();
      if (!evicted) {
        return Promise.reject(
          new PulsarError('TooManyPending', `${this.#options.connectionsMax} connections open`),
        );
      }
    }
    return this.#open(key, broker, { tenantKey, use });
  }

  /** Closes all connections of a tenant for one use: who goes on opens another one, and is judged by the broker again. */
  renew({ tenantKey, use }: PoolKey, reason: string): void {
    for (const { poolKey, connection } of [...this.#slots.values()]) {
      if (poolKey.tenantKey === tenantKey && poolKey.use === use) connection?.close(reason);
    }
  }

  /** Whether the brokers take these credentials: one CONNECT to a host of the service URL, and the end. */
  async trial(identity: PulsarIdentity): Promise<void> {
    if (this.#closed) throw new PulsarError('Closed', 'the client is closed');
    const connection = await this.#connect(serviceAddress, faceOf(identity, this.#options.tls));
    connection.close('the credentials were taken');
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#sweeper);
    for (const slot of this.#slots.values()) slot.connection?.close('the client is closed');
    this.#slots.clear();
  }

  #open(key: string, broker: BrokerAddress, poolKey: PoolKey): Promise<BrokerConnection> {
    const face = this.#faces.get(poolKey.tenantKey) ?? this.#own;
    if (face.refused && performance.now() < face.refused.untilMs) return Promise.reject(face.refused.error);
    const opening = this.#connect(broker, face);
    opening.then(
      () => this.#taken(face, poolKey),
      (error: unknown) => this.#notTaken(face, poolKey, error),
    );
    const slot: Slot = { poolKey, opening, usedAtMs: performance.now() };
    this.#slots.set(key, slot);
    const forget = () => {
      if (this.#slots.get(key) === slot) this.#slots.delete(key);
      if (broker === serviceAddress && !this.#closed) this.#onServiceState(false);
    };
    opening.then((connection) => {
      if (this.#closed) {
        connection.close('the client is closed');
        return;
      }
      slot.connection = connection;
      if (connection.closed) {
        forget();
        return;
      }
      connection.onClose(forget);
      if (broker === serviceAddress) this.#onServiceState(true);
    }, forget);
    return opening;
  }

  #taken(face: Face, { tenantKey }: PoolKey): void {
    if (face.refused === undefined) return;
    face.refused = undefined;
    this.#options.log.info({ event: 'pulsar-identity', tenantKey }, 'the brokers take this identity again');
  }

  #notTaken(face: Face, { tenantKey }: PoolKey, error: unknown): void {
    if (!isPulsarError(error, 'AuthenticationError') && !isPulsarError(error, 'AuthorizationError')) return;
    if (face.refused === undefined) {
      const fields = { event: 'pulsar-identity', tenantKey, reason: error.message };
      this.#options.log.error(fields, 'the brokers do not take this identity: run pulsegate doctor');
    }
    face.refused = { error, untilMs: performance.now() + refusedMs };
  }

  async #connect(broker: BrokerAddress, face: Face): Promise<BrokerConnection> {
    if (broker !== serviceAddress && !broker.throughServiceUrl) return this.#dial(broker, broker, face);
    const { waitMs, hosts } = this.#serviceHosts.order();
    if (waitMs > 0) await delay(waitMs);
    const faults: PulsarError[] = [];
    for (const host of hosts) {
      try {
        const connection = await this.#dial(broker, host, face);
        this.#serviceHosts.succeeded(host);
        return connection;
      } catch (error) {
        const fault = asPulsarError(error, 'ConnectFailed');
        faults.push(fault);
        // The broker answered, and said no: the host is well, and another one will say the same.
        if (!fault.retriable) throw fault;
        this.#serviceHosts.failed(host);
      }
    }
    if (faults.length === 1) throw faults[0];
    throw new PulsarError('ConnectFailed', faults.map((fault) => fault.message).join('; '), {
      cause: faults[0],
    });
  }

  #dial(broker: BrokerAddress, host: ServiceHost, face: Face): Promise<BrokerConnection> {
    return openConnection({
      broker,
      target: { host: host.host, port: host.port, tls: this.#service.tls ? face.tls : undefined },
      proxyToBrokerUrl: broker.throughServiceUrl ? hostPort(broker.host, broker.port) : undefined,
      auth: face.auth,
      originalPrincipal: face.originalPrincipal,
      client: this.#options,
    });
  }

  #sweep(): void {
    const since = performance.now() - this.#options.connectionIdleMs;
    for (const slot of this.#slots.values()) {
      if (!slot.connection) continue;
      if (!slot.connection.idle) slot.usedAtMs = performance.now();
      else if (slot.usedAtMs < since) slot.connection.close('idle');
    }
  }

  /** Closes the unused connection that was idle for longest, of those handed out long enough ago to be in use by now. */
  #evictIdle(): boolean {
    let oldest: Slot | undefined;
    const handedOutBefore = performance.now() - this.#options.operationTimeoutMs;
    for (const slot of this.#slots.values()) {
      if (!slot.connection?.idle || slot.usedAtMs > handedOutBefore) continue;
      if (!oldest || slot.usedAtMs < oldest.usedAtMs) oldest = slot;
    }
    oldest?.connection?.close('making room for another connection');
    return oldest !== undefined;
  }
}

function faceOf({ auth, tls, originalPrincipal }: PulsarIdentity, trust: TlsOptions): Face {
  return { auth: createAuthProvider(auth), tls: { ...trust, ...tls }, originalPrincipal };
}
