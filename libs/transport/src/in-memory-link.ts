import { type Duplex, duplexPair } from 'node:stream';
import { ConnectionLog, type Log, ProtocolCounters, silentLog } from '#libs/telemetry';
import {
  type Link,
  type ListenerInfo,
  listenerDefaults,
  type PeerInfo,
  type Protocol,
  type ProtocolConnection,
} from './protocol.js';
import { Transport } from './transport.js';

export interface InMemoryOptions {
  readonly peer?: Partial<PeerInfo>;
  readonly listener?: Partial<ListenerInfo>;
  readonly log?: Log;
  readonly counters?: ProtocolCounters;
  readonly authenticationTimeoutMs?: number;
  readonly sendBufferBytesMax?: number;
  readonly silenceAllowed?: boolean;
}

/** The client's end: writes bytes, keeps what it received. */
export class InMemoryClient {
  /** Called with each chunk that arrives. */
  onData: ((bytes: Buffer) => void) | undefined;
  /** Resolves with the protocol's close reason. */
  readonly closed: Promise<string>;
  readonly #socket: Duplex;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(socket: Duplex, closed: Promise<string>) {
    this.#socket = socket;
    this.closed = closed;
    socket.on('data', (bytes: Buffer) => {
      this.#received.push(bytes);
      this.#receivedBytes += bytes.length;
      this.onData?.(bytes);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('close', () => this.#wake());
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** All bytes received and not yet taken. */
  get received(): Buffer {
    const all = this.#received.length === 1 ? this.#received[0]! : Buffer.concat(this.#received);
    this.#received = [all];
    return all;
  }

  /**
   * Waits for at least `bytes` bytes and takes exactly these.
   * @throws Error when the connection ends before they came
   */
  async take(bytes: number): Promise<Buffer> {
    while (this.#receivedBytes < bytes) {
      if (this.#socket.destroyed || this.#socket.readableEnded) {
        throw new Error(`the connection ended after ${this.#receivedBytes} of ${bytes} bytes`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const all = this.received;
    this.#received = [all.subarray(bytes)];
    this.#receivedBytes -= bytes;
    return all.subarray(0, bytes);
  }

  pauseReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  /** Ends the client's side, as a FIN does. */
  end(): void {
    this.#socket.end();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

export interface InMemoryLink {
  readonly client: InMemoryClient;
  readonly link: Link;
  readonly connection: ProtocolConnection<unknown>;
  readonly counters: ProtocolCounters;
  /** As the listener does on shutdown. */
  drain(): Promise<void>;
}

let made = 0;

/** A connection of `protocol` without a port: the same Transport over a pair of in-memory streams. */
export function inMemoryLink(protocol: Protocol, options: InMemoryOptions = {}): InMemoryLink {
  const [serverSide, clientSide] = duplexPair();
  const id = `memory-${++made}`;
  const peer = {
    remoteAddress: '127.0.0.1',
    remotePort: 40_000,
    network: '127.0.0.1',
    tls: false,
    ...options.peer,
  };
  const listener: ListenerInfo = {
    name: protocol.name,
    protocol: protocol.name,
    host: '127.0.0.1',
    port: 1,
    advertisedHost: '127.0.0.1',
    advertisedPort: 1,
    tls: peer.tls,
    ...options.listener,
  };
  const identity = {
    protocol: protocol.name,
    listener: listener.name,
    connectionId: id,
    remoteAddress: peer.remoteAddress,
    remotePort: peer.remotePort,
  };
  const counters = options.counters ?? new ProtocolCounters();
  const ending = Promise.withResolvers<string>();
  const transport = new Transport(serverSide, protocol, {
    id,
    peer,
    listener,
    log: new ConnectionLog(options.log ?? silentLog, identity),
    counters,
    authenticationTimeoutMs: options.authenticationTimeoutMs ?? listenerDefaults.authenticationTimeoutMs,
    sendBufferBytesMax: options.sendBufferBytesMax ?? listenerDefaults.sendBufferBytesMax,
    silenceAllowed: options.silenceAllowed ?? false,
    onClosed: (_, reason) => {
      clientSide.destroy();
      ending.resolve(reason);
    },
  });
  const client = new InMemoryClient(clientSide, ending.promise);
  return {
    client,
    link: transport,
    connection: transport.connection!,
    counters,
    drain: () => transport.drain('draining'),
  };
}
