import { describe, expect, it, jest } from '@jest/globals';
import type { AuthDecision, AuthPeer, Principal, ScramExchange } from '#libs/auth';
import { SaslExchange, type SaslOptions } from './sasl-exchange.js';

const principal = {
  user: 'ann',
  tenant: { name: 'acme' },
  groups: [],
  anonymous: false,
  source: 'password',
} as unknown as Principal;
const bob = { ...principal, user: 'bob' };
const otherTenant = { ...principal, tenant: { name: 'beta' } } as Principal;
const anonymous: Principal = { ...principal, user: 'anonymous', anonymous: true, source: 'anonymous' };

const apiVersions = 18;
const saslHandshake = 17;
const saslAuthenticate = 36;
const metadata = 3;
const later = 5_000;

const allow = (who: Principal): AuthDecision => ({ kind: 'allow', principal: who });
const deny: AuthDecision = { kind: 'deny', reason: 'bad-credentials' };
const token = (...parts: string[]) => Buffer.from(parts.join('\0'));
const right = token('', 'ann', 'secret');
const bearer = (text: string, authorizationId?: string) =>
  Buffer.from(
    `n,${authorizationId === undefined ? '' : `a=${authorizationId}`},\u0001auth=Bearer ${text}\u0001\u0001`,
  );
const bytes = (text: string) => Buffer.from(text);

interface Settings {
  anonymous?: boolean;
  plain?: (username: string) => Promise<AuthDecision>;
  bearer?: () => Promise<AuthDecision>;
  scram?: () => ScramExchange;
  certificate?: () => Promise<AuthDecision>;
  sessionLifetimeMsMax?: number;
  peer?: Partial<AuthPeer>;
}

function exchange(settings: Settings = {}) {
  const known: Principal[] = [];
  const clock = { ms: 0 };
  const peer = { listener: 'kafka', remoteAddress: '127.0.0.1', ...settings.peer };
  const authenticator: SaslOptions['authenticator'] = {
    plain:
      settings.plain ??
      (async (username, password) => (username === 'ann' && password === 'secret' ? allow(principal) : deny)),
    authenticate: settings.bearer ?? (async () => deny),
    scram: settings.scram ?? (() => ({ next: async () => ({ kind: 'deny', reason: 'bad-credentials' }) })),
    certificate: settings.certificate ?? (async () => ({ kind: 'not-mine' })),
    anonymous: () => allow(anonymous),
    anonymousAllowed: () => settings.anonymous ?? false,
    mechanisms: () => ['PLAIN', 'SCRAM-SHA-256', 'OAUTHBEARER'],
    sessionLifetimeMsMax: settings.sessionLifetimeMsMax,
  };
  const onAuthenticated = (who: Principal) => known.push(who);
  const sasl = new SaslExchange({ peer, authenticator, onAuthenticated, now: () => clock.ms });
  const admits = (key: number) => sasl.admits(key, clock.ms);
  return { sasl, known, clock, admits };
}

/** A connection whose session ends after ten seconds. */
async function authenticated(settings: Settings = {}) {
  const test = exchange({ sessionLifetimeMsMax: 10_000, ...settings });
  test.sasl.handshake('PLAIN', 1);
  expect(await test.sasl.authenticate(right)).toMatchObject({ kind: 'allow' });
  return test;
}

