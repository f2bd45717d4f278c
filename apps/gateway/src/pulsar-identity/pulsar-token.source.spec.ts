import { describe, expect, it } from '@jest/globals';
import { type AuthPeer, TenantBinder } from '#libs/auth';
import { PulsarError, type PulsarIdentity } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { type Tenant, TenantDirectory } from '#libs/tenancy';
import { PulsarTokenSource } from './pulsar-token.source.js';

const tenant = (name: string): Tenant => ({
  name,
  pulsarNamespace: `${name}/n`,
  limits: {},
  kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
});
const [acme, demo] = [tenant('acme'), tenant('demo')];
const peer: AuthPeer = { listener: 'kafka', remoteAddress: '10.0.0.1' };
const nowMs = 1_800_000_000_000;

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const token = (claims: unknown, header: unknown = { alg: 'HS256' }, signature = 'good') =>
  `${part(header)}.${part(claims)}.${part(signature)}`;

/** Brokers that take tokens whose signature is `good`. */
class FakeBrokers {
  readonly tried: string[] = [];
  answer: (token: string) => void | Promise<void> = (shown) => {
    if (shown.endsWith(`.${part('good')}`)) return;
    throw new PulsarError('AuthenticationError', 'signature does not match');
  };

  async tryIdentity({ auth }: PulsarIdentity): Promise<void> {
    const shown = (auth as { token: string }).token;
    this.tried.push(shown);
    await this.answer(shown);
  }

  /** What clients have shown, without the forged one that brokers are tried with. */
  get shown(): string[] {
    return this.tried.filter((each) => !Buffer.from(each.split('.')[1]!, 'base64url').includes('forged'));
  }
}

function sourceOf(
  brokers: FakeBrokers,
  options: { claims?: { user: string; tenant?: string }; listenerTenant?: string } = {},
): PulsarTokenSource {
  const directory = new TenantDirectory([acme, demo]);
  const listeners = [{ name: 'kafka', tenant: options.listenerTenant, defaultTenant: 'acme' }];
  return new PulsarTokenSource({
    binder: new TenantBinder({ tenants: directory, listeners }),
    tenants: ['acme'],
    claims: options.claims ?? { user: 'sub' },
    brokers,
    log: silentLog,
    now: () => nowMs,
  });
}

const show = (source: PulsarTokenSource, shown: string) =>
  source.authenticate({ kind: 'token', token: shown }, peer);

