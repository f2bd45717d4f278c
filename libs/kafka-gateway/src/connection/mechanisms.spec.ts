import { describe, expect, it } from '@jest/globals';
import {
  type AuthDecision,
  type AuthSource,
  type CertificateRule,
  formatScramVerifier,
  type Principal,
  scramCredential,
} from '#libs/auth';
import { KafkaErrorCode, metadataApi, saslAuthenticateApi, saslHandshakeApi } from '#libs/kafka-codec';
import { TenantDirectory } from '#libs/tenancy';
import { authenticate, type Bed, bed, plain, soon, tenant } from '../testing/connection-bed.js';
import { ScramClient } from '../testing/scram-client.js';

const other = { ...tenant, name: 'beta', pulsarNamespace: 'beta/kafka' };
const tenants = new TenantDirectory([tenant, other]);

/** Tokens `user`, `user:tenant` or `user:tenant:milliseconds to live`. */
const tokens: AuthSource = {
  name: 'test',
  authenticate(credentials): AuthDecision {
    if (credentials.kind !== 'token') return { kind: 'not-mine' };
    const [user = '', of = 'acme', livesMs] = credentials.token.split('.');
    if (user === 'broken') throw new Error('the login service is down');
    if (user === 'wrong') return { kind: 'deny', reason: 'bad-credentials' };
    const expiresAtMs = livesMs === undefined ? undefined : Date.now() + Number(livesMs);
    const principal: Principal = {
      tenant: of === 'beta' ? other : tenant,
      user,
      groups: [],
      anonymous: false,
      source: 'token',
      ...(expiresAtMs !== undefined && { expiresAtMs }),
    };
    return { kind: 'allow', principal };
  },
};

const verifier = formatScramVerifier(await scramCredential('secret', 'SCRAM-SHA-256'));
const withScram = { authentication: { users: [{ name: 'ann', tenant: 'acme', password: verifier }] } };

const bearer = (token: string) => Buffer.from(`n,,\u0001auth=Bearer ${token}\u0001\u0001`);

async function login({ kafka }: Bed, mechanism: string, ...messages: Buffer[]) {
  await kafka.call(saslHandshakeApi, 1, { mechanism });
  let answer = await kafka.call(saslAuthenticateApi, 2, { authBytes: messages[0]! });
  for (const authBytes of messages.slice(1)) answer = await kafka.call(saslAuthenticateApi, 2, { authBytes });
  return answer;
}

async function isServedAs(test: Bed, user: string): Promise<void> {
  test.ask('a');
  test.metadata.answer('a');
  await test.kafka.response(metadataApi, 1);
  expect(test.metadata.contexts.at(-1)!.principal.user).toBe(user);
}

describe('SCRAM', () => {
  it.each(['framed', 'raw'])('takes its messages one after the other, %s', async (form) => {
    const test = bed(withScram);
    const scram = new ScramClient('ann', 'secret');
    if (form === 'framed') {
      await test.kafka.call(saslHandshakeApi, 1, { mechanism: 'SCRAM-SHA-256' });
      const first = await test.kafka.call(saslAuthenticateApi, 2, { authBytes: scram.first() });
      expect(first).toMatchObject({ errorCode: 0, sessionLifetimeMs: 0n });
      const final = await test.kafka.call(saslAuthenticateApi, 2, {
        authBytes: scram.final(first.authBytes),
      });
      expect(final.errorCode).toBe(0);
      expect(final.authBytes.toString()).toMatch(/^v=/);
    } else {
      await test.kafka.call(saslHandshakeApi, 0, { mechanism: 'SCRAM-SHA-256' });
      const first = await rawToken(test, scram.first());
      expect((await rawToken(test, scram.final(first))).toString()).toMatch(/^v=/);
    }
    await isServedAs(test, 'ann');
  });

  it('refuses a wrong password after the last message only, in words that are the same for all', async () => {
    const refusals = [];
    for (const [user, password] of [
      ['ann', 'wrong'],
      ['nobody', 'secret'],
    ] as const) {
      const test = bed(withScram);
      const scram = new ScramClient(user, password);
      await test.kafka.call(saslHandshakeApi, 1, { mechanism: 'SCRAM-SHA-256' });
      const first = await test.kafka.call(saslAuthenticateApi, 2, { authBytes: scram.first() });
      expect(first.errorCode).toBe(0);
      const final = await test.kafka.call(saslAuthenticateApi, 2, {
        authBytes: scram.final(first.authBytes),
      });
      await test.client.closed;
      refusals.push([final.errorCode, final.errorMessage, final.authBytes.toString()]);
      expect(test.metrics.protocol('kafka').authFailures).toBe(1);
    }
    expect(refusals[0]).toEqual(refusals[1]);
    expect(refusals[0]![0]).toBe(KafkaErrorCode.SASL_AUTHENTICATION_FAILED);
  });

  it('serves nothing between its messages', async () => {
    for (const ask of [
      (test: Bed) => test.ask('a'),
      (test: Bed) => test.kafka.send(saslHandshakeApi, 1, { mechanism: 'PLAIN' }),
    ]) {
      const test = bed(withScram);
      await login(test, 'SCRAM-SHA-256', new ScramClient('ann', 'secret').first());
      ask(test);
      expect(await test.client.closed).toBe('illegal-sasl-state');
      expect(test.metadata.started).toEqual([]);
    }
  });

  it('is not PLAIN under another name', async () => {
    const test = bed(withScram);
    expect(await login(test, 'SCRAM-SHA-256', plain('secret'))).toMatchObject({
      errorCode: KafkaErrorCode.SASL_AUTHENTICATION_FAILED,
    });
    await test.client.closed;
  });
});

