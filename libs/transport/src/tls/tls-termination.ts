import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { createSecureContext, createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Log } from '#libs/telemetry';
import { certificateAttributes } from './certificate-attributes.js';
import type { ListenerTlsOptions, PeerCertificate } from '../protocol.js';

const reloadIntervalMsDefault = 10_000;
/** Largest PEM file that is read. */
const pemBytesMax = 1_048_576;

interface PemFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
  readonly digest: string;
}

/** The TLS files of a listener cannot be used; the message names the file. */
export class TlsFilesError extends Error {
  override readonly name = 'TlsFilesError';
}

/** What becomes of a handshake: at most one of these is called. */
export interface Handshake {
  onSecure(socket: TLSSocket): void;
  /** @param why OpenSSL's code (`ERR_SSL_NO_SHARED_CIPHER`) or why the certificate is not trusted (`CERT_HAS_EXPIRED`) */
  onFailure(why: string): void;
}

/**
 * Does the TLS handshake on sockets that were accepted elsewhere, so that limits and the deadline apply before it. New
 * files serve new handshakes; connections that are up keep the keys they have.
 */
export class TlsTermination {
  readonly #options: ListenerTlsOptions;
  readonly #log: Log;
  readonly #listener: string;
  readonly #server: Server;
  readonly #handshakes = new Map<string, Handshake>();
  readonly #cutOff: Handshake[] = [];
  readonly #reloadTimer: NodeJS.Timeout | undefined;
  #digest: string;
  #refusedDigest = '';

  /** @throws TlsFilesError when a file is missing, is not PEM, or key and certificate are not a pair */
  static async load(options: ListenerTlsOptions, listener: string, log: Log): Promise<TlsTermination> {
    return new TlsTermination(await readPemFiles(options), options, listener, log);
  }

  private constructor(files: PemFiles, options: ListenerTlsOptions, listener: string, log: Log) {
    this.#options = options;
    this.#listener = listener;
    this.#log = log;
    this.#digest = files.digest;
    const clientAuth = options.clientAuth ?? 'none';
    this.#server = createServer({
      ...secureContextOptions(files, listener),
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'require',
    });
    this.#server.on('secureConnection', (socket) => this.#take(socket)?.onSecure(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#onError(error, socket));
    const intervalMs = options.reloadIntervalMs ?? reloadIntervalMsDefault;
    if (intervalMs > 0) this.#reloadTimer = setInterval(() => void this.reload(), intervalMs).unref();
  }

  /** Starts the handshake. Nothing is called when the client just goes away. */
  secure(socket: Socket, handshake: Handshake): void {
    const key = socketKey(socket);
    this.#handshakes.set(key, handshake);
    socket.once('close', () => {
      if (this.#handshakes.delete(key)) this.#onCutOff(handshake);
    });
    this.#server.emit('connection', socket);
  }

  /** Reads the files again and uses them when they changed. What is wrong with them is logged once; the old ones stay. */
  async reload(): Promise<boolean> {
    let files: PemFiles;
    try {
      files = await readPemFiles(this.#options);
    } catch (error) {
      this.#refuse(String(error), error);
      return false;
    }
    if (files.digest === this.#digest) return false;
    this.#digest = files.digest;
    this.#refusedDigest = '';
    this.#server.setSecureContext(secureContextOptions(files, this.#listener));
    this.#log.info({ event: 'tls.reloaded', listener: this.#listener }, 'new TLS files are in use');
    return true;
  }

  close(): void {
    clearInterval(this.#reloadTimer);
  }

  #onError(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const untrusted = socket.authorizationError as Error | string | undefined | null;
    if (untrusted)
      this.#cutOff.shift()?.onFailure(String((untrusted as { code?: string }).code ?? untrusted));
    else if (error.code !== 'ECONNRESET') this.#take(socket)?.onFailure(error.code ?? error.message);
  }

  /**
   * Node ends a connection whose certificate it does not trust before it says why, in the same turn, and then the address
   * of the socket is gone. So what was cut off in this turn is kept for that long.
   */
  #onCutOff(handshake: Handshake): void {
    this.#cutOff.push(handshake);
    setImmediate(() => {
      const index = this.#cutOff.indexOf(handshake);
      if (index !== -1) this.#cutOff.splice(index, 1);
    });
  }

  #take(socket: TLSSocket): Handshake | undefined {
    const key = socketKey(socket);
    const handshake = this.#handshakes.get(key);
    this.#handshakes.delete(key);
    return handshake;
  }

  #refuse(fault: string, error: unknown): void {
    if (fault === this.#refusedDigest) return;
    this.#refusedDigest = fault;
    const fields = { event: 'tls.reload-refused', listener: this.#listener, error };
    this.#log.error(fields, 'the changed TLS files cannot be used; the former ones stay in use');
  }
}

/** The client's certificate, when it was asked for and verified. */
export function peerCertificate(socket: TLSSocket): PeerCertificate | undefined {
  if (!socket.authorized) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  return {
    subject: certificate.subject,
    subjectAltName: certificate.subjectAltName ?? '',
    fingerprint256: certificate.fingerprint256,
    attributes: certificateAttributes(certificate.raw),
    expiresAtMs: Date.parse(certificate.validTo),
  };
}

/** The same for the accepted socket and the TLS socket made of it, and of no other open one. */
function socketKey(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
}

function secureContextOptions({ cert, key, ca }: PemFiles, listener: string): TlsOptions {
  // Sessions with client certificates are resumed only within one context, and so only on one listener.
  const sessionIdContext = createHash('sha256').update(listener).digest('hex').slice(0, 32);
  return { cert, key, ca, minVersion: 'TLSv1.2', honorCipherOrder: true, sessionIdContext };
}

async function readPemFiles(options: ListenerTlsOptions): Promise<PemFiles> {
  const { certFile, keyFile, caFile, clientAuth = 'none' } = options;
  if (clientAuth !== 'none' && caFile === undefined) {
    throw new TlsFilesError(`clientAuth: ${clientAuth} needs a caFile: who signs the client certificates`);
  }
  const [cert, key, ca] = await Promise.all([
    readPem(certFile),
    readPem(keyFile),
    caFile === undefined ? undefined : readPem(caFile),
  ]);
  const digest = createHash('sha256').update(cert).update('\0').update(key).update('\0');
  if (ca !== undefined) digest.update(ca);
  try {
    createSecureContext({ cert, key, ca });
  } catch (error) {
    throw new TlsFilesError(`${certFile} with ${keyFile}: ${(error as Error).message}`);
  }
  return { cert, key, ca, digest: digest.digest('hex') };
}

async function readPem(file: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new TlsFilesError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  if (bytes.length > pemBytesMax)
    throw new TlsFilesError(`${file} has ${bytes.length} bytes, PEM files have less`);
  if (!bytes.includes('-----BEGIN ')) throw new TlsFilesError(`${file} is not a PEM file`);
  return bytes;
}
