import { describe, expect, it } from '@jest/globals';
import { type AuthorizationRule, authorizationRuleFault, deadNameFault } from './authorization-rule.js';
import { Authorizer, type ScopeVerdict } from './authorizer.js';
import type { Principal } from './principal.js';
import { acme } from './testing/tenants.js';

const user = (name: string, groups: string[] = []): Principal => ({
  ...{ tenant: acme, user: name, groups, anonymous: false, source: 'password' },
});
const alice = user('alice');
const nobody: Principal = { ...user('anonymous'), anonymous: true, source: 'anonymous' };

type Rest = Partial<Omit<AuthorizationRule, 'resource'>> & Partial<AuthorizationRule['resource']>;

function rule(name: string, { type, match, ...rest }: Rest = {}): AuthorizationRule {
  const resource = { type: type ?? 'mqtt-topic', match: match ?? 'filter', name } as const;
  return { principals: ['*'], actions: ['*'], ...rest, resource };
}

const deny = { effect: 'deny' } as const;
const made = (...rules: AuthorizationRule[]) => new Authorizer([{ tenant: 'acme', rules }]);
const scope = (allowed: ScopeVerdict['allowed'], denied: ScopeVerdict['denied']) => ({ allowed, denied });

describe('rules for MQTT topics', () => {
  const publish = (authorizer: Authorizer, name: string, use = {}, who = alice, clientId = 'c1') =>
    authorizer.judge(who, 'produce', { type: 'mqtt-topic', name, qos: 0, retain: false, ...use }, clientId);

  it('allow, deny, or say nothing', () => {
    const authorizer = made(rule('devices/#'), rule('devices/secret/#', deny), rule('exact'));
    expect(publish(authorizer, 'devices/1')).toBe('allow');
    expect(publish(authorizer, 'devices')).toBe('allow');
    expect(publish(authorizer, 'devices/secret')).toBe('deny');
    expect(publish(authorizer, 'exact')).toBe('allow');
    expect(publish(authorizer, 'exact/1')).toBe('none');
    expect(authorizer.judge(alice, 'produce', { type: 'topic', name: 'exact' })).toBe('none');
  });

  it('have conditions on QoS and RETAIN, and what is remembered of one is not taken for another', () => {
    const authorizer = made(
      rule('a/#', { qos: [0, 1] }),
      rule('b/#', { retain: false }),
      rule('c', {}),
      rule('c', { ...deny, retain: true, actions: ['produce'] }),
      rule('c', { ...deny, qos: [2] }),
    );
    for (const _again of [1, 2]) {
      expect(publish(authorizer, 'a/1', { qos: 1 })).toBe('allow');
      expect(publish(authorizer, 'a/1', { qos: 2 })).toBe('none');
      expect(publish(authorizer, 'b/1')).toBe('allow');
      expect(publish(authorizer, 'b/1', { retain: true })).toBe('none');
      expect(publish(authorizer, 'c')).toBe('allow');
      expect(publish(authorizer, 'c', { retain: true })).toBe('deny');
      expect(publish(authorizer, 'c', { qos: 2 })).toBe('deny');
    }
    // Receiving is asked about without them: what is allowed at some QoS is allowed, what is denied at one is not denied.
    const receive = (name: string) => authorizer.judge(alice, 'consume', { type: 'mqtt-topic', name });
    expect(receive('a/1')).toBe('allow');
    expect(receive('b/1')).toBe('allow');
    expect(receive('c')).toBe('allow');
  });

  it('put in the user and the client id where they are one level that means nothing else', () => {
    const authorizer = made(rule('of/%u/%c/#'));
    const denying = made(rule('x/#'), rule('x/%c', deny));
    expect(publish(authorizer, 'of/alice/c1/t')).toBe('allow');
    expect(publish(authorizer, 'of/alice/c2/t')).toBe('none');
    expect(publish(authorizer, 'of/bob/c1/t', {}, user('bob'))).toBe('allow');
    expect(publish(authorizer, 'of/a.b@c/my id: {1}', {}, user('a.b@c'), 'my id: {1}')).toBe('allow');
    for (const odd of ['', '+', '#', 'a/b', 'c1/#', '$SYS', '%u', 'a\u0007', 'a+']) {
      expect(publish(authorizer, `of/alice/${odd}/t`, {}, alice, odd)).toBe('none');
      // A deny rule that cannot be filled in holds for everything.
      expect(publish(denying, 'x/y', {}, alice, odd)).toBe('deny');
    }
    expect(publish(denying, 'x/y')).toBe('allow');
    expect(publish(denying, 'x/c1')).toBe('deny');
    expect(publish(authorizer, 'of/anonymous/c1/t', {}, nobody)).toBe('none');
  });

  it('do not reach names that begin with $ by a wildcard', () => {
    const authorizer = made(rule('#'), rule('+/a'));
    expect(publish(authorizer, 'sys/a')).toBe('allow');
    expect(publish(authorizer, '$SYS/a')).toBe('none');
    expect(publish(made(rule('$SYS/#')), '$SYS/a')).toBe('allow');
  });
});

