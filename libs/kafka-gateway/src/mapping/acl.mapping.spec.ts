import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { authorizationRuleFault } from '#libs/auth';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { type Acl, toAcls, toRule } from './acl.mapping.js';
import { type AclFilter, aclMatches, requireKnown } from './acl-filter.js';

const orders: Acl = {
  resourceType: 2,
  resourceName: 'orders',
  patternType: 3,
  principal: 'User:alice',
  host: '*',
  operation: 3,
  permissionType: 3,
};

describe('toRule', () => {
  it('says what the ACL says', () => {
    expect(toRule(orders)).toEqual({
      effect: 'allow',
      principals: ['user:alice'],
      actions: ['consume'],
      resource: { type: 'topic', match: 'literal', name: 'orders' },
    });
    expect(
      toRule({ ...orders, resourceName: '*', principal: 'User:*', permissionType: 2, operation: 2 }),
    ).toEqual({
      effect: 'deny',
      principals: ['*'],
      actions: ['*'],
      resource: { type: 'topic', match: 'prefix', name: '' },
    });
    const group = { ...orders, resourceType: 3, resourceName: 'a*', patternType: 4, principal: 'Group:g' };
    expect(toRule(group)).toMatchObject({
      principals: ['group:g'],
      resource: { type: 'group', match: 'prefix', name: 'a*' },
    });
    const cluster = { ...orders, resourceType: 4, resourceName: 'kafka-cluster', operation: 12 };
    expect(toRule(cluster)).toMatchObject({
      actions: ['produce'],
      resource: { type: 'cluster', match: 'literal', name: 'cluster' },
    });
  });

  it.each<[string, Partial<Acl>]>([
    ['a host', { host: '10.0.0.1' }],
    ['ANY permission', { permissionType: 1 }],
    ['a permission that is none', { permissionType: 0 }],
    ['ANY operation', { operation: 1 }],
    ['cluster action on a topic', { operation: 9 }],
    ['cluster action', { operation: 9, resourceType: 4, resourceName: 'kafka-cluster' }],
    ['writing to a group', { operation: 4, resourceType: 3 }],
    ['a delegation token', { resourceType: 6 }],
    ['a user as resource', { resourceType: 7 }],
    ['ANY resource', { resourceType: 1 }],
    ['MATCH as pattern', { patternType: 2 }],
    ['no name', { resourceName: '' }],
    ['another cluster', { resourceType: 4, resourceName: 'other', operation: 8 }],
    [
      'a prefix of the cluster',
      { resourceType: 4, resourceName: 'kafka-cluster', patternType: 4, operation: 8 },
    ],
    ['a partition as topic', { resourceName: 'orders-partition-0' }],
    ['a full Pulsar name', { resourceName: 'persistent://other/ns/orders' }],
    ['a system topic', { resourceName: '__change_events' }],
    ["the gateway's own topic", { resourceName: 'pulsegate.lease' }],
    ['a placeholder', { resourceType: 3, resourceName: 'home-%u' }],
    ['a prefix with a placeholder', { patternType: 4, resourceName: 'home-%c' }],
    ['no principal', { principal: '' }],
    ['a principal without type', { principal: 'alice' }],
    ['a principal of another type', { principal: 'Role:alice' }],
    ['a principal without name', { principal: 'User:' }],
    ['a user of another tenant', { principal: 'User:demo/alice' }],
    ['all groups', { principal: 'Group:*' }],
    ['clients without credentials', { principal: 'User:ANONYMOUS' }],
    ['everyone as group', { principal: 'Group:a b' }],
    ['a line break in a name', { principal: 'User:a\nb' }],
  ])('refuses %s', (_, change) => {
    expect(() => toRule({ ...orders, ...change })).toThrow(
      expect.objectContaining({ code: KafkaErrorCode.INVALID_REQUEST }),
    );
  });

  it('is what clients are shown again, whatever they send', () => {
    const acl = fc.record({
      resourceType: fc.integer({ min: -1, max: 8 }),
      resourceName: fc.oneof(
        fc.string({ maxLength: 6 }),
        fc.constantFrom('*', 'kafka-cluster', 'orders', 'a.b', 'a*', '%u'),
      ),
      patternType: fc.integer({ min: 0, max: 5 }),
      principal: fc.oneof(fc.constantFrom('User:*', 'User:a', 'Group:g', 'Group:*', 'User:'), fc.string()),
      host: fc.constantFrom('*', 'h'),
      operation: fc.integer({ min: -1, max: 16 }),
      permissionType: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(acl, (given) => {
        let rule: ReturnType<typeof toRule>;
        try {
          rule = toRule(given);
        } catch (error) {
          expect(error).toMatchObject({ code: KafkaErrorCode.INVALID_REQUEST });
          return;
        }
        expect(authorizationRuleFault(rule)).toBeUndefined();
        expect(toAcls(rule)).toEqual([given]);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('toAcls', () => {
  it('shows a rule of the configuration once for each principal, operation and type', () => {
    const acls = toAcls({
      principals: ['user:a', 'group:b'],
      actions: ['produce', 'describe'],
      resource: { type: '*', match: 'prefix', name: 'x' },
    });
    const shown = acls.map((acl) => [acl.resourceType, acl.principal, acl.operation, acl.patternType]);
    expect(shown).toEqual([
      ...[2, 2, 2, 2].map((type, at) => [type, at % 2 ? 'Group:b' : 'User:a', at < 2 ? 4 : 8, 4]),
      [3, 'User:a', 8, 4],
      [3, 'Group:b', 8, 4],
      ...[5, 5, 5, 5].map((type, at) => [type, at % 2 ? 'Group:b' : 'User:a', at < 2 ? 4 : 8, 4]),
    ]);
  });

  it.each<['literal' | 'prefix' | 'pattern', string, [string, number] | undefined]>([
    ['pattern', '*', ['*', 3]],
    ['pattern', 'a*', ['a', 4]],
    ['pattern', 'a?b*', ['a?b*', 3]],
    ['prefix', 'home.%u.', ['home.%u.', 4]],
    ['literal', '*', undefined],
  ])('shows %s %s', (match, name, expected) => {
    const [acl] = toAcls({
      principals: ['*'],
      actions: ['consume'],
      resource: { type: 'topic', match, name },
    });
    expect(acl && [acl.resourceName, acl.patternType]).toEqual(expected);
  });

  it('shows nothing of what Kafka does not have', () => {
    const rule = { principals: ['*'], actions: ['*'] as const };
    expect(toAcls({ ...rule, resource: { type: 'queue', match: 'prefix', name: '' } })).toEqual([]);
    const ofMqtt = { type: 'mqtt-topic', match: 'filter', name: '#' } as const;
    expect(toAcls({ ...rule, resource: ofMqtt })).toEqual([]);
    const everything = toAcls({ ...rule, resource: { type: '*', match: 'pattern', name: '*' } });
    expect(everything.map(({ resourceName }) => resourceName)).toEqual(['*', '*', 'kafka-cluster', '*']);
  });
});

describe('aclMatches', () => {
  const all: AclFilter = {
    resourceTypeFilter: 1,
    resourceNameFilter: null,
    patternTypeFilter: 1,
    principalFilter: null,
    hostFilter: null,
    operation: 1,
    permissionType: 1,
  };
  const prefixed = { ...orders, resourceName: 'ord', patternType: 4 };
  const everyName = { ...orders, resourceName: '*' };

  it.each<[string, Partial<AclFilter>, boolean[]]>([
    ['everything', {}, [true, true, true]],
    ['LITERAL orders', { patternTypeFilter: 3, resourceNameFilter: 'orders' }, [true, false, false]],
    ['PREFIXED ord', { patternTypeFilter: 4, resourceNameFilter: 'ord' }, [false, true, false]],
    ['ANY orders', { resourceNameFilter: 'orders' }, [true, false, false]],
    ['MATCH orders', { patternTypeFilter: 2, resourceNameFilter: 'orders' }, [true, true, true]],
    ['MATCH other', { patternTypeFilter: 2, resourceNameFilter: 'other' }, [false, false, true]],
    ['another user', { principalFilter: 'User:bob' }, [false, false, false]],
    ['another host', { hostFilter: 'h' }, [false, false, false]],
    ['another operation', { operation: 4 }, [false, false, false]],
    ['groups', { resourceTypeFilter: 3 }, [false, false, false]],
    ['denials', { permissionType: 2 }, [false, false, false]],
  ])('%s', (_, change, expected) => {
    const filter = { ...all, ...change };
    expect([orders, prefixed, everyName].map((acl) => aclMatches(filter, acl))).toEqual(expected);
  });

  it.each([{ resourceTypeFilter: 0 }, { patternTypeFilter: 5 }, { operation: 16 }, { permissionType: 0 }])(
    'refuses what it does not know: %j',
    (change) => {
      expect(() => requireKnown({ ...all, ...change })).toThrow('not known');
    },
  );
});
