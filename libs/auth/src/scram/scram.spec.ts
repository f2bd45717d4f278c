import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { silentLog } from '#libs/telemetry';
import { Authenticator, type AuthenticatorOptions } from '../authenticator.js';
import type { AuthPeer } from '../principal.js';
import type { ScramCredential, ScramCredentialSource, ScramMechanism } from '../scram-credential.js';
import { converse, type ScramClientOptions, type ScramOutcome } from '../testing/scram-client.js';
import { tenants } from '../testing/tenants.js';
import type { UserCredential } from '../users/known-users.js';
import { scramMessageBytesMax } from './scram-message.js';
import { credentialOf, formatScramVerifier, parseScramVerifier, scramCredential } from './scram-verifier.js';

const peer: AuthPeer = { listener: 'kafka', remoteAddress: '10.0.0.1' };
const listeners = [{ name: 'kafka', defaultTenant: 'acme' }];
const iterations = 4_096;
const phantomKey = () => Buffer.alloc(32, 7);
const mechanisms: readonly ScramMechanism[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];
let users: UserCredential[];

function start(options: Partial<AuthenticatorOptions> = {}): Authenticator {
  return new Authenticator({
    ...{ users, tenants, listeners, phantomKey, log: silentLog, failureFloorMs: 0 },
    failuresPerAddressBurst: 1_000,
    ...options,
  });
}

function attempt(
  authenticator: Authenticator,
  options: Partial<ScramClientOptions>,
  at = peer,
): Promise<ScramOutcome> {
  const credentials = { username: 'alice', password: 'secret', ...options };
  return converse(authenticator.scram(credentials.mechanism ?? 'SCRAM-SHA-256', at), credentials);
}

beforeAll(async () => {
  const verifiers = await Promise.all(
    mechanisms.map(async (mechanism) =>
      formatScramVerifier(await scramCredential('secret', mechanism, iterations)),
    ),
  );
  const [only256] = verifiers;
  users = [
    { name: 'alice', tenant: 'acme', password: verifiers, groups: ['writers'] },
    { name: 'x=y,z', tenant: 'acme', password: only256! },
    { name: 'plain', tenant: 'acme', password: 'secret' },
    { name: 'dave', tenant: 'demo', password: only256! },
  ];
});

