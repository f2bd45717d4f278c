import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { encodeFieldTable, textField } from '#libs/amqp091-codec';
import { Authenticator, type AuthenticatorOptions, type AuthSource, type SaslStep } from '#libs/auth';
import { silentLog } from '#libs/telemetry';
import { TenantDirectory } from '#libs/tenancy';
import { tenantOf } from '../testing/topology-fixture.js';
import { Amqp091Authentication } from './amqp091-authentication.js';

const acme = tenantOf();
const tenants = new TenantDirectory([acme]);
const token = 'eyJh.eyJi.sig';

/** Knows one token after the other, all of `bob`. */
function tokens(known: Set<string>): AuthSource {
  const bob = { tenant: acme, user: 'bob', groups: [], anonymous: false, source: 'token' } as const;
  return {
    name: 'test',
    authenticate: (credentials) =>
      credentials.kind === 'password' && known.has(credentials.password)
        ? { kind: 'allow', principal: { ...bob, expiresAtMs: Date.now() + 60_000 } }
        : { kind: 'not-mine' },
  };
}

interface Settings {
  readonly anonymous?: boolean;
  readonly saslMechanisms?: NonNullable<AuthenticatorOptions['listeners'][number]['saslMechanisms']>;
  readonly sources?: readonly AuthSource[];
}

function authentication({ anonymous = false, saslMechanisms, sources = [] }: Settings = {}) {
  const listener = {
    ...{ name: 'amqp', tenant: 'acme', anonymousTenant: anonymous ? 'acme' : undefined },
    ...(saslMechanisms && { saslMechanisms }),
  };
  const authenticator = new Authenticator({
    ...{ users: [{ tenant: 'acme', name: 'alice', password: 'secret' }], tenants, listeners: [listener] },
    ...{ log: silentLog, failureFloorMs: 0, sources },
  });
  return new Amqp091Authentication({
    authenticator,
    peer: { listener: 'amqp', remoteAddress: '127.0.0.1' },
  });
}

const plain = (user: string, password: string) => Buffer.from(`\0${user}\0${password}`);
const whoOf = (step: SaslStep) => (step.kind === 'allow' ? step.principal.user : step.kind);

describe('who comes as guest', () => {
  it('is anybody where anybody may come, and a user of that name elsewhere', async () => {
    const open = authentication({ anonymous: true });
    expect(await open.offer()).toEqual(['PLAIN', 'AMQPLAIN', 'ANONYMOUS']);
    expect(whoOf(await open.init('PLAIN', plain('guest', 'guest')))).toBe('anonymous');
    const shut = authentication();
    await shut.offer();
    expect(whoOf(await shut.init('PLAIN', plain('guest', 'guest')))).toBe('deny');
  });

  it('opens no way for passwords where the listener takes none', async () => {
    const settings = { anonymous: true, saslMechanisms: ['SCRAM-SHA-256'] } as const;
    const one = authentication(settings);
    expect(await one.offer()).toEqual(['PLAIN', 'AMQPLAIN', 'SCRAM-SHA-256', 'ANONYMOUS']);
    expect(whoOf(await one.init('PLAIN', plain('alice', 'secret')))).toBe('deny');
    const other = authentication(settings);
    await other.offer();
    expect(whoOf(await other.init('PLAIN', plain('guest', 'guest')))).toBe('anonymous');
  });
});

describe('AMQPLAIN', () => {
  it('is name and password as a table', async () => {
    const one = authentication();
    await one.offer();
    const response = encodeFieldTable([
      ['LOGIN', textField('alice')],
      ['PASSWORD', textField('secret')],
    ]);
    expect(whoOf(await one.init('AMQPLAIN', response))).toBe('alice');
  });
});

describe('a token in the place of the password', () => {
  it('lets in until it ends, and one that is newer takes its place', async () => {
    const known = new Set([token, `${token}2`]);
    const one = authentication({ sources: [tokens(known)] });
    await one.offer();
    const step = await one.init('PLAIN', plain('bob', token));
    expect(whoOf(step)).toBe('bob');
    if (step.kind !== 'allow') throw new Error('unreachable');
    const leftMs = step.endsAtMs - performance.now();
    expect(leftMs).toBeGreaterThan(50_000);
    expect(leftMs).toBeLessThan(61_000);
    expect(whoOf(await one.renew(step.principal, Buffer.from(`${token}2`)))).toBe('bob');
    expect(whoOf(await one.renew(step.principal, Buffer.from(`${token}3`)))).toBe('deny');
    const alice = { ...step.principal, user: 'alice' };
    expect(whoOf(await one.renew(alice, Buffer.from(`${token}2`)))).toBe('deny');
  });
});
