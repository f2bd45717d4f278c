import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Certificates for `localhost`, each by an authority of its own. */
export class ServerCertificates {
  readonly folder = mkdtempSync(join(tmpdir(), 'pulsegate-keys-'));

  /** @returns files in PEM; the certificate is its own authority */
  make(name: string, hostName = 'localhost'): { certFile: string; keyFile: string } {
    const [certFile, keyFile] = [join(this.folder, `${name}.pem`), join(this.folder, `${name}.key`)];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile];
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${hostName}`];
    execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, ...subject, '-out', certFile], {
      stdio: 'ignore',
    });
    return { certFile, keyFile };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Where an issuer publishes its keys, or somebody who says so. */
export class KeyServer {
  requests = 0;
  /** What answers; replace it at any time. */
  answer: RequestListener;
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(answer: RequestListener, tls?: { certFile: string; keyFile: string }) {
    this.answer = answer;
    const listener: RequestListener = (request, response) => {
      this.requests++;
      this.answer(request, response);
    };
    this.#scheme = tls === undefined ? 'http' : 'https';
    this.#server =
      tls === undefined
        ? createHttpServer(listener)
        : createHttpsServer({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }, listener);
  }

  static async start(
    answer: RequestListener = json({ keys: [] }),
    tls?: { certFile: string; keyFile: string },
    port = 0,
  ): Promise<KeyServer> {
    const server = new KeyServer(answer, tls);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
    return server;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  get url(): string {
    return `${this.#scheme}://localhost:${this.port}/keys`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function json(value: unknown): RequestListener {
  return (_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(value));
  };
}
