import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AuthDecision, AuthPeer, Principal, SaslNegotiationOptions, ScramExchange } from '#libs/auth';
import { AmqpAuthentication, type AmqpAuthStep } from './amqp-authentication.js';

const ann = {
  ...{ tenant: { name: 'acme' }, user: 'ann', groups: [], anonymous: false, source: 'password' },
} as unknown as Principal;
const bob: Principal = { ...ann, user: 'bob' };
const nobody: Principal = { ...ann, user: 'anonymous', anonymous: true, source: 'anonymous' };
const allow = (principal: Principal): AuthDecision => ({ kind: 'allow', principal });
const bytes = (text: string) => Buffer.from(text);
const nowMs = 1_000;

interface Settings {
  readonly certificate?: AuthDecision;
  readonly certificateExpiresAtMs?: number;
  readonly anonymous?: boolean;
  readonly token?: AuthDecision;
  readonly scram?: () => ScramExchange;
  readonly user?: Principal;
}

/** Two messages, as SCRAM has them; the second proves it when it is `right`. */
function twoSteps(): ScramExchange {
  let step = 0;
  return {
    next: async (message) => {
      if (step++ === 0) return { kind: 'continue', message: bytes(`challenge ${message}`) };
      return message.toString() === 'right'
        ? { kind: 'allow', principal: ann, message: bytes('v=verified') }
        : { kind: 'deny', reason: 'bad-credentials', message: bytes('e=invalid-proof') };
    },
  };
}

function authentication(settings: Settings = {}): AmqpAuthentication {
  const { certificate, certificateExpiresAtMs: expiresAtMs, user = ann } = settings;
  const names = { subject: '', subjectAltName: '', fingerprint256: 'F' };
  const peer: AuthPeer = {
    ...{ listener: 'amqp', remoteAddress: '127.0.0.1' },
    ...(certificate && { certificate: { ...names, ...(expiresAtMs !== undefined && { expiresAtMs }) } }),
  };
  const authenticator: SaslNegotiationOptions['authenticator'] = {
    plain: async (_, password) =>
      password === 'secret' ? allow(user) : { kind: 'deny', reason: 'bad-credentials' },
    authenticate: async () => settings.token ?? { kind: 'not-mine' },
    scram: () => (settings.scram ?? twoSteps)(),
    certificate: async () => certificate ?? { kind: 'not-mine' },
    anonymous: () => (settings.anonymous ? allow(nobody) : { kind: 'deny', reason: 'anonymous-not-allowed' }),
    anonymousAllowed: () => settings.anonymous ?? false,
    mechanisms: () => ['SCRAM-SHA-256', 'OAUTHBEARER', 'PLAIN'],
  };
  return new AmqpAuthentication({ peer, authenticator, now: () => nowMs });
}

async function offered(settings?: Settings): Promise<AmqpAuthentication> {
  const made = authentication(settings);
  await made.offer();
  return made;
}

const plain = bytes('\0ann\0secret');

function userOf(step: AmqpAuthStep): string {
  return step.kind === 'allow' ? step.principal.user : step.kind;
}

describe('what is offered', () => {
  it('is what the listener serves; EXTERNAL for a certificate that is somebody; ANONYMOUS where it is on', async () => {
    const served = ['SCRAM-SHA-256', 'OAUTHBEARER', 'PLAIN'];
    expect(await authentication().offer()).toEqual(served);
    expect(await authentication({ anonymous: true }).offer()).toEqual([...served, 'ANONYMOUS']);
    expect(await authentication({ certificate: allow(ann) }).offer()).toEqual(['EXTERNAL', ...served]);
    expect(await authentication({ certificate: { kind: 'not-mine' } }).offer()).toEqual(served);
  });

  it('is nothing to a certificate that is refused', async () => {
    const refused = { kind: 'deny', reason: 'tenant-mismatch' } as const;
    expect(await authentication({ certificate: refused }).offer()).toMatchObject({
      kind: 'deny',
      saslCode: 1,
    });
    expect(await authentication({ certificate: refused, anonymous: true }).bare()).toMatchObject({
      kind: 'deny',
    });
  });
});

