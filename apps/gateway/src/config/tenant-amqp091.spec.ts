import { describe, expect, it } from '@jest/globals';
import { crossCheck, gatewayConfigSchema } from '../gateway.config.js';
import { tenantsOf } from '../tenants.js';

const vhost = { name: 'staging', pulsarNamespace: 'acme/staging' };

function parsed(amqp091: unknown) {
  const users = [{ name: 'alice', password: 'secret' }];
  const tenants = [
    { name: 'acme', namespace: 'acme/n', users, amqp091 },
    { name: 'globex', namespace: 'globex/n' },
  ];
  return gatewayConfigSchema.safeParse({ tenants });
}

/** What is wrong with it: of the shape, or of what it says. */
function faultsOf(amqp091: unknown): string[] {
  const result = parsed(amqp091);
  if (!result.success) return result.error.issues.map(({ path }) => path.slice(3).join('.'));
  return crossCheck(result.data).map(({ path }) => path.slice(3).join('.'));
}

describe('vhosts and permissions of a configuration', () => {
  it('are what the tenant has', () => {
    const permissions = [{ user: 'alice', vhost: 'staging', configure: '^a', write: '.*' }];
    const result = parsed({ vhosts: [vhost], permissions, queuesMax: 7 });
    const [acme, globex] = tenantsOf(result.data!);
    expect(acme!.amqp091).toMatchObject({
      ...{ vhosts: [vhost], permissions: [{ ...permissions[0], read: '' }], queuesMax: 7 },
    });
    expect(globex!.amqp091).toMatchObject({ vhosts: [], permissions: [], queuesMax: 50_000 });
  });

  it.each([
    ['a vhost', { vhosts: [vhost] }, []],
    ['the one that is there anyway', { vhosts: [{ ...vhost, name: '/' }] }, ['vhosts.0.name']],
    ['one twice', { vhosts: [vhost, { ...vhost, pulsarNamespace: 'acme/x' }] }, ['vhosts.1.name']],
    [
      'the namespace of the tenant',
      { vhosts: [{ ...vhost, pulsarNamespace: 'acme/n' }] },
      ['vhosts.0.pulsarNamespace'],
    ],
    [
      'that of another',
      { vhosts: [{ ...vhost, pulsarNamespace: 'globex/n' }] },
      ['vhosts.0.pulsarNamespace'],
    ],
    [
      'that of the state',
      { vhosts: [{ ...vhost, pulsarNamespace: 'public/pulsegate-state' }] },
      ['vhosts.0.pulsarNamespace'],
    ],
    ['no namespace', { vhosts: [{ ...vhost, pulsarNamespace: 'acme' }] }, ['vhosts.0.pulsarNamespace']],
    ['no pattern', { permissions: [{ user: 'alice', read: '(' }] }, ['permissions.0.read']],
    [
      'no pattern of keys',
      { topicPermissions: [{ user: 'alice', exchange: 'e', write: '{username}[' }] },
      ['topicPermissions.0.write'],
    ],
    ['a vhost that is not there', { permissions: [{ user: 'alice', vhost: 'x' }] }, ['permissions.0.vhost']],
    ['a key that is not there', { vhost: [] }, ['']],
  ])('%s', (_, amqp091, faults) => {
    expect(faultsOf(amqp091)).toEqual(faults);
  });
});
