import { describe, expect, it } from '@jest/globals';
import { Authorizer, type Principal } from '#libs/auth';
import { gatewayConfigSchema } from '../gateway.config.js';
import { tenantsOf } from '../tenants.js';
import { tenantFaults } from './tenant.schema.js';

const users = [{ name: 'alice', password: 'secret', groups: ['writers'] }];
const rule = {
  ...{ principals: ['user:alice'], actions: ['produce'] },
  resource: { type: 'topic', name: 'orders' },
};

const letsMakeUsers = {
  ...{ principals: ['user:alice'], actions: ['alter'] },
  resource: { type: 'cluster', match: 'literal', name: 'cluster' },
};

/** What is wrong with it: of the shape, or of what it says. */
function faultsOf(permissions: unknown): string[] {
  const parsed = gatewayConfigSchema.safeParse({
    tenants: [{ name: 'acme', namespace: 'acme/kafka', users, permissions }],
  });
  if (!parsed.success) return parsed.error.issues.map(({ path }) => path.join('.'));
  return tenantFaults(parsed.data.tenants[0]!, 0, parsed.data).map(({ path }) => path.join('.'));
}

describe('permissions of a configuration', () => {
  it.each([
    ['none', undefined],
    ['an empty list', []],
  ])('%s allow nothing', (_, permissions) => {
    expect(faultsOf(permissions)).toEqual([]);
    const config = gatewayConfigSchema.parse({
      tenants: [{ name: 'acme', namespace: 'acme/kafka', users, ...(permissions && { permissions }) }],
    });
    const authorizer = new Authorizer(
      config.tenants.map(({ name, permissions: rules }) => ({ tenant: name, rules })),
    );
    const [tenant] = tenantsOf(config);
    const alice: Principal = {
      ...{ tenant: tenant!, user: 'alice', groups: ['writers'], anonymous: false, source: 'password' },
    };
    expect(authorizer.authorize(alice, 'describe', { type: 'topic', name: 'orders' })).toBe(false);
  });

  it('may be about topics of MQTT, with QoS and RETAIN', () => {
    const resource = { type: 'mqtt-topic', match: 'filter', name: 'devices/%c/#' };
    expect(
      faultsOf([
        { ...rule, resource },
        { ...rule, resource, qos: [0, 1], retain: false },
      ]),
    ).toEqual([]);
  });

  it('may name users that are yet to be made, where somebody may make some', () => {
    const ofMade = { ...rule, principals: ['user:carol'] };
    const admin = letsMakeUsers;
    expect(faultsOf([ofMade, admin])).toEqual([]);
    expect(
      faultsOf([ofMade, { ...admin, actions: ['*'], resource: { type: '*', match: 'pattern', name: '*' } }]),
    ).toEqual([]);
    const named = 'tenants.0.permissions.0.principals.0';
    expect(faultsOf([ofMade])).toEqual([named]);
    expect(faultsOf([ofMade, { ...admin, effect: 'deny' }])).toEqual([named]);
    expect(faultsOf([ofMade, { ...admin, actions: ['describe'] }])).toEqual([named]);
    expect(faultsOf([ofMade, { ...admin, resource: { ...admin.resource, type: 'topic' } }])).toEqual([named]);
    // Everyone is `*`: of this name there is nobody, and nothing would be denied.
    expect(faultsOf([{ ...rule, effect: 'deny', principals: ['user:*'] }, admin])).toEqual([named]);
    expect(faultsOf([ofMade, { ...admin, resource: { type: '*', name: 'orders' } }])).toEqual([named]);
    // They are in no group.
    expect(faultsOf([{ ...rule, principals: ['group:writer'] }, admin])).toEqual([named]);
  });

  it.each<[string, unknown]>([
    ['nothing where a list stands', null],
    ['a text', 'all'],
    ['a rule instead of a list', rule],
    ['an empty rule', [{}]],
    ['nothing where a rule stands', [null]],
    ['no principal', [{ ...rule, principals: [] }]],
    ['a principal without type', [{ ...rule, principals: ['alice'] }]],
    ['a principal without name', [{ ...rule, principals: ['user:'] }]],
    ['a group that nobody is in', [{ ...rule, effect: 'deny', principals: ['group:writer'] }]],
    ['a wildcard in a literal name', [{ ...rule, effect: 'deny', resource: { type: 'topic', name: '*' } }]],
    [
      'a wildcard behind a prefix',
      [{ ...rule, resource: { type: 'topic', match: 'prefix', name: 'orders*' } }],
    ],
    ['a wildcard for users', [{ ...rule, effect: 'deny', principals: ['user:*'] }, letsMakeUsers]],
    ['a wildcard in a group', [{ ...rule, effect: 'deny', principals: ['group:writer?'] }, letsMakeUsers]],
    [
      'a name that no cluster has',
      [{ ...letsMakeUsers, resource: { type: 'cluster', name: 'kafka-cluster' } }],
    ],
    ['a name of a partition', [{ ...rule, resource: { type: 'topic', name: 'orders-partition-0' } }]],
    ['a name of Pulsar', [{ ...rule, resource: { type: 'topic', name: 'persistent://a/b/orders' } }]],
    ['no action', [{ ...rule, actions: [] }]],
    ["Kafka's name of an action", [{ ...rule, actions: ['write'] }]],
    ['a wrong effect', [{ ...rule, effect: 'Deny' }]],
    ['an unknown key', [{ ...rule, effects: 'deny' }]],
    ['no resource', [{ ...rule, resource: {} }]],
    ['an empty name', [{ ...rule, resource: { type: 'topic', name: '' } }]],
    ['a regular expression', [{ ...rule, resource: { type: 'topic', match: 'regex', name: '.*' } }]],
    ['an unknown placeholder', [{ ...rule, resource: { type: 'topic', name: 'home.%t' } }]],
    [
      'a filter for what is no MQTT topic',
      [{ ...rule, resource: { type: 'topic', match: 'filter', name: 'a/#' } }],
    ],
    ['no filter of MQTT', [{ ...rule, resource: { type: 'mqtt-topic', match: 'filter', name: 'a/#/b' } }]],
    ['a wildcard without a filter', [{ ...rule, resource: { type: 'mqtt-topic', name: 'a/+' } }]],
    ['QoS of what is no MQTT topic', [{ ...rule, qos: [0] }]],
    ['no such QoS', [{ ...rule, qos: [3], resource: { type: 'mqtt-topic', name: 'a' } }]],
    [
      'what is not done with MQTT topics',
      [{ ...rule, actions: ['alter'], resource: { type: 'mqtt-topic', name: 'a' } }],
    ],
    ['a placeholder cut off', [{ ...rule, resource: { type: 'topic', name: 'home.%' } }]],
  ])('%s is a fault', (_, permissions) => {
    const faults = faultsOf(permissions);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.every((path) => path.startsWith('tenants.0.permissions'))).toBe(true);
  });
});