async function rawToken(test: Bed, token: Buffer): Promise<Buffer> {
  const size = Buffer.alloc(4);
  size.writeInt32BE(token.length);
  test.client.write(Buffer.concat([size, token]));
  return test.kafka.frame();
}

describe('OAUTHBEARER', () => {
  const authentication = { sources: [tokens], tenants };

  it('serves the user of the token', async () => {
    const test = bed({ authentication });
    expect(await login(test, 'OAUTHBEARER', bearer('olga.beta'))).toMatchObject({ errorCode: 0 });
    await isServedAs(test, 'olga');
    expect(test.metrics.tenant('kafka', 'beta').connectionsOpen).toBe(1);
  });

  it('answers a wrong token with error and JSON, then closes, and tells no log of it', async () => {
    const test = bed({ authentication });
    const answer = await login(test, 'OAUTHBEARER', bearer('wrong.secret-of-mine'));
    expect(answer.errorCode).toBe(KafkaErrorCode.SASL_AUTHENTICATION_FAILED);
    expect(JSON.parse(answer.authBytes.toString())).toEqual({ status: 'invalid_token' });
    await test.client.closed;
    expect(JSON.stringify(test.lines)).not.toContain('secret-of-mine');
  });

  it('answers a wrong raw token with its JSON, and closes after what the client says to that', async () => {
    const test = bed({ authentication });
    await test.kafka.call(saslHandshakeApi, 0, { mechanism: 'OAUTHBEARER' });
    const answer = await rawToken(test, bearer('wrong'));
    expect(JSON.parse(answer.toString())).toEqual({ status: 'invalid_token' });
    test.client.write(Buffer.from([0, 0, 0, 1, 1]));
    expect(await test.client.closed).toBe('authentication-failed');
  });

  it('ends the connection unanswered when nobody can say, so that clients try again', async () => {
    const test = bed({ authentication });
    await test.kafka.call(saslHandshakeApi, 1, { mechanism: 'OAUTHBEARER' });
    test.kafka.send(saslAuthenticateApi, 2, { authBytes: bearer('broken') });
    expect(await test.client.closed).toBe('authentication-fault');
    expect(test.client.received.length).toBe(0);
  });

  it('refuses a token that is longer than tokens are', async () => {
    const test = bed({ authentication, options: { frameBytesMaxBeforeAuthentication: 1_048_576 } });
    const answer = await login(test, 'OAUTHBEARER', bearer('x'.repeat(100_000)));
    expect(answer.errorCode).toBe(KafkaErrorCode.SASL_AUTHENTICATION_FAILED);
    await test.client.closed;
  });

  it('refuses a frame above the limit before authentication, unread', async () => {
    const test = bed({ authentication });
    await test.kafka.call(saslHandshakeApi, 1, { mechanism: 'OAUTHBEARER' });
    test.client.write(Buffer.from([0, 1, 0, 1]));
    expect(await test.client.closed).toBe('malformed-frame');
  });
});

