import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Log, type LogFields, silentLog } from '#libs/telemetry';
import type { AuthPeer } from '../principal.js';
import { TenantBinder } from '../tenant-binder.js';
import { acme, demo, tenants } from '../testing/tenants.js';
import { userNameFault } from '../user-name.js';
import type { JwtIssuerOptions } from './jwt-issuer.js';
import { JwtSource } from './jwt-source.js';
import { encoded, pemOf, signed, signedWithSecret, testKey } from './testing/test-issuer.js';

const nowMs = 1_800_000_000_000;
const nowSeconds = nowMs / 1_000;
const issuer = 'https://id.example';
const secret = 'a secret of thirty-two bytes ... and more';
const peer: AuthPeer = { listener: 'kafka', remoteAddress: '10.0.0.1' };
const keys = {
  RS256: testKey('RS256'),
  ES256: testKey('ES256'),
  ES384: testKey('ES384'),
  ES512: testKey('ES512'),
  EdDSA: testKey('EdDSA'),
};
const stranger = testKey('RS256');
const good = {
  iss: issuer,
  aud: 'pulsegate',
  sub: 'alice',
  tenant: 'acme',
  groups: ['writers', 'readers'],
  exp: nowSeconds + 600,
};
const folder = mkdtempSync(join(tmpdir(), 'pulsegate-jwt-'));
const keysFile = join(folder, 'keys.pem');
const options: JwtIssuerOptions = {
  name: 'corp',
  issuer,
  audience: ['pulsegate', 'kafka'],
  algorithms: ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'],
  keysFile,
  claims: { tenant: 'tenant' },
};
const sources: JwtSource[] = [];
const lines: LogFields[] = [];
const log: Log = { ...silentLog, info: (fields) => void lines.push(fields) };

async function start(
  changes: Partial<JwtIssuerOptions> | readonly Partial<JwtIssuerOptions>[] = {},
  listener: { tenant?: string; defaultTenant?: string } = {},
): Promise<JwtSource> {
  const list = Array.isArray(changes) ? changes : [changes];
  const issuers = list.map((each: Partial<JwtIssuerOptions>) => ({ ...options, ...each }));
  const binder = new TenantBinder({ tenants, listeners: [{ name: 'kafka', ...listener }] });
  const source = new JwtSource({ issuers, binder, log, now: () => nowMs });
  sources.push(source);
  await source.start();
  return source;
}

let source: JwtSource;
const decide = (token: string, by = source) => by.authenticate({ kind: 'token', token }, peer);
const lastWhy = () => lines.at(-1)?.why;

beforeAll(async () => {
  writeFileSync(keysFile, pemOf(...Object.values(keys)));
  source = await start();
});

