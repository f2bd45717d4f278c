import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '#libs/telemetry';
import { Authenticator } from '../authenticator.js';
import type { AuthDecision, Principal } from '../principal.js';
import { TenantBinder } from '../tenant-binder.js';
import { acme, tenants } from '../testing/tenants.js';
import type { JwtIssuerOptions } from './jwt-issuer.js';
import { JwtSource } from './jwt-source.js';
import { unknownKeyPauseMs } from './key-ring.js';
import { hasOpenssl, json, KeyServer, ServerCertificates } from './testing/key-server.js';
import { jwksOf, pemOf, signed, type TestKey, testKey } from './testing/test-issuer.js';

const issuer = 'https://id.example';
const peer = { listener: 'kafka', remoteAddress: '10.0.0.1' };
const listeners = [{ name: 'kafka' }];
const [first, second, third] = [
  testKey('RS256', 'first'),
  testKey('ES256', 'second'),
  testKey('EdDSA', 'third'),
];
const title = hasOpenssl ? 'keys over HTTPS' : 'keys over HTTPS (skipped: there is no openssl command)';
const certificates = new ServerCertificates();
const folder = mkdtempSync(join(tmpdir(), 'pulsegate-rotation-'));
let offsetMs = 0;
let source: JwtSource | undefined;

afterEach(() => source?.close());
afterAll(() => {
  certificates.remove();
  rmSync(folder, { recursive: true });
});

function token(key: TestKey, claims: object = {}): string {
  const exp = Date.now() / 1_000 + 3_600;
  return signed(key, { iss: issuer, aud: 'pulsegate', sub: 'alice', exp, jti: Math.random(), ...claims });
}

const revoked: Principal[] = [];

async function start(options: Partial<JwtIssuerOptions>): Promise<(token: string) => Promise<AuthDecision>> {
  const corp: JwtIssuerOptions = {
    ...{ name: 'corp', issuer, audience: ['pulsegate'], tenant: 'acme', refreshMs: 3_600_000 },
    ...{ algorithms: ['RS256', 'ES256', 'EdDSA'] },
    ...options,
  };
  const binder = new TenantBinder({ tenants, listeners });
  offsetMs = 0;
  const monotonicNow = () => performance.now() + offsetMs;
  source = new JwtSource({ issuers: [corp], binder, log: silentLog, monotonicNow });
  await source.start();
  const authenticator = new Authenticator({
    ...{ users: [], tenants, listeners, log: silentLog, sources: [source] },
    ...{ failureFloorMs: 0, failuresPerAddressBurst: 10_000 },
  });
  revoked.length = 0;
  authenticator.onRevoked((principal) => revoked.push(principal));
  return (text) => authenticator.authenticate({ kind: 'token', token: text }, peer);
}

const allow = { kind: 'allow', principal: { tenant: acme, user: 'alice' } };
const bad = { kind: 'deny', reason: 'bad-credentials' };
const fault = { kind: 'deny', reason: 'fault' };