describe('a session (KIP-368)', () => {
  const authentication = { sources: [tokens], tenants };
  const pastRenewalLimit = () => new Promise((resolve) => setTimeout(resolve, 1_020));

  it('ends with its token or its setting, whichever is first, and is told so', async () => {
    const byToken = await login(bed({ authentication }), 'OAUTHBEARER', bearer('olga.acme.60000'));
    expect(Number(byToken.sessionLifetimeMs)).toBeGreaterThan(50_000);
    expect(Number(byToken.sessionLifetimeMs)).toBeLessThanOrEqual(60_000);
    const shorter = bed({ authentication: { ...authentication, sessionLifetimeMsMax: 5_000 } });
    const bySetting = await login(shorter, 'OAUTHBEARER', bearer('olga.acme.60000'));
    expect(bySetting.sessionLifetimeMs).toBe(5_000n);
    const version0 = bed({ authentication });
    await version0.kafka.call(saslHandshakeApi, 1, { mechanism: 'OAUTHBEARER' });
    const body = { authBytes: bearer('olga.acme.60000') };
    expect(await version0.kafka.call(saslAuthenticateApi, 0, body)).toMatchObject({ errorCode: 0 });
  });

  it('is renewed on the connection while requests of before it are running', async () => {
    const test = bed({ authentication });
    await login(test, 'OAUTHBEARER', bearer('olga.acme.30000'));
    test.ask('before');
    await pastRenewalLimit();
    test.kafka.send(saslHandshakeApi, 1, { mechanism: 'OAUTHBEARER' });
    test.kafka.send(saslAuthenticateApi, 2, { authBytes: bearer('olga.acme.90000') });
    test.ask('after');
    await soon();
    expect(test.metadata.started).toEqual(['before']);
    test.metadata.answer('before');
    await test.kafka.response(metadataApi, 1);
    await test.kafka.response(saslHandshakeApi, 1);
    const { body } = await test.kafka.response<{ errorCode: number; sessionLifetimeMs: bigint }>(
      saslAuthenticateApi,
      2,
    );
    expect(body.errorCode).toBe(0);
    expect(Number(body.sessionLifetimeMs)).toBeGreaterThan(80_000);
    test.metadata.answer('after');
    await test.kafka.response(metadataApi, 1);
    const [before, after] = test.metadata.contexts;
    expect(before!.principal).toBe(after!.principal);
    expect(test.metrics.tenant('kafka', 'acme').connectionsOpen).toBe(1);
  });

  it.each([
    ['another user', 'OAUTHBEARER', bearer('bob.acme.90000')],
    ['the same user of another tenant', 'OAUTHBEARER', bearer('ann.beta.90000')],
    ['the same user by another mechanism', 'PLAIN', plain('secret')],
    ['nobody', 'OAUTHBEARER', bearer('wrong')],
  ])('is not renewed as %s', async (_who, mechanism, token) => {
    const test = bed({ authentication });
    await login(test, 'OAUTHBEARER', bearer('ann.acme.30000'));
    await pastRenewalLimit();
    const answer = await login(test, mechanism, token);
    expect(answer.errorCode).toBe(KafkaErrorCode.SASL_AUTHENTICATION_FAILED);
    expect(await test.client.closed).toBe('refused');
    expect(test.metrics.tenant('kafka', 'beta').connectionsOpen).toBe(0);
  });

  it('that is to be renewed by a mechanism that nobody offers leaves what runs as it is, then ends', async () => {
    const test = bed({ authentication });
    await login(test, 'OAUTHBEARER', bearer('ann.acme.30000'));
    test.ask('running');
    await pastRenewalLimit();
    test.kafka.send(saslHandshakeApi, 1, { mechanism: 'GSSAPI' });
    await soon();
    expect(test.metadata.contexts[0]!.principal.user).toBe('ann');
    test.metadata.answer('running');
    await test.kafka.response(metadataApi, 1);
    const { body } = await test.kafka.response(saslHandshakeApi, 1);
    expect(body).toMatchObject({ errorCode: KafkaErrorCode.UNSUPPORTED_SASL_MECHANISM });
    expect(await test.client.closed).toBe('refused');
  });

  it('past its end ends with the next request, or by itself; a running request is answered first', async () => {
    const settings = { authentication };
    const [asking, idle, busy, renewing] = [bed(settings), bed(settings), bed(settings), bed(settings)];
    const short = bearer('olga.acme.1000');
    for (const each of [asking, idle, busy, renewing]) await login(each, 'OAUTHBEARER', short);
    busy.ask('long');
    await pastRenewalLimit();
    asking.ask('late');
    expect(await asking.client.closed).toBe('session-ended');
    expect(asking.metadata.started).toEqual([]);
    expect(await login(renewing, 'OAUTHBEARER', bearer('olga.acme.60000'))).toMatchObject({ errorCode: 0 });
    expect(await idle.client.closed).toBe('session-ended');
    await pastRenewalLimit();
    busy.metadata.answer('long');
    await busy.kafka.response(metadataApi, 1);
    expect(await busy.client.closed).toBe('session-ended');
    await isServedAs(renewing, 'olga');
  });
});

