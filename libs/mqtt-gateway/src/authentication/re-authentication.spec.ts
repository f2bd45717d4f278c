import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type AuthenticationSettings,
  ann,
  annElsewhere,
  allow,
  anonymous,
  authenticationBed,
  bearer,
  bob,
  bytes,
  connect,
  refusal,
  scram,
  twoSteps,
} from '../testing/authentication-bed.js';

describe('re-authentication', () => {
  async function connected(settings: AuthenticationSettings) {
    const test = authenticationBed(settings);
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
        const { authentication } = authenticationBed();
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
