// Clients that authenticate in no order at all, all at once: served is what a model of KIP-43 and KIP-152 serves, and nothing else.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { type AuthDecision, type AuthSource, formatScramVerifier, scramCredential } from '#libs/auth';
import { apiVersionsApi, saslAuthenticateApi, saslHandshakeApi } from '#libs/kafka-codec';
import { TenantDirectory } from '#libs/tenancy';
import { type Bed, bed, tenant } from '../../libs/kafka-gateway/src/testing/connection-bed.js';
import { ScramClient } from '../../libs/kafka-gateway/src/testing/scram-client.js';
import { RandomNumbers } from '../support/random-numbers.js';

const durationMs = Number(process.env.PULSEGATE_FUZZ_MS ?? 5_000);
const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'OAUTHBEARER'] as const;
const secret = 'a-secret-that-no-log-has';
const verifier = formatScramVerifier(await scramCredential(secret, 'SCRAM-SHA-256'));

const tokens: AuthSource = {
  name: 'test',
  authenticate(credentials): AuthDecision {
    if (credentials.kind !== 'token' || credentials.token !== secret) return { kind: 'not-mine' };
    const principal = { tenant, user: 'ann', groups: [], anonymous: false, source: 'token' } as const;
    return { kind: 'allow', principal };
  },
};

interface Token {
  readonly kind: 'token';
  /** In a SaslAuthenticate request. */
  readonly framed: boolean;
  /** The mechanism of which it is a right first token. */
  readonly right: string;
  readonly bytes: Buffer;
}

/** What a client sends as one frame. */
type Step =
  | { readonly kind: 'versions' | 'metadata' }
  | { readonly kind: 'handshake'; readonly mechanism: string; readonly version: number }
  | Token;

function stepOf(random: RandomNumbers): Step {
  switch (random.below(6)) {
    case 0:
      return { kind: 'versions' };
    case 1:
      return { kind: 'metadata' };
    case 2:
    case 3: {
      const mechanism = random.below(8) === 0 ? random.of(['GSSAPI', '', 'plain']) : random.of(mechanisms);
      return { kind: 'handshake', mechanism, version: random.below(2) };
    }
    default:
      return tokenOf(random);
  }
}

function tokenOf(random: RandomNumbers): Token {
  const framed = random.below(3) > 0;
  const texts: readonly (readonly [string, string | Buffer])[] = [
    ['PLAIN', `\0ann\0${secret}`],
    ['OAUTHBEARER', `n,,\u0001auth=Bearer ${secret}\u0001\u0001`],
    ['SCRAM-SHA-256', new ScramClient('ann', secret).first()],
    ['', `\0ann\0${secret}!`],
    ['', `bob\0ann\0${secret}`],
    ['', `n,a=bob,\u0001auth=Bearer ${secret}\u0001\u0001`],
    ['', '\u0001'],
    ['', 'c=biws,r=abc,p=AAAA'],
    ['', Buffer.from(Array.from({ length: random.below(64) }, () => random.below(256)))],
  ];
  const [right, content] = random.of(texts);
  return { kind: 'token', framed, right, bytes: Buffer.from(content as string) };
}

function rightBeginning(random: RandomNumbers): Step[] {
  const version = random.below(2);
  for (;;) {
    const token = tokenOf(random);
    if (token.right === '') continue;
    const handshake = { kind: 'handshake', mechanism: token.right, version } as const;
    return [handshake, { ...token, framed: version === 1 }];
  }
}

/** How many Metadata requests are served. */
function servedOf(steps: readonly Step[]): number {
  let state: 'new' | 'framed' | 'raw' | 'in' = 'new';
  let mechanism = '';
  let begun = false;
  let served = 0;
  for (const step of steps) {
    if (state === 'raw' || state === 'framed') {
      if (step.kind !== 'token' || step.framed !== (state === 'framed')) return served;
      // Of SCRAM only the first message is ever right here.
      if (step.right !== mechanism || begun) return served;
      if (mechanism === 'SCRAM-SHA-256') begun = true;
      else state = 'in';
    } else if (step.kind === 'metadata') {
      if (state === 'new') return served;
      served++;
    } else if (step.kind === 'handshake' && state === 'new') {
      mechanism = step.mechanism;
      if (!(mechanisms as readonly string[]).includes(mechanism)) return served;
      state = step.version === 0 ? 'raw' : 'framed';
    } else if (step.kind === 'token' && (!step.framed || state === 'new')) return served;
  }
  return served;
}

function send(test: Bed, step: Step): void {
  switch (step.kind) {
    case 'versions':
      test.kafka.send(apiVersionsApi, 0, {});
      return;
    case 'metadata':
      test.metadata.answer('a');
      test.ask('a');
      return;
    case 'handshake':
      test.kafka.send(saslHandshakeApi, step.version, { mechanism: step.mechanism });
      return;
    case 'token': {
      if (step.framed) {
        test.kafka.send(saslAuthenticateApi, 1, { authBytes: step.bytes });
        return;
      }
      const size = Buffer.alloc(4);
      size.writeInt32BE(step.bytes.length);
      test.client.write(Buffer.concat([size, step.bytes]));
    }
  }
}

/** Nothing is in flight, twice in a row. */
async function untilQuiet({ metrics }: Bed): Promise<void> {
  for (let quiet = 0; quiet < 2; await delay(4)) {
    quiet = metrics.protocol('kafka').requestsInFlight === 0 ? quiet + 1 : 0;
  }
}

describe('authentication', () => {
  const seed = Number(process.env.PULSEGATE_FUZZ_SEED ?? Date.now() % 1_000_000);
  const random = new RandomNumbers(seed);
  const users = [{ name: 'ann', tenant: 'acme', password: verifier }];
  const authentication = {
    ...{ users, sources: [tokens], tenants: new TenantDirectory([tenant]) },
    failureFloorMs: 1,
  };

  async function round(): Promise<number> {
    const steps = [
      ...(random.below(2) === 0 ? rightBeginning(random) : []),
      ...Array.from({ length: 1 + random.below(8) }, () => stepOf(random)),
    ];
    const test = bed({ authentication });
    for (const step of steps) send(test, step);
    await untilQuiet(test);
    test.client.end();
    await test.client.closed;
    const shown = JSON.stringify({ seed, steps });
    expect([shown, test.metadata.started.length]).toEqual([shown, servedOf(steps)]);
    expect([shown, test.lines.filter(({ level }) => level === 'error')]).toEqual([shown, []]);
    expect(JSON.stringify(test.lines)).not.toContain(secret);
    expect(test.metrics.protocol('kafka').requestsInFlight).toBe(0);
    expect(test.metrics.tenant('kafka', 'acme').connectionsOpen).toBe(0);
    return test.metadata.started.length;
  }

  it(
    `serves those alone who are let in (PULSEGATE_FUZZ_SEED=${seed})`,
    async () => {
      let [rounds, served] = [0, 0];
      for (const end = Date.now() + durationMs; Date.now() < end; rounds++) served += await round();
      expect(rounds).toBeGreaterThan(20);
      // Nothing is shown where nobody ever gets in.
      expect(served).toBeGreaterThan(0);
    },
    durationMs + 60_000,
  );
});
