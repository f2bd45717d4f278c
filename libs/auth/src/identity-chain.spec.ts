import { describe, expect, it } from '@jest/globals';
import type { AuthPeer, CertificateAttribute } from './principal.js';
import { acme, allow, byToken, demo, ScriptedSource, peer, start } from './testing/identities.js';

describe('the tenant of a connection', () => {
  const signIn = async (username: string, password: string, at: Partial<AuthPeer>) => {
    const decision = await start([]).plain(username, password, { ...peer, ...at });
    return decision.kind === 'allow'
      ? decision.principal.tenant.name
      : decision.kind === 'deny' && decision.reason;
  };

  it('comes from the host name and the listener before the user name and the default', async () => {
    expect(await signIn('alice', 'secret', {})).toBe('acme');
    expect(await signIn('alice', 'other', { serverName: 'demo.example' })).toBe('demo');
    expect(await signIn('alice', 'other', { listener: 'only-demo' })).toBe('demo');
    expect(await signIn('demo/alice', 'other', { listener: 'only-demo', serverName: 'demo.example' })).toBe(
      'demo',
    );
  });

  it('is refused where two of them differ, with the right password', async () => {
    for (const at of [{ serverName: 'demo.example' }, { listener: 'only-demo' }]) {
      expect(await signIn('acme/alice', 'secret', at)).toBe('tenant-mismatch');
      expect(await signIn('alice@acme', 'secret', at)).toBe('tenant-mismatch');
    }
    expect(await signIn('alice', 'other', { listener: 'only-demo', serverName: 'acme.example' })).toBe(
      'tenant-mismatch',
    );
  });

  it('of anonymous clients is the one that the host name says, or they are refused', () => {
    const authenticator = start([]);
    const at = { ...peer, listener: 'open' };
    expect(authenticator.anonymous(at)).toMatchObject({
      kind: 'allow',
      principal: { tenant: demo, source: 'anonymous' },
    });
    expect(authenticator.anonymous({ ...at, serverName: 'demo.example' })).toMatchObject({ kind: 'allow' });
    expect(authenticator.anonymous({ ...at, serverName: 'acme.example' })).toEqual({
      kind: 'deny',
      reason: 'tenant-mismatch',
    });
  });
});

describe('certificates', () => {
  const certificates = [
    { from: 'san.dns', match: '*.devices', user: 'device-$1', tenant: 'acme', groups: ['devices'] },
    { from: 'subject.CN', match: '*', user: '$0' },
  ] as const;
  const cut = (kind: CertificateAttribute['kind'], ...values: string[]) => ({
    certificate: {
      ...{ subject: 'CN=root', subjectAltName: 'DNS:root', fingerprint256: values.join() },
      attributes: values.map((value) => ({ kind, value })),
    },
  });
  const known = (at: Partial<AuthPeer>) => start([], { certificates }).certificate({ ...peer, ...at });

  it('are identities by rule, one object for one user', async () => {
    const authenticator = start([], { certificates });
    const at = { ...peer, ...cut('san.dns', 'a7.devices') };
    const decision = await authenticator.certificate(at);
    expect(decision).toMatchObject({
      principal: { user: 'device-a7', groups: ['devices'], tenant: acme, source: 'certificate' },
    });
    const again = await authenticator.certificate(at);
    expect(again.kind === 'allow' && again.principal).toBe(decision.kind === 'allow' && decision.principal);
    expect(await known(cut('subject.CN', 'bob'))).toMatchObject({ principal: { user: 'bob', tenant: acme } });
  });

  it('say nothing where there is none, where no rule matches, and where only printed names are given', async () => {
    expect(await known({})).toEqual({ kind: 'not-mine' });
    expect(await known(cut('san.uri', 'spiffe://a'))).toEqual({ kind: 'not-mine' });
    const { attributes: _, ...certificate } = cut('subject.CN', 'root').certificate;
    expect(await known({ certificate })).toEqual({ kind: 'not-mine' });
  });

  it('are refused where they could be two users, and where the tenant differs', async () => {
    expect(await known(cut('subject.CN', 'alice', 'root'))).toMatchObject({ kind: 'deny' });
    expect(await known({ ...cut('san.dns', 'a.devices'), listener: 'only-demo' })).toEqual({
      kind: 'deny',
      reason: 'tenant-mismatch',
    });
    expect(await known({ ...cut('san.dns', 'a.devices'), serverName: 'demo.example' })).toEqual({
      kind: 'deny',
      reason: 'tenant-mismatch',
    });
    expect(await known({ ...cut('subject.CN', 'bob'), listener: 'open' })).toEqual({
      kind: 'deny',
      reason: 'unknown-tenant',
    });
  });

  it('bind the tenant of who proves itself otherwise', async () => {
    const authenticator = start([], { certificates });
    const at = { ...peer, ...cut('san.dns', 'a.devices') };
    expect((await authenticator.plain('alice', 'secret', at)).kind).toBe('allow');
    expect(await authenticator.plain('demo/alice', 'other', at)).toEqual({
      kind: 'deny',
      reason: 'tenant-mismatch',
    });
    expect(authenticator.anonymous({ ...at, listener: 'open' })).toEqual({
      kind: 'deny',
      reason: 'tenant-mismatch',
    });
  });
});