describe('what a listener offers', () => {
  const listeners = [
    { name: 'kafka', defaultTenant: 'acme', saslMechanisms: ['SCRAM-SHA-256', 'OAUTHBEARER'] as const },
  ];
  const { users } = withScram.authentication;
  const authentication = { sources: [tokens], tenants, users, listeners };

  it.each(['PLAIN', 'SCRAM-SHA-512', 'plain', ''])('is all that it takes, not %j', async (mechanism) => {
    const test = bed({ authentication });
    expect(await test.kafka.call(saslHandshakeApi, 1, { mechanism })).toEqual({
      errorCode: KafkaErrorCode.UNSUPPORTED_SASL_MECHANISM,
      mechanisms: ['SCRAM-SHA-256', 'OAUTHBEARER'],
    });
    await test.client.closed;
  });

  it('has no secret that others could read on the way', async () => {
    const remote = [{ ...listeners[0]!, saslMechanisms: undefined, secretsNeedTls: true }];
    const open = bed({ authentication: { ...authentication, listeners: remote } });
    const { mechanisms } = await open.kafka.call(saslHandshakeApi, 1, { mechanism: 'PLAIN' });
    expect(mechanisms).toEqual(['SCRAM-SHA-256']);
    await open.client.closed;
    const secure = bed({ authentication: { ...authentication, listeners: remote }, peer: { tls: true } });
    expect(await login(secure, 'OAUTHBEARER', bearer('olga'))).toMatchObject({ errorCode: 0 });
  });
});

describe('a user that is revoked', () => {
  it('loses its connections at once, and nobody else does', async () => {
    const users = [
      { name: 'ann', tenant: 'acme', password: 'secret' },
      { name: 'bob', tenant: 'acme', password: 'secret' },
    ];
    const test = bed({ authentication: { users } });
    await authenticate(test);
    expect(test.authenticator.users.replace('configuration', users)).toEqual([]);
    await isServedAs(test, 'ann');
    test.authenticator.users.replace('configuration', [{ ...users[0]!, password: 'changed' }, users[1]!]);
    expect(await test.client.closed).toBe('identity-revoked');
    expect(test.metrics.tenant('kafka', 'acme').connectionsOpen).toBe(0);
  });
});

describe('a client certificate', () => {
  const certificate = {
    subject: 'CN=ann',
    subjectAltName: '',
    fingerprint256: 'AB',
    expiresAtMs: Date.now() + 60_000,
    attributes: [{ kind: 'subject.CN' as const, value: 'ann' }],
  };
  const rule = { from: 'subject.CN', match: 'ann', user: '$0', tenant: 'acme' } as const;
  const settings = (certificates: readonly CertificateRule[]) => ({
    peer: { tls: true, certificate },
    authentication: { certificates, tenants },
  });

  it('is an identity without SASL', async () => {
    const test = bed(settings([rule]));
    await isServedAs(test, 'ann');
    expect(test.metrics.protocol('kafka').authSuccesses).toBe(1);
  });

  it('serves no longer than it is valid', async () => {
    const certificateOf = (leftMs: number) => ({ ...certificate, expiresAtMs: Date.now() + leftMs });
    const { authentication } = settings([rule]);
    const test = bed({ authentication, peer: { tls: true, certificate: certificateOf(1_000) } });
    await isServedAs(test, 'ann');
    expect(await test.client.closed).toBe('session-ended');
  });

  it('may be followed by SASL of the same user, and of no other', async () => {
    const same = bed(settings([rule]));
    await authenticate(same);
    await isServedAs(same, 'ann');
    const test = bed(settings([{ ...rule, user: 'bob' }]));
    const answer = await login(test, 'PLAIN', plain('secret'));
    expect(answer.errorCode).toBe(KafkaErrorCode.SASL_AUTHENTICATION_FAILED);
    await test.client.closed;
  });

  it('without a rule is no identity', async () => {
    const test = bed(settings([{ ...rule, match: 'b*' }]));
    test.ask('a');
    expect(await test.client.closed).toBe('illegal-sasl-state');
  });

  it('of another tenant than the host name ends the connection before anything is read', async () => {
    const directory = new TenantDirectory([tenant, { ...other, serverNames: ['beta.example'] }]);
    const test = bed({
      ...settings([rule]),
      anonymous: true,
      peer: { tls: true, certificate, serverName: 'beta.example' },
      authentication: { certificates: [rule], tenants: directory },
    });
    test.ask('a');
    expect(await test.client.closed).toBe('authentication-failed');
    expect(test.metadata.started).toEqual([]);
    expect(test.metrics.protocol('kafka').authFailures).toBe(1);
  });
});
