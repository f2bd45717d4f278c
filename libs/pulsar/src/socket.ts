import { readFile } from 'node:fs/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { TlsOptions } from './client.options.js';
import { asPulsarError, PulsarError } from './pulsar.errors.js';

export interface SocketTarget {
  readonly host: string;
  readonly port: number;
  /** TLS when given. */
  readonly tls?: TlsOptions;
}

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
    : connectTcp(address);
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
