import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectPlain, createServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { ListenerOptions, ListenerTlsOptions } from '../protocol.js';
import type { Certificates } from './certificates.js';
import { type Served, serve } from './serve.js';

/** Listeners and clients of one suite's TLS tests; `end` after each test. */
export class TlsBench {
  readonly #running: Served[] = [];
  readonly #sockets: Socket[] = [];

  constructor(readonly certificates: Certificates) {}

  /** A listener with the certificate `gateway`; files are looked at on demand only. */
  async start(
    tls: Partial<ListenerTlsOptions> = {},
    overrides: Partial<ListenerOptions> = {},
  ): Promise<Served> {
    const files = {
      certFile: this.certificates.file('gateway.crt'),
      keyFile: this.certificates.file('gateway.key'),
    };
    const served = await serve({ tls: { ...files, reloadIntervalMs: 0, ...tls }, ...overrides });
    this.#running.push(served);
    return served;
  }

  /** A listener without TLS. */
  async startPlain(overrides: Partial<ListenerOptions>): Promise<Served> {
    const served = await serve(overrides);
    this.#running.push(served);
    return served;
  }

  client({ info }: Served, options: ConnectionOptions = {}): TLSSocket {
    const socket = connect({
      port: info.port,
      host: '127.0.0.1',
      servername: 'localhost',
      rejectUnauthorized: false,
      ...options,
    });
    this.#keep(socket);
    return socket;
  }

  plainClient({ info }: Served, localAddress?: string): Socket {
    const socket = connectPlain({ port: info.port, host: '127.0.0.1', localAddress });
    this.#keep(socket);
    return socket;
  }

  credentials(name: string): ConnectionOptions {
    return {
      cert: readFileSync(this.certificates.file(`${name}.crt`)),
      key: readFileSync(this.certificates.file(`${name}.key`)),
    };
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
    await Promise.all(this.#running.splice(0).map(({ listener }) => listener.close()));
  }

  #keep(socket: Socket): void {
    this.#sockets.push(socket);
    socket.on('error', () => {});
  }
}

/** The first bytes of a TLS client, as Node's sends them. */
export async function clientHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1' });
  client.on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [bytes] = await once(socket, 'data');
  client.destroy();
  server.close();
  return bytes as Buffer;
}

/** Authenticates and has a line echoed: the connection is served. */
export async function echoes(socket: Socket): Promise<void> {
  socket.write('auth\necho a\n');
  const bytes = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
  if (String(bytes[0]) !== 'a\n') throw new Error(`the connection ended, or answered ${String(bytes[0])}`);
}

export function closed(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => socket.resume().once('close', () => resolve()));
}
