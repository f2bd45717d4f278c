import { describe, expect, it } from '@jest/globals';
import type { AuthDecision, Principal } from '#libs/auth';
import { SaslExchange } from './sasl-exchange.js';
import { parsePlainToken } from './sasl-plain.js';

const principal = {
  user: 'ann',
  tenant: { name: 'acme' },
  groups: [],
  anonymous: false,
} as unknown as Principal;
const anonymous = { ...principal, user: 'anonymous', anonymous: true };

const apiVersions = 18;
const saslHandshake = 17;
const saslAuthenticate = 36;
const metadata = 3;

function exchange(options: { anonymous?: boolean; plain?: () => Promise<AuthDecision> } = {}) {
  const known: Principal[] = [];
  const sasl = new SaslExchange({
    peer: { listener: 'kafka', remoteAddress: '127.0.0.1' },
    authenticator: {
      plain:
        options.plain ??
        (async (username, password) =>
          username === 'ann' && password === 'secret'
            ? { kind: 'allow', principal }
            : { kind: 'deny', reason: 'bad-credentials' }),
      anonymous: () => ({ kind: 'allow', principal: anonymous }),
      anonymousAllowed: () => options.anonymous ?? false,
    },
    onAuthenticated: (who) => known.push(who),
  });
  return { sasl, known };
}

const token = (...parts: string[]) => Buffer.from(parts.join('\0'));

describe('parsePlainToken', () => {
  it('gives user name and password', () => {
    expect(parsePlainToken(token('', 'ann', 'secret'))).toEqual({ username: 'ann', password: 'secret' });
    expect(parsePlainToken(token('ann', 'ann', 'pä55'))).toEqual({ username: 'ann', password: 'pä55' });
  });

  it.each([
    ['another authorization id', token('bob', 'ann', 'secret')],
    ['no password', token('', 'ann', '')],
    ['no user', token('', '', 'secret')],
    ['two parts', token('ann', 'secret')],
    ['four parts', token('', 'ann', 'secret', '')],
    ['nothing', Buffer.alloc(0)],
    ['no UTF-8', Buffer.from([0, 0xff, 0, 0x61])],
  ])('refuses %s', (_what, bytes) => {
    expect(typeof parsePlainToken(bytes)).toBe('string');
  });
});

describe('SaslExchange', () => {
  it('serves only ApiVersions and SaslHandshake before a handshake', () => {
    const { sasl } = exchange();
    expect(sasl.stepwise).toBe(true);
    for (const key of [metadata, saslAuthenticate, 0, 22]) expect(sasl.admits(key)).toBe(false);
    for (const key of [apiVersions, saslHandshake]) expect(sasl.admits(key)).toBe(true);
    expect(sasl.state).toBe('initial');
  });

  it('goes initial, framed, authenticated', async () => {
    const { sasl, known } = exchange();
    expect(sasl.handshake('PLAIN', 1)).toBe('accepted');
    expect(sasl.state).toBe('framed');
    for (const key of [apiVersions, saslHandshake, metadata]) expect(sasl.admits(key)).toBe(false);
    expect(sasl.admits(saslAuthenticate)).toBe(true);
    expect(await sasl.authenticate(token('', 'ann', 'secret'))).toBeUndefined();
    expect(sasl.state).toBe('authenticated');
    expect(sasl.stepwise).toBe(false);
    expect(known).toEqual([principal]);
    expect(sasl.admits(metadata)).toBe(true);
    expect(sasl.handshake('PLAIN', 1)).toBe('illegal-state');
    expect(sasl.state).toBe('authenticated');
  });

  it('takes a raw token after a handshake of version 0', async () => {
    const { sasl } = exchange();
    expect(sasl.handshake('PLAIN', 0)).toBe('accepted');
    expect(sasl.state).toBe('raw');
    expect(await sasl.authenticate(token('', 'ann', 'secret'))).toBeUndefined();
    expect(sasl.principal).toBe(principal);
  });

  it('fails for good: wrong password, unknown mechanism, broken authenticator', async () => {
    const wrong = exchange().sasl;
    wrong.handshake('PLAIN', 1);
    expect(await wrong.authenticate(token('', 'ann', 'wrong'))).toBe('bad-credentials');
    expect(wrong.state).toBe('failed');
    expect(await wrong.authenticate(token('', 'ann', 'secret'))).toBe('a SASL token without a handshake');
    for (const key of [apiVersions, saslHandshake, saslAuthenticate, metadata])
      expect(wrong.admits(key)).toBe(false);

    const unknown = exchange().sasl;
    expect(unknown.handshake('GSSAPI', 1)).toBe('unsupported-mechanism');
    expect(unknown.state).toBe('failed');

    const broken = exchange({ plain: () => Promise.reject(new Error('down')) }).sasl;
    broken.handshake('PLAIN', 1);
    expect(await broken.authenticate(token('', 'ann', 'secret'))).toContain('down');
    expect(broken.state).toBe('failed');
    expect(broken.principal).toBeUndefined();
  });

  it('has a principal at once where anonymous clients are allowed', () => {
    const { sasl } = exchange({ anonymous: true });
    expect(sasl.principal).toBe(anonymous);
    expect(sasl.stepwise).toBe(false);
    expect(sasl.admits(apiVersions)).toBe(true);
    expect(sasl.state).toBe('anonymous');
    expect(sasl.admits(metadata)).toBe(true);
    expect(sasl.handshake('PLAIN', 1)).toBe('illegal-state');
  });

  it('lets a client of such a listener prove who it is first, and then it is nobody until it has', async () => {
    const { sasl } = exchange({ anonymous: true });
    expect(sasl.admits(saslHandshake)).toBe(true);
    expect(sasl.handshake('PLAIN', 1)).toBe('accepted');
    expect(sasl.principal).toBeUndefined();
    expect(sasl.admits(metadata)).toBe(false);
    expect(await sasl.authenticate(token('', 'ann', 'wrong'))).toBe('bad-credentials');
    expect(sasl.principal).toBeUndefined();
    expect(sasl.admits(metadata)).toBe(false);
  });
});