describe('judgeFilter', () => {
  const subscribe = (authorizer: Authorizer, filter: string, qos: 0 | 1 | 2 = 0, clientId = 'c1') =>
    authorizer.judgeFilter(alice, 'consume', filter, qos, clientId);

  it.each([
    ['by a filter', rule('a/#')],
    ['by a prefix', rule('a', { match: 'prefix' })],
    ['by a pattern', rule('a*', { match: 'pattern' })],
    ['by a prefix of any type', rule('', { type: '*', match: 'prefix' })],
  ])('allows what is inside %s', (_how, allowing) => {
    const authorizer = made(allowing, rule('zzz'));
    for (const filter of ['a/#', 'a/+', 'a/b', 'a/+/c/#', 'a']) {
      expect(subscribe(authorizer, filter)).toEqual(scope('all', 'none'));
    }
  });

  it('allows only what a rule covers', () => {
    const authorizer = made(rule('a/+/c'), rule('b', { match: 'literal' }), rule('c/', { match: 'prefix' }));
    expect(subscribe(authorizer, 'a/+/c').allowed).toBe('all');
    expect(subscribe(authorizer, 'a/b/c').allowed).toBe('all');
    for (const filter of ['a/#', 'a/+/+', '#', '+', 'c/#', 'b/#']) {
      expect(subscribe(authorizer, filter).allowed).toBe('some');
    }
    expect(subscribe(authorizer, 'd/#').allowed).toBe('none');
    expect(subscribe(authorizer, 'c/+').allowed).toBe('all');
  });

  it('tells what is denied wholly from what is denied in part', () => {
    const authorizer = made(rule('#'), rule('a/secret/#', deny), rule('x*y', { ...deny, match: 'pattern' }));
    expect(subscribe(authorizer, 'a/b')).toEqual(scope('all', 'none'));
    expect(subscribe(authorizer, 'a/+')).toEqual(scope('all', 'some'));
    expect(subscribe(authorizer, 'a/secret/1')).toEqual(scope('all', 'all'));
    expect(subscribe(authorizer, 'a/secret/#')).toEqual(scope('all', 'all'));
    expect(subscribe(authorizer, 'x/+')).toEqual(scope('all', 'some'));
    expect(subscribe(authorizer, 'x/y')).toEqual(scope('all', 'all'));
    expect(subscribe(authorizer, 'x/z')).toEqual(scope('all', 'some'));
  });

  it('heeds QoS, placeholders and names that begin with $', () => {
    const authorizer = made(
      rule('a/#', { qos: [0, 1] }),
      rule('me/%c/#'),
      rule('you/#'),
      rule('you/%c', deny),
    );
    expect(subscribe(authorizer, 'a/#', 1).allowed).toBe('all');
    expect(subscribe(authorizer, 'a/#', 2).allowed).toBe('none');
    expect(subscribe(authorizer, 'me/c1/+').allowed).toBe('all');
    expect(subscribe(authorizer, 'me/+/x').allowed).toBe('some');
    expect(subscribe(authorizer, 'me/#/x', 0, '#').allowed).toBe('none');
    expect(subscribe(authorizer, 'you/#', 0, '#').denied).toBe('all');
    expect(subscribe(made(rule('#')), '$SYS/#').allowed).toBe('none');
  });

  it('is asked about all names of a type', () => {
    const every = (...rules: AuthorizationRule[]) => made(...rules).judgeEvery(alice, 'consume', 'topic');
    const all = rule('*', { type: 'topic', match: 'pattern' });
    expect(every()).toEqual(scope('none', 'none'));
    expect(every(all)).toEqual(scope('all', 'none'));
    expect(every(rule('a', { type: 'topic', match: 'prefix' }))).toEqual(scope('some', 'none'));
    expect(every(all, rule('a', { ...deny, type: 'topic', match: 'literal' }))).toEqual(scope('all', 'some'));
    expect(every(all, { ...all, ...deny })).toEqual(scope('all', 'all'));
  });

  it('is what each message would be told: covered is allowed, and what does not overlap is not denied', () => {
    const filters = ['#', '+', '+/b', 'a', 'a/b', 'a/+', 'a/#', '$x/#'];
    const topics = ['a', 'b', 'a/b', 'a/c', 'b/b', '$x', '$x/b'];
    for (const allowing of filters) {
      for (const denying of filters) {
        const authorizer = made(rule(allowing), rule(denying, deny));
        for (const asked of filters) {
          const { allowed, denied } = subscribe(authorizer, asked);
          const said = made(rule(asked));
          for (const name of topics) {
            const resource = { type: 'mqtt-topic', name } as const;
            if (said.judge(alice, 'consume', resource) !== 'allow') continue;
            const verdict = authorizer.judge(alice, 'consume', resource, 'c1');
            if (denied === 'all') expect(verdict).toBe('deny');
            if (denied === 'none') expect(verdict).not.toBe('deny');
            if (allowed === 'all' && denied === 'none') expect(verdict).toBe('allow');
          }
        }
      }
    }
  });
});

