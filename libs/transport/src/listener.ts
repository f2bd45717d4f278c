import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Duplex } from 'node:stream';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { ConnectionLog, type Log, type Metrics, type ProtocolCounters } from '#libs/telemetry';
import { Connections, type Refusal } from './connections.js';
import { bindError } from './free-port.js';
import { networkOf, plainAddress } from './network.js';
import {
  type ListenerInfo,
  type ListenerOptions,
  listenerDefaults,
  type PeerInfo,
  type Protocol,
} from './protocol.js';
import { AddressSet } from './proxy/address-set.js';
import { type ProxiedAddress, type ProxyHeaderFault, ProxyHeaderReader } from './proxy/proxy-header.js';
import { readAhead } from './read-ahead.js';
import { RefusalLog } from './refusal.log.js';
import type { CertificateExpiry } from './tls/served-certificates.js';
import { TlsTermination } from './tls/tls-termination.js';
import { idleChecksMax, Transport } from './transport.js';
import { UnauthenticatedBytes } from './unauthenticated-bytes.js';
import { WebSocketHandshakes } from './websocket/websocket-handshake.js';

export interface ListenerHooks {
  readonly log: Log;
  readonly metrics: Metrics;
  /** What all listeners together may accept. Default: no bounds but each listener's own. */
  readonly arrivals?: ArrivalLimits;
}

/** Limits of connections that nobody knows anything about but their address. */
export interface ArrivalLimits {
  /** @returns whose limit refuses one more; undefined: it is counted, until `left` */
  admit(network: string): 'gateway' | 'address' | undefined;
  left(network: string): void;
}

/** Connections that the kernel holds for us while the event loop is busy. */
const acceptBacklog = 1_024;
const keepAliveDelayMs = 60_000;
const upgradeTooSlow = 'the client did not complete the WebSocket handshake in time';
const handshakeTooSlow = 'the client did not complete the TLS handshake in time';
const tooMuch = 'unauthenticated-bytes';
/** Bound to all addresses: nothing that a client could connect to. */
const wildcards = new Set(['0.0.0.0', '::']);

// Random, so that the ids of two gateways or of two runs are not mistaken for each other in one log.
const idPrefix = randomBytes(3).toString('hex');
let accepted = 0;

/** An accepted socket on its way to its protocol. */
interface Arrival {
  readonly id: string;
  readonly socket: Socket;
  readonly deadlineMs: number;
  /** When it is there. */
  transport?: Transport;
}

