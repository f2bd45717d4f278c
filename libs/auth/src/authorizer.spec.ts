import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AuthorizationRule } from './authorization-rule.js';
import { Authorizer, AuthorizerError } from './authorizer.js';
import { globMatches } from './glob.js';
import type { Principal } from './principal.js';
import { type Action, actions, clusterResource, type Resource, resourceTypes } from './resource.js';
import { acme, demo } from './testing/tenants.js';

const alice: Principal = {
  tenant: acme,
  user: 'alice',
  groups: ['writers'],
  anonymous: false,
  source: 'password',
};
const bob: Principal = { tenant: acme, user: 'bob', groups: [], anonymous: false, source: 'password' };
const anonymous: Principal = {
  tenant: acme,
  user: 'anonymous',
  groups: [],
  anonymous: true,
  source: 'anonymous',
};
const aliceOfDemo: Principal = { ...alice, tenant: demo };
const topic = (name: string): Resource => ({ type: 'topic', name });

function authorizer(...rules: AuthorizationRule[]): Authorizer {
  return new Authorizer([{ tenant: 'acme', rules }]);
}

function rule(overrides: Partial<AuthorizationRule> = {}): AuthorizationRule {
  const resource = { type: 'topic', match: 'literal', name: 'orders' } as const;
  return { principals: ['user:alice'], actions: ['produce'], resource, ...overrides };
}