afterAll(() => {
  for (const each of sources) each.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('JwtSource lets in', () => {
  it.each(Object.values(keys))('a token that $alg signed', async (key) => {
    expect(await decide(signed(key, good))).toEqual({
      kind: 'allow',
      principal: {
        tenant: acme,
        user: 'alice',
        groups: ['writers', 'readers'],
        anonymous: false,
        expiresAtMs: nowMs + 600_000,
        source: 'token',
      },
    });
  });

  it('a token signed with the shared secret', async () => {
    const shared = await start({ keysFile: undefined, secret, algorithms: ['HS256'] });
    expect(await decide(signedWithSecret(secret, good), shared)).toMatchObject({ kind: 'allow' });
    expect(await decide(signedWithSecret(`${secret}.`, good), shared)).toMatchObject({ kind: 'deny' });
  });

  it('a token for several audiences, an access token, one of a key id that PEM does not know', async () => {
    const several = { ...good, aud: ['other', 'kafka'] };
    expect(await decide(signed(keys.RS256, several))).toMatchObject({ kind: 'allow' });
    const header = { typ: 'application/AT+JWT', kid: 'unknown' };
    expect(await decide(signed(keys.RS256, good, header))).toMatchObject({ kind: 'allow' });
    expect(await decide(signed(keys.RS256, good, { typ: undefined }))).toMatchObject({ kind: 'allow' });
  });

  it('a token whose claims are deeper, and one whose issuer is of one tenant', async () => {
    const claims = {
      user: ['who', 'name'],
      tenant: 'https://acme.example/org',
      groups: ['realm_access', 'roles'],
    };
    const nested = await start({ claims });
    const token = signed(keys.ES256, {
      ...good,
      who: { name: 'bob' },
      'https://acme.example/org': 'demo',
      realm_access: { roles: 'admins' },
    });
    expect(await decide(token, nested)).toMatchObject({
      kind: 'allow',
      principal: { tenant: demo, user: 'bob', groups: ['admins'] },
    });
    const fixed = await start({ claims: {}, tenant: 'demo' });
    expect(await decide(signed(keys.ES256, good), fixed)).toMatchObject({ principal: { tenant: demo } });
  });

  it('a token until the moment that it says, fractions included', async () => {
    const token = (exp: number) => signed(keys.EdDSA, { ...good, exp });
    expect(await decide(token(nowSeconds + 0.25))).toMatchObject({ principal: { expiresAtMs: nowMs + 250 } });
    expect(await decide(token(1e300))).toMatchObject({ principal: { expiresAtMs: 8.64e15 } });
    const raw = JSON.stringify(good).replace(String(good.exp), '1e999');
    expect(await decide(signed(keys.EdDSA, raw))).toMatchObject({ principal: { expiresAtMs: 8.64e15 } });
    // Late within the tolerance for clocks that differ: until the tolerance ends.
    expect(await decide(token(nowSeconds - 29.5))).toMatchObject({ principal: { expiresAtMs: nowMs + 500 } });
    expect(await decide(token(nowSeconds - 30))).toEqual({ kind: 'deny', reason: 'expired' });
  });
});

describe('JwtSource passes on', () => {
  it.each([
    ['another issuer', signed(keys.RS256, { ...good, iss: 'https://evil.example' })],
    ['no issuer', signed(keys.RS256, { ...good, iss: undefined })],
    ['an issuer that is a list', signed(keys.RS256, { ...good, iss: [issuer] })],
    ['an issuer that is all but equal', signed(keys.RS256, { ...good, iss: `${issuer}/` })],
    ['no algorithm and no signature', `${encoded({ alg: 'none' })}.${encoded(good)}.`],
    ['no signature', signed(keys.RS256, good).replace(/[^.]*$/, '')],
    ['no token', 'no token'],
    ['nothing', ''],
    ['dots', '...'],
    ['an encrypted token', `${encoded({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`],
    ['a payload that is no JSON', `${encoded({ alg: 'RS256' })}.${encoded('{')}.aaaa`],
    ['a payload that is null', `${encoded({ alg: 'RS256' })}.${encoded(null)}.aaaa`],
    ['a token of 16 KiB and more', signed(keys.RS256, { ...good, filler: 'x'.repeat(16_384) })],
    ['a member of Object', signed(keys.RS256, { ...good, iss: '__proto__' })],
  ])('%s', async (_, token) => {
    expect(await decide(token)).toEqual({ kind: 'not-mine' });
  });

  it('passwords that are no token, and certificates', async () => {
    const given = (password: string) => ({ kind: 'password', username: 'alice', password }) as const;
    expect(await source.authenticate(given('secret'), peer)).toEqual({ kind: 'not-mine' });
    const token = given(signed(keys.RS256, good));
    expect(await source.authenticate(token, peer)).toMatchObject({ kind: 'allow' });
    expect(await source.authenticate({ kind: 'certificate' }, peer)).toEqual({ kind: 'not-mine' });
  });
});

const bad = { kind: 'deny', reason: 'bad-credentials' };

describe('JwtSource refuses what nobody signed', () => {
  const [header, payload, signature] = signed(keys.RS256, good).split('.') as [string, string, string];
  it.each([
    ['no algorithm', `${encoded({ alg: 'none' })}.${payload}.${signature}`],
    ['"none" in other letters', `${encoded({ alg: 'nOnE' })}.${payload}.${signature}`],
    ['an empty header', `${encoded({})}.${payload}.${signature}`],
    ['an algorithm that is none', `${encoded({ alg: ['RS256'] })}.${payload}.${signature}`],
    ['half a signature', `${header}.${payload}.${signature.slice(0, 100)}`],
    ['another payload', `${header}.${encoded({ ...good, sub: 'root' })}.${signature}`],
    ['another header', `${encoded({ alg: 'RS256', typ: 'at+jwt' })}.${payload}.${signature}`],
    ['an empty ECDSA signature of zeros', `${encoded({ alg: 'ES256' })}.${payload}.${'A'.repeat(86)}`],
    ['a signature in DER', `${encoded({ alg: 'ES256' })}.${payload}.${encoded('0'.repeat(70))}`],
    ['another key', signed(stranger, good)],
    ['the public key as secret', signedWithSecret(pemOf(keys.RS256), good)],
    ['the public key as secret, named RS256', signedWithSecret(pemOf(keys.RS256), good, { alg: 'RS256' })],
    ['an algorithm that is not allowed', signed(keys.RS256, good, { alg: 'PS256' })],
    ["another key's algorithm", signed(keys.RS256, good, { alg: 'ES256' })],
    ['a key of its own', signed(stranger, good, { jwk: stranger.publicKey.export({ format: 'jwk' }) })],
    ['an address of keys', signed(stranger, good, { jku: 'http://127.0.0.1:1/', x5u: 'file:///etc/passwd' })],
    ['an extension that must be understood', signed(keys.RS256, good, { crit: ['exp'], exp: 1 })],
    ['an unencoded payload', signed(keys.RS256, good, { crit: ['b64'], b64: false })],
    ['a key id that is none', signed(keys.RS256, good, { kid: { $ne: 1 } })],
    ['a key id of any length', signed(keys.RS256, good, { kid: 'k'.repeat(257) })],
    ['a proof of possession', signed(keys.RS256, good, { typ: 'dpop+jwt' })],
    ['a notice of logout', signed(keys.RS256, good, { typ: 'logout+jwt' })],
  ])('%s', async (_, token) => {
    expect(await decide(token)).toEqual(bad);
  });
});

describe('JwtSource refuses what was signed for something else', () => {
  const without = (claim: keyof typeof good) => ({ ...good, [claim]: undefined });
  it.each([
    ['no audience', without('aud')],
    ['another audience', { ...good, aud: 'pulsegate2' }],
    ['no audience in a list', { ...good, aud: [] }],
    ['an audience that is none', { ...good, aud: { pulsegate: true } }],
    ['no expiry', without('exp')],
    ['an expiry in words', { ...good, exp: '2099-01-01' }],
    ['no expiry but null', { ...good, exp: null }],
    ['one for later', { ...good, nbf: nowSeconds + 31 }],
    ['one for a time that is none', { ...good, nbf: 'now' }],
    ['one from the future', { ...good, iat: nowSeconds + 31 }],
    ['one from a time that is none', { ...good, iat: {} }],
    ['no user', without('sub')],
    ['a user without a name', { ...good, sub: '' }],
    ['a user that is a number', { ...good, sub: 7 }],
    ['several users', { ...good, sub: ['alice'] }],
    ['a user with a tenant', { ...good, sub: 'demo/alice' }],
    ['a user with a line break', { ...good, sub: 'alice\nroot' }],
    ['a user with C1 controls', { ...good, sub: 'alice\u0085' }],
    ['half a character', { ...good, sub: 'alice\ud800' }],
    ['the name of nobody', { ...good, sub: 'anonymous' }],
    ['a long name', { ...good, sub: 'a'.repeat(129) }],
    ['no tenant', without('tenant')],
    ['several tenants', { ...good, tenant: ['acme'] }],
    ['groups that are none', { ...good, groups: { writers: true } }],
    ['no groups but null', { ...good, groups: null }],
    ['a group that is none', { ...good, groups: ['writers', 1] }],
    ['a group without a name', { ...good, groups: [''] }],
    ['a group with a NUL', { ...good, groups: ['a\0'] }],
    ['too many groups', { ...good, groups: Array.from({ length: 257 }, (_, each) => `${each}`) }],
  ])('%s', async (_, claims) => {
    expect(await decide(signed(keys.RS256, claims))).toEqual(bad);
    expect(lastWhy()).toEqual(expect.any(String));
  });

  it('an expired one', async () => {
    for (const exp of [0, -1, -1e300, nowSeconds - 31]) {
      expect(await decide(signed(keys.RS256, { ...good, exp }))).toEqual({ kind: 'deny', reason: 'expired' });
    }
  });

  it('a tenant that is not there, or not that of the connection', async () => {
    const token = (tenant: string) => signed(keys.RS256, { ...good, tenant });
    const fallback = await start({}, { defaultTenant: 'acme' });
    for (const name of ['nowhere', '', 'Acme', 'acme ', '__proto__', 'undefined', 'acme/main']) {
      expect(await decide(token(name), fallback)).toEqual({ kind: 'deny', reason: 'unknown-tenant' });
    }
    const walled = await start({}, { tenant: 'acme' });
    expect(await decide(token('acme'), walled)).toMatchObject({ kind: 'allow' });
    expect(await decide(token('demo'), walled)).toEqual({ kind: 'deny', reason: 'tenant-mismatch' });
  });

  it('claims that are of every object', async () => {
    const odd = await start({ claims: { user: 'sub', tenant: ['constructor', 'name'] } });
    expect(await decide(signed(keys.RS256, good), odd)).toEqual(bad);
  });

  it("another issuer's key", async () => {
    const other = 'https://other.example';
    const otherFile = join(folder, 'other.pem');
    writeFileSync(otherFile, pemOf(stranger));
    const two = await start([{}, { name: 'other', issuer: other, keysFile: otherFile }]);
    expect(await decide(signed(stranger, { ...good, iss: other }), two)).toMatchObject({ kind: 'allow' });
    expect(await decide(signed(stranger, good), two)).toEqual(bad);
    expect(await decide(signed(keys.RS256, { ...good, iss: other }), two)).toEqual(bad);
  });

  it('and says why in the log, without the token', async () => {
    const token = signed(keys.RS256, { ...good, aud: 'the-other-gateway' });
    await decide(token);
    expect(lines.at(-1)).toMatchObject({ event: 'jwt.refused', issuer: 'corp', reason: 'bad-credentials' });
    expect(lastWhy()).toContain('"aud"');
    for (const part of token.split('.')) expect(JSON.stringify(lines)).not.toContain(part);
  });
});

describe('JwtSource and anything else', () => {
  const parts = signed(keys.ES256, good).split('.') as [string, string, string];
  const header = { alg: 'ES256', typ: 'JWT' };

  it('lets nothing in that differs from what was signed', async () => {
    const place = fc.tuple(fc.nat(), fc.constantFrom(...'AQgw09-_az'));
    const change = fc.tuple(fc.nat({ max: 2 }), place);
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const changed = parts.map((text) => [...text]);
        for (const [part, [at, character]] of changes) {
          const text = changed[part]!;
          text[at % text.length] = character;
        }
        const texts = changed.map((text) => text.join(''));
        const bytes = (each: readonly string[]) =>
          each.map((text) => Buffer.from(text, 'base64url').toString('hex'));
        // The last character has bits that say nothing.
        fc.pre(bytes(texts).join() !== bytes(parts).join());
        expect((await decide(texts.join('.'))).kind).not.toBe('allow');
      }),
      { numRuns: 500 },
    );
  });

  it('answers whatever header and claims are, and lets in only a user of a tenant', async () => {
    const claim = fc.oneof(fc.jsonValue(), fc.constantFrom(issuer, 'pulsegate', 'acme', 'alice', good.exp));
    const claims = fc.dictionary(fc.constantFrom(...Object.keys(good), 'nbf', 'iat', '__proto__'), claim);
    const fields = fc.dictionary(
      fc.constantFrom('kid', 'typ', 'crit', 'b64', 'jwk', 'cty', 'zip'),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(claims, fields, async (some, extra) => {
        const decision = await decide(signed(keys.ES256, { ...good, ...some }, { ...extra, ...header }));
        if (decision.kind !== 'allow') return;
        const { tenant, user, groups, expiresAtMs } = decision.principal;
        expect([acme, demo]).toContain(tenant);
        expect(userNameFault(user)).toBeUndefined();
        expect(groups.every((group) => typeof group === 'string')).toBe(true);
        expect(expiresAtMs).toBeGreaterThan(nowMs);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the settings of an issuer', () => {
  it.each([
    ['no keys', { keysFile: undefined }],
    ['two places of keys', { secret }],
    ['no audience', { audience: [] }],
    ['an empty audience', { audience: [''] }],
    ['no algorithm', { algorithms: [] }],
    ['a secret for keys', { algorithms: ['RS256', 'HS256'] as const }],
    ['keys for a secret', { keysFile: undefined, secret, algorithms: ['HS256', 'RS256'] as const }],
    ['no tenant', { claims: {} }],
    ['two tenants', { tenant: 'acme' }],
    ['a URL that is none', { keysFile: undefined, jwksUrl: 'id.example/keys' }],
    ['a file as URL', { keysFile: undefined, jwksUrl: 'file:///etc/passwd' }],
    ['a URL without TLS', { keysFile: undefined, jwksUrl: 'http://id.example/keys' }],
    [
      'a URL that looks like this machine',
      { keysFile: undefined, jwksUrl: 'http://127.0.0.1.evil.example/' },
    ],
    ['a URL with a password', { keysFile: undefined, jwksUrl: 'https://a:b@id.example/' }],
    ['authorities for nothing', { caFile: 'ca.pem' }],
  ])('are refused with %s', async (_, changes) => {
    await expect(start(changes)).rejects.toThrow('token issuers: corp.');
  });

  it.each([
    ['no file', { keysFile: join(folder, 'absent') }],
    ['a folder', { keysFile: folder }],
    ['keys of other types only', { algorithms: ['PS256'] as const, keysFile: join(folder, 'ec.pem') }],
    ['a short secret', { keysFile: undefined, secret: 'x'.repeat(31), algorithms: ['HS256'] as const }],
    ['a secret too short for one', { keysFile: undefined, secret, algorithms: ['HS256', 'HS512'] as const }],
    ['an empty secret', { keysFile: undefined, secret: '', algorithms: ['HS256'] as const }],
  ])('do not start with %s', async (_, changes) => {
    writeFileSync(join(folder, 'ec.pem'), pemOf(keys.ES256));
    const failure = start(changes);
    await expect(failure).rejects.toThrow('token issuer corp: ');
    await expect(failure).rejects.not.toThrow(/x{31}|a secret of thirty/);
  });
});
