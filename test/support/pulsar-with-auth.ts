import { execFileSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PulsarClient } from '#libs/pulsar';
import { findFreePort, type PulsarStandalone, startPulsar } from './pulsar.js';

const authentication = 'org.apache.pulsar.broker.authentication.AuthenticationProvider';

/** Where the broker says it is for those who ask for its listener `outside`. Nothing is there. */
export const outsideListener = { host: 'pulsar.example', port: 16_650, tlsPort: 16_651 } as const;

/** Of the brokers' own settings; every other role is whatever a token or certificate names. */
export const pulsarRoles = {
  superuser: 'admin',
  /** One of the brokers' `proxyRoles`: connections of it say for whom they act. Granted nothing. */
  proxy: 'gateway',
} as const;

/**
 * A Pulsar that asks who one is (tokens, user name and password, or a client certificate; over plain sockets and TLS)
 * and whether one may: authentication and authorization are on, and nobody but the superuser is granted anything.
 *
 * @param config broker settings on top of these
 */
export function startPulsarWithAuth(config: Readonly<Record<string, string>> = {}): Promise<PulsarWithAuth> {
  return PulsarWithAuth.start(config);
}

export class PulsarWithAuth {
  readonly folder = mkdtempSync(join(tmpdir(), 'pulsegate-auth-'));
  readonly caFile = join(this.folder, 'ca.crt');
  readonly #key = randomBytes(32);
  #standalone: PulsarStandalone | undefined;
  #tlsPort = 0;
  #httpsPort = 0;

  static async start(config: Readonly<Record<string, string>> = {}): Promise<PulsarWithAuth> {
    const pulsar = new PulsarWithAuth();
    await pulsar.#start(config);
    await pulsar.#untilInitialized();
    return pulsar;
  }

  get serviceUrl(): string {
    return this.#standalone?.serviceUrl ?? '';
  }

  get adminUrl(): string {
    return this.#standalone?.adminUrl ?? '';
  }

  get serviceUrlTls(): string {
    return `pulsar+ssl://localhost:${this.#tlsPort}`;
  }

  get adminUrlTls(): string {
    return `https://localhost:${this.#httpsPort}`;
  }