(hasOpenssl ? describe : describe.skip)(title, () => {
  const tls = hasOpenssl ? certificates.make('issuer') : { certFile: '', keyFile: '' };
  let server: KeyServer;
  const keys = () => ({ jwksUrl: server.url, caFile: tls.certFile });

  beforeEach(async () => {
    server = await KeyServer.start(json(jwksOf(first)), tls);
  });
  afterEach(() => server.stop());

  it('are taken over when the issuer changes them', async () => {
    const decide = await start(keys());
    const old = token(first);
    expect(await decide(old)).toMatchObject(allow);
    expect(await decide(token(second))).toEqual(bad);
    server.answer = json(jwksOf(first, second));
    offsetMs += unknownKeyPauseMs;
    expect(await decide(token(second))).toMatchObject(allow);
    expect(await decide(old)).toMatchObject(allow);
    server.answer = json(jwksOf(second, third));
    offsetMs += unknownKeyPauseMs;
    expect(await decide(token(third))).toMatchObject(allow);
    // Verified and remembered before, but its key is not the issuer's any more.
    expect(await decide(old)).toEqual(bad);
    expect(server.requests).toBe(3);
  });

  it('take back whom they let in when they are taken out', async () => {
    server.answer = json(jwksOf(first, second));
    const decide = await start(keys());
    const decisions = [await decide(token(first, { exp: 253_402_300_799 })), await decide(token(second))];
    const [stolen] = decisions.map((each) => each.kind === 'allow' && each.principal);
    server.answer = json(jwksOf(second, third));
    offsetMs += unknownKeyPauseMs;
    expect(await decide(token(third))).toMatchObject(allow);
    expect(revoked).toEqual([stolen]);
    expect(revoked[0] === stolen).toBe(true);
  });

  it('are taken over in the course of time without being asked for', async () => {
    const decide = await start({ ...keys(), refreshMs: 50 });
    const old = token(first);
    expect(await decide(old)).toMatchObject(allow);
    server.answer = json(jwksOf());
    while ((await decide(old)).kind === 'allow') await delay(10);
    expect(await decide(old)).toEqual(bad);
  });

  it('are not asked for by those who invent key ids', async () => {
    const decide = await start(keys());
    const guesses = Array.from({ length: 200 }, (_, each) =>
      decide(token({ ...third, kid: `invented ${each}` })),
    );
    expect((await Promise.all(guesses)).every(({ kind }) => kind === 'deny')).toBe(true);
    expect(server.requests).toBe(1);
    offsetMs += unknownKeyPauseMs;
    await Promise.all(
      Array.from({ length: 200 }, (_, each) => decide(token({ ...third, kid: `again ${each}` }))),
    );
    expect(server.requests).toBe(2);
  });

  it('serve on while the issuer is away, and no longer than they may', async () => {
    const decide = await start({ ...keys(), staleMsMax: 60_000 });
    const { port } = server;
    await server.stop();
    offsetMs = 59_000;
    expect(await decide(token(first))).toMatchObject(allow);
    // It may be right: nobody can say, so it is no guess that is held against the client.
    expect(await decide(token(second))).toEqual(fault);
    offsetMs = 61_000;
    expect(await decide(token(first))).toEqual(fault);
    server = await KeyServer.start(json(jwksOf(first, second)), tls, port);
    offsetMs += unknownKeyPauseMs;
    expect(await decide(token(second))).toMatchObject(allow);
    expect(await decide(token(first))).toMatchObject(allow);
  });

  it('may come after the gateway', async () => {
    const { port, url } = server;
    await server.stop();
    const decide = await start({ jwksUrl: url, caFile: tls.certFile });
    expect(await decide(token(first))).toEqual(fault);
    server = await KeyServer.start(json(jwksOf(first)), tls, port);
    offsetMs += unknownKeyPauseMs;
    expect(await decide(token(first))).toMatchObject(allow);
  });

  it.each([
    ['a page', '<html>'],
    ['another object', '{"error":"gone"}'],
    ['null', 'null'],
    ['keys that are none', '{"keys":[1,"a",null,{}]}'],
    ['a secret', '{"keys":[{"kty":"oct","k":"AAAA","kid":"first"}]}'],
    ['too many keys', JSON.stringify({ keys: Array.from({ length: 101 }, () => ({})) })],
  ])('stay what they were when the answer is %s', async (_, body) => {
    const decide = await start(keys());
    server.answer = (_request, response) => void response.end(body);
    offsetMs = unknownKeyPauseMs;
    expect(await decide(token(second))).toEqual(fault);
    expect(await decide(token(first))).toMatchObject(allow);
  });

  it('may share an id, and the one that has signed counts', async () => {
    const twin = testKey('RS256', 'first');
    server.answer = json(jwksOf(twin, first));
    const decide = await start(keys());
    expect(await decide(token(first))).toMatchObject(allow);
    expect(await decide(token(twin))).toMatchObject(allow);
    expect(await decide(token(testKey('RS256', 'first')))).toEqual(bad);
  });

  it('are believed from nobody else', async () => {
    const evil = await KeyServer.start(json(jwksOf(second)), certificates.make('evil'));
    server.answer = (_request, response) => {
      response.writeHead(302, { location: evil.url });
      response.end();
    };
    try {
      const redirected = await start(keys());
      expect(await redirected(token(second))).toEqual(fault);
      source?.close();
      const pretended = await start({ jwksUrl: evil.url, caFile: tls.certFile });
      expect(await pretended(token(second))).toEqual(fault);
      expect(evil.requests).toBe(0);
    } finally {
      await evil.stop();
    }
  });
});

describe('keys in a file', () => {
  const keysFile = join(folder, 'keys');
  const replace = (text: string) => {
    writeFileSync(`${keysFile}.new`, text);
    renameSync(`${keysFile}.new`, keysFile);
  };

  it('are read again when they change, and those that were taken out count no more', async () => {
    replace(pemOf(first));
    const decide = await start({ keysFile, refreshMs: 20 });
    const old = token(first);
    expect(await decide(old)).toMatchObject(allow);
    replace(JSON.stringify(jwksOf(second)));
    while ((await decide(old)).kind === 'allow') await delay(10);
    expect(await decide(token(second))).toMatchObject(allow);
  });

  it.each([
    ['empty', ''],
    ['half a key', pemOf(first).slice(0, 200)],
    ['a private key', first.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string],
    ['no key at all', '{"keys":[]}'],
  ])('stay what they were when the file is %s, for as long as they may', async (_, text) => {
    replace(pemOf(first));
    const decide = await start({ keysFile, refreshMs: 20, staleMsMax: 1_000 });
    replace(text);
    await delay(100);
    expect(await decide(token(first))).toMatchObject(allow);
    offsetMs = 2_000;
    expect(await decide(token(first))).toEqual(fault);
    replace(pemOf(first));
    while ((await decide(token(first))).kind === 'deny') await delay(10);
  });
});

describe('what is remembered of a token', () => {
  it('is one identity, which ends when the token does', async () => {
    const keysFile = join(folder, 'keys');
    writeFileSync(keysFile, pemOf(first));
    const decide = await start({ keysFile, clockToleranceMs: 0 });
    const short = token(first, { exp: Date.now() / 1_000 + 0.4 });
    const [one, two] = [await decide(short), await decide(short)];
    expect(one).toMatchObject(allow);
    expect(one.kind === 'allow' && two.kind === 'allow' && one.principal === two.principal).toBe(true);
    await delay(450);
    expect(await decide(short)).toEqual({ kind: 'deny', reason: 'expired' });
    const other = token(first);
    expect(await decide(other)).toMatchObject(allow);
  });
});