describe('SaslExchange', () => {
  it('serves only ApiVersions and SaslHandshake before a handshake', () => {
    const { sasl, admits } = exchange();
    expect(sasl.stepwise).toBe(true);
    for (const key of [metadata, saslAuthenticate, 0, 22]) expect(admits(key)).toBe(false);
    for (const key of [apiVersions, saslHandshake]) expect(admits(key)).toBe(true);
    expect(sasl.state).toBe('initial');
  });

  it('goes initial, framed, authenticated', async () => {
    const { sasl, known, admits } = exchange();
    expect(sasl.handshake('PLAIN', 1)).toBe('accepted');
    expect(sasl.state).toBe('framed');
    for (const key of [apiVersions, saslHandshake, metadata]) expect(admits(key)).toBe(false);
    expect(admits(saslAuthenticate)).toBe(true);
    expect(await sasl.authenticate(right)).toMatchObject({ kind: 'allow', sessionLifetimeMs: 0 });
    expect(sasl.state).toBe('authenticated');
    expect(sasl.stepwise).toBe(false);
    expect(known).toEqual([principal]);
    expect(admits(metadata)).toBe(true);
    expect(sasl.handshake('PLAIN', 1)).toBe('illegal-state');
    expect(sasl.state).toBe('authenticated');
  });

  it('takes a raw token after a handshake of version 0', async () => {
    const { sasl } = exchange();
    expect(sasl.handshake('PLAIN', 0)).toBe('accepted');
    expect(sasl.state).toBe('raw');
    expect(await sasl.authenticate(right)).toMatchObject({ kind: 'allow' });
    expect(sasl.principal).toBe(principal);
  });

  it('fails for good: wrong password, unknown mechanism, broken authenticator', async () => {
    const wrong = exchange();
    wrong.sasl.handshake('PLAIN', 1);
    expect(await wrong.sasl.authenticate(token('', 'ann', 'wrong'))).toMatchObject({
      kind: 'deny',
      reason: 'bad-credentials',
      fault: false,
    });
    expect(wrong.sasl.state).toBe('failed');
    expect(await wrong.sasl.authenticate(right)).toMatchObject({ kind: 'deny' });
    for (const key of [apiVersions, saslHandshake, saslAuthenticate, metadata])
      expect(wrong.admits(key)).toBe(false);

    const unknown = exchange().sasl;
    expect(unknown.handshake('GSSAPI', 1)).toBe('unsupported-mechanism');
    expect(unknown.state).toBe('failed');

    const broken = exchange({ plain: () => Promise.reject(new Error('down')) }).sasl;
    broken.handshake('PLAIN', 1);
    expect(await broken.authenticate(right)).toMatchObject({ kind: 'deny', fault: true });
    expect(broken.state).toBe('failed');
    expect(broken.principal).toBeUndefined();
  });

  it('says what a fault of ours is, which clients are to be told nothing of', async () => {
    const { sasl } = exchange({ plain: async () => ({ kind: 'deny', reason: 'fault' }) });
    sasl.handshake('PLAIN', 1);
    expect(await sasl.authenticate(right)).toMatchObject({ kind: 'deny', fault: true });
  });

  it('has a principal at once where anonymous clients are allowed', () => {
    const { sasl, admits } = exchange({ anonymous: true });
    expect(sasl.principal).toBe(anonymous);
    expect(sasl.stepwise).toBe(false);
    expect(admits(apiVersions)).toBe(true);
    expect(sasl.state).toBe('anonymous');
    expect(admits(metadata)).toBe(true);
    expect(sasl.handshake('PLAIN', 1)).toBe('illegal-state');
  });

  it('lets a client of such a listener prove who it is first, and then it is nobody until it has', async () => {
    const { sasl, admits } = exchange({ anonymous: true });
    expect(admits(saslHandshake)).toBe(true);
    expect(sasl.handshake('PLAIN', 1)).toBe('accepted');
    expect(sasl.principal).toBeUndefined();
    expect(admits(metadata)).toBe(false);
    expect(await sasl.authenticate(token('', 'ann', 'wrong'))).toMatchObject({ kind: 'deny' });
    expect(sasl.principal).toBeUndefined();
    expect(admits(metadata)).toBe(false);
  });

  it('refuses tokens that are too long and exchanges that do not end', async () => {
    const long = exchange().sasl;
    long.handshake('PLAIN', 1);
    expect(await long.authenticate(Buffer.alloc(65_537))).toMatchObject({ kind: 'deny' });

    const endless = exchange({
      scram: () => ({ next: async () => ({ kind: 'continue', message: bytes('more') }) }),
    });
    endless.sasl.handshake('SCRAM-SHA-256', 1);
    for (let each = 0; each < 4; each++) {
      expect(await endless.sasl.authenticate(bytes('x'))).toMatchObject({ kind: 'continue' });
    }
    expect(await endless.sasl.authenticate(bytes('x'))).toMatchObject({ kind: 'deny' });
    expect(endless.sasl.state).toBe('failed');
  });
});

describe('SCRAM in SaslExchange', () => {
  it('takes as many tokens as the mechanism has, each answered with its message', async () => {
    const messages: string[] = [];
    const { sasl, admits, known } = exchange({
      scram: () => ({
        next: async (message) => {
          messages.push(message.toString());
          return messages.length === 1
            ? { kind: 'continue', message: bytes('server-first') }
            : { kind: 'allow', principal, message: bytes('server-final') };
        },
      }),
    });
    sasl.handshake('SCRAM-SHA-256', 1);
    expect(await sasl.authenticate(bytes('client-first'))).toEqual({
      kind: 'continue',
      message: bytes('server-first'),
    });
    expect(sasl.principal).toBeUndefined();
    expect(admits(metadata)).toBe(false);
    expect(admits(saslHandshake)).toBe(false);
    expect(known).toEqual([]);
    expect(await sasl.authenticate(bytes('client-final'))).toEqual({
      kind: 'allow',
      message: bytes('server-final'),
      sessionLifetimeMs: 0,
    });
    expect(messages).toEqual(['client-first', 'client-final']);
    expect(known).toEqual([principal]);
  });
});

