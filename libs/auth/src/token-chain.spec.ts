import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Log, silentLog } from '#libs/telemetry';
import { scryptVerifier } from './password-verifier.js';
import type { AuthDecision } from './principal.js';
import { allow, byToken, deny, notMine, peer, ScriptedSource, start, token } from './testing/identities.js';
import { tenant } from './testing/tenants.js';

describe('the chain of sources', () => {
  it('asks one after the other until one decides', async () => {
    const sources = [
      new ScriptedSource('a', notMine),
      new ScriptedSource('b', allow('bob')),
      new ScriptedSource('c', allow('eve')),
    ];
    expect(await byToken(start(sources))).toMatchObject({ kind: 'allow', principal: { user: 'bob' } });
    expect(sources.map(({ asked }) => asked.length)).toEqual([1, 1, 0]);
  });

  it('denies by the first that does, and where nobody knows the token', async () => {
    const after = new ScriptedSource('b', allow('eve'));
    expect(await byToken(start([new ScriptedSource('a', deny), after]))).toEqual({
      kind: 'deny',
      reason: 'bad-credentials',
    });
    expect(after.asked).toEqual([]);
    expect(await byToken(start([new ScriptedSource('a', notMine)]))).toEqual({
      kind: 'deny',
      reason: 'bad-credentials',
    });
    expect(await byToken(start([]))).toEqual({ kind: 'deny', reason: 'bad-credentials' });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('away');
      },
    ],
    ['rejects', () => Promise.reject(new Error('away'))],
  ] satisfies [string, () => Promise<never>][])(
    'denies when a source %s, whoever could come after it, and asks again the next time',
    async (_, fail) => {
      const errors: unknown[] = [];
      const log: Log = { ...silentLog, error: (fields) => void errors.push(fields) };
      const [failing, after] = [new ScriptedSource('a', fail), new ScriptedSource('b', allow('eve'))];
      const authenticator = start([failing, after], { log });
      expect(await byToken(authenticator)).toEqual({ kind: 'deny', reason: 'fault' });
      expect(after.asked).toEqual([]);
      expect(JSON.stringify(errors)).not.toContain(token);
      failing.answer = notMine;
      expect(await byToken(authenticator)).toMatchObject({ kind: 'allow' });
    },
  );

  it.each([
    ['has expired', { expiresAtMs: 1_000 }, 'expired'],
    ['is of a tenant that is not ours', { tenant: tenant('acme') }, 'unknown-tenant'],
    ['is called anonymous', { user: 'anonymous' }, 'bad-credentials'],
    ['has a tenant in its name', { user: 'demo/alice' }, 'bad-credentials'],
    ['has a line end in its name', { user: 'a\nb' }, 'bad-credentials'],
    ['has no name', { user: '' }, 'bad-credentials'],
  ])('lets nobody in who %s, whatever the source says', async (_, rest, reason) => {
    const authenticator = start([new ScriptedSource('a', allow('bob', rest))], { epochNow: () => 1_000 });
    expect(await byToken(authenticator)).toEqual({ kind: 'deny', reason });
  });

  it.each([undefined, '', 'bob', 'acme/bob', 'bob@acme'])('lets bob act as %j', async (authorizationId) => {
    expect((await byToken(start([new ScriptedSource('a', allow('bob'))]), authorizationId)).kind).toBe(
      'allow',
    );
  });

  it.each([
    ['alice', 'bad-credentials'],
    ['Bob', 'bad-credentials'],
    ['demo/bob', 'tenant-mismatch'],
    ['nowhere/bob', 'unknown-tenant'],
    ['token', 'bad-credentials'],
    ['x'.repeat(10_000), 'bad-credentials'],
  ])('does not let bob act as %.20j', async (authorizationId, reason) => {
    expect(await byToken(start([new ScriptedSource('a', allow('bob'))]), authorizationId)).toEqual({
      kind: 'deny',
      reason,
    });
  });

  it('looks at no token beyond 16 KiB', async () => {
    const source = new ScriptedSource('a', allow('bob'));
    const authenticator = start([source]);
    const long = { kind: 'token', token: 'a'.repeat(16_385) } as const;
    expect((await authenticator.authenticate(long, peer)).kind).toBe('deny');
    const password = `aa.bb.${'c'.repeat(16_384)}`;
    expect((await authenticator.plain('', password, peer)).kind).toBe('deny');
    expect(source.asked).toEqual([]);
  });

  it('limits guesses that are sent all at once', async () => {
    const source = new ScriptedSource('a', async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return deny();
    });
    const authenticator = start([source], { failuresPerAddressBurst: 5, failuresPerAddressPerMinute: 0.001 });
    const guesses = Array.from({ length: 100 }, (_, each) =>
      authenticator.authenticate({ kind: 'token', token: `${token}${each}` }, peer),
    );
    const reasons = (await Promise.all(guesses)).map(
      (decision) => decision.kind === 'deny' && decision.reason,
    );
    expect(source.asked.length).toBeLessThanOrEqual(5 + 16);
    expect(reasons.filter((reason) => reason === 'too-many-failures').length).toBeGreaterThanOrEqual(79);
  });
});

