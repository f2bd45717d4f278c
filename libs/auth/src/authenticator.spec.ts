import { scryptSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { TenantDirectory } from '#libs/tenancy';
import { type Log, silentLog } from '#libs/telemetry';
import { Authenticator, AuthenticatorError, type AuthenticatorOptions } from './authenticator.js';
import { acme, demo, tenants } from './testing/tenants.js';
import type { UserCredential } from './users/known-users.js';

const salt = Buffer.from('0123456789abcdef');
const hash = scryptSync('secret', salt, 32, { cost: 1_024, blockSize: 8, parallelization: 1 });
const verifier = `scrypt$1024$8$1$${salt.toString('base64')}$${hash.toString('base64')}`;
const users: UserCredential[] = [
  { name: 'alice', tenant: 'acme', password: verifier, groups: ['writers'] },
  { name: 'alice', tenant: 'demo', password: 'another' },
  { name: 'bob@example.com', tenant: 'acme', password: 'plain' },
];
const listeners = [
  { name: 'kafka', defaultTenant: 'acme' },
  { name: 'bare' },
  { name: 'open', anonymousTenant: 'demo' },
];
const peer = { listener: 'kafka', remoteAddress: '10.0.0.1' };

function start(options: Partial<AuthenticatorOptions> = {}): Authenticator {
  return new Authenticator({ users, tenants, listeners, log: silentLog, failureFloorMs: 0, ...options });
}

describe('Authenticator', () => {
  let authenticator: Authenticator;
  beforeAll(() => {
    authenticator = start({ failuresPerAddressBurst: 1_000 });
  });

  it.each([
    ['acme/alice', 'secret', 'acme', 'alice'],
    ['alice@acme', 'secret', 'acme', 'alice'],
    ['alice', 'secret', 'acme', 'alice'],
    ['demo/alice', 'another', 'demo', 'alice'],
    ['alice@demo', 'another', 'demo', 'alice'],
    ['acme/bob@example.com', 'plain', 'acme', 'bob@example.com'],
    ['bob@example.com@acme', 'plain', 'acme', 'bob@example.com'],
  ])('allows %s, and binds the tenant', async (username, password, tenantName, user) => {
    const decision = await authenticator.plain(username, password, peer);
    expect(decision).toMatchObject({ kind: 'allow', principal: { user, anonymous: false } });
    expect(decision.kind === 'allow' && decision.principal.tenant).toBe(tenantName === 'acme' ? acme : demo);
    const again = await authenticator.plain(username, password, peer);
    expect(again.kind === 'allow' && again.principal).toBe(decision.kind === 'allow' && decision.principal);
  });

  it.each([
    ['alice', 'another'],
    ['alice', ''],
    ['alice', 'secret '],
    ['alice', verifier],
    ['alice', 'x'.repeat(100_000)],
    ['Alice', 'secret'],
    ['acme/acme/alice', 'secret'],
    ['demo/alice@acme', 'secret'],
    ['alice@demo', 'secret'],
    ['acme/', 'secret'],
    ['', ''],
    ['nobody', 'secret'],
    ['anonymous', ''],
    ['__proto__', ''],
    ['x'.repeat(100_000), 'secret'],
  ])('refuses %.40s with %.20s', async (username, password) => {
    expect(await authenticator.plain(username, password, peer)).toEqual({
      kind: 'deny',
      reason: 'bad-credentials',
    });
  });

  it.each([
    'nowhere/alice',
    'alice@nowhere',
    'bob@example.com',
    '/alice',
    'alice@',
    '@',
    '/',
    'undefined/alice',
  ])('never takes another tenant for %s', async (username) => {
    expect(await authenticator.plain(username, 'secret', peer)).toEqual({
      kind: 'deny',
      reason: 'unknown-tenant',
    });
  });

  it('needs a tenant where the listener has none', async () => {
    for (const listener of ['bare', 'unknown']) {
      const at = { ...peer, listener };
      expect(await authenticator.plain('alice', 'secret', at)).toMatchObject({ reason: 'unknown-tenant' });
      expect(await authenticator.plain('acme/alice', 'secret', at)).toMatchObject({ kind: 'allow' });
    }
  });

  it('lets anonymous clients in only where the listener names their tenant', () => {
    expect(authenticator.anonymousAllowed('open')).toBe(true);
    expect(authenticator.anonymousAllowed('kafka')).toBe(false);
    expect(authenticator.anonymous({ ...peer, listener: 'kafka' })).toEqual({
      kind: 'deny',
      reason: 'anonymous-not-allowed',
    });
    const decision = authenticator.anonymous({ ...peer, listener: 'open' });
    expect(decision).toMatchObject({
      kind: 'allow',
      principal: { user: 'anonymous', anonymous: true, groups: [] },
    });
  });

  it('verifies the same credentials once, also when they come together', async () => {
    const fresh = start();
    await fresh.plain('alice', 'secret', peer);
    const startedMs = performance.now();
    for (let each = 0; each < 200; each++) await fresh.plain('alice', 'secret', peer);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    const other = start();
    const storm = await Promise.all(Array.from({ length: 500 }, () => other.plain('alice', 'secret', peer)));
    expect(storm.every(({ kind }) => kind === 'allow')).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it('takes the floor time for every refusal, known user or not', async () => {
    const slow = start({ failureFloorMs: 200 });
    await slow.plain('alice', 'secret', peer);
    for (const [username, password] of [
      ['alice', 'wrong'],
      ['nobody', 'wrong'],
      ['nowhere/alice', 'wrong'],
      ['alice', 'wrong'],
    ] as const) {
      const startedMs = performance.now();
      await slow.plain(username, password, peer);
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(198);
      expect(performance.now() - startedMs).toBeLessThan(1_500);
    }
  });

  it('stops listening to an address that keeps failing, and gives it time back', async () => {
    let nowMs = 0;
    const now = () => nowMs;
    const limited = start({ now, failuresPerAddressBurst: 3, failuresPerAddressPerMinute: 6 });
    expect(await limited.plain('alice', 'secret', peer)).toMatchObject({ kind: 'allow' });
    for (let each = 0; each < 3; each++) {
      expect(await limited.plain('alice', `wrong-${each}`, peer)).toMatchObject({
        reason: 'bad-credentials',
      });
    }
    const refused = { kind: 'deny', reason: 'too-many-failures' };
    expect(await limited.plain('alice@demo', 'another', peer)).toEqual(refused);
    expect(await limited.plain('alice', 'wrong-0', peer)).toEqual(refused);
    // Known to be right before: a neighbour behind the same address does not lock it out.
    expect(await limited.plain('alice', 'secret', peer)).toMatchObject({ kind: 'allow' });
    expect(
      await limited.plain('alice@demo', 'another', { ...peer, remoteAddress: '10.0.0.2' }),
    ).toMatchObject({
      kind: 'allow',
    });
    nowMs = 10_000;
    expect(await limited.plain('alice@demo', 'another', peer)).toMatchObject({ kind: 'allow' });
  });

  it('tells an address without allowance nothing about passwords that others use', async () => {
    const limited = start({ failuresPerAddressBurst: 2, failuresPerAddressPerMinute: 0.001 });
    expect(await limited.plain('alice', 'secret', peer)).toMatchObject({ kind: 'allow' });
    const elsewhere = { ...peer, remoteAddress: '10.0.0.2' };
    for (const guess of ['a', 'b']) await limited.plain('alice', guess, elsewhere);
    expect(await limited.plain('alice', 'secret', elsewhere)).toEqual({
      kind: 'deny',
      reason: 'too-many-failures',
    });
    expect(await limited.plain('alice', 'secret', peer)).toMatchObject({ kind: 'allow' });
  });

  it('is overloaded alike for users that exist and those that do not, whatever their password is kept as', async () => {
    const busy = start({ failuresPerAddressBurst: 5, failuresPerAddressPerMinute: 0.001 });
    const flood = Array.from({ length: 1_100 }, (_, each) => busy.plain('nobody', `guess-${each}`, peer));
    const elsewhere = { ...peer, remoteAddress: '10.0.0.2' };
    const names = ['nobody', 'alice', 'alice@demo', 'bob@example.com@acme'];
    const answers = await Promise.all(names.map((name) => busy.plain(name, 'wrong', elsewhere)));
    expect(answers).toEqual(names.map(() => ({ kind: 'deny', reason: 'overloaded' })));
    await Promise.all(flood);
  });

  it('limits guesses that are sent all at once', async () => {
    const limited = start({ failuresPerAddressBurst: 5, failuresPerAddressPerMinute: 0.001 });
    const guesses = Array.from({ length: 40 }, (_, each) => limited.plain('alice', `guess-${each}`, peer));
    const reasons = (await Promise.all(guesses)).map(
      (decision) => decision.kind === 'deny' && decision.reason,
    );
    expect(reasons.filter((reason) => reason === 'bad-credentials').length).toBeLessThanOrEqual(5 + 4);
    expect(reasons.filter((reason) => reason === 'too-many-failures').length).toBeGreaterThanOrEqual(31);
  });

  it('refuses for a fault of its own, and says so in the log', async () => {
    const errors: unknown[] = [];
    const log: Log = { ...silentLog, error: (fields) => void errors.push(fields) };
    let away = false;
    const byName = (name: string) => {
      if (away) throw new Error('the back end is away');
      return tenants.byName(name);
    };
    let nowMs = 0;
    const now = () => nowMs;
    const broken = start({
      log,
      now,
      tenants: { byName, onChange: () => () => {} } as unknown as TenantDirectory,
    });
    expect(await broken.plain('alice', 'secret', peer)).toMatchObject({ kind: 'allow' });
    away = true;
    expect(await broken.plain('alice', 'secret', peer)).toEqual({ kind: 'deny', reason: 'fault' });
    expect(errors).toMatchObject([{ event: 'authentication.failed', remoteAddress: '10.0.0.1', refused: 1 }]);
    // Who goes on trying does not fill the log.
    for (let each = 0; each < 50; each++) await broken.plain('alice', 'secret', peer);
    expect(errors).toHaveLength(1);
    nowMs = 1_000;
    await broken.plain('alice', 'secret', peer);
    expect(errors).toMatchObject([{}, { refused: 51 }]);
  });

  it.each([
    verifier.toUpperCase(),
    ` ${verifier}`,
    `$${verifier}`,
    'scrypt:1024:8:1:aaaa:bbbb',
    'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy',
    '$2b$12$abcdefghijklmnopqrstuv',
    '$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA',
    '$6$salt$hash',
  ])('takes no verifier that it does not know for a password: %.30s', (password) => {
    expect(() => start({ users: [{ name: 'alice', tenant: 'acme', password }] })).toThrow(
      /user "alice" of tenant "acme": a verifier starts with/,
    );
  });

  it('names every fault of its configuration, and no secret', () => {
    let faults: readonly string[] = [];
    try {
      start({
        users: [
          { name: 'a/b', tenant: 'acme', password: 'hunter2' },
          { name: 'anonymous', tenant: 'acme', password: 'hunter2' },
          { name: 'c', tenant: 'nowhere', password: 'hunter2' },
          { name: 'd', tenant: 'acme', password: '' },
          { name: 'e', tenant: 'acme', password: 'scrypt$1$hunter2' },
          { name: 'f', tenant: 'acme', password: 'hunter2' },
          { name: 'f', tenant: 'acme', password: 'hunter2' },
        ],
        listeners: [{ name: 'kafka', defaultTenant: 'nowhere', anonymousTenant: 'null' }],
      });
    } catch (error) {
      expect(error).toBeInstanceOf(AuthenticatorError);
      faults = (error as AuthenticatorError).faults;
    }
    expect(faults).toHaveLength(8);
    expect(faults.join('\n')).not.toContain('hunter2');
  });
});
