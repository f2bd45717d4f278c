import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Log } from '#libs/telemetry';
import type { ListenerTlsOptions, PeerCertificate } from '../protocol.js';
import { holdStill, readAhead } from '../read-ahead.js';
import { ClientHelloReader, NoClientHello } from './client-hello.js';
import { HandshakeSlots } from './handshake-slots.js';
import { peerCertificate } from './peer-certificate.js';
import { RecordWatch } from './record-watch.js';
import { type CertificateExpiry, ServedCertificates } from './served-certificates.js';
import { serverNameOf } from './server-name.js';

const reloadIntervalMsDefault = 10_000;
/** From the whole ClientHello to the end of the handshake: who is silent in it keeps others waiting. */
const handshakeTimeoutMs = 5_000;

/** Who the client is, as far as TLS says. */
export interface SecurePeer {
  /** The name that was asked for, in lower case. */
  readonly serverName: string | undefined;
  readonly certificate: PeerCertificate | undefined;
}

/** What becomes of a handshake: at most one of these is called. */
export interface Handshake {
  onSecure(socket: TLSSocket, peer: SecurePeer): void;
  /**
   * @param code OpenSSL's (`ERR_SSL_NO_SHARED_CIPHER`), why the certificate is not trusted (`CERT_HAS_EXPIRED`), or a fixed
   *   word of ours
   */
  onFailure(code: string, message: string): void;
  onTimeout(): void;
  /** After `onSecure`: the client sends TLS records without data, over and over. */
  onFlood(): void;
}

/** A handshake whose ClientHello was read. */
interface Begun extends Handshake {
  readonly serverName: string | undefined;
}

/**
 * Does the TLS handshake on sockets that were accepted elsewhere, so that limits and the deadline apply before it. New
 * files serve new handshakes; connections that are up keep the keys they have.
 *
 *     secure() --> ClientHello read --> slot --> handshake --> onSecure | onFailure | onTimeout
 */
export class TlsTermination {
  readonly #certificates: ServedCertificates;
  readonly #requireCertificate: boolean;
  readonly #server: Server;
  readonly #slots = new HandshakeSlots();
  readonly #records = new RecordWatch();
  readonly #handshakes = new Map<string, Begun>();
  readonly #cutOff: Handshake[] = [];
  readonly #reloadTimer: NodeJS.Timeout | undefined;

  /** @throws TlsFilesError when a file is missing, is not PEM, or key and certificate are not a pair */
  static async load(options: ListenerTlsOptions, listener: string, log: Log): Promise<TlsTermination> {
    return new TlsTermination(await ServedCertificates.load(options, listener, log), options);
  }