describe('what is remembered of tokens', () => {
  let nowMs: number;
  let epochMs: number;
  let source: ScriptedSource;
  const clocked = () => start([source], { now: () => nowMs, epochNow: () => epochMs });
  const pass = (ms: number) => {
    nowMs += ms;
    epochMs += ms;
  };

  beforeEach(() => {
    nowMs = 5_000;
    epochMs = 1_000_000;
    source = new ScriptedSource('a', allow('bob'));
  });

  it('is who it is, so that one token is one principal and one question', async () => {
    const authenticator = clocked();
    const decisions = await Promise.all(Array.from({ length: 50 }, () => byToken(authenticator)));
    decisions.push(await byToken(authenticator));
    expect(new Set(decisions.map((each) => each.kind === 'allow' && each.principal)).size).toBe(1);
    expect(source.asked).toHaveLength(1);
    pass(60_000);
    await byToken(authenticator);
    expect(source.asked).toHaveLength(2);
  });

  it('ends with the token', async () => {
    source.answer = allow('bob', { expiresAtMs: epochMs + 10_000 });
    const authenticator = clocked();
    expect((await byToken(authenticator)).kind).toBe('allow');
    pass(9_999);
    expect((await byToken(authenticator)).kind).toBe('allow');
    expect(source.asked).toHaveLength(1);
    pass(1);
    expect(await byToken(authenticator)).toEqual({ kind: 'deny', reason: 'expired' });
  });

  it('ends with the token also where the two clocks go apart', async () => {
    source.answer = allow('bob', { expiresAtMs: epochMs + 10_000 });
    const authenticator = clocked();
    await byToken(authenticator);
    epochMs += 20_000;
    expect(await byToken(authenticator)).toEqual({ kind: 'deny', reason: 'expired' });
  });

  it('is a refusal, too, but not for long: a key may be published', async () => {
    source.answer = deny;
    const authenticator = clocked();
    await byToken(authenticator);
    await byToken(authenticator);
    expect(source.asked).toHaveLength(1);
    pass(5_000);
    source.answer = allow('bob');
    expect((await byToken(authenticator)).kind).toBe('allow');
  });

  it('is forgotten when the source takes something back, also what was on its way then', async () => {
    const authenticator = clocked();
    await byToken(authenticator);
    source.answer = deny;
    source.changed();
    expect((await byToken(authenticator)).kind).toBe('deny');
    const { promise, resolve } = Promise.withResolvers<AuthDecision>();
    source.answer = () => promise;
    source.changed();
    const under = byToken(authenticator);
    await Promise.resolve();
    source.changed();
    resolve(allow('bob')());
    await under;
    source.answer = deny;
    expect((await byToken(authenticator)).kind).toBe('deny');
  });

  it('is for one listener, host name, certificate and name beside it', async () => {
    const authenticator = clocked();
    const certificate = { subject: '', subjectAltName: '', fingerprint256: 'AA' };
    for (const at of [{}, { listener: 'open' }, { serverName: 'acme.example' }, { certificate }]) {
      await byToken(authenticator, undefined, { ...peer, ...at });
    }
    await byToken(authenticator, 'alice');
    await authenticator.plain('', token, peer);
    expect(source.asked).toHaveLength(6);
  });
});

describe('a token in the place of a password', () => {
  it.each(['', 'token', 'jwt', 'bob', 'acme/bob', 'bob@acme'])(
    'is taken with the user name %j',
    async (username) => {
      const source = new ScriptedSource('a', allow('bob'));
      const decision = await start([source]).plain(username, token, peer);
      expect(decision).toMatchObject({ kind: 'allow', principal: { user: 'bob', source: 'token' } });
      expect(source.asked).toEqual([{ kind: 'password', username, password: token }]);
    },
  );

  it.each(['carol', 'demo/bob', 'nowhere/bob', 'anonymous'])(
    'is refused with the user name %j',
    async (username) => {
      expect((await start([new ScriptedSource('a', allow('bob'))]).plain(username, token, peer)).kind).toBe(
        'deny',
      );
    },
  );

  it('never takes the name of a user that has a password', async () => {
    const source = new ScriptedSource('a', allow('alice'));
    const authenticator = start([source]);
    expect((await authenticator.plain('alice', token, peer)).kind).toBe('deny');
    expect(await authenticator.plain('alice', 'secret', peer)).toMatchObject({
      principal: { source: 'password' },
    });
    expect(source.asked).toEqual([]);
  });

  it('that nobody takes for a token costs as much as any wrong password', async () => {
    const password = await scryptVerifier('secret');
    const slow = start([new ScriptedSource('a', notMine)], {
      users: [{ name: 'alice', tenant: 'acme', password }],
    });
    const times: number[] = [];
    for (const name of ['alice', 'nobody']) {
      const startedMs = performance.now();
      expect(await slow.plain(name, token, peer)).toEqual({ kind: 'deny', reason: 'bad-credentials' });
      times.push(performance.now() - startedMs);
    }
    expect(times[1]).toBeGreaterThan(times[0]! / 4);
  });

  it.each(['secret', 'a.b', 'a.b.c.d', 'a b.cc.dd', '..', 'aa.bb.', 'aa.bb.cc\n'])(
    'is not what looks like %j',
    async (password) => {
      const source = new ScriptedSource('a', allow('bob'));
      expect((await start([source]).plain('', password, peer)).kind).toBe('deny');
      expect(source.asked).toEqual([]);
    },
  );
});
