import { constants, createHash } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Log } from '#libs/telemetry';
import type { ListenerTlsOptions } from '../protocol.js';
import { type Authorities, type KeyPair, readAuthorities, readKeyPair, TlsFilesError } from './pem-files.js';
import { byServerName, serverNameOf } from './server-name.js';

/** How long before a certificate ends the log says so, each day. */
export const expiryWarningMs = 14 * 86_400_000;
const warnAgainMs = 86_400_000;
/** In metrics and log lines: the one for clients that ask for no name, or for one that is not listed. */
const defaultCertificate = 'default';

/** A certificate that is served. */
export interface CertificateExpiry {
  /** Its first server name, or `default`. */
  readonly certificate: string;
  /** Of the first in its chain to end; milliseconds since 1970. */
  readonly expiresAtMs: number;
}

interface Entry {
  readonly name: string;
  readonly serverNames: readonly string[];
  readonly certFile: string;
  readonly keyFile: string;
  pair: KeyPair;
  context: SecureContext;
  refused: string;
  warnedAtMs: number;
}

/** What changed in a reload; `renewed` is false when nothing did. */
export interface Reloaded {
  readonly renewed: boolean;
  /** The default certificate or the authorities did: the server needs `serverOptions` again. */
  readonly server: boolean;
}

/** The certificates of one listener by server name, and the authorities of its clients' certificates. */
export class ServedCertificates {
  readonly #options: ListenerTlsOptions;
  readonly #listener: string;
  readonly #log: Log;
  readonly #entries: Entry[];
  readonly #byName = new Map<string, Entry>();
  #authorities: Authorities | undefined;
  #authoritiesRefused = '';

  /** @throws TlsFilesError when a file is missing, is not PEM, or key and certificate are not a pair */
  static async load(options: ListenerTlsOptions, listener: string, log: Log): Promise<ServedCertificates> {
    const { caFile, clientAuth = 'none' } = options;
    if (clientAuth !== 'none' && caFile === undefined) {
      throw new TlsFilesError(`clientAuth: ${clientAuth} needs a caFile: who signs the client certificates`);
    }
    const authorities = caFile === undefined ? undefined : await readAuthorities(caFile);
    const certificates = [{ serverNames: [], ...options }, ...(options.certificates ?? [])];
    const pairs = await Promise.all(certificates.map((each) => readKeyPair(each.certFile, each.keyFile)));
    return new ServedCertificates(options, listener, log, authorities, pairs);
  }

  private constructor(
    options: ListenerTlsOptions,
    listener: string,
    log: Log,
    authorities: Authorities | undefined,
    pairs: readonly KeyPair[],
  ) {
    this.#options = options;
    this.#listener = listener;
    this.#log = log;
    this.#authorities = authorities;
    const first = { serverNames: [], certFile: options.certFile, keyFile: options.keyFile };
    this.#entries = [first, ...(options.certificates ?? [])].map((files, at) => ({
      name: files.serverNames[0] ?? defaultCertificate,
      ...files,
      pair: pairs[at]!,
      context: createSecureContext(this.#contextOptions(pairs[at]!)),
      refused: '',
      warnedAtMs: 0,
    }));
    for (const entry of this.#entries) {
      for (const serverName of entry.serverNames) this.#byName.set(serverName, entry);
    }
    this.warnOfExpiry();
  }

  /** Of the default certificate, for the server. */
  get serverOptions(): SecureContextOptions {
    return this.#contextOptions(this.#entries[0]!.pair);
  }

  get expiries(): CertificateExpiry[] {
    return this.#entries.map(({ name, pair }) => ({ certificate: name, expiresAtMs: pair.expiresAtMs }));
  }

  /** @param asked as the client sent it. @returns undefined: the default certificate is meant */
  contextOf(asked: string): SecureContext | undefined {
    const serverName = serverNameOf(asked);
    return serverName === undefined ? undefined : byServerName(this.#byName, serverName)?.context;
  }

  /**
   * Reads all files again and serves what changed to new handshakes. What cannot be used is logged once; the former
   * files stay in use, and do not keep others from being renewed.
   */
  async reload(): Promise<Reloaded> {
    const authoritiesChanged = await this.#reloadAuthorities();
    const changed: Entry[] = [];
    for (const entry of this.#entries) {
      if ((await this.#reloadPair(entry)) || authoritiesChanged) changed.push(entry);
    }
    for (const entry of changed) entry.context = createSecureContext(this.#contextOptions(entry.pair));
    if (changed.length > 0) {
      const names = changed.map(({ name }) => name);
      const fields = { event: 'tls.reloaded', listener: this.#listener, certificates: names };
      this.#log.info(fields, 'new TLS files are in use');
    }
    this.warnOfExpiry();
    return { renewed: changed.length > 0, server: changed.includes(this.#entries[0]!) };
  }

  /** Says of each certificate that ends soon that it does, at most once a day. */
  warnOfExpiry(nowMs = Date.now()): void {
    for (const entry of this.#entries) {
      const leftMs = entry.pair.expiresAtMs - nowMs;
      if (leftMs > expiryWarningMs || nowMs - entry.warnedAtMs < warnAgainMs) continue;
      entry.warnedAtMs = nowMs;
      const expiresAt = new Date(entry.pair.expiresAtMs).toISOString();
      const about = { listener: this.#listener, certificate: entry.name, file: entry.certFile, expiresAt };
      if (leftMs > 0)
        this.#log.warn({ event: 'tls.certificate-expires', ...about }, 'a certificate ends soon');
      else
        this.#log.error(
          { event: 'tls.certificate-expired', ...about },
          'a certificate has ended: clients refuse it',
        );
    }
  }

  async #reloadAuthorities(): Promise<boolean> {
    const { caFile } = this.#options;
    if (caFile === undefined) return false;
    try {
      const authorities = await readAuthorities(caFile);
      this.#authoritiesRefused = '';
      if (authorities.digest === this.#authorities?.digest) return false;
      this.#authorities = authorities;
      return true;
    } catch (error) {
      if (this.#authoritiesRefused !== String(error)) this.#refuse(error);
      this.#authoritiesRefused = String(error);
      return false;
    }
  }

  async #reloadPair(entry: Entry): Promise<boolean> {
    try {
      const pair = await readKeyPair(entry.certFile, entry.keyFile);
      if (pair.digest === entry.pair.digest) {
        entry.refused = '';
        return false;
      }
      entry.refused = '';
      entry.pair = pair;
      entry.warnedAtMs = 0;
      return true;
    } catch (error) {
      if (entry.refused !== String(error)) this.#refuse(error);
      entry.refused = String(error);
      return false;
    }
  }

  #refuse(error: unknown): void {
    const fields = { event: 'tls.reload-refused', listener: this.#listener, error };
    this.#log.error(fields, 'the changed TLS files cannot be used; the former ones stay in use');
  }

  #contextOptions({ cert, key }: KeyPair): SecureContextOptions {
    return {
      cert,
      key,
      ca: this.#authorities?.ca,
      minVersion: this.#options.minVersion ?? 'TLSv1.2',
      honorCipherOrder: true,
      // A client could make us sign again and again on one connection (CVE-2011-1473); TLS 1.3 has none.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      // Sessions with client certificates are resumed only within one context, and so only on one listener.
      sessionIdContext: createHash('sha256').update(this.#listener).digest('hex').slice(0, 32),
    };
  }
}
