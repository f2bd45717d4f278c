import {
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { AuthProvider } from '../auth/auth-provider.js';
import type { TlsOptions } from '../client.options.js';
import { asPulsarError, PulsarError } from '../pulsar.errors.js';
import { readTlsFiles, tlsFor } from '../socket.js';

/** Answers of the REST other than 2xx. Transport faults are PulsarErrors ('Timeout', 'ConnectFailed'). */
export class PulsarAdminError extends Error {
  override readonly name = 'PulsarAdminError';

  constructor(
    readonly status: number,
    /** The broker's own words. */
    readonly reason: string,
    readonly request: string,
  ) {
    super(`${request}: ${status} ${reason}`);
  }

  /** The broker stops, or has unloaded the bundle and no other has it yet. */
  private get isUnowned(): boolean {
    return this.status === 412 && this.reason.includes('Failed to find ownership');
  }

  /** True when the same request may succeed later without anybody changing it. */
  get retriable(): boolean {
    return this.status >= 500 || this.status === 429 || this.status === 408 || this.isUnowned;
  }
}

export interface AdminHttpOptions {
  /** `http://` or `https://`, several hosts by comma: `http://h1:8080,h2:8080`. */
  readonly adminUrl: string;
  readonly auth: AuthProvider;
  readonly tls: TlsOptions;
  readonly timeoutMs: number;
  readonly originalPrincipal?: string;
}

export interface AdminRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below /admin/v2, already percent-encoded. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Default: that of the client. */
  readonly timeoutMs?: number | undefined;
}

export interface AdminResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** 307s on the way to the owner of a topic. */
const redirectsMax = 5;
/** The largest answers are an entry (5 MiB) and the topics of a large namespace. */
const responseBytesMax = 32 * 1024 * 1024;
const connectionsMax = 32;
/** Of a question whose connection ends before its answer. */
const attemptsMax = 3;
/** Renewed certificates are in use after this. */
const tlsFilesAgeMaxMs = 300_000;
const reasonCharsMax = 500;

/** HTTP to the admin REST of any broker, with the client's identity and TLS; follows 307 to the owner. */
export class AdminHttp {
  readonly #options: AdminHttpOptions;
  readonly #origins: readonly string[];
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: connectionsMax });
  #https: HttpsAgent | undefined;
  #httpsMadeAtMs = 0;
  #preferred = 0;
  #isClosed = false;

  /** Throws 'InvalidConfiguration'. */
  constructor(options: AdminHttpOptions) {
    this.#options = options;
    this.#origins = parseAdminUrl(options.adminUrl);
  }

  /** Resolves with a 2xx answer. Rejects with PulsarAdminError, or PulsarError 'Timeout' or 'ConnectFailed'. */
  async send(request: AdminRequest): Promise<AdminResponse> {
    const timeoutMs = request.timeoutMs ?? this.#options.timeoutMs;
    const signal = AbortSignal.timeout(timeoutMs);
    let fault: unknown;
    for (let attempt = 0; attempt < this.#origins.length; attempt++) {
      const chosen = (this.#preferred + attempt) % this.#origins.length;
      try {
        const answer = await this.#follow(
          request,
          new URL(`${this.#origins[chosen]}/admin/v2${request.path}`),
          signal,
        );
        this.#preferred = chosen;
        return answer;
      } catch (error) {
        // Another host may do for a connection that was never made; anything else may have been done already.
        fault = error;
        if (!neverSent(error)) break;
      }
    }
    if (fault instanceof PulsarAdminError) throw fault;
    if (signal.aborted) {
      throw new PulsarError('Timeout', `${request.method} ${request.path}: not within ${timeoutMs} ms`);
    }
    throw asPulsarError(fault, 'ConnectFailed');
  }

  /** Questions that are on their way are rejected. */
  close(): void {
    this.#isClosed = true;
    this.#http.destroy();
    this.#https?.destroy();
  }

  async #follow(request: AdminRequest, first: URL, signal: AbortSignal): Promise<AdminResponse> {
    const what = `${request.method} ${request.path}`;
    let url = first;
    for (let hop = 0; hop <= redirectsMax; hop++) {
      const answer = await this.#answer(request, url, signal);
      if (answer.status >= 200 && answer.status < 300) return answer;
      const location = answer.headers.location;
      if (answer.status !== 307 || location === undefined) {
        throw new PulsarAdminError(answer.status, reasonOf(answer), what);
      }
      const next = new URL(location, url);
      if (first.protocol === 'https:' && next.protocol !== 'https:') {
        throw new PulsarAdminError(answer.status, `redirected from https to ${next.origin}`, what);
      }
      url = next;
    }
    throw new PulsarAdminError(307, `more than ${redirectsMax} redirects`, what);
  }

  /** A broker may close a connection that nobody used for a while just when it is asked: what changes nothing is asked again. */
  async #answer(request: AdminRequest, url: URL, signal: AbortSignal): Promise<AdminResponse> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#exchange(request, url, signal);
      } catch (error) {
        if (request.method !== 'GET' || attempt === attemptsMax || !wasCut(error) || this.#isClosed)
          throw error;
      }
    }
  }

  async #exchange(request: AdminRequest, url: URL, signal: AbortSignal): Promise<AdminResponse> {
    const secure = url.protocol === 'https:';
    const headers: Record<string, string> = { accept: '*/*', ...(await this.#options.auth.httpHeaders()) };
    if (this.#options.originalPrincipal) headers['X-Original-Principal'] = this.#options.originalPrincipal;
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    if (body) headers['content-type'] = request.contentType ?? 'application/json';
    headers['content-length'] = String(body?.length ?? 0);
    const options = {
      method: request.method,
      headers,
      signal,
      agent: secure ? await this.#secureAgent() : this.#http,
    };
    const { promise, resolve, reject } = Promise.withResolvers<AdminResponse>();
    const sent = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
      readBody(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: bytes }),
        reject,
      );
    });
    sent.once('error', reject);
    sent.end(body);
    return promise;
  }

  async #secureAgent(): Promise<HttpsAgent> {
    const now = performance.now();
    if (!this.#https || now - this.#httpsMadeAtMs > tlsFilesAgeMaxMs) {
      const old = this.#https;
      const { tls, timeoutMs } = this.#options;
      const options = { ...tlsFor(undefined, tls, await readTlsFiles(tls)), keepAlive: true };
      this.#https = new HttpsAgent({ ...options, maxSockets: connectionsMax });
      this.#httpsMadeAtMs = now;
      if (old) setTimeout(() => old.destroy(), timeoutMs).unref();
    }
    return this.#https;
  }
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > responseBytesMax) throw new Error(`an answer of more than ${responseBytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function reasonOf(answer: AdminResponse): string {
  const text = answer.body.toString('utf8');
  try {
    const { reason } = JSON.parse(text) as { reason?: unknown };
    if (typeof reason === 'string') return reason.slice(0, reasonCharsMax);
  } catch {
    // Not JSON: Jetty's own error pages.
  }
  return text.slice(0, reasonCharsMax);
}

function wasCut(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ECONNRESET';
}

function neverSent(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EHOSTUNREACH' || code === 'EAI_AGAIN';
}

function parseAdminUrl(text: string): string[] {
  const match = /^(https?):\/\/([^/?#]+)\/?$/.exec(text.trim());
  const origins = (match?.[2] ?? '').split(',').map((host) => `${match?.[1]}://${host.trim()}`);
  if (!match || !origins.every((origin) => URL.canParse(origin))) {
    throw new PulsarError('InvalidConfiguration', `admin URL "${text}": it must look like http://host:8080`);
  }
  return origins;
}
