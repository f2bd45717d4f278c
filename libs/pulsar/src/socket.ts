import { readFile } from 'node:fs/promises';
import { isIP, Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { TlsOptions } from './client.options.js';
import { asPulsarError, PulsarError } from './pulsar.errors.js';

export interface SocketTarget {
  readonly host: string;
  readonly port: number;
  /** TLS when given. */
  readonly tls?: TlsOptions;
}

/** What one read may bring. */
const readBytesMax = 64 * 1024;
/** Receipts, mostly, and what else is there is copied one by one. */
const lentBytesMax = 2 * 1024;
/** With a read that brings so much the buffer is given away, and the next one gets another; less is copied at once. */
const givenBytesMin = (readBytesMax * 3) / 4;

/**
 * A connected socket: over TLS, after the handshake. Rejects with 'ConnectFailed'; `signal` ends the attempt.
 * The socket keeps an error listener, so that it can be handed on safely.
 */
export async function openSocket(target: SocketTarget, signal: AbortSignal): Promise<Socket> {
  const secure = target.tls ? await readTlsFiles(target.tls) : undefined;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const address = { host: target.host, port: target.port };
  const socket = secure
    ? connectTls({ ...address, ...tlsFor(target.host, target.tls!, secure) })
    : plainSocket().connect(address);
  const fail = (error: unknown) => {
    socket.destroy();
    reject(asPulsarError(error, 'ConnectFailed'));
  };
  const aborted = () => fail(signal.reason);
  socket.on('error', fail);
  socket.once('close', () => fail(new Error('closed before it was connected')));
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    signal.removeEventListener('abort', aborted);
    socket.setNoDelay(true);
    resolve(socket);
  });
  if (signal.aborted) aborted();
  else signal.addEventListener('abort', aborted, { once: true });
  return promise;
}

/**
 * Most reads bring a receipt, of some bytes: Node would take memory for a large read each time and give most of it back, and
 * pass each through a readable stream. Here listeners of 'data' are told whether what they get is only lent, until they
 * return. `pause` and `resume` act as ever.
 */
function plainSocket(): Socket {
  let buffer: Buffer | undefined;
  const socket = new Socket({
    onread: {
      // Asked for by each address that is tried and after each read. Who got none would read elsewhere, and be told of this one.
      buffer: () => (buffer ??= Buffer.allocUnsafeSlow(readBytesMax)),
      callback: (bytes) => {
        const read = buffer!.subarray(0, bytes);
        if (bytes <= lentBytesMax) socket.emit('data', read, true);
        else if (bytes < givenBytesMin) socket.emit('data', copied(read));
        else {
          buffer = undefined;
          socket.emit('data', read);
        }
        return true;
      },
    },
  });
  return socket;
}

/** In memory of its own: who keeps a part of it keeps nothing else. */
export function copied(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** The PEM files of `TlsOptions`, read now so that renewed certificates are used. Rejects with 'InvalidConfiguration'. */
export async function readTlsFiles(tls: TlsOptions): Promise<Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>> {
  try {
    const [ca, cert, key] = await Promise.all(
      [tls.caFile, tls.certFile, tls.keyFile].map((file) =>
        file === undefined ? undefined : readFile(file),
      ),
    );
    return { ca, cert, key };
  } catch (error) {
    throw new PulsarError('InvalidConfiguration', `TLS files: ${(error as Error).message}`, { cause: error });
  }
}

/** Node's options for a TLS client to `host`; without a host, Node takes the server name from the request. */
export function tlsFor(
  host: string | undefined,
  tls: TlsOptions,
  files: Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>,
): ConnectionOptions {
  const serverName = tls.serverName ?? (host === undefined || isIP(host) ? undefined : host);
  const options: ConnectionOptions = {
    ...files,
    rejectUnauthorized: !tls.allowInsecure,
    minVersion: 'TLSv1.2',
  };
  // SNI must not be an IP address (RFC 6066, 3); Node then checks the certificate against `host`.
  if (serverName !== undefined) options.servername = serverName;
  if (tls.verifyHostname === false) options.checkServerIdentity = () => undefined;
  return options;
}
