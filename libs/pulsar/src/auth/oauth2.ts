import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AuthOptions } from '../client.options.js';
import { asPulsarError, PulsarError } from '../pulsar.errors.js';

export type OAuth2Options = Extract<AuthOptions, { method: 'oauth2' }>;

/** Time allowed for one HTTP exchange with the issuer. */
const issuerTimeoutMs = 10_000;
/** A token document or metadata larger than this is refused. */
const issuerResponseBytesMax = 1024 * 1024;
/** A token is renewed once this part of its lifetime is over, so that none expires on the way. */
const renewAfterShare = 0.8;
/** When the issuer does not say `expires_in` (RFC 6749, 5.1: recommended only). */
const lifetimeDefaultMs = 300_000;

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * Access tokens by the client credentials grant (RFC 6749, 4.4), the token endpoint found by OpenID discovery, as
 * Pulsar's own clients do. One request at a time; a token is kept until it nears its end or is known to be refused.
 */
export class OAuth2Tokens {
  readonly #options: OAuth2Options;
  #endpoint: string | undefined;
  #token: string | undefined;
  #renewAtMs = 0;
  #underway: Promise<string> | undefined;

  constructor(options: OAuth2Options) {
    this.#options = options;
  }

  /** `fresh` passes over the kept token. Rejects with 'CredentialsUnavailable'. */
  token(fresh: boolean): Promise<string> {
    if (!fresh && this.#token !== undefined && Date.now() < this.#renewAtMs)
      return Promise.resolve(this.#token);
    this.#underway ??= this.#request()
      .catch((error: unknown) => {
        throw asPulsarError(error, 'CredentialsUnavailable');
      })
      .finally(() => {
        this.#underway = undefined;
      });
    return this.#underway;
  }

  async #request(): Promise<string> {
    const { clientId, clientSecret } = await this.#credentials();
    this.#endpoint ??= await this.#discover();
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
    });
    if (this.#options.audience) form.set('audience', this.#options.audience);
    if (this.#options.scope) form.set('scope', this.#options.scope);
    let answer: Record<string, unknown>;
    try {
      answer = await fetchJson(this.#endpoint, { method: 'POST', body: form });
    } catch (error) {
      // The endpoint may have moved: discover it again next time.
      this.#endpoint = undefined;
      throw error;
    }
    const token = answer.access_token;
    if (typeof token !== 'string' || token === '')
      throw unavailable('the issuer answered without an access_token');
    const seconds = Number(answer.expires_in);
    const lifetimeMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : lifetimeDefaultMs;
    this.#renewAtMs = Date.now() + lifetimeMs * renewAfterShare;
    this.#token = token;
    return token;
  }

  async #discover(): Promise<string> {
    const metadata = await fetchJson(
      `${this.#options.issuerUrl.replace(/\/+$/, '')}/.well-known/openid-configuration`,
    );
    const endpoint = metadata.token_endpoint;
    if (typeof endpoint !== 'string') throw unavailable('the issuer names no token_endpoint');
    return endpoint;
  }

  async #credentials(): Promise<Credentials> {
    const { clientId, clientSecret, credentialsFile } = this.#options;
    if (credentialsFile === undefined) {
      if (!clientId || !clientSecret)
        throw unavailable('neither clientId and clientSecret nor a credentials file');
      return { clientId, clientSecret };
    }
    const path = credentialsFile.startsWith('file:') ? fileURLToPath(credentialsFile) : credentialsFile;
    const content = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    if (typeof content.client_id !== 'string' || typeof content.client_secret !== 'string') {
      throw unavailable(`${path} lacks client_id or client_secret`);
    }
    return { clientId: content.client_id, clientSecret: content.client_secret };
  }
}

async function fetchJson(
  url: string,
  init?: { method: string; body: URLSearchParams },
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    ...init,
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(issuerTimeoutMs),
  });
  const text = await boundedText(response);
  if (!response.ok) throw unavailable(`${url} answered ${response.status}: ${text.slice(0, 200)}`);
  return JSON.parse(text) as Record<string, unknown>;
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.length;
    if (bytes > issuerResponseBytesMax) throw unavailable(`${response.url} answered too much`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function unavailable(why: string): PulsarError {
  return new PulsarError('CredentialsUnavailable', why);
}
