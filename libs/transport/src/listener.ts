import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ConnectionLog, type Log, type Metrics, type ProtocolCounters } from '#libs/telemetry';
import { Connections } from './connections.js';
import { networkOf, plainAddress } from './network.js';
import type { ListenerInfo, ListenerOptions, PeerCertificate, PeerInfo, Protocol } from './protocol.js';
import { RefusalLog } from './refusal.log.js';
import { peerCertificate, TlsTermination } from './tls/tls-termination.js';
import { idleChecksMax, Transport } from './transport.js';

export interface ListenerHooks {
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Connections that the kernel holds for us while the event loop is busy. */
const acceptBacklog = 1_024;
const keepAliveDelayMs = 60_000;
/** Bound to all addresses: nothing that a client could connect to. */
const wildcards = new Set(['0.0.0.0', '::']);

// Random, so that the ids of two gateways or of two runs are not mistaken for each other in one log.
const idPrefix = randomBytes(3).toString('hex');
let accepted = 0;

/** An accepted socket on its way to its protocol. */
interface Arrival {
  readonly id: string;
  readonly socket: Socket;
  readonly network: string;
  readonly log: ConnectionLog;
  readonly deadlineMs: number;
}

/**
 * One port. Accepts within limits, terminates TLS, and joins each socket to a connection of its protocol.
 *
 *     listen() --> serving --drain() or close()--> stopped
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #protocol: Protocol;
  readonly #log: Log;
  readonly #counters: ProtocolCounters;
  readonly #connections: Connections<Transport>;
  readonly #handshaking = new Set<Socket>();
  readonly #refusals: RefusalLog;
  readonly #server: Server;
  #tls: TlsTermination | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #info: ListenerInfo | undefined;
  #stopping = false;

  constructor(options: ListenerOptions, protocol: Protocol, { log, metrics }: ListenerHooks) {
    this.#options = options;
    this.#protocol = protocol;
    this.#log = log;
    this.#counters = metrics.protocol(protocol.name);
    this.#connections = new Connections(options.connectionsMax, options.connectionsPerAddressMax);
    this.#refusals = new RefusalLog(log, { protocol: protocol.name, listener: options.name });
    this.#server = createServer(
      // Half-open: what a client sent before its end is still answered. In a handshake there is nothing to answer.
      {
        allowHalfOpen: options.tls === undefined,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveDelayMs,
      },
      (socket) => this.#accept(socket),
    );
  }

  /** @throws TlsFilesError, or an Error that names the address when the port cannot be bound */
  async listen(): Promise<ListenerInfo> {
    const { name, host, port, tls, advertisedHost, advertisedPort, idleTimeoutMs } = this.#options;
    if (tls !== undefined) this.#tls = await TlsTermination.load(tls, name, this.#log);
    const bound = await this.#bind(host, port);
    this.#info = {
      name,
      protocol: this.#protocol.name,
      host: bound.address,
      port: bound.port,
      advertisedHost: advertisedHost ?? (wildcards.has(bound.address) ? hostname() : bound.address),
      advertisedPort: advertisedPort ?? bound.port,
      tls: tls !== undefined,
    };
    this.#sweep = setInterval(() => this.#checkIdle(), idleTimeoutMs / idleChecksMax).unref();
    return this.#info;
  }

  /** Where it listens; undefined before `listen` has resolved. */
  get info(): ListenerInfo | undefined {
    return this.#info;
  }

  /** The live connections. */
  get connections(): Iterable<Transport> & { readonly size: number } {
    return this.#connections;
  }

  /** Looks at the TLS files now. True when new ones are in use. */
  async reloadTls(): Promise<boolean> {
    return (await this.#tls?.reload()) ?? false;
  }

  /** Stops accepting, lets each connection answer what it has for up to `drainTimeoutMs`, then ends all. */
  async drain(): Promise<void> {
    const closed = this.#stopAccepting();
    for (const socket of this.#handshaking) socket.destroy();
    const drained = Promise.all([...this.#connections].map((connection) => connection.drain('draining')));
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, this.#options.drainTimeoutMs);
    await Promise.race([drained, timeout.promise]);
    clearTimeout(timer);
    this.#destroyAll();
    await closed;
  }

  /** Stops at once. */
  async close(): Promise<void> {
    const closed = this.#stopAccepting();
    this.#destroyAll();
    await closed;
  }

  #bind(host: string, port: number): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException) => {
        this.#tls?.close();
        const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message;
        reject(
          new Error(`listener ${this.#options.name} cannot bind ${host}:${port}: ${why}`, { cause: error }),
        );
      };
      this.#server.once('error', onError);
      this.#server.listen({ host, port, backlog: acceptBacklog }, () => {
        this.#server.off('error', onError);
        this.#server.on('error', (error) => {
          this.#log.error(
            { event: 'listener.failed', listener: this.#options.name, error },
            'accepting failed',
          );
        });
        resolve(this.#server.address() as AddressInfo);
      });
    });
  }

  #accept(socket: Socket): void {
    // Whatever happens on it, an error without a listener would end the process.
    socket.on('error', ignoreError);
    const remoteAddress = plainAddress(socket.remoteAddress ?? '');
    const network = networkOf(remoteAddress);
    if (this.#stopping || remoteAddress === '') {
      if (this.#stopping) this.#counters.connectionsRefusedDraining++;
      socket.destroy();
      return;
    }
    const refusal = this.#connections.admit(network);
    if (refusal !== undefined) {
      if (refusal === 'listener') this.#counters.connectionsRefusedTotal++;
      else this.#counters.connectionsRefusedAddress++;
      this.#refusals.refused(refusal, remoteAddress);
      socket.destroy();
      return;
    }
    socket.once('close', () => this.#connections.giveBack(network));
    const id = `${idPrefix}-${(++accepted).toString(36)}`;
    const identity = {
      protocol: this.#protocol.name,
      listener: this.#options.name,
      connectionId: id,
      remoteAddress,
      remotePort: socket.remotePort ?? 0,
    };
    const log = new ConnectionLog(this.#log, identity);
    const deadlineMs = performance.now() + this.#options.authenticationTimeoutMs;
    const arrival = { id, socket, network, log, deadlineMs };
    const peer = { remoteAddress, remotePort: identity.remotePort, network, tls: false };
    if (this.#tls === undefined) this.#open(socket, arrival, peer);
    else this.#secure(this.#tls, arrival, peer);
  }

  #secure(tls: TlsTermination, arrival: Arrival, peer: PeerInfo): void {
    const { socket, log } = arrival;
    this.#handshaking.add(socket);
    const timer = setTimeout(() => {
      this.#counters.authTimeouts++;
      log.fault('authentication-timeout', 'the client did not complete the TLS handshake in time');
      socket.destroy();
    }, this.#options.authenticationTimeoutMs);
    const settled = () => {
      clearTimeout(timer);
      this.#handshaking.delete(socket);
    };
    socket.once('close', settled);
    tls.secure(socket, {
      onSecure: (secure: TLSSocket) => {
        settled();
        secure.on('error', ignoreError);
        secure.allowHalfOpen = true;
        const serverName = typeof secure.servername === 'string' ? secure.servername : undefined;
        let certificate: PeerCertificate | undefined;
        try {
          certificate = peerCertificate(secure);
        } catch (error) {
          this.#counters.tlsFailures++;
          log.fault('tls-failure', `the client's certificate is refused: ${(error as Error).message}`);
          secure.destroy();
          return;
        }
        this.#open(secure, arrival, { ...peer, tls: true, serverName, certificate });
      },
      onFailure: (why) => {
        settled();
        this.#counters.tlsFailures++;
        log.fault('tls-failure', tlsFault(why), { code: why });
        socket.destroy();
      },
    });
  }

  #open(socket: Socket, arrival: Arrival, peer: PeerInfo): void {
    const transport = new Transport(socket, this.#protocol, {
      id: arrival.id,
      peer,
      listener: this.#info!,
      log: arrival.log,
      counters: this.#counters,
      authenticationTimeoutMs: Math.max(1, arrival.deadlineMs - performance.now()),
      sendBufferBytesMax: this.#options.sendBufferBytesMax,
      onClosed: (closed) => this.#connections.delete(closed),
    });
    this.#connections.add(transport);
  }

  #checkIdle(): void {
    for (const connection of this.#connections) connection.checkIdle();
  }

  #stopAccepting(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#sweep);
    this.#tls?.close();
    this.#refusals.close();
    if (!this.#server.listening) return Promise.resolve();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #destroyAll(): void {
    for (const socket of this.#handshaking) socket.destroy();
    for (const connection of this.#connections) connection.destroy('draining');
  }
}

function ignoreError(): void {}

function tlsFault(code: string): string {
  switch (code) {
    case 'ERR_SSL_HTTP_REQUEST':
      return 'HTTP on a TLS port';
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'no TLS on a TLS port';
    case 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE':
      return 'the client sent no certificate, and the listener requires one';
    default:
      return `the TLS handshake failed: ${code}`;
  }
}
