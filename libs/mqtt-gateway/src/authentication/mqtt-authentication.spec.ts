import { describe, expect, it } from '@jest/globals';
import type { DenyReason } from '#libs/auth';
import type { Principal } from '#libs/auth';
import { connackReturnCode } from '#libs/mqtt-codec';
import {
  ann,
  allow,
  anonymous,
  authenticationBed,
  bearer,
  bob,
  bytes,
  connect,
  deny,
  refusal,
  scram,
} from '../testing/authentication-bed.js';

describe('CONNECT', () => {
  it('is who its user name and password say', async () => {
    const { authentication, asked } = authenticationBed();
    const step = await authentication.begin(connect({ userName: 'ann', password: 'secret' }));
    expect(step).toEqual({ kind: 'allow', principal: ann, properties: {} });
    expect(asked).toEqual(['ann:secret']);
    expect(authentication.state).toBe('authenticated');
    expect(authentication.endsAtMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('may have a token as password without a user name', async () => {
    const { authentication, asked } = authenticationBed({ plain: allow(ann) });
    expect((await authentication.begin(connect({ password: 'a.b.c' }))).kind).toBe('allow');
    expect(asked).toEqual([':a.b.c']);
  });

  it.each<[DenyReason, string, number | undefined]>([
    ['bad-credentials', 'bad-user-name-or-password', 4],
    ['unknown-tenant', 'bad-user-name-or-password', 4],
    ['tenant-mismatch', 'bad-user-name-or-password', 4],
    ['expired', 'bad-user-name-or-password', 4],
    ['plaintext', 'not-authorized', 5],
    ['too-many-failures', 'connection-rate-exceeded', 3],
    ['overloaded', 'server-busy', 3],
    ['fault', 'server-unavailable', 3],
  ])('is told of %s: %s, return code %s before MQTT 5', async (reason, name, returnCode) => {
    const { authentication } = authenticationBed({ plain: deny(reason) });
    const step = await authentication.begin(connect({ userName: 'ann', password: 'x' }));
    expect(refusal(step)).toBe(name);
    expect(step.kind === 'deny' && connackReturnCode(step.error.reasonCode)).toBe(returnCode);
    expect(step.kind === 'deny' && step.reason).toBe(reason);
    expect(authentication.principal).toBeUndefined();
  });

  it.each([
    ['a password that is no text', { userName: 'ann', password: Buffer.from([0xff]) }],
    ['an empty password', { userName: 'ann', password: '' }],
    ['a user name alone', { userName: 'ann' }],
  ])('is refused with %s, asking nobody', async (_what, credentials) => {
    const { authentication, asked } = authenticationBed({ plain: allow(ann), anonymous: allow(anonymous) });
    expect(refusal(await authentication.begin(connect(credentials)))).toBe('bad-user-name-or-password');
    expect(asked).toEqual([]);
  });

  it('without anything is anonymous where that is allowed', async () => {
    expect(
      await authenticationBed({ anonymous: allow(anonymous) }).authentication.begin(connect({})),
    ).toMatchObject({
      principal: anonymous,
    });
    expect(refusal(await authenticationBed().authentication.begin(connect({})))).toBe('not-authorized');
  });

  it('takes no password where the listener takes none', async () => {
    const { authentication, asked } = authenticationBed({ mechanisms: ['SCRAM-SHA-256'], plain: allow(ann) });
    const step = await authentication.begin(connect({ userName: 'ann', password: 'secret' }));
    expect(refusal(step)).toBe('not-authorized');
    expect(asked).toEqual([]);
  });

  it('comes once', async () => {
    const { authentication } = authenticationBed();
    await authentication.begin(connect({ userName: 'ann', password: 'secret' }));
    expect(refusal(await authentication.begin(connect({})))).toBe('protocol-error');
  });

  it('is refused where the authenticator fails', async () => {
    const { authentication } = authenticationBed({
      scram: () => ({ next: () => Promise.reject(new Error('broken')) }),
    });
    expect(refusal(await authentication.begin(scram('first')))).toBe('server-unavailable');
  });
});

describe('a client certificate', () => {
  it('says who the client is, with a user name only its own', async () => {
    for (const userName of [undefined, '', 'ann', 'acme/ann', 'ann@acme']) {
      const { authentication } = authenticationBed({ certificate: allow(ann) });
      const step = await authentication.begin(connect(userName === undefined ? {} : { userName }));
      expect(step).toMatchObject({ kind: 'allow', principal: ann });
    }
    const { authentication } = authenticationBed({ certificate: allow(ann) });
    expect(refusal(await authentication.begin(connect({ userName: 'bob' })))).toBe(
      'bad-user-name-or-password',
    );
  });

  it('lets a password or a method only say the same user', async () => {
    const same = authenticationBed({ certificate: allow(ann) });
    expect((await same.authentication.begin(connect({ userName: 'ann', password: 'secret' }))).kind).toBe(
      'allow',
    );
    const other = authenticationBed({ certificate: allow(bob) });
    expect(refusal(await other.authentication.begin(connect({ userName: 'ann', password: 'secret' })))).toBe(
      'not-authorized',
    );
    const byMethod = authenticationBed({ certificate: allow(bob) });
    await byMethod.authentication.begin(scram('first'));
    expect(refusal(await byMethod.goOn('right'))).toBe('not-authorized');
  });

  it('that nobody knows leaves the client to its password, and one that is refused does not', async () => {
    const unknown = authenticationBed({ certificate: { kind: 'not-mine' } });
    expect((await unknown.authentication.begin(connect({ userName: 'ann', password: 'secret' }))).kind).toBe(
      'allow',
    );
    const refused = authenticationBed({ certificate: deny('bad-credentials') });
    expect((await refused.authentication.begin(connect({ userName: 'ann', password: 'secret' }))).kind).toBe(
      'deny',
    );
  });

  it('ends the identity with itself', async () => {
    const { authentication, clock } = authenticationBed({
      certificate: allow(ann),
      certificateExpiresAtMs: Date.now() + 60_000,
    });
    await authentication.begin(connect({}));
    expect(authentication.endsAtMs).toBeGreaterThan(clock.ms + 50_000);
    expect(authentication.endsAtMs).toBeLessThanOrEqual(clock.ms + 60_000);
    expect(Math.abs(authentication.certifiedUntilMs - authentication.endsAtMs)).toBeLessThan(1_000);
    const foreign = authenticationBed({
      certificate: { kind: 'not-mine' },
      certificateExpiresAtMs: Date.now() + 60_000,
    });
    await foreign.authentication.begin(connect({ userName: 'ann', password: 'secret' }));
    expect(foreign.authentication.certifiedUntilMs).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('an authentication method (MQTT 5 section 4.12)', () => {
  it('goes step by step, and its last message is for CONNACK', async () => {
    const { authentication, goOn } = authenticationBed();
    expect(await authentication.begin(scram('first'))).toEqual({
      kind: 'continue',
      packet: {
        type: 'auth',
        reasonCode: 0x18,
        properties: { authenticationMethod: 'SCRAM-SHA-256', authenticationData: bytes('challenge first') },
      },
    });
    expect(authentication.state).toBe('exchanging');
    expect(await goOn('right')).toEqual({
      kind: 'allow',
      principal: ann,
      properties: { authenticationMethod: 'SCRAM-SHA-256', authenticationData: bytes('verified') },
    });
  });

  it('may begin without data, and is asked for it', async () => {
    const { authentication, goOn } = authenticationBed();
    expect(await authentication.begin(scram())).toMatchObject({
      packet: { properties: { authenticationMethod: 'SCRAM-SHA-256' } },
    });
    expect(await goOn('first')).toMatchObject({ kind: 'continue' });
    expect((await goOn('right')).kind).toBe('allow');
  });

  it('is bounded: who never says anything is refused', async () => {
    const { authentication, goOn } = authenticationBed();
    await authentication.begin(scram());
    const steps = [await goOn(), await goOn(), await goOn(), await goOn()];
    expect(steps.map(({ kind }) => kind)).toEqual(['continue', 'continue', 'continue', 'deny']);
  });

  it('refuses a wrong proof, and all that comes after', async () => {
    const { authentication, goOn } = authenticationBed();
    await authentication.begin(scram('first'));
    expect(refusal(await goOn('wrong'))).toBe('bad-user-name-or-password');
    expect(authentication.state).toBe('failed');
    expect(refusal(await goOn('right'))).toBe('protocol-error');
  });

  it('refuses methods that are not offered [MQTT-4.12.0-1] and another one later [MQTT-4.12.0-5]', async () => {
    for (const method of ['', 'PLAINTEXT', 'SCRAM-SHA-512', 'scram-sha-256', '__proto__']) {
      expect(refusal(await authenticationBed().authentication.begin(connect({ method })))).toBe(
        'bad-authentication-method',
      );
    }
    const { authentication, goOn } = authenticationBed();
    await authentication.begin(scram('first'));
    expect(refusal(await goOn('right', 'OAUTHBEARER'))).toBe('bad-authentication-method');
  });

  it('refuses AUTH of who named no method [MQTT-4.12.0-6], or out of turn', async () => {
    const without = authenticationBed();
    await without.authentication.begin(connect({ userName: 'ann', password: 'secret' }));
    expect(refusal(await without.again('first'))).toBe('protocol-error');
    const early = authenticationBed();
    await early.authentication.begin(scram('first'));
    expect(refusal(await early.again('right'))).toBe('protocol-error');
  });

  it('takes one AUTH at a time, and nothing comes of the one that it crossed', async () => {
    const { authentication, goOn } = authenticationBed();
    await authentication.begin(scram('first'));
    const [first, second] = await Promise.all([goOn('right'), goOn('right')]);
    expect(refusal(second)).toBe('protocol-error');
    expect(first.kind).toBe('deny');
    expect(authentication.principal).toBeUndefined();
  });

  it('can be a bearer token', async () => {
    const { authentication } = authenticationBed({ token: () => allow(ann) });
    const step = await authentication.begin(connect({ method: 'OAUTHBEARER', data: bearer('t') }));
    expect(step).toEqual({
      kind: 'allow',
      principal: ann,
      properties: { authenticationMethod: 'OAUTHBEARER' },
    });
    const wrong = authenticationBed({ token: () => deny('expired') });
    expect(
      refusal(await wrong.authentication.begin(connect({ method: 'OAUTHBEARER', data: bearer('t') }))),
    ).toBe('bad-user-name-or-password');
  });
});

describe('the end of an identity', () => {
  it('is that of its token; who cannot renew has no other', async () => {
    const token: Principal = { ...ann, expiresAtMs: Date.now() + 30_000 };
    const byPassword = authenticationBed({ plain: allow(token), lifetimeMs: 1_000 });
    await byPassword.authentication.begin(connect({ password: 'a.b.c' }));
    expect(byPassword.authentication.endsAtMs).toBeGreaterThan(25_000);
    const byMethod = authenticationBed({ token: () => allow(token), lifetimeMs: 1_000 });
    await byMethod.authentication.begin(connect({ method: 'OAUTHBEARER', data: bearer('t') }));
    expect(byMethod.authentication.endsAtMs).toBe(2_000);
  });
});