describe('tokens of Pulsar', () => {
  it('make a client who a broker has verified that it is, until the token ends', async () => {
    const brokers = new FakeBrokers();
    const source = sourceOf(brokers);
    const forEver = await show(source, token({ sub: 'device' }));
    expect(forEver).toMatchObject({
      kind: 'allow',
      principal: { tenant: acme, user: 'device', groups: [], anonymous: false, source: 'pulsar-token' },
    });
    expect(forEver).not.toHaveProperty('principal.expiresAtMs');
    const exp = nowMs / 1_000 + 60.5;
    expect(await show(source, token({ sub: 'device', exp }))).toMatchObject({
      principal: { expiresAtMs: nowMs + 60_500 },
    });
    expect(brokers.shown).toHaveLength(2);
  });

  it('may stand in the place of a password', async () => {
    const source = sourceOf(new FakeBrokers());
    const password = token({ sub: 'device' });
    const decision = await source.authenticate({ kind: 'password', username: '', password }, peer);
    expect(decision).toMatchObject({ kind: 'allow', principal: { user: 'device' } });
  });

  it('that a broker refuses are refused', async () => {
    const source = sourceOf(new FakeBrokers());
    const shown = token({ sub: 'admin' }, { alg: 'HS256' }, 'bad');
    expect(await show(source, shown)).toEqual({ kind: 'deny', reason: 'bad-credentials' });
  });

  it('of a role that brokers let act for others only are refused', async () => {
    const brokers = new FakeBrokers();
    const source = sourceOf(brokers);
    await show(source, token({ sub: 'first' }));
    brokers.answer = () => {
      throw new PulsarError('AuthorizationError', 'Invalid roles.');
    };
    expect(await show(source, token({ sub: 'proxy' }))).toEqual({ kind: 'deny', reason: 'bad-credentials' });
  });

  it('are nothing when no broker can say: that is a fault, and no wrong token', async () => {
    const brokers = new FakeBrokers();
    const source = sourceOf(brokers);
    brokers.answer = () => {
      throw new PulsarError('ConnectFailed', 'refused');
    };
    await expect(show(source, token({ sub: 'device' }))).rejects.toMatchObject({ code: 'ConnectFailed' });
    brokers.answer = new FakeBrokers().answer;
    expect(await show(source, token({ sub: 'device' }))).toMatchObject({ kind: 'allow' });
  });

  it('are worth nothing to brokers that let everybody in', async () => {
    const brokers = new FakeBrokers();
    brokers.answer = () => {};
    const source = sourceOf(brokers);
    for (const shown of [token({ sub: 'admin' }), token({ sub: 'device' }, { alg: 'HS256' }, 'bad')]) {
      expect(await show(source, shown)).toEqual({ kind: 'deny', reason: 'fault' });
    }
    expect(brokers.shown).toEqual([]);
  });

  it('are tried once for all who show the same at the same time, and the brokers once for all tokens', async () => {
    const brokers = new FakeBrokers();
    const source = sourceOf(brokers);
    const shown = token({ sub: 'device' });
    const decisions = await Promise.all(Array.from({ length: 50 }, () => show(source, shown)));
    expect(decisions.every((each) => each.kind === 'allow')).toBe(true);
    await show(source, token({ sub: 'other' }));
    expect(brokers.shown).toHaveLength(2);
    expect(brokers.tried).toHaveLength(3);
  });

  it('that have expired are refused without asking anybody', async () => {
    const brokers = new FakeBrokers();
    const source = sourceOf(brokers);
    for (const exp of [nowMs / 1_000, 0, -1, 1.5]) {
      expect(await show(source, token({ sub: 'device', exp }))).toEqual({ kind: 'deny', reason: 'expired' });
    }
    expect(brokers.tried).toEqual([]);
  });

  it.each<[string, string]>([
    ['nobody signed', token({ sub: 'admin' }, { alg: 'none' })],
    ['nobody signed, in other letters', token({ sub: 'admin' }, { alg: 'NoNe' })],
    ['have no algorithm', token({ sub: 'admin' }, {})],
    ['have no header', token({ sub: 'admin' }, '[]')],
    ['have a header that every object has', token({ sub: 'admin' }, '{"__proto__":{"alg":"HS256"}}')],
    ['name nobody', token({})],
    ['name an empty user', token({ sub: '' })],
    ['name several users', token({ sub: ['admin', 'device'] })],
    ['name a user that every object has', token('{"__proto__":{"sub":"admin"}}')],
    ['end never, in no number', token({ sub: 'device', exp: 'never' })],
    ['end at what JSON cannot say', token('{"sub":"device","exp":1e999}')],
    ['are no object', token('"admin"')],
    ['are null', token('null')],
    ['are not JSON', token('{"sub":')],
    ['have two parts', `${part({ alg: 'HS256' })}.${part({ sub: 'device' })}`],
    ['have five parts', `${token({ sub: 'device' })}.a.b`],
    ['have padding', `${token({ sub: 'device' })}==`],
    ['have a line break', `${token({ sub: 'device' })}\n`],
    ['are too long', token({ sub: 'device', filler: 'x'.repeat(20_000) })],
    ['are empty', ''],
  ])('that %s are none, and no broker hears of them', async (_, shown) => {
    const brokers = new FakeBrokers();
    expect(await show(sourceOf(brokers), shown)).toEqual({ kind: 'not-mine' });
    expect(brokers.tried).toEqual([]);
  });

  it('are taken for the tenants that are listed only', async () => {
    const brokers = new FakeBrokers();
    const elsewhere = sourceOf(brokers, { listenerTenant: 'demo' });
    expect(await show(elsewhere, token({ sub: 'device' }))).toEqual({ kind: 'not-mine' });
    expect(brokers.tried).toEqual([]);
  });

  it('may name the tenant by a claim, and then must', async () => {
    const brokers = new FakeBrokers();
    const claims = { user: 'role', tenant: 'org' };
    const source = sourceOf(brokers, { claims });
    expect(await show(source, token({ role: 'device', org: 'acme', sub: 'admin' }))).toMatchObject({
      principal: { tenant: acme, user: 'device' },
    });
    expect(await show(source, token({ role: 'device', org: 'demo' }))).toEqual({ kind: 'not-mine' });
    expect(await show(source, token({ role: 'device', org: 'absent' }))).toEqual({
      kind: 'deny',
      reason: 'unknown-tenant',
    });
    expect(await show(source, token({ role: 'device' }))).toEqual({ kind: 'not-mine' });
    const bound = sourceOf(brokers, { claims, listenerTenant: 'acme' });
    expect(await show(bound, token({ role: 'device', org: 'demo' }))).toEqual({
      kind: 'deny',
      reason: 'tenant-mismatch',
    });
  });

  it('are no business of certificates', async () => {
    expect(await sourceOf(new FakeBrokers()).authenticate({ kind: 'certificate' }, peer)).toEqual({
      kind: 'not-mine',
    });
  });
});