describe('SCRAM', () => {
  let authenticator: Authenticator;
  beforeAll(() => {
    authenticator = start();
  });

  it.each(mechanisms)(
    '%s lets the user in that proves its password, and proves that the server knows it',
    async (mechanism) => {
      const { last, serverVerified, challenge } = await attempt(authenticator, { mechanism });
      expect(last).toMatchObject({
        kind: 'allow',
        principal: { user: 'alice', groups: ['writers'], source: 'scram' },
      });
      expect(serverVerified).toBe(true);
      expect(challenge?.iterations).toBe(iterations);
      const again = await attempt(authenticator, { mechanism });
      expect(again.last.kind === 'allow' && again.last.principal).toBe(
        last.kind === 'allow' && last.principal,
      );
      expect(again.challenge?.nonce).not.toBe(challenge?.nonce);
    },
  );

  it.each(['acme/alice', 'alice@acme', 'x=y,z', 'demo/dave'])('knows %s', async (username) => {
    expect((await attempt(authenticator, { username })).last.kind).toBe('allow');
  });

  it.each(['y,,', 'n,a=,', 'n,a=alice,'])('takes the header %j', async (gs2Header) => {
    expect((await attempt(authenticator, { gs2Header })).last.kind).toBe('allow');
  });

  it('verifies passwords by the same verifiers', async () => {
    expect(await authenticator.plain('alice', 'secret', peer)).toMatchObject({
      principal: { source: 'password' },
    });
    expect(await authenticator.plain('alice', 'Secret', peer)).toMatchObject({ kind: 'deny' });
  });

  it.each([
    ['a wrong password', { password: 'Secret' }],
    ['another tenant', { username: 'demo/alice' }],
    ['a user without a verifier of the mechanism', { username: 'plain' }],
    ['a mechanism that the user has no verifier of', { username: 'x=y,z', mechanism: 'SCRAM-SHA-512' }],
    ['a tenant that is not there', { username: 'nowhere/alice' }],
    [
      'a nonce that is not the whole',
      { final: ({ binding, nonce, proof }) => `c=${binding},r=${nonce.slice(0, 20)},p=${proof}` },
    ],
    [
      'the nonce of another conversation',
      { final: ({ binding, proof }) => `c=${binding},r=${'x'.repeat(48)},p=${proof}` },
    ],
    ['another header than at first', { final: ({ nonce, proof }) => `c=eSws,r=${nonce},p=${proof}` }],
    ['a proof that is too short', { final: ({ binding, nonce }) => `c=${binding},r=${nonce},p=AAAA` }],
    ['an empty proof', { final: ({ binding, nonce }) => `c=${binding},r=${nonce},p=` }],
    ['no proof', { final: ({ binding, nonce }) => `c=${binding},r=${nonce}` }],
    [
      'an extension in the last message',
      { final: ({ binding, nonce, proof }) => `c=${binding},r=${nonce},x=1,p=${proof}` },
    ],
    ['nonsense', { final: () => '\0\xff' }],
  ] satisfies [string, Partial<ScramClientOptions>][])(
    'refuses %s after the challenge, in the same words',
    async (_, options) => {
      const { last, challenge } = await attempt(authenticator, options);
      expect(challenge).toMatchObject({ iterations });
      expect(last).toMatchObject({ kind: 'deny', message: Buffer.from('e=invalid-proof') });
    },
  );

  it.each([
    ['acting for another (CVE-2017-12610)', { gs2Header: 'n,a=root,' }],
    ['channel binding', { gs2Header: 'p=tls-unique,,' }],
    ['a header that is none', { gs2Header: 'x,,' }],
    ['a delegation token', { extensions: ',tokenauth=true' }],
    ['a mandatory extension', { gs2Header: 'n,,m=x,' }],
    ['a short nonce', { nonce: 'abc' }],
    ['a nonce that cannot be printed', { nonce: 'abcdefgh\n' }],
    ['a long message', { nonce: 'x'.repeat(scramMessageBytesMax) }],
    ['no user', { username: '' }],
  ] satisfies [string, Partial<ScramClientOptions>][])(
    'refuses %s before the challenge',
    async (_, options) => {
      const { last, challenge } = await attempt(authenticator, options);
      expect(challenge).toBeUndefined();
      expect(last).toMatchObject({ kind: 'deny', reason: 'bad-credentials' });
    },
  );

  it.each([
    'n=alice',
    'n,,n=ali=ce,r=abcdefgh',
    'n,,n=ali=2c,r=abcdefgh',
    'n,,r=abcdefgh,n=alice',
    '',
    '\xff',
  ])('refuses %j as a first message', async (text) => {
    expect((await authenticator.scram('SCRAM-SHA-256', peer).next(Buffer.from(text, 'latin1'))).kind).toBe(
      'deny',
    );
  });

  it('is over after its end, and takes one message at a time', async () => {
    const exchange = authenticator.scram('SCRAM-SHA-256', peer);
    expect((await converse(exchange, { username: 'alice', password: 'secret' })).last.kind).toBe('allow');
    for (let each = 0; each < 2; each++) {
      expect(await exchange.next(Buffer.from('n,,n=alice,r=abcdefgh'))).toMatchObject({ kind: 'deny' });
    }
    const twice = authenticator.scram('SCRAM-SHA-256', peer);
    const first = Buffer.from('n,,n=alice,r=abcdefgh');
    const steps = await Promise.all([twice.next(first), twice.next(first)]);
    expect(steps.map(({ kind }) => kind).sort()).toEqual(['continue', 'deny']);
  });

  it('does not let a recorded conversation be played again (CVE-2024-56128)', async () => {
    let recorded = '';
    const nonce = 'abcdefghijkl';
    const final = ({ binding, nonce: whole, proof }: { binding: string; nonce: string; proof: string }) =>
      (recorded = `c=${binding},r=${whole},p=${proof}`);
    expect((await attempt(authenticator, { nonce, final })).last.kind).toBe('allow');
    expect((await attempt(authenticator, { nonce, final: () => recorded })).last).toMatchObject({
      kind: 'deny',
    });
  });
});