/**
 * One port. Accepts within limits, reads PROXY headers, terminates TLS and WebSocket, and joins each socket to a connection
 * of its protocol.
 *
 *     listen() --> serving --drain() or close()--> stopped
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #protocol: Protocol;
  readonly #log: Log;
  readonly #counters: ProtocolCounters;
  readonly #connections: Connections<Transport>;
  /** Those in their PROXY header or TLS handshake. */
  readonly #arriving = new Set<Socket>();
  readonly #proxies: AddressSet | undefined;
  readonly #refusals: RefusalLog;
  readonly #unauthenticated = new UnauthenticatedBytes();
  readonly #arrivals: ArrivalLimits | undefined;
  readonly #server: Server;
  #tls: TlsTermination | undefined;
  readonly #webSockets: WebSocketHandshakes | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #info: ListenerInfo | undefined;
  #stopping = false;

  constructor(options: ListenerOptions, protocol: Protocol, { log, metrics, arrivals }: ListenerHooks) {
    this.#arrivals = arrivals;
    this.#options = options;
    this.#protocol = protocol;
    this.#log = log;
    this.#counters = metrics.protocol(protocol.name);
    this.#connections = new Connections(options.connectionsMax, options.connectionsPerAddressMax);
    if (options.proxyProtocol !== undefined) this.#proxies = new AddressSet(options.proxyProtocol.from);
    if (options.websocket !== undefined) {
      if (protocol.websocket === undefined) throw new Error(`${protocol.name} is not served in WebSocket`);
      this.#webSockets = new WebSocketHandshakes(
        options.websocket,
        protocol.websocket,
        options.advertisedHost,
      );
    }
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
    const quietMs = idleTimeoutMs === 0 ? listenerDefaults.idleTimeoutMs : idleTimeoutMs;
    this.#sweep = setInterval(() => this.#checkIdle(), quietMs / idleChecksMax).unref();
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

  /** The certificates that it serves; none without TLS or before `listen` has resolved. */
  get certificates(): readonly CertificateExpiry[] {
    return this.#tls?.expiries ?? [];
  }

  /** Stops accepting, lets each connection answer what it has for up to `drainTimeoutMs`, then ends all. */
  async drain(): Promise<void> {
    const closed = this.#stopAccepting();
    for (const socket of this.#arriving) socket.destroy();
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
        reject(bindError(`listener ${this.#options.name}`, host, port, error));
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
    if (this.#stopping || remoteAddress === '') {
      if (this.#stopping) this.#counters.connectionsRefusedDraining++;
      socket.destroy();
      return;
    }
    if (!this.#connections.admit()) {
      this.#refuse('listener', socket, remoteAddress);
      return;
    }
    socket.once('close', () => this.#connections.giveBack());
    const arrival: Arrival = {
      id: `${idPrefix}-${(++accepted).toString(36)}`,
      socket,
      deadlineMs: performance.now() + this.#options.authenticationTimeoutMs,
    };
    const from = { remoteAddress, remotePort: socket.remotePort ?? 0 };
    if (this.#proxies?.has(remoteAddress)) this.#readProxyHeader(arrival, from);
    else this.#welcome(arrival, from);
  }

  /** The client is behind a proxy, which says who it is before anything else. */
  #readProxyHeader(arrival: Arrival, proxy: ProxiedAddress): void {
    const { socket } = arrival;
    const log = this.#logOf(arrival, proxy);
    const settled = this.#untilDeadline(arrival, log, 'the proxy did not complete its PROXY header in time');
    readAhead(socket, new ProxyHeaderReader(), {
      onValue: (client) => {
        settled();
        if (client === undefined) this.#welcome(arrival, proxy);
        else this.#welcome(arrival, { ...client, proxyAddress: proxy.remoteAddress });
      },
      onFault: (error) => {
        settled();
        const { code, message } = error as ProxyHeaderFault;
        this.#counters.proxyHeaderFaults++;
        log.fault('proxy-header', message, { code });
        socket.destroy();
      },
    });
  }

  /** It is known who the client is: from here its address has a share. */
  #welcome(arrival: Arrival, from: ProxiedAddress & { readonly proxyAddress?: string }): void {
    const { socket } = arrival;
    const network = networkOf(from.remoteAddress);
    if (!this.#connections.admitFrom(network)) {
      this.#refuse('address', socket, from.remoteAddress);
      return;
    }
    socket.once('close', () => this.#connections.giveBackFrom(network));
    const refusal = this.#arrivals?.admit(network);
    if (refusal !== undefined) {
      this.#refuse(refusal, socket, from.remoteAddress);
      return;
    }
    socket.once('close', () => this.#arrivals?.left(network));
    const log = this.#logOf(arrival, from);
    const peer = { ...from, network, tls: false };
    if (this.#tls === undefined) this.#join(socket, arrival, log, peer);
    else this.#secure(this.#tls, arrival, log, peer);
  }

  #secure(tls: TlsTermination, arrival: Arrival, log: ConnectionLog, peer: PeerInfo): void {
    const { socket } = arrival;
    const settled = this.#untilDeadline(arrival, log, handshakeTooSlow);
    tls.secure(socket, peer.network, {
      onSecure: (secure, { serverName, certificate }) => {
        settled();
        // Node tells of a broken record after the handshake, and leaves the connection open.
        secure.on('error', () => secure.destroy());
        secure.allowHalfOpen = true;
        this.#join(secure, arrival, log, { ...peer, tls: true, serverName, certificate });
      },
      onFailure: (code, message) => {
        settled();
        this.#counters.tlsFailures++;
        log.fault('tls-failure', message, { code });
        socket.destroy();
      },
      onTimeout: () => {
        settled();
        this.#onTimeout(socket, log, handshakeTooSlow);
      },
      onFlood: () => {
        this.#counters.tlsFailures++;
        log.fault('tls-failure', 'the client sends TLS records without data', { code: 'record-flood' });
        if (arrival.transport === undefined) socket.destroy();
        else arrival.transport.destroy('tls-failure');
      },
    });
  }

  /** @param socket where the protocol's bytes come, or WebSocket's */
  #join(socket: Socket, arrival: Arrival, log: ConnectionLog, peer: PeerInfo): void {
    if (this.#webSockets === undefined) {
      this.#open(socket, socket, arrival, log, peer);
      return;
    }
    const settled = this.#untilDeadline(arrival, log, upgradeTooSlow);
    this.#webSockets.start(socket, {
      onOpen: (stream) => {
        settled();
        this.#open(stream, socket, arrival, log, peer, () => stream.authenticated());
      },
      onRefused: (code, message) => {
        settled();
        this.#counters.webSocketRefusals++;
        log.fault('websocket-refused', message, { code });
      },
    });
  }

  /** @param stream the protocol's bytes: those of the socket, or what is inside of them */
  #open(
    stream: Duplex,
    socket: Socket,
    arrival: Arrival,
    log: ConnectionLog,
    peer: PeerInfo,
    onAuthenticated?: () => void,
  ): void {
    const settled = this.#unauthenticated.watch(socket, () => arrival.transport?.close(tooMuch));
    const transport = new Transport(stream, this.#protocol, {
      id: arrival.id,
      peer,
      listener: this.#info!,
      log,
      counters: this.#counters,
      authenticationTimeoutMs: Math.max(1, arrival.deadlineMs - performance.now()),
      sendBufferBytesMax: this.#options.sendBufferBytesMax,
      silenceAllowed: this.#options.idleTimeoutMs === 0,
      onAuthenticated: () => {
        settled();
        onAuthenticated?.();
      },
      onClosed: (closed, reason) => {
        this.#connections.delete(closed);
        if (reason !== tooMuch) return;
        this.#counters.unauthenticatedRefusals++;
        log.fault(tooMuch, 'clients have sent too much before they were let in, this one among them');
      },
    });
    arrival.transport = transport;
    this.#connections.add(transport);
  }

  #refuse(limit: Refusal, socket: Socket, remoteAddress: string): void {
    if (limit === 'address') this.#counters.connectionsRefusedAddress++;
    else this.#counters.connectionsRefusedTotal++;
    this.#refusals.refused(limit, remoteAddress);
    socket.destroy();
  }

  #logOf({ id }: Arrival, { remoteAddress, remotePort }: ProxiedAddress): ConnectionLog {
    const { name: listener } = this.#options;
    const protocol = this.#protocol.name;
    return new ConnectionLog(this.#log, { protocol, listener, connectionId: id, remoteAddress, remotePort });
  }

  /** Ends what is not done when the connection's time is over. @returns to be called when it is done */
  #untilDeadline({ socket, deadlineMs }: Arrival, log: ConnectionLog, late: string): () => void {
    this.#arriving.add(socket);
    const leftMs = Math.max(1, deadlineMs - performance.now());
    const timer = setTimeout(() => this.#onTimeout(socket, log, late), leftMs);
    const settled = () => {
      clearTimeout(timer);
      this.#arriving.delete(socket);
      socket.off('close', settled);
    };
    socket.once('close', settled);
    return settled;
  }

  #onTimeout(socket: Socket, log: ConnectionLog, late: string): void {
    this.#counters.authTimeouts++;
    log.fault('authentication-timeout', late);
    socket.destroy();
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
    for (const socket of this.#arriving) socket.destroy();
    for (const connection of this.#connections) connection.destroy('draining');
  }
}

function ignoreError(): void {}
