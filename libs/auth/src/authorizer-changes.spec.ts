import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AuthorizationRule, authorizationRuleFault, resourceMatches } from './authorization-rule.js';
import { type AuthorizationPolicy, Authorizer, AuthorizerError } from './authorizer.js';
import type { Principal } from './principal.js';
import { actions, clusterResource, type Resource, resourceTypes } from './resource.js';
import { acme, demo } from './testing/tenants.js';

const alice: Principal = { tenant: acme, user: 'alice', groups: ['g'], anonymous: false, source: 'password' };
const aliceOfDemo: Principal = { ...alice, tenant: demo };
const anonymous: Principal = {
  ...{ tenant: acme, user: 'anonymous', groups: [], anonymous: true, source: 'anonymous' },
};
const orders: Resource = { type: 'topic', name: 'orders' };
const allow: AuthorizationRule = {
  ...{ principals: ['*'], actions: ['produce'] },
  resource: { type: 'topic', match: 'literal', name: 'orders' },
};
const deny: AuthorizationRule = { ...allow, effect: 'deny' };

describe('rules that change', () => {
  it('act at the next question, for their tenant and origin', () => {
    const authorizer = new Authorizer([{ tenant: 'acme', rules: [allow] }]);
    const may = (who = alice) => authorizer.authorize(who, 'produce', orders);
    expect([may(), may(aliceOfDemo)]).toEqual([true, false]);
    authorizer.setRules('acme', 'state', [deny]);
    expect([may(), may(aliceOfDemo)]).toEqual([false, false]);
    authorizer.setRules('demo', 'state', [allow]);
    expect([may(), may(aliceOfDemo)]).toEqual([false, true]);
    authorizer.setRules('acme', 'state', []);
    expect(may()).toBe(true);
    authorizer.setRules('acme', 'config', []);
    expect([may(), may(aliceOfDemo)]).toEqual([false, true]);
  });

  it('are told with their origin, those of the configuration first', () => {
    const authorizer = new Authorizer([{ tenant: 'acme', rules: [allow] }]);
    authorizer.setRules('acme', 'state', [deny]);
    expect(authorizer.rulesOf('acme')).toMatchObject([
      { origin: 'config', rule: allow },
      { origin: 'state', rule: deny },
    ]);
    expect(authorizer.rulesOf('demo')).toEqual([]);
    const explained = { allowed: false, rule: deny, origin: 'state' };
    expect(authorizer.explain(alice, 'produce', orders)).toEqual(explained);
  });

  it('stay as they are when one of the new ones is none', () => {
    const authorizer = new Authorizer([{ tenant: 'acme', rules: [allow] }]);
    const odd = { ...allow, principals: [] };
    expect(() => authorizer.setRules('acme', 'config', [deny, odd])).toThrow(AuthorizerError);
    expect(() => authorizer.setRules('acme', 'state', [odd])).toThrow('rule 1 of tenant acme');
    expect(authorizer.authorize(alice, 'produce', orders)).toBe(true);
  });

  it('allow and deny the parts of alter and describe', () => {
    const of = (...rules: AuthorizationRule[]) => {
      const authorizer = new Authorizer([{ tenant: 'acme', rules }]);
      return actions.filter((action) => authorizer.authorize(alice, action, orders));
    };
    const only = (...named: AuthorizationRule['actions'][number][]) => ({ ...allow, actions: named });
    expect(of(only('alter'))).toEqual(['alter', 'describe', 'alter-configs', 'describe-configs']);
    expect(of(only('alter-configs'))).toEqual(['alter-configs', 'describe-configs']);
    expect(of(only('describe'))).toEqual(['describe', 'describe-configs']);
    expect(of(only('produce'))).toEqual(['produce', 'describe']);
    expect(of(only('*'), { ...only('alter'), effect: 'deny' })).not.toContain('alter-configs');
    expect(of(only('*'), { ...only('describe-configs'), effect: 'deny' })).toContain('describe');
  });
});