describe('users that do not exist', () => {
  it('look like those that do: the same challenge each time, the usual iterations, and a salt of the usual length', async () => {
    const authenticator = start();
    const real = (await attempt(authenticator, {})).challenge!;
    for (const mechanism of mechanisms) {
      const phantom = await attempt(authenticator, { username: 'nobody', mechanism });
      expect(phantom.challenge).toMatchObject({ iterations });
      expect(phantom.challenge!.salt).toHaveLength(real.salt.length);
      // Asked again, under its other names, after a restart and at another gateway.
      for (const username of ['nobody', 'acme/nobody', 'nobody@acme']) {
        const again = await attempt(start(), { username, mechanism });
        expect(again.challenge!.salt).toBe(phantom.challenge!.salt);
      }
      const other = await attempt(authenticator, { username: 'demo/nobody', mechanism });
      expect(other.challenge!.salt).not.toBe(phantom.challenge!.salt);
    }
    expect(
      (await attempt(start({ phantomKey: () => Buffer.alloc(32, 8) }), { username: 'nobody' })).challenge!
        .salt,
    ).not.toBe((await attempt(authenticator, { username: 'nobody' })).challenge!.salt);
  });

  it("have salts like those that Kafka's tools make, where most were made by them", async () => {
    const made = await scramCredential('secret', 'SCRAM-SHA-256', 8_192);
    const password = formatScramVerifier({ ...made, salt: Buffer.from('1a2b3c4d5e6f7g8h9i0jklmno') });
    const authenticator = start({ users: [{ name: 'alice', tenant: 'acme', password }] });
    const { challenge } = await attempt(authenticator, { username: 'nobody' });
    expect(challenge?.iterations).toBe(8_192);
    expect(Buffer.from(challenge!.salt, 'base64').toString()).toMatch(/^[0-9a-z]{25}$/);
  });

  it('are refused in the time and the words of a wrong password', async () => {
    const authenticator = start({ failureFloorMs: 150 });
    const outcomes = [];
    for (const options of [{ username: 'nobody' }, { password: 'wrong' }, { username: 'nowhere/alice' }]) {
      const startedMs = performance.now();
      outcomes.push((await attempt(authenticator, options)).last);
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(148);
      expect(performance.now() - startedMs).toBeLessThan(1_500);
    }
    const messages = outcomes.map((last) => last.kind === 'deny' && last.message?.toString());
    expect(new Set(messages)).toEqual(new Set(['e=invalid-proof']));
  });
});

describe('guessing by SCRAM', () => {
  it('is limited per address, and does not lock out who was right before', async () => {
    const authenticator = start({ failuresPerAddressBurst: 3, failuresPerAddressPerMinute: 0.001 });
    expect((await attempt(authenticator, {})).last.kind).toBe('allow');
    for (let each = 0; each < 3; each++) {
      expect((await attempt(authenticator, { password: `${each}` })).last).toMatchObject({
        reason: 'bad-credentials',
      });
    }
    expect((await attempt(authenticator, { password: 'x' })).last).toMatchObject({
      reason: 'too-many-failures',
    });
    expect((await attempt(authenticator, { username: 'demo/dave' })).last).toMatchObject({
      reason: 'too-many-failures',
    });
    expect((await attempt(authenticator, { username: 'nobody' })).last).toMatchObject({
      reason: 'too-many-failures',
    });
    expect(await authenticator.plain('plain', 'secret', peer)).toMatchObject({ reason: 'too-many-failures' });
    expect((await attempt(authenticator, {})).last.kind).toBe('allow');
    expect(
      (await attempt(authenticator, { username: 'demo/dave' }, { ...peer, remoteAddress: '10.0.0.2' })).last
        .kind,
    ).toBe('allow');
  });
});

