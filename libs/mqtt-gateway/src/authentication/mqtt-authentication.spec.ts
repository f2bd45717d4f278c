import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AuthDecision, AuthPeer, DenyReason, Principal, SaslMechanism, ScramExchange } from '#libs/auth';
import { type ConnectPacket, connackReturnCode, MqttReasonCode } from '#libs/mqtt-codec';
import {
  MqttAuthentication,
  type MqttAuthenticationOptions,
  type MqttAuthStep,
} from './mqtt-authentication.js';

const acme = { name: 'acme' };
const ann = {
  tenant: acme,
  user: 'ann',
  groups: [],
  anonymous: false,
  source: 'password',
} as unknown as Principal;
const bob: Principal = { ...ann, user: 'bob' };
const annElsewhere = { ...ann, tenant: { name: 'beta' } } as Principal;
const anonymous: Principal = { ...ann, user: 'anonymous', anonymous: true, source: 'anonymous' };
const allow = (principal: Principal): AuthDecision => ({ kind: 'allow', principal });
const deny = (reason: DenyReason): AuthDecision => ({ kind: 'deny', reason });
const bytes = (text: string) => Buffer.from(text);
const bearer = (token: string) => bytes(`n,,\u0001auth=Bearer ${token}\u0001\u0001`);

interface Settings {
  readonly plain?: AuthDecision;
  readonly certificate?: AuthDecision;
  readonly anonymous?: AuthDecision;
  readonly token?: () => AuthDecision | Promise<AuthDecision>;
  readonly scram?: () => ScramExchange;
  readonly mechanisms?: readonly SaslMechanism[];
  readonly lifetimeMs?: number;
  readonly certificateExpiresAtMs?: number;
}

/** Two messages, as SCRAM has them; the second proves it when it is `right`. */
function twoSteps(principal = ann): ScramExchange {
  let step = 0;
  return {
    next: async (message) => {
      if (step++ === 0) return { kind: 'continue', message: bytes(`challenge ${message.toString()}`) };
      return message.toString() === 'right'
        ? { kind: 'allow', principal, message: bytes('verified') }
        : { kind: 'deny', reason: 'bad-credentials', message: bytes('e=invalid-proof') };
    },
  };
}

function bed(settings: Settings = {}) {
  const asked: string[] = [];
  const clock = { ms: 1_000 };
  const certificate = {
    subject: '',
    subjectAltName: '',
    fingerprint256: 'F',
    expiresAtMs: settings.certificateExpiresAtMs,
  };
  const peer: AuthPeer = {
    ...{ listener: 'mqtt', remoteAddress: '127.0.0.1' },
    ...(settings.certificate && { certificate: certificate as NonNullable<AuthPeer['certificate']> }),
  };
  const authenticator: MqttAuthenticationOptions['authenticator'] = {
    plain: async (username, password) => {
      asked.push(`${username}:${password}`);
      return settings.plain ?? (password === 'secret' ? allow(ann) : deny('bad-credentials'));
    },
    authenticate: async () => (settings.token ?? (() => deny('bad-credentials')))(),
    scram: () => (settings.scram ?? twoSteps)(),
    certificate: async () => settings.certificate ?? { kind: 'not-mine' },
    anonymous: () => settings.anonymous ?? deny('anonymous-not-allowed'),
    mechanisms: () => settings.mechanisms ?? ['SCRAM-SHA-256', 'OAUTHBEARER', 'PLAIN'],
    sessionLifetimeMsMax: settings.lifetimeMs,
  };
  const authentication = new MqttAuthentication({ peer, authenticator, now: () => clock.ms });
  const auth = (reasonCode: number, data?: string | Buffer, method = 'SCRAM-SHA-256') =>
    authentication.next({
      type: 'auth',
      reasonCode,
      properties: {
        authenticationMethod: method,
        ...(data !== undefined && { authenticationData: Buffer.from(data) }),
      },
    });
  const goOn = (data?: string, method?: string) => auth(MqttReasonCode.CONTINUE_AUTHENTICATION, data, method);
  const again = (data?: string | Buffer, method?: string) =>
    auth(MqttReasonCode.RE_AUTHENTICATE, data, method);
  return { authentication, asked, clock, goOn, again };
}