describe('%c', () => {
  const named = (name: string, match: 'literal' | 'prefix' | 'pattern' = 'prefix') =>
    new Authorizer([{ tenant: 'acme', rules: [{ ...allow, resource: { type: 'topic', match, name } }] }]);
  const may = (authorizer: Authorizer, client: string | undefined, name: string, who = alice) =>
    authorizer.authorize(who, 'produce', { type: 'topic', name }, client);

  it('is the id of the client, remembered for each', () => {
    const authorizer = named('app.%c.');
    for (let round = 0; round < 2; round++) {
      expect(may(authorizer, 'a', 'app.a.x')).toBe(true);
      expect(may(authorizer, 'b', 'app.a.x')).toBe(false);
      expect(may(authorizer, 'a', 'app.b.x')).toBe(false);
      expect(may(authorizer, undefined, 'app..x')).toBe(false);
      expect(may(authorizer, 'a', 'app.a.x', anonymous)).toBe(true);
    }
    expect(may(named('%u.%c', 'literal'), 'client@host', 'alice.client@host')).toBe(true);
    expect(may(named('%u.%c', 'literal'), 'c', 'anonymous.c', anonymous)).toBe(false);
  });

  it.each(['*', '?', '+', '#', 'a/b', '%u', '%c', 'a.b', '$&', '', 'a b', 'a\n', 'é', 'a\0b'])(
    'is not put in as %j: allow does not hold, deny does',
    (client) => {
      for (const name of ['app..x', 'app.alice.x', `app.${client}.x`, 'app.a.b.x', 'app.%c.x']) {
        expect([name, may(named('app.%c.'), client, name)]).toEqual([name, false]);
        expect([name, may(named('app.%c.*', 'pattern'), client, name)]).toEqual([name, false]);
      }
      const rules: AuthorizationRule[] = [
        { ...allow, resource: { type: 'topic', match: 'prefix', name: '' } },
        { ...deny, resource: { type: 'topic', match: 'prefix', name: 'app.%c.' } },
      ];
      expect(may(new Authorizer([{ tenant: 'acme', rules }]), client, 'anything')).toBe(false);
    },
  );

  it('lets no client have what was remembered for another, whatever both are called', () => {
    const authorizer = named('%c', 'literal');
    const text = fc.string({ unit: fc.constantFrom('a', '1', ':', '\0', '2'), maxLength: 5 });
    const property = fc.property(text, text, (client, name) => {
      expect(may(authorizer, client, name)).toBe(/^[a12]+$/.test(client) && client === name);
    });
    fc.assert(property, { numRuns: 3_000 });
  });
});

describe('a policy', () => {
  it('decides instead of the rules, and is asked again when its version changes', () => {
    const authorizer = new Authorizer([{ tenant: 'acme', rules: [allow] }]);
    const asked: string[] = [];
    const policy = {
      version: 1,
      decide: (_who: Principal, action: string, { name }: Resource) => asked.push(`${action} ${name}`) > 2,
      decideAny: (_who: Principal, action: string) => action === 'consume',
    } satisfies AuthorizationPolicy;
    expect(authorizer.authorize(alice, 'produce', orders)).toBe(true);
    expect(authorizer.hasPolicy('acme')).toBe(false);
    authorizer.setPolicy('acme', policy);
    expect(authorizer.hasPolicy('acme')).toBe(true);
    const may = () => authorizer.authorize(alice, 'alter-configs', orders);
    expect([may(), may()]).toEqual([false, false]);
    policy.version = 2;
    expect([may(), may()]).toEqual([false, false]);
    policy.version = 3;
    expect([may(), may()]).toEqual([true, true]);
    expect(asked).toEqual(['alter orders', 'alter orders', 'alter orders']);
    expect(authorizer.authorizeAny(alice, 'produce', 'topic')).toBe(false);
    expect(authorizer.authorizeAny(alice, 'consume', 'topic')).toBe(true);
    expect(authorizer.explain(alice, 'describe-configs', orders)).toEqual({
      allowed: true,
      origin: 'policy',
    });
  });
});

describe('what is remembered and what is explained', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.'), maxLength: 4 });
  const qosCondition = fc.constantFrom<readonly (0 | 1 | 2)[] | undefined>(undefined, [0], [1, 2]);
  const rule = fc.record({
    effect: fc.constantFrom('allow' as const, 'deny' as const),
    principals: fc.subarray(['*', 'user:alice', 'user:bob', 'group:g', 'group:h'], { minLength: 1 }),
    actions: fc.subarray(['*' as const, ...actions], { minLength: 1, maxLength: 3 }),
    resource: fc.record({
      type: fc.constantFrom('*' as const, ...resourceTypes),
      match: fc.constantFrom(...resourceMatches),
      name: fc.oneof(name, fc.constantFrom('%u', 'a%c', '%u.%c', '#', '+', 'a/%c')),
    }),
    ...{ qos: qosCondition, retain: fc.constantFrom(undefined, true, false) },
  });

  it('is the same decision, whatever the rules are', () => {
    const question = fc.record({
      who: fc.constantFrom(alice, anonymous, { ...alice, user: 'a.b', groups: ['h'] }),
      action: fc.constantFrom(...actions),
      resource: fc.oneof(
        fc.record({ type: fc.constantFrom(...resourceTypes), name }),
        fc.record({
          ...{ type: fc.constant('mqtt-topic' as const), name: fc.oneof(name, fc.constantFrom('a/b', '$a')) },
          ...{ qos: fc.constantFrom(0 as const, 2 as const), retain: fc.boolean() },
        }),
        fc.constant(clusterResource),
      ),
      client: fc.constantFrom('', 'a', 'b.', '*'),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 8 }), fc.array(question, { maxLength: 10 }), (rules, asked) => {
        const known = rules.filter((each) => authorizationRuleFault(each) === undefined);
        const authorizer = new Authorizer([{ tenant: 'acme', rules: known.slice(0, 3) }]);
        authorizer.setRules('acme', 'state', known.slice(3));
        for (const { who, action, resource, client } of [...asked, ...asked]) {
          const { allowed } = authorizer.explain(who, action, resource, client);
          expect(authorizer.authorize(who, action, resource, client)).toBe(allowed);
          if (allowed) expect(authorizer.authorizeAny(who, action, resource.type)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