/** Credentials as the tenant's state has them. */
class StateUsers implements ScramCredentialSource {
  readonly credentials = new Map<string, ScramCredential>();
  ready = true;
  #listeners: ((tenant: string, user: string) => void)[] = [];

  scramCredential(tenant: string, user: string, mechanism: ScramMechanism): ScramCredential | undefined {
    if (!this.ready) throw new Error('not read yet');
    return this.credentials.get(`${tenant}/${user}/${mechanism}`);
  }

  onChange(listener: (tenant: string, user: string) => void): () => void {
    this.#listeners.push(listener);
    return () => {};
  }

  set(tenant: string, user: string, credential: ScramCredential | undefined): void {
    if (credential) this.credentials.set(`${tenant}/${user}/${credential.mechanism}`, credential);
    else this.credentials.clear();
    for (const listener of this.#listeners) listener(tenant, user);
  }
}

describe('users of the state', () => {
  it('come and go while the gateway runs, by SCRAM and by password', async () => {
    const state = new StateUsers();
    const authenticator = start({ scramSources: [state] });
    const revoked: string[] = [];
    authenticator.onRevoked(({ user, source }) => void revoked.push(`${user} ${source}`));
    const bob = { username: 'bob', password: 'b' };
    expect((await attempt(authenticator, bob)).last.kind).toBe('deny');
    expect((await authenticator.plain('bob', 'b', peer)).kind).toBe('deny');
    state.set('acme', 'bob', await scramCredential('b', 'SCRAM-SHA-256', iterations));
    expect((await attempt(authenticator, bob)).last).toMatchObject({
      principal: { user: 'bob', groups: [] },
    });
    expect((await authenticator.plain('bob', 'b', peer)).kind).toBe('allow');
    expect((await attempt(authenticator, { ...bob, username: 'demo/bob' })).last.kind).toBe('deny');
    expect(revoked).toEqual([]);
    state.set('acme', 'bob', await scramCredential('c', 'SCRAM-SHA-256', iterations));
    expect(revoked).toEqual(['bob password', 'bob scram']);
    expect((await attempt(authenticator, bob)).last.kind).toBe('deny');
    expect((await authenticator.plain('bob', 'b', peer)).kind).toBe('deny');
    expect((await authenticator.plain('bob', 'c', peer)).kind).toBe('allow');
    state.set('acme', 'bob', undefined);
    expect(revoked).toHaveLength(4);
    expect((await authenticator.plain('bob', 'c', peer)).kind).toBe('deny');
  });

  it('keep their connections when a credential is written again or one of another mechanism comes', async () => {
    const state = new StateUsers();
    const authenticator = start({ scramSources: [state] });
    const revoked: string[] = [];
    authenticator.onRevoked(({ user }) => void revoked.push(user));
    const first = await scramCredential('b', 'SCRAM-SHA-256', iterations);
    state.set('acme', 'bob', first);
    const bob = { username: 'bob', password: 'b' };
    const before = (await attempt(authenticator, bob)).last;
    state.set('acme', 'bob', { ...first });
    state.set('acme', 'bob', await scramCredential('b', 'SCRAM-SHA-512', iterations));
    const after = (await attempt(authenticator, { ...bob, mechanism: 'SCRAM-SHA-512' })).last;
    expect(revoked).toEqual([]);
    expect(after.kind === 'allow' && after.principal).toBe(before.kind === 'allow' && before.principal);
    state.ready = false;
    state.set('acme', 'bob', first);
    expect(revoked).toEqual(['bob', 'bob']);
  });

  it('are refused while the state cannot be read, and nobody else is', async () => {
    const state = new StateUsers();
    const authenticator = start({ scramSources: [state] });
    state.ready = false;
    expect((await attempt(authenticator, { username: 'bob' })).last).toEqual({
      kind: 'deny',
      reason: 'fault',
    });
    expect(await authenticator.plain('bob', 'b', peer)).toEqual({ kind: 'deny', reason: 'fault' });
    expect((await attempt(authenticator, {})).last.kind).toBe('allow');
    expect((await authenticator.plain('alice', 'secret', peer)).kind).toBe('allow');
  });

  it('never take the name of a user of the configuration', async () => {
    const state = new StateUsers();
    const authenticator = start({ scramSources: [state] });
    state.set('acme', 'plain', await scramCredential('stolen', 'SCRAM-SHA-256', iterations));
    expect((await attempt(authenticator, { username: 'plain', password: 'stolen' })).last.kind).toBe('deny');
    expect((await authenticator.plain('plain', 'stolen', peer)).kind).toBe('deny');
    expect((await authenticator.plain('plain', 'secret', peer)).kind).toBe('allow');
  });

  it('who are changed while their conversation goes on are refused', async () => {
    const state = new StateUsers();
    const authenticator = start({ scramSources: [state] });
    state.set('acme', 'bob', await scramCredential('b', 'SCRAM-SHA-256', iterations));
    const exchange = authenticator.scram('SCRAM-SHA-256', peer);
    const next = exchange.next.bind(exchange);
    exchange.next = (message) => {
      if (message.includes('p=')) state.set('acme', 'bob', undefined);
      return next(message);
    };
    expect((await converse(exchange, { username: 'bob', password: 'b' })).last.kind).toBe('deny');
  });
});

describe('SCRAM verifiers', () => {
  it('are read as they are written, and say no more than the password does', async () => {
    for (const mechanism of mechanisms) {
      const text = formatScramVerifier(await scramCredential('secret', mechanism));
      expect(text).toMatch(/^scram-sha-(256|512)\$16384\$[\w+/=]+\$[\w+/=]+\$[\w+/=]+$/);
      expect(formatScramVerifier(parseScramVerifier(text))).toBe(text);
      expect(text).not.toContain('secret');
    }
  });

  it('agree with the example of RFC 7677', () => {
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
    const salted = pbkdf2Sync('pencil', salt, 4_096, 32, 'sha256');
    const { storedKey, serverKey } = credentialOf(salted, {
      mechanism: 'SCRAM-SHA-256',
      iterations: 4_096,
      salt,
    });
    const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
    const signed = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=${salt.toString('base64')},i=4096,c=biws,r=${nonce}`;
    const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
    const signature = createHmac('sha256', storedKey).update(signed).digest();
    const clientKey = Buffer.from(proof.map((byte, at) => byte ^ signature[at]!));
    expect(createHash('sha256').update(clientKey).digest()).toEqual(storedKey);
    expect(createHmac('sha256', serverKey).update(signed).digest('base64')).toBe(
      '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    );
  });

  it.each([
    'scram-sha-256$4096$c2FsdHNhbHQ=$AAAA$AAAA',
    'scram-sha-256$4095$c2FsdHNhbHQ=$AAAA',
    'scram-sha-256$99999999$c2FsdHNhbHQ=$AAAA$AAAA',
    'scram-sha-256$4e3$c2FsdHNhbHQ=$AAAA$AAAA',
    'scram-sha-1$4096$c2FsdHNhbHQ=$AAAA$AAAA',
  ])('refuses %s without repeating it', (text) => {
    let message = '';
    try {
      parseScramVerifier(text);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain('SCRAM verifier');
    expect(message).not.toContain('c2FsdHNhbHQ');
  });
});
