import { randomBytes } from 'node:crypto';
import { connect as connectSocket } from 'node:net';
import { ConnectionLog } from '#libs/telemetry';
import type { ListenerHooks } from './listener.js';
import { networkOf } from './network.js';
import type { ListenerInfo, Protocol } from './protocol.js';
import { Transport } from './transport.js';

export interface OutgoingOptions {
  readonly host: string;
  readonly port: number;
  /** From the start until the protocol says `authenticated()`, in total. */
  readonly authenticationTimeoutMs: number;
  /** Above it the peer is not read and `send` answers false. */
  readonly sendBufferBytesMax: number;
}

/** A connection that this side opened. */
export interface OutgoingConnection {
  /** Ends it at once, without flushing. */
  destroy(reason: string): void;
}

const keepAliveDelayMs = 10_000;
const idPrefix = randomBytes(3).toString('hex');
let opened = 0;

/**
 * Connects, and joins the socket to a connection of the protocol, as a listener does with those it accepts. Rejects with
 * Node's error when there is nobody; after that `onClose` says how it ended.
 */
export function connectOut(
  protocol: Protocol,
  options: OutgoingOptions,
  { log, metrics }: ListenerHooks,
): Promise<OutgoingConnection> {
  const { host, port, authenticationTimeoutMs, sendBufferBytesMax } = options;
  const { promise, resolve, reject } = Promise.withResolvers<OutgoingConnection>();
  const deadlineMs = performance.now() + authenticationTimeoutMs;
  const socket = connectSocket({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepAliveDelayMs,
    allowHalfOpen: true,
  });
  const timer = setTimeout(
    () => socket.destroy(new Error(`no connection in ${authenticationTimeoutMs} ms`)),
    authenticationTimeoutMs,
  );
  socket.once('error', reject);
  socket.once('close', () => clearTimeout(timer));
  socket.once('connect', () => {
    clearTimeout(timer);
    const { remoteAddress = host, remotePort = port } = socket;
    const id = `${idPrefix}-out-${(++opened).toString(36)}`;
    const listener: ListenerInfo = {
      ...{ name: 'outgoing', protocol: protocol.name, tls: false },
      ...{ host, port, advertisedHost: host, advertisedPort: port },
    };
    const identity = { protocol: protocol.name, listener: listener.name, connectionId: id };
    const transport = new Transport(socket, protocol, {
      id,
      peer: { remoteAddress, remotePort, network: networkOf(remoteAddress), tls: false },
      listener,
      log: new ConnectionLog(log, { ...identity, remoteAddress, remotePort }),
      counters: metrics.protocol(protocol.name),
      authenticationTimeoutMs: Math.max(1, deadlineMs - performance.now()),
      sendBufferBytesMax,
    });
    resolve(transport);
  });
  return promise;
}