describe('OAUTHBEARER in SaslExchange', () => {
  it('allows who the token says, and tells how long the session is', async () => {
    jest.useFakeTimers({ now: 1_000_000, doNotFake: ['performance', 'nextTick', 'setImmediate'] });
    try {
      const { sasl } = exchange({ bearer: async () => allow({ ...principal, expiresAtMs: 1_060_000 }) });
      sasl.handshake('OAUTHBEARER', 1);
      expect(await sasl.authenticate(bearer('a.b.c', 'ann'))).toMatchObject({ sessionLifetimeMs: 60_000 });
      expect(sasl.endsAtMs).toBe(60_000);
    } finally {
      jest.useRealTimers();
    }
  });

  it('is the shorter of expiry and setting, and never shorter than a renewal may come', async () => {
    const lifetime = async (leftMs: number, sessionLifetimeMsMax?: number) => {
      const { sasl } = exchange({
        bearer: async () => allow({ ...principal, expiresAtMs: Date.now() + leftMs }),
        ...(sessionLifetimeMsMax !== undefined && { sessionLifetimeMsMax }),
      });
      sasl.handshake('OAUTHBEARER', 1);
      const step = await sasl.authenticate(bearer('a.b.c'));
      return step.kind === 'allow' ? step.sessionLifetimeMs : undefined;
    };
    expect(await lifetime(3_600_000, 30_000)).toBe(30_000);
    expect(await lifetime(-10_000)).toBe(1_000);
  });

  it('with SaslAuthenticate gives the error and its JSON at once', async () => {
    const { sasl } = exchange();
    sasl.handshake('OAUTHBEARER', 1);
    expect(await sasl.authenticate(bearer('a.b.c'))).toEqual({
      kind: 'deny',
      reason: 'bad-credentials',
      fault: false,
      message: bytes('{"status":"invalid_token"}'),
    });
  });

  it('with raw tokens gives the JSON, and fails after the answer to it, whatever it is', async () => {
    for (const answer of [Buffer.from([1]), bearer('a.b.c')]) {
      const { sasl, known } = exchange();
      sasl.handshake('OAUTHBEARER', 0);
      expect(await sasl.authenticate(bearer('a.b.c'))).toEqual({
        kind: 'continue',
        message: bytes('{"status":"invalid_token"}'),
      });
      expect(await sasl.authenticate(answer)).toMatchObject({ kind: 'deny' });
      expect(sasl.state).toBe('failed');
      expect(known).toEqual([]);
    }
  });

  it.each(['ann', 'acme/ann', 'ann@acme'])('takes the own name %s as authorization id', async (id) => {
    const { sasl } = exchange({ bearer: async () => allow(principal) });
    sasl.handshake('OAUTHBEARER', 1);
    expect(await sasl.authenticate(bearer('a.b.c', id))).toMatchObject({ kind: 'allow' });
  });

  it.each(['bob', 'beta/ann', 'ann@beta'])('lets nobody act as another: %s', async (id) => {
    const { sasl } = exchange({ bearer: async () => allow(principal) });
    sasl.handshake('OAUTHBEARER', 1);
    expect(await sasl.authenticate(bearer('a.b.c', id))).toMatchObject({ kind: 'deny' });
    expect(sasl.principal).toBeUndefined();
  });
});

