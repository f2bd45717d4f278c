import { createServer, type IncomingMessage, type Server } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createAuthProvider } from './auth-provider.js';
import { OAuth2Tokens } from './oauth2.js';

interface Issuer {
  readonly url: string;
  readonly forms: Record<string, string>[];
  status: number;
  answer: object;
  close(): void;
}

async function startIssuer(): Promise<Issuer> {
  const forms: Record<string, string>[] = [];
  const body = async (request: IncomingMessage) => {
    let text = '';
    for await (const part of request) text += part;
    return Object.fromEntries(new URLSearchParams(text));
  };
  const server: Server = createServer(async (request, response) => {
    if (request.url === '/realm/.well-known/openid-configuration') {
      response.end(JSON.stringify({ token_endpoint: `${issuer.url}/token` }));
      return;
    }
    forms.push(await body(request));
    response.statusCode = issuer.status;
    response.end(JSON.stringify({ access_token: `token-${forms.length}`, ...issuer.answer }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const issuer: Issuer = {
    url: `http://127.0.0.1:${port}/realm`,
    forms,
    status: 200,
    answer: { expires_in: 3600 },
    close: () => server.close(),
  };
  return issuer;
}

describe('OAuth 2 client credentials', () => {
  let issuer: Issuer;
  const folder = mkdtempSync(join(tmpdir(), 'pulsegate-oauth2-'));
  beforeAll(async () => {
    issuer = await startIssuer();
  });
  afterEach(() => {
    issuer.forms.length = 0;
    issuer.status = 200;
    issuer.answer = { expires_in: 3600 };
  });
  afterAll(() => {
    issuer.close();
    rmSync(folder, { recursive: true });
  });
  const options = () =>
    ({ method: 'oauth2', issuerUrl: issuer.url, clientId: 'id', clientSecret: 'shh' }) as const;

  it('finds the endpoint, asks once for many, and keeps the token', async () => {
    const tokens = new OAuth2Tokens({ ...options(), audience: 'pulsar', scope: 'a b' });
    expect(await Promise.all([tokens.token(false), tokens.token(false)])).toEqual(['token-1', 'token-1']);
    expect(await tokens.token(false)).toBe('token-1');
    expect(issuer.forms).toEqual([
      {
        grant_type: 'client_credentials',
        client_id: 'id',
        client_secret: 'shh',
        audience: 'pulsar',
        scope: 'a b',
      },
    ]);
    expect(await tokens.token(true)).toBe('token-2');
  });

  it('renews a token that is near its end', async () => {
    issuer.answer = { expires_in: 0.001 };
    const tokens = new OAuth2Tokens(options());
    expect(await tokens.token(false)).toBe('token-1');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await tokens.token(false)).toBe('token-2');
  });

  it('reads credentials from a file, and asks for a fresh token when challenged', async () => {
    const credentialsFile = join(folder, 'key.json');
    writeFileSync(
      credentialsFile,
      JSON.stringify({ type: 'client_credentials', client_id: 'f', client_secret: 's' }),
    );
    const provider = createAuthProvider({ method: 'oauth2', issuerUrl: `${issuer.url}/`, credentialsFile });
    expect(provider.methodName).toBe('token');
    expect((await provider.credentials('connect')).toString()).toBe('token-1');
    expect(await provider.httpHeaders()).toMatchObject({ Authorization: 'Bearer token-1' });
    expect((await provider.credentials('challenge')).toString()).toBe('token-2');
    expect(issuer.forms[0]).toMatchObject({ client_id: 'f' });
  });

  it.each([
    ['a refusal', { status: 401, answer: {} }],
    ['no token', { status: 200, answer: { access_token: undefined } }],
  ])('fails typed on %s', async (_, { status, answer }) => {
    Object.assign(issuer, { status, answer });
    await expect(new OAuth2Tokens(options()).token(false)).rejects.toMatchObject({
      code: 'CredentialsUnavailable',
    });
  });

  it('fails typed when the issuer is away or the file is', async () => {
    const away = new OAuth2Tokens({ ...options(), issuerUrl: 'http://127.0.0.1:1' });
    await expect(away.token(false)).rejects.toMatchObject({
      code: 'CredentialsUnavailable',
      retriable: true,
    });
    const tokenFile = join(folder, 'absent');
    const provider = createAuthProvider({ method: 'token', tokenFile });
    await expect(provider.credentials('connect')).rejects.toMatchObject({ code: 'CredentialsUnavailable' });
    writeFileSync(tokenFile, ' abc\n');
    expect((await provider.credentials('connect')).toString()).toBe('abc');
  });
});