describe('mechanisms', () => {
  const source = new ScriptedSource('a', allow('bob'));
  const state = { scramCredential: () => undefined };

  it('are those that some source can serve, best first', () => {
    expect(start([], { users: [] }).mechanisms('kafka', false)).toEqual([]);
    expect(start([]).mechanisms('kafka', false)).toEqual(['PLAIN']);
    expect(start([source], { users: [] }).mechanisms('kafka', false)).toEqual(['OAUTHBEARER', 'PLAIN']);
    expect(start([source], { scramSources: [state] }).mechanisms('kafka', true)).toEqual([
      ...['SCRAM-SHA-512', 'SCRAM-SHA-256', 'OAUTHBEARER', 'PLAIN'],
    ]);
    expect(start([source], { scramSources: [state] }).mechanisms('scram', true)).toEqual([
      'SCRAM-SHA-256',
      'PLAIN',
    ]);
  });

  it('show no secret to who listens on the way, also where the client does not ask what is offered', async () => {
    const authenticator = start([source], { scramSources: [state] });
    expect(authenticator.mechanisms('network', false)).toEqual(['SCRAM-SHA-512', 'SCRAM-SHA-256']);
    expect(authenticator.mechanisms('network', true)).toContain('PLAIN');
    expect(authenticator.mechanisms('scram', false)).toEqual(['SCRAM-SHA-256']);
    const at = { ...peer, listener: 'network' };
    const refused = { kind: 'deny', reason: 'plaintext' };
    expect(await authenticator.plain('alice', 'secret', at)).toEqual(refused);
    expect(await authenticator.plain('alice', 'secret', { ...at, tls: false })).toEqual(refused);
    expect(await byToken(authenticator, undefined, at)).toEqual(refused);
    expect((await authenticator.plain('alice', 'secret', { ...at, tls: true })).kind).toBe('allow');
  });
});

describe('revocations', () => {
  it('reach everybody who listens, whatever one of them does', () => {
    const authenticator = start([]);
    const heard: string[] = [];
    authenticator.onRevoked(() => {
      throw new Error('no');
    });
    const forget = authenticator.onRevoked(({ user }) => void heard.push(user));
    const added = [{ name: 'bob', tenant: 'acme', password: 'b' }];
    expect(authenticator.users.replace('users-file', added)).toEqual([]);
    expect(authenticator.users.replace('users-file', [])).toEqual([]);
    expect(heard).toEqual(['bob', 'bob']);
    forget();
    authenticator.users.replace('users-file', added);
    authenticator.users.replace('users-file', []);
    expect(heard).toHaveLength(2);
  });
});