describe('a session that ends (KIP-368)', () => {
  it('is renewed by the same user, who acts meanwhile; the principal is the new one then', async () => {
    const renewed = { ...principal };
    const who = [principal, renewed];
    const test = await authenticated({ plain: async () => allow(who.shift()!) });
    test.clock.ms = later;
    expect(test.sasl.handshake('PLAIN', 1)).toBe('accepted');
    expect(test.sasl.state).toBe('renewing');
    expect(test.sasl.principal).toBe(principal);
    for (const key of [metadata, saslHandshake, apiVersions]) expect(test.admits(key)).toBe(false);
    expect(test.admits(saslAuthenticate)).toBe(true);
    expect(await test.sasl.authenticate(right)).toMatchObject({ kind: 'allow', sessionLifetimeMs: 10_000 });
    expect(test.sasl.principal).toBe(renewed);
    expect(test.sasl.endsAtMs).toBe(later + 10_000);
    expect(test.admits(metadata)).toBe(true);
  });

  it('serves past its end nothing but the renewal', async () => {
    const { sasl, clock, admits } = await authenticated();
    clock.ms = 9_999;
    expect(admits(metadata)).toBe(true);
    clock.ms = 10_000;
    for (const key of [metadata, apiVersions, saslAuthenticate, 0, 1]) expect(admits(key)).toBe(false);
    expect(admits(saslHandshake)).toBe(true);
    expect(sasl.handshake('PLAIN', 1)).toBe('accepted');
    expect(await sasl.authenticate(right)).toMatchObject({ kind: 'allow' });
    expect(admits(metadata)).toBe(true);
  });

  it.each([
    ['another user', () => bob],
    ['another tenant', () => otherTenant],
  ])('is not renewed as %s', async (_what, other) => {
    const who = [principal, other()];
    const { sasl, clock, known } = await authenticated({ plain: async () => allow(who.shift()!) });
    clock.ms = later;
    sasl.handshake('PLAIN', 1);
    expect(await sasl.authenticate(right)).toMatchObject({ kind: 'deny', fault: false });
    expect(sasl.state).toBe('failed');
    expect(sasl.principal).toBe(principal);
    expect(known).toEqual([principal]);
  });

  it('is not renewed with another mechanism, even by the same user', async () => {
    const { sasl, clock } = await authenticated({ bearer: async () => allow(principal) });
    clock.ms = later;
    expect(sasl.handshake('OAUTHBEARER', 1)).toBe('accepted');
    expect(await sasl.authenticate(bearer('a.b.c'))).toMatchObject({ kind: 'deny' });
    expect(sasl.state).toBe('failed');
  });

  it('is not renewed within a second, nor with raw tokens', async () => {
    const { sasl, clock } = await authenticated();
    clock.ms = 999;
    expect(sasl.handshake('PLAIN', 1)).toBe('illegal-state');
    clock.ms = later;
    expect(sasl.handshake('PLAIN', 0)).toBe('illegal-state');
    expect(sasl.state).toBe('authenticated');
  });
});

describe('a client certificate', () => {
  const peer = { tls: true, certificate: { subject: 'CN=ann', subjectAltName: '', fingerprint256: 'AB' } };

  it('is asked for before anything is served, and gives a principal without SASL', async () => {
    const { sasl, admits, known } = exchange({ peer, certificate: async () => allow(principal) });
    expect(sasl.state).toBe('identifying');
    for (const key of [apiVersions, saslHandshake, metadata]) expect(admits(key)).toBe(false);
    expect(await sasl.identify()).toBeUndefined();
    expect(known).toEqual([principal]);
    expect(admits(apiVersions)).toBe(true);
    expect(admits(metadata)).toBe(true);
    expect(sasl.handshake('PLAIN', 1)).toBe('illegal-state');
  });

  it('of which no rule knows anything leaves the client as it is without one', async () => {
    const { sasl, admits } = exchange({ peer });
    expect(await sasl.identify()).toBeUndefined();
    expect(sasl.state).toBe('initial');
    expect(admits(metadata)).toBe(false);
    const open = exchange({ peer, anonymous: true });
    await open.sasl.identify();
    expect(open.sasl.principal).toBe(anonymous);
  });

  it('that is refused ends it, and so does a fault; nobody becomes anonymous by that', async () => {
    const refused = exchange({
      peer,
      anonymous: true,
      certificate: async () => ({ kind: 'deny', reason: 'tenant-mismatch' }),
    });
    expect(await refused.sasl.identify()).toBe('tenant-mismatch');
    expect(refused.sasl.principal).toBeUndefined();
    expect(refused.admits(metadata)).toBe(false);
    const broken = exchange({ peer, anonymous: true, certificate: () => Promise.reject(new Error('down')) });
    expect(await broken.sasl.identify()).toContain('down');
    expect(broken.admits(saslHandshake)).toBe(false);
  });

  it('may be followed by SASL of the same user only', async () => {
    const same = exchange({ peer, certificate: async () => allow({ ...principal, source: 'certificate' }) });
    await same.sasl.identify();
    expect(same.sasl.handshake('PLAIN', 1)).toBe('accepted');
    expect(same.sasl.principal).toBeUndefined();
    expect(await same.sasl.authenticate(right)).toMatchObject({ kind: 'allow' });
    for (const other of [bob, otherTenant]) {
      const test = exchange({ peer, certificate: async () => allow(other) });
      await test.sasl.identify();
      test.sasl.handshake('PLAIN', 1);
      expect(await test.sasl.authenticate(right)).toMatchObject({ kind: 'deny' });
      expect(test.sasl.principal).toBeUndefined();
    }
  });
});