  /** A token that the broker takes for this role, for so many seconds (may be in the past) or for ever. */
  token(role: string, secondsToLive?: number): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const expiry = secondsToLive === undefined ? {} : { exp: Math.floor(Date.now() / 1000) + secondsToLive };
    const signed = `${part({ alg: 'HS256' })}.${part({ sub: role, ...expiry })}`;
    return `${signed}.${createHmac('sha256', this.#key).update(signed).digest('base64url')}`;
  }

  /** The broker itself, to stop, kill and restart. */
  get standalone(): PulsarStandalone {
    if (this.#standalone === undefined) throw new Error('this Pulsar was not started');
    return this.#standalone;
  }

  /** The `pulsar` section of a gateway's configuration that connects here as this role. */
  section(role: string = pulsarRoles.superuser): Record<string, unknown> {
    const auth = { method: 'token', token: this.token(role) };
    return { serviceUrl: this.serviceUrl, adminUrl: this.adminUrl, auth };
  }

  /** One call of the admin API as a role, e.g. `admin('PUT', '/tenants/t', {...})`; throws on what is no success. */
  async admin(
    method: string,
    path: string,
    body?: unknown,
    role: string = pulsarRoles.superuser,
  ): Promise<unknown> {
    const response = await fetch(`${this.adminUrl}/admin/v2${path}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token(role)}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** As `pulsar-admin namespaces grant-permission`; it replaces what the role was granted before. */
  async grant(namespace: string, role: string, actions: readonly ('produce' | 'consume')[]): Promise<void> {
    await this.admin('POST', `/namespaces/${namespace}/permissions/${encodeURIComponent(role)}`, actions);
  }

  async revoke(namespace: string, role: string): Promise<void> {
    await this.admin('DELETE', `/namespaces/${namespace}/permissions/${encodeURIComponent(role)}`);
  }

  /** A certificate of the broker's authority whose common name is the role. */
  certificate(role: string): { certFile: string; keyFile: string } {
    const [keyFile, certFile] = ['key', 'crt'].map((end) => join(this.folder, `${role}.${end}`)) as [
      string,
      string,
    ];
    const request = join(this.folder, `${role}.csr`);
    const names = join(this.folder, `${role}.ext`);
    writeFileSync(names, 'subjectAltName=DNS:localhost\n');
    const subject = ['-subj', `/CN=${role}`];
    this.#openssl(['req', '-newkey', 'rsa:2048', '-nodes', '-keyout', keyFile, '-out', request, ...subject]);
    const authority = ['-CA', this.caFile, '-CAkey', join(this.folder, 'ca.key'), '-CAcreateserial'];
    this.#openssl([
      'x509',
      '-req',
      '-days',
      '2',
      '-in',
      request,
      ...authority,
      '-extfile',
      names,
      '-out',
      certFile,
    ]);
    return { certFile, keyFile };
  }

  /** By force: in order it takes up to 20 s, for data that nobody needs any more. */
  async stop(): Promise<void> {
    await this.#standalone?.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #start(config: Readonly<Record<string, string>>): Promise<void> {
    const caKey = join(this.folder, 'ca.key');
    const self = [
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=Pulsegate test authority',
    ];
    this.#openssl(['req', ...self, '-keyout', caKey, '-out', this.caFile]);
    const broker = this.certificate('broker');
    // Java reads PKCS#8 only; openssl 3 writes it, openssl 1.1's `req` does as well.
    const passwords = join(this.folder, 'htpasswd');
    const hash = execFileSync('openssl', ['passwd', '-apr1', 'wonderland'], { encoding: 'utf8' }).trim();
    writeFileSync(passwords, `alice:${hash}\n`);
    const binaryPort = await findFreePort();
    this.#tlsPort = await findFreePort([binaryPort]);
    this.#httpsPort = await findFreePort([binaryPort, this.#tlsPort]);
    const listeners = [
      `internal:pulsar://127.0.0.1:${binaryPort},internal:pulsar+ssl://localhost:${this.#tlsPort}`,
      `outside:pulsar://${outsideListener.host}:${outsideListener.port}`,
      `outside:pulsar+ssl://${outsideListener.host}:${outsideListener.tlsPort}`,
    ];
    this.#standalone = await startPulsar({
      dataDir: join(this.folder, 'data'),
      binaryPort,
      config: {
        transactionCoordinatorEnabled: 'false',
        authenticationEnabled: 'true',
        authenticationProviders: ['Token', 'Basic', 'Tls'].map((name) => authentication + name).join(','),
        authenticationRefreshCheckSeconds: '1',
        tokenSecretKey: `data:;base64,${this.#key.toString('base64')}`,
        basicAuthConf: `file://${passwords}`,
        authorizationEnabled: 'true',
        superUserRoles: pulsarRoles.superuser,
        proxyRoles: pulsarRoles.proxy,
        brokerClientAuthenticationPlugin: 'org.apache.pulsar.client.impl.auth.AuthenticationToken',
        brokerClientAuthenticationParameters: `token:${this.token(pulsarRoles.superuser)}`,
        brokerServicePortTls: String(this.#tlsPort),
        webServicePortTls: String(this.#httpsPort),
        tlsCertificateFilePath: broker.certFile,
        tlsKeyFilePath: broker.keyFile,
        tlsTrustCertsFilePath: this.caFile,
        advertisedListeners: listeners.join(','),
        internalListenerName: 'internal',
        ...config,
      },
    });
  }

  /** A standalone makes its cluster and first namespaces after its REST answers. */
  async #untilInitialized(): Promise<void> {
    const auth = { method: 'token', token: this.token(pulsarRoles.superuser) } as const;
    const client = new PulsarClient({ serviceUrl: this.serviceUrl, adminUrl: this.adminUrl, auth });
    const namespaces = () => client.admin.namespaces('public').catch((): string[] => []);
    for (let turn = 0; turn < 240 && !(await namespaces()).includes('public/default'); turn++)
      await delay(250);
    await client.close();
  }

  #openssl(args: string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }
}
