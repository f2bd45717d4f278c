import { describe, expect, it } from '@jest/globals';
import type { Principal } from '#libs/auth';
import { tenantAmqp091Defaults } from '#libs/tenancy';
import { tenantOf } from '../testing/topology-fixture.js';
import { rabbitPermissionFaults } from './rabbit-permission-faults.js';
import { rabbitPermissionsOf } from './rabbit-permissions.js';

const everything = { configure: '.*', write: '.*', read: '.*' };
const topics = { user: 'ann', vhost: '/', exchange: 'amq.topic' };

function principalOf(user: string, write: string): Principal {
  const tenant = tenantOf({ topicPermissions: [{ ...topics, user, write, read: '' }] });
  return { tenant, user, groups: [], anonymous: false, source: 'password' };
}

describe('RabbitMQ permissions of a tenant', () => {
  it('are checked before they are used, all together', () => {
    const faults = rabbitPermissionFaults({
      ...tenantAmqp091Defaults,
      vhosts: [{ name: 'test', pulsarNamespace: 'a/test' }],
      permissions: [
        { user: 'ann', vhost: '/', ...everything },
        { user: 'ann', vhost: 'test', ...everything, read: '(' },
        { user: 'bob', vhost: 'prod', ...everything, configure: '*' },
        { user: 'ann', vhost: '/', ...everything },
      ],
      topicPermissions: [
        { ...topics, write: '^{username}\\.', read: '{client_id}+' },
        { ...topics, exchange: 'other', write: '{nobody}[', read: '' },
        { ...topics, write: '', read: '' },
      ],
    });
    expect(faults.map(({ list, index, key, message }) => `${list} ${index} ${key}: ${message}`)).toEqual([
      'permissions 1 read: a "(" without its ")"',
      'permissions 2 configure: nothing to repeat',
      'permissions 2 vhost: the tenant has no such vhost',
      'permissions 3 user: it is said already, by entry 1',
      'topicPermissions 1 write: it ends too early',
      'topicPermissions 2 user: it is said already, by entry 1',
    ]);
  });

  it('take names for themselves, however they are written and repeated', () => {
    const permissions = rabbitPermissionsOf(principalOf('a.b|.*', '^{username}{2}$'), '/', undefined);
    expect(permissions.allowsTopic('write', 'amq.topic', 'a.b|.*a.b|.*')).toBe(true);
    expect(permissions.allowsTopic('write', 'amq.topic', 'axb')).toBe(false);
  });

  it('allow nothing to names that make an expression too long', () => {
    const permissions = rabbitPermissionsOf(principalOf('ann', '{client_id}|.*'), '/', '.'.repeat(2_000));
    expect(permissions.allowsTopic('write', 'amq.topic', 'k')).toBe(false);
  });

  it('are compiled once for all connections of a user', () => {
    const principal = principalOf('ann', 'x');
    expect(rabbitPermissionsOf(principal, '/', 'c1')).toBe(rabbitPermissionsOf(principal, '/', 'c2'));
    expect(rabbitPermissionsOf(principal, '/', 'c1')).not.toBe(rabbitPermissionsOf(principal, 'v', 'c1'));
    const byClient = principalOf('ann', '{client_id}');
    expect(rabbitPermissionsOf(byClient, '/', 'c1')).not.toBe(rabbitPermissionsOf(byClient, '/', 'c2'));
  });

  it('answer the same whether remembered or not', () => {
    const permissions = rabbitPermissionsOf(principalOf('ann', '^k[0-9]+$'), '/', undefined);
    for (const round of [0, 1]) {
      for (let at = 0; at < 1_500; at++) {
        const key = at % 2 === round ? `k${at}` : `l${at}`;
        expect(permissions.allowsTopic('write', 'amq.topic', key)).toBe(key.startsWith('k'));
      }
    }
  });
});