describe('Authorizer', () => {
  it('denies everything without rules', () => {
    for (const none of [new Authorizer([]), authorizer()]) {
      for (const action of actions) {
        for (const type of resourceTypes)
          expect(none.authorize(alice, action, { type, name: 'x' })).toBe(false);
      }
      expect(none.authorizeAny(alice, 'produce', 'topic')).toBe(false);
    }
  });

  it('allows what a rule says, to whom it says, in its tenant', () => {
    const authorize = authorizer(rule());
    expect(authorize.authorize(alice, 'produce', topic('orders'))).toBe(true);
    expect(authorize.authorize(alice, 'consume', topic('orders'))).toBe(false);
    expect(authorize.authorize(alice, 'produce', topic('orders2'))).toBe(false);
    expect(authorize.authorize(alice, 'produce', topic('Orders'))).toBe(false);
    expect(authorize.authorize(alice, 'produce', { type: 'group', name: 'orders' })).toBe(false);
    expect(authorize.authorize(bob, 'produce', topic('orders'))).toBe(false);
    expect(authorize.authorize(anonymous, 'produce', topic('orders'))).toBe(false);
    expect(authorize.authorize(aliceOfDemo, 'produce', topic('orders'))).toBe(false);
  });

  it('knows groups, everyone, prefixes, patterns, any type and any action', () => {
    const authorize = authorizer(
      rule({ principals: ['group:writers'], resource: { type: 'topic', match: 'prefix', name: 'w.' } }),
      rule({ principals: ['*'], actions: ['*'], resource: { type: '*', match: 'pattern', name: 'open-?*' } }),
    );
    expect(authorize.authorize(alice, 'produce', topic('w.1'))).toBe(true);
    expect(authorize.authorize(bob, 'produce', topic('w.1'))).toBe(false);
    expect(authorize.authorize(anonymous, 'alter', { type: 'queue', name: 'open-1' })).toBe(true);
    expect(authorize.authorize(anonymous, 'alter', { type: 'queue', name: 'open-' })).toBe(false);
  });

  it('lets nobody pretend to be a user or group by a name', () => {
    const named = authorizer(rule({ principals: ['user:anonymous', 'group:writers'] }));
    expect(named.authorize(anonymous, 'produce', topic('orders'))).toBe(false);
    const star: Principal = { ...bob, user: '*', groups: ['*'] };
    expect(named.authorize(star, 'produce', topic('orders'))).toBe(false);
  });

  it('implies describe as Kafka does, and only that', () => {
    for (const action of ['produce', 'consume', 'delete', 'alter', 'create'] as const) {
      const authorize = authorizer(rule({ actions: [action] }));
      expect([action, authorize.authorize(alice, 'describe', topic('orders'))]).toEqual([
        action,
        action !== 'create',
      ]);
    }
    const authorize = authorizer(rule({ actions: ['describe'] }));
    expect(authorize.authorize(alice, 'produce', topic('orders'))).toBe(false);
    const denied = authorizer(rule(), rule({ effect: 'deny', actions: ['produce'] }));
    expect(denied.authorize(alice, 'describe', topic('orders'))).toBe(true);
  });

  it('lets deny win, wherever it stands, and explains', () => {
    const allow = rule({ resource: { type: 'topic', match: 'prefix', name: '' } });
    const deny = rule({ effect: 'deny', principals: ['*'] });
    for (const rules of [
      [allow, deny],
      [deny, allow],
    ]) {
      const authorize = authorizer(...rules);
      expect(authorize.explain(alice, 'produce', topic('orders'))).toEqual({
        allowed: false,
        rule: deny,
        origin: 'config',
      });
      expect(authorize.explain(alice, 'produce', topic('other'))).toEqual({
        allowed: true,
        rule: allow,
        origin: 'config',
      });
      expect(authorize.explain(bob, 'produce', topic('other'))).toEqual({ allowed: false });
      expect(authorize.authorize(alice, 'produce', topic('orders'))).toBe(false);
    }
  });

  it('puts only harmless user names into rules', () => {
    const own = rule({ principals: ['*'], resource: { type: 'topic', match: 'prefix', name: 'home.%u.' } });
    const deny = rule({
      ...own,
      effect: 'deny',
      resource: { type: 'topic', match: 'pattern', name: '%u-*' },
    });
    const allowing = authorizer(own);
    expect(allowing.authorize(alice, 'produce', topic('home.alice.x'))).toBe(true);
    expect(allowing.authorize(alice, 'produce', topic('home.bob.x'))).toBe(false);
    const all = rule({ principals: ['*'], resource: { type: 'topic', match: 'prefix', name: '' } });
    const denying = authorizer(all, deny);
    expect(denying.authorize(alice, 'produce', topic('alice-1'))).toBe(false);
    expect(denying.authorize(alice, 'produce', topic('bob-1'))).toBe(true);
    for (const user of ['*', '?', 'a.b', '+', '#', 'a/b', '%u', '$&', '', 'a*', 'é', 'a b']) {
      const hostile = { ...bob, user };
      for (const name of ['home..x', 'home.alice.x', `home.${user}.x`, 'home.a.b.x']) {
        expect([user, allowing.authorize(hostile, 'produce', topic(name))]).toEqual([user, false]);
      }
      expect([user, denying.authorize(hostile, 'produce', topic('x'))]).toEqual([user, false]);
    }
    expect(allowing.authorize(anonymous, 'produce', topic('home.anonymous.x'))).toBe(false);
    const literal = authorizer(
      rule({ principals: ['*'], resource: { type: 'topic', match: 'literal', name: 'in-%u' } }),
    );
    expect(
      literal.authorize({ ...bob, user: 'bob@example.com' }, 'produce', topic('in-bob@example.com')),
    ).toBe(true);
    expect(literal.authorize({ ...bob, user: '*' }, 'produce', topic('in-*'))).toBe(false);
  });

  it('answers whether there is anything at all to produce to', () => {
    expect(authorizer(rule()).authorizeAny(alice, 'produce', 'topic')).toBe(true);
    expect(authorizer(rule()).authorizeAny(bob, 'produce', 'topic')).toBe(false);
    expect(authorizer(rule()).authorizeAny(alice, 'produce', 'queue')).toBe(false);
    const every = rule({ effect: 'deny', resource: { type: '*', match: 'pattern', name: '*' } });
    expect(authorizer(rule(), every).authorizeAny(alice, 'produce', 'topic')).toBe(false);
    expect(authorizer(rule(), rule({ effect: 'deny' })).authorizeAny(alice, 'produce', 'topic')).toBe(true);
  });

  it('decides the same from memory, and does not grow with the names that clients ask for', () => {
    const authorize = authorizer(rule({ resource: { type: 'topic', match: 'prefix', name: 'a' } }));
    for (let round = 0; round < 2; round++) {
      for (let each = 0; each < 20_000; each++) {
        const name = each % 2 === 0 ? `a${each}` : `b${each}`;
        expect(authorize.authorize(alice, 'produce', topic(name))).toBe(each % 2 === 0);
      }
    }
    expect(authorize.authorize(alice, 'describe', topic('a1'))).toBe(true);
    expect(authorize.authorize(alice, 'consume', topic('a1'))).toBe(false);
    expect(authorize.authorize(alice, 'alter', clusterResource)).toBe(false);
  });

  it('remembers no more however many principals there are: each token is one', () => {
    const resource = { type: 'topic', match: 'prefix', name: 'orders-' } as const;
    const rememberedBytesMax = 100_000;
    const authorizer = new Authorizer([{ tenant: 'acme', rules: [rule({ resource })] }], rememberedBytesMax);
    let most = 0;
    for (let token = 0; token < 500; token++) {
      const principal = { ...alice };
      for (let name = 0; name < 20; name++) {
        expect(authorizer.authorize(principal, 'produce', topic(`orders-${name}`))).toBe(true);
        expect(authorizer.authorize(principal, 'produce', topic(`others-${name}`))).toBe(false);
        most = Math.max(most, authorizer.rememberedBytes);
      }
    }
    expect(most).toBeGreaterThan(rememberedBytesMax / 2);
    expect(most).toBeLessThanOrEqual(rememberedBytesMax);
  });

  it('names every fault of its rules', () => {
    const bad = [
      rule({ effect: 'maybe' as never }),
      rule({ principals: [] }),
      rule({ principals: ['alice'] }),
      rule({ actions: [] }),
      rule({ actions: ['write' as Action] }),
      rule({ resource: { type: 'toString' as never, match: 'literal', name: 'a' } }),
      rule({ resource: { type: 'topic', match: 'regex' as never, name: 'a' } }),
      rule({ resource: { type: 'topic', match: 'literal', name: '' } }),
      rule({ resource: { type: 'topic', match: 'prefix', name: '%d' } }),
    ];
    let faults: readonly string[] = [];
    try {
      new Authorizer([
        { tenant: 'acme', rules: bad },
        { tenant: 'acme', rules: [rule()] },
      ]);
    } catch (error) {
      expect(error).toBeInstanceOf(AuthorizerError);
      faults = (error as AuthorizerError).faults;
    }
    expect(faults).toHaveLength(bad.length + 1);
  });
});

describe('globMatches', () => {
  it.each([
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['?', '', false],
    ['a*c', 'abbc', true],
    ['a*c', 'ac', true],
    ['a*c', 'acb', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['a.c', 'abc', false],
    ['a??', 'abc', true],
    ['[a]', 'a', false],
    ['**', 'anything', true],
  ])('%j and %j: %s', (pattern, text, expected) => expect(globMatches(pattern, text)).toBe(expected));

  it('agrees with the regular expression that says the same', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.'), maxLength: 12 });
    fc.assert(
      fc.property(letters, letters, (pattern, text) => {
        const source = pattern.replace(/\./g, '\\.').replace(/\*+/g, '[^]*').replace(/\?/g, '[^]');
        expect(globMatches(pattern, text)).toBe(new RegExp(`^${source}$`).test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is quick on what makes others slow', () => {
    const startedMs = performance.now();
    expect(globMatches(`${'a*'.repeat(500)}b`, 'a'.repeat(1_000))).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});