describe('faults of rules for MQTT topics', () => {
  it.each([
    rule('a/+/#'),
    rule('%u/%c/#'),
    rule('a', { qos: [0], retain: true }),
    rule('a', { match: 'literal', actions: ['consume'] }),
  ])('takes %j', (each) => {
    expect(authorizationRuleFault(each)).toBeUndefined();
  });

  it.each([
    rule('a/#/b'),
    rule('$share/g/a'),
    rule('a', { type: 'topic' }),
    rule('a', { type: '*' }),
    rule('a', { type: 'topic', match: 'literal', qos: [0] }),
    rule('a', { type: '*', match: 'literal', retain: false }),
    rule('a', { qos: [] }),
    rule('a', { qos: [3 as 2] }),
    rule('a', { actions: ['delete'] }),
    rule('a', { actions: ['consume'], retain: true }),
  ])('refuses %j', (each) => {
    expect(authorizationRuleFault(each)).toEqual(expect.any(String));
  });

  it('refuses names that nothing has', () => {
    const dead = (match: 'literal' | 'prefix' | 'filter' | 'pattern', name: string) =>
      deadNameFault({ type: 'mqtt-topic', match, name });
    expect(dead('literal', 'a/+')).toEqual(expect.any(String));
    expect(dead('prefix', 'a/#')).toEqual(expect.any(String));
    expect(dead('filter', 'a/+')).toBeUndefined();
    expect(dead('pattern', 'a*')).toBeUndefined();
    expect(dead('literal', 'what?*')).toBeUndefined();
  });
});