function connect(rest: {
  userName?: string;
  password?: string | Buffer;
  method?: string;
  data?: string | Buffer;
}): ConnectPacket {
  const { userName, password, method, data } = rest;
  return {
    ...{ type: 'connect', protocolLevel: 5, cleanStart: true, keepAliveSeconds: 0, clientId: 'c' },
    ...(userName !== undefined && { userName }),
    ...(password !== undefined && { password: Buffer.from(password) }),
    properties: {
      ...(method !== undefined && { authenticationMethod: method }),
      ...(data !== undefined && { authenticationData: Buffer.from(data) }),
    },
  };
}

const scram = (data?: string) => connect({ method: 'SCRAM-SHA-256', ...(data !== undefined && { data }) });

function refusal(step: MqttAuthStep): string {
  if (step.kind !== 'deny') throw new Error(`not refused: ${step.kind}`);
  return step.error.reasonName;
}

describe('CONNECT', () => {
  it('is who its user name and password say', async () => {
    const { authentication, asked } = bed();
    const step = await authentication.begin(connect({ userName: 'ann', password: 'secret' }));
    expect(step).toEqual({ kind: 'allow', principal: ann, properties: {} });
    expect(asked).toEqual(['ann:secret']);
    expect(authentication.state).toBe('authenticated');
    expect(authentication.endsAtMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('may have a token as password without a user name', async () => {
    const { authentication, asked } = bed({ plain: allow(ann) });
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
    const { authentication } = bed({ plain: deny(reason) });
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
    const { authentication, asked } = bed({ plain: allow(ann), anonymous: allow(anonymous) });
    expect(refusal(await authentication.begin(connect(credentials)))).toBe('bad-user-name-or-password');
    expect(asked).toEqual([]);
  });

  it('without anything is anonymous where that is allowed', async () => {
    expect(await bed({ anonymous: allow(anonymous) }).authentication.begin(connect({}))).toMatchObject({
      principal: anonymous,
    });
    expect(refusal(await bed().authentication.begin(connect({})))).toBe('not-authorized');
  });

  it('takes no password where the listener takes none', async () => {
    const { authentication, asked } = bed({ mechanisms: ['SCRAM-SHA-256'], plain: allow(ann) });
    const step = await authentication.begin(connect({ userName: 'ann', password: 'secret' }));
    expect(refusal(step)).toBe('not-authorized');
    expect(asked).toEqual([]);
  });

  it('comes once', async () => {
    const { authentication } = bed();
    await authentication.begin(connect({ userName: 'ann', password: 'secret' }));
    expect(refusal(await authentication.begin(connect({})))).toBe('protocol-error');
  });

  it('is refused where the authenticator fails', async () => {
    const { authentication } = bed({
      scram: () => ({ next: () => Promise.reject(new Error('broken')) }),
    });
    expect(refusal(await authentication.begin(scram('first')))).toBe('server-unavailable');
  });
});

describe('a client certificate', () => {
  it('says who the client is, with a user name only its own', async () => {
    for (const userName of [undefined, '', 'ann', 'acme/ann', 'ann@acme']) {
      const { authentication } = bed({ certificate: allow(ann) });
      const step = await authentication.begin(connect(userName === undefined ? {} : { userName }));
      expect(step).toMatchObject({ kind: 'allow', principal: ann });
    }
    const { authentication } = bed({ certificate: allow(ann) });
    expect(refusal(await authentication.begin(connect({ userName: 'bob' })))).toBe(
      'bad-user-name-or-password',
    );
  });

  it('lets a password or a method only say the same user', async () => {
    const same = bed({ certificate: allow(ann) });
    expect((await same.authentication.begin(connect({ userName: 'ann', password: 'secret' }))).kind).toBe(
      'allow',
    );
    const other = bed({ certificate: allow(bob) });
    expect(refusal(await other.authentication.begin(connect({ userName: 'ann', password: 'secret' })))).toBe(
      'not-authorized',
    );
    const byMethod = bed({ certificate: allow(bob) });
    await byMethod.authentication.begin(scram('first'));
    expect(refusal(await byMethod.goOn('right'))).toBe('not-authorized');
  });

  it('that nobody knows leaves the client to its password, and one that is refused does not', async () => {
    const unknown = bed({ certificate: { kind: 'not-mine' } });
    expect((await unknown.authentication.begin(connect({ userName: 'ann', password: 'secret' }))).kind).toBe(
      'allow',
    );
    const refused = bed({ certificate: deny('bad-credentials') });
    expect((await refused.authentication.begin(connect({ userName: 'ann', password: 'secret' }))).kind).toBe(
      'deny',
    );
  });

  it('ends the identity with itself', async () => {
    const { authentication, clock } = bed({
      certificate: allow(ann),
      certificateExpiresAtMs: Date.now() + 60_000,
    });
    await authentication.begin(connect({}));
    expect(authentication.endsAtMs).toBeGreaterThan(clock.ms + 50_000);
    expect(authentication.endsAtMs).toBeLessThanOrEqual(clock.ms + 60_000);
  });
});

describe('an authentication method (MQTT 5 section 4.12)', () => {
  it('goes step by step, and its last message is for CONNACK', async () => {
    const { authentication, goOn } = bed();
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
    const { authentication, goOn } = bed();
    expect(await authentication.begin(scram())).toMatchObject({
      packet: { properties: { authenticationMethod: 'SCRAM-SHA-256' } },
    });
    expect(await goOn('first')).toMatchObject({ kind: 'continue' });
    expect((await goOn('right')).kind).toBe('allow');
  });

  it('is bounded: who never says anything is refused', async () => {
    const { authentication, goOn } = bed();
    await authentication.begin(scram());
    const steps = [await goOn(), await goOn(), await goOn(), await goOn()];
    expect(steps.map(({ kind }) => kind)).toEqual(['continue', 'continue', 'continue', 'deny']);
  });

  it('refuses a wrong proof, and all that comes after', async () => {
    const { authentication, goOn } = bed();
    await authentication.begin(scram('first'));
    expect(refusal(await goOn('wrong'))).toBe('bad-user-name-or-password');
    expect(authentication.state).toBe('failed');
    expect(refusal(await goOn('right'))).toBe('protocol-error');
  });

  it('refuses methods that are not offered [MQTT-4.12.0-1] and another one later [MQTT-4.12.0-5]', async () => {
    for (const method of ['', 'PLAINTEXT', 'SCRAM-SHA-512', 'scram-sha-256', '__proto__']) {
      expect(refusal(await bed().authentication.begin(connect({ method })))).toBe(
        'bad-authentication-method',
      );
    }
    const { authentication, goOn } = bed();
    await authentication.begin(scram('first'));
    expect(refusal(await goOn('right', 'OAUTHBEARER'))).toBe('bad-authentication-method');
  });

  it('refuses AUTH of who named no method [MQTT-4.12.0-6], or out of turn', async () => {
    const without = bed();
    await without.authentication.begin(connect({ userName: 'ann', password: 'secret' }));
    expect(refusal(await without.again('first'))).toBe('protocol-error');
    const early = bed();
    await early.authentication.begin(scram('first'));
    expect(refusal(await early.again('right'))).toBe('protocol-error');
  });

  it('takes one AUTH at a time, and nothing comes of the one that it crossed', async () => {
    const { authentication, goOn } = bed();
    await authentication.begin(scram('first'));
    const [first, second] = await Promise.all([goOn('right'), goOn('right')]);
    expect(refusal(second)).toBe('protocol-error');
    expect(first.kind).toBe('deny');
    expect(authentication.principal).toBeUndefined();
  });

  it('can be a bearer token', async () => {
    const { authentication } = bed({ token: () => allow(ann) });
    const step = await authentication.begin(connect({ method: 'OAUTHBEARER', data: bearer('t') }));
    expect(step).toEqual({
      kind: 'allow',
      principal: ann,
      properties: { authenticationMethod: 'OAUTHBEARER' },
    });
    const wrong = bed({ token: () => deny('expired') });
    expect(
      refusal(await wrong.authentication.begin(connect({ method: 'OAUTHBEARER', data: bearer('t') }))),
    ).toBe('bad-user-name-or-password');
  });
});

describe('re-authentication', () => {
  async function connected(settings: Settings) {
    const test = bed(settings);
    await test.authentication.begin(scram('first'));
    expect((await test.goOn('right')).kind).toBe('allow');
    return test;
  }

  it('renews, and until then the client is who it was', async () => {
    const renewed = { ...ann };
    const identities = [ann, renewed];
    const { authentication, clock, again, goOn } = await connected({
      scram: () => twoSteps(identities.shift()),
      lifetimeMs: 10_000,
    });
    expect(authentication.endsAtMs).toBe(11_000);
    clock.ms = 5_000;
    expect(await again('first')).toMatchObject({ kind: 'continue' });
    expect(authentication.state).toBe('renewing');
    expect(authentication.principal).toBe(ann);
    const step = await goOn('right');
    expect(step.kind === 'allow' && step.principal).toBe(renewed);
    expect(authentication.principal).toBe(renewed);
    expect(authentication.endsAtMs).toBe(15_000);
    // And again, as often as it likes.
    expect((await again()).kind).toBe('continue');
  });

  it.each([
    ['another user', bob],
    ['a user of another tenant', annElsewhere],
    ['nobody', anonymous],
  ])('is refused as %s', async (_who, principal) => {
    const identities = [ann, principal];
    const { again, goOn, authentication } = await connected({ scram: () => twoSteps(identities.shift()) });
    await again('first');
    expect(refusal(await goOn('right'))).toBe('not-authorized');
    expect(authentication.state).toBe('failed');
  });

  it('is refused with a wrong proof, another method [MQTT-4.12.1-1] or another reason code', async () => {
    const wrong = await connected({});
    await wrong.again('first');
    // DISCONNECT has no 0x86.
    expect(refusal(await wrong.goOn('wrong'))).toBe('not-authorized');
    const other = await connected({ token: () => allow(ann) });
    expect(refusal(await other.again(bearer('t'), 'OAUTHBEARER'))).toBe('bad-authentication-method');
    const early = await connected({});
    expect(refusal(await early.goOn('first'))).toBe('protocol-error');
  });
});

describe('the end of an identity', () => {
  it('is that of its token; who cannot renew has no other', async () => {
    const token: Principal = { ...ann, expiresAtMs: Date.now() + 30_000 };
    const byPassword = bed({ plain: allow(token), lifetimeMs: 1_000 });
    await byPassword.authentication.begin(connect({ password: 'a.b.c' }));
    expect(byPassword.authentication.endsAtMs).toBeGreaterThan(25_000);
    const byMethod = bed({ token: () => allow(token), lifetimeMs: 1_000 });
    await byMethod.authentication.begin(connect({ method: 'OAUTHBEARER', data: bearer('t') }));
    expect(byMethod.authentication.endsAtMs).toBe(2_000);
  });
});

describe('whatever AUTH packets come', () => {
  it('nobody is let in but by the right message, and nothing is thrown', async () => {
    const data = fc.constantFrom<Buffer | undefined>(
      undefined,
      bytes(''),
      bytes('first'),
      bytes('wrong'),
      bytes('n,,n=ann,r=x'),
    );
    const packet = fc.record({
      reasonCode: fc.constantFrom(0, 0x18, 0x19, 0x87),
      method: fc.constantFrom<string | undefined>(undefined, 'SCRAM-SHA-256', 'OAUTHBEARER', 'PLAIN', ''),
      data,
      /** Sent before the answer to the one before it. */
      early: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(data, fc.array(packet, { maxLength: 8 }), async (first, packets) => {
        const { authentication } = bed();
        const steps = [
          authentication.begin(connect({ method: 'SCRAM-SHA-256', ...(first && { data: first }) })),
        ];
        for (const { reasonCode, method, data: said, early } of packets) {
          if (!early) await steps.at(-1);
          const properties = {
            ...(method !== undefined && { authenticationMethod: method }),
            ...(said !== undefined && { authenticationData: said }),
          };
          steps.push(authentication.next({ type: 'auth', reasonCode, properties }));
        }
        const ends = await Promise.all(steps);
        expect(ends.every(({ kind }) => kind !== 'allow')).toBe(true);
        expect(authentication.principal).toBeUndefined();
        // After a refusal there is nothing but refusals.
        const refusedAt = ends.findIndex(({ kind }) => kind === 'deny');
        if (refusedAt >= 0) expect(authentication.state).toBe('failed');
      }),
      { numRuns: 500 },
    );
  });
});