  private constructor(certificates: ServedCertificates, options: ListenerTlsOptions) {
    this.#certificates = certificates;
    const { clientAuth = 'none', reloadIntervalMs = reloadIntervalMsDefault } = options;
    this.#requireCertificate = clientAuth === 'require';
    this.#server = createServer({
      ...certificates.serverOptions,
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: this.#requireCertificate,
      // Our own deadlines are shorter, and Node's would end a connection without a word about it.
      handshakeTimeout: 2_147_483_647,
      SNICallback: (serverName, done) => done(null, certificates.contextOf(serverName)),
    });
    this.#server.on('secureConnection', (socket) => this.#onSecure(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#onError(error, socket));
    if (reloadIntervalMs > 0) {
      this.#reloadTimer = setInterval(() => void this.reload(), reloadIntervalMs).unref();
    }
  }

  /**
   * Starts the handshake. Nothing is called when the client just goes away.
   *
   * @param network what the share of handshakes counts by
   */
  secure(socket: Socket, network: string, handshake: Handshake): void {
    readAhead(socket, new ClientHelloReader(), {
      onValue: ({ askedName }) => {
        const serverName = askedName === undefined ? undefined : serverNameOf(askedName);
        if (askedName === undefined || serverName !== undefined) {
          this.#queue(socket, network, { ...handshake, serverName });
        } else {
          handshake.onFailure('server-name', 'the client asks for a server name that is no host name');
        }
      },
      onFault: (error) => {
        const { code, message } = error as NoClientHello;
        handshake.onFailure(code, message);
      },
    });
  }

  /** Reads the files again and uses those that changed. What is wrong with them is logged once; the old ones stay. */
  async reload(): Promise<boolean> {
    const { renewed, server } = await this.#certificates.reload();
    // It makes new ticket keys too: no session of a client whose authority is gone is resumed.
    if (server) this.#server.setSecureContext(this.#certificates.serverOptions);
    return renewed;
  }

  get expiries(): CertificateExpiry[] {
    return this.#certificates.expiries;
  }

  close(): void {
    clearInterval(this.#reloadTimer);
    this.#records.close();
  }

  #queue(socket: Socket, network: string, handshake: Begun): void {
    let release: ((then: () => void) => void) | undefined;
    let waiting = true;
    const start = () => this.#start(socket, handshake, () => leave());
    const leave = this.#slots.enter(network, () => {
      waiting = false;
      // At once: the first to come did not wait.
      if (release === undefined) process.nextTick(start);
      else release(start);
    });
    socket.once('close', leave);
    if (waiting) {
      release = holdStill(socket, () => {
        leave();
        handshake.onFailure('early-data', 'the client sent more than a ClientHello');
      });
    }
  }

  #start(socket: Socket, handshake: Begun, leave: () => void): void {
    // Gone meanwhile: its 'close' gives the slot back.
    if (socket.destroyed) return;
    const key = socketKey(socket);
    const timer = setTimeout(() => {
      this.#handshakes.delete(key);
      handshake.onTimeout();
    }, handshakeTimeoutMs);
    const settled = () => {
      clearTimeout(timer);
      leave();
    };
    this.#handshakes.set(key, {
      ...handshake,
      onSecure: (secure, peer) => {
        settled();
        this.#records.add(socket, secure, handshake.onFlood);
        handshake.onSecure(secure, peer);
      },
      onFailure: (code, message) => {
        settled();
        handshake.onFailure(code, message);
      },
    });
    socket.once('close', () => {
      clearTimeout(timer);
      const cutOff = this.#handshakes.get(key);
      if (cutOff !== undefined) this.#onCutOff(cutOff);
      this.#handshakes.delete(key);
    });
    this.#server.emit('connection', socket);
  }

  #onSecure(socket: TLSSocket): void {
    const handshake = this.#take(socket);
    if (handshake === undefined) return;
    const { serverName } = handshake;
    // OpenSSL has chosen the certificate by what it read, and has no name where it resumed a session of TLS 1.2.
    const forgotten = socket.isSessionReused() ? serverName : undefined;
    const read = typeof socket.servername === 'string' ? socket.servername.toLowerCase() : forgotten;
    if (read !== serverName) {
      handshake.onFailure('server-name', 'the client asks for two server names');
      return;
    }
    let certificate: PeerCertificate | undefined;
    try {
      certificate = peerCertificate(socket);
    } catch (error) {
      handshake.onFailure(
        'certificate-names',
        `the client's certificate is refused: ${(error as Error).message}`,
      );
      return;
    }
    if (certificate === undefined && this.#requireCertificate) {
      handshake.onFailure('CERT_HAS_EXPIRED', failureMessage('CERT_HAS_EXPIRED'));
      return;
    }
    handshake.onSecure(socket, { serverName, certificate });
  }

  #onError(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const untrusted = socket.authorizationError as Error | string | undefined | null;
    if (untrusted) {
      const code = String((untrusted as { code?: string }).code ?? untrusted);
      this.#cutOff.shift()?.onFailure(code, failureMessage(code));
    } else if (error.code !== 'ECONNRESET') {
      const code = error.code ?? error.message;
      this.#take(socket)?.onFailure(code, failureMessage(code));
    }
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

  #take(socket: TLSSocket): Begun | undefined {
    const key = socketKey(socket);
    const handshake = this.#handshakes.get(key);
    this.#handshakes.delete(key);
    return handshake;
  }
}

/** The same for the accepted socket and the TLS socket made of it, and of no other open one. */
function socketKey(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
}

function failureMessage(code: string): string {
  return code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE'
    ? 'the client sent no certificate, and the listener requires one'
    : `the TLS handshake failed: ${code}`;
}