describe('SCRAM', () => {
  it('ends with the proof of the server in the outcome', async () => {
    const exchange = await offered();
    const first = await exchange.init('SCRAM-SHA-256', bytes('first'));
    expect(first).toEqual({ kind: 'continue', challenge: bytes('challenge first') });
    expect(await exchange.respond(bytes('right'))).toMatchObject({
      ...{ kind: 'allow', principal: ann, additionalData: bytes('v=verified') },
      endsAtMs: Number.POSITIVE_INFINITY,
    });
  });

  it('with a wrong proof, or too many messages, is refused', async () => {
    const wrong = await offered();
    await wrong.init('SCRAM-SHA-256', bytes('first'));
    expect(await wrong.respond(bytes('wrong'))).toMatchObject({ kind: 'deny', saslCode: 1 });
    const endless = await offered({
      scram: () => ({ next: async () => ({ kind: 'continue', message: Buffer.alloc(0) }) }),
    });
    let step = await endless.init('SCRAM-SHA-256', bytes('1'));
    let messages = 1;
    for (; step.kind === 'continue'; messages++) step = await endless.respond(bytes('1'));
    expect([step.kind, messages]).toEqual(['deny', 5]);
  });

  it('that fails on our side is told as temporary', async () => {
    const exchange = await offered({ scram: () => ({ next: () => Promise.reject(new Error('down')) }) });
    expect(await exchange.init('SCRAM-SHA-256', bytes('first'))).toMatchObject({ kind: 'deny', saslCode: 4 });
  });
});

describe('a token', () => {
  const bearer = bytes('n,,\u0001auth=Bearer t\u0001\u0001');

  it('lets in until it expires', async () => {
    const expiresAtMs = Date.now() + 60_000;
    const step = await (await offered({ token: allow({ ...ann, expiresAtMs }) })).init('OAUTHBEARER', bearer);
    expect(step).toMatchObject({ kind: 'allow', additionalData: undefined });
    expect(Math.abs((step as { endsAtMs: number }).endsAtMs - nowMs - 60_000)).toBeLessThan(5_000);
  });

  it('that nobody knows is refused at once', async () => {
    expect(await (await offered()).init('OAUTHBEARER', bearer)).toMatchObject({ kind: 'deny', saslCode: 1 });
  });
});

describe('a certificate', () => {
  const certified: Settings = { certificate: allow(ann), anonymous: true };

  it.each(['', 'ann', 'acme/ann', 'ann@acme'])('is enough, and may be named: %j', async (name) => {
    expect(userOf(await (await offered(certified)).init('EXTERNAL', bytes(name)))).toBe('ann');
  });

  it('is enough without SASL, and without an initial response', async () => {
    expect(userOf(await authentication(certified).bare())).toBe('ann');
    expect(userOf(await (await offered(certified)).init('EXTERNAL', undefined))).toBe('ann');
  });

  it('is nobody else: by name, by password, by nothing', async () => {
    const refused = async (settings: Settings, mechanism: string, response: Buffer) =>
      (await (await offered({ ...certified, ...settings })).init(mechanism, response)).kind;
    expect(await refused({}, 'EXTERNAL', bytes('bob'))).toBe('deny');
    expect(await refused({}, 'EXTERNAL', Buffer.of(0xff))).toBe('deny');
    expect(await refused({ user: bob }, 'PLAIN', plain)).toBe('deny');
    expect(await refused({}, 'ANONYMOUS', bytes(''))).toBe('deny');
    expect(await refused({}, 'PLAIN', plain)).toBe('allow');
  });

  it('ends the connection with it', async () => {
    const certificateExpiresAtMs = Date.now() + 30_000;
    const step = await authentication({ ...certified, certificateExpiresAtMs }).bare();
    expect(Math.abs((step as { endsAtMs: number }).endsAtMs - nowMs - 30_000)).toBeLessThan(5_000);
  });
});

describe('who brings nothing', () => {
  it('is let in where that is configured, and else not', async () => {
    expect(userOf(await authentication({ anonymous: true }).bare())).toBe('anonymous');
    expect(userOf(await authentication().bare())).toBe('deny');
    expect(userOf(await (await offered()).init('ANONYMOUS', undefined))).toBe('deny');
    expect(userOf(await (await offered()).init('EXTERNAL', undefined))).toBe('deny');
    expect(userOf(await (await offered()).respond(plain))).toBe('deny');
  });
});

describe('whatever comes', () => {
  it('nobody is let in but by the right message, and nothing is thrown', async () => {
    const said = fc.option(fc.oneof(fc.constantFrom('first', 'wrong', 'n,,n=ann,r=x', ''), fc.string()), {
      nil: undefined,
    });
    const mechanism = fc.constantFrom('SCRAM-SHA-256', 'OAUTHBEARER', 'PLAIN', 'ANONYMOUS', 'EXTERNAL', '');
    await fc.assert(
      fc.asyncProperty(
        mechanism,
        said,
        fc.array(fc.string(), { maxLength: 6 }),
        async (name, first, more) => {
          const exchange = await offered();
          const steps = [await exchange.init(name, first === undefined ? undefined : bytes(first))];
          for (const message of more) steps.push(await exchange.respond(bytes(message)));
          expect(steps.every(({ kind }) => kind !== 'allow')).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
