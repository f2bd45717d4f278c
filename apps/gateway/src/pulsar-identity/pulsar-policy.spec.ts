import { describe, expect, it } from '@jest/globals';
import { type Action, Authorizer, type Principal, type ResourceType } from '#libs/auth';
import { NamespaceGrants } from '#libs/pulsar';
import { PulsarPolicy } from './pulsar-policy.js';

const tenant = { name: 'acme', pulsarNamespace: 't/n' } as Principal['tenant'];
const user = (name: string, anonymous = false) =>
  ({ tenant, user: name, groups: ['chief'], anonymous, source: 'password' }) as Principal;

const granted = new NamespaceGrants({
  namespace: 't/n',
  policies: {
    namespace_auth: { reader: ['consume'], anonymous: ['produce'] },
    destination_auth: { 'persistent://t/n/orders': { writer: ['produce'] } },
    subscription_auth_roles: { audit: ['auditor'] },
  },
  subscriptionAuthMode: undefined,
  tenantAdmins: ['chief'],
  superusers: [],
  wildcards: false,
});

function authorizerOf(watch: { grants: NamespaceGrants | undefined; version: number }) {
  const authorizer = new Authorizer([
    {
      tenant: 'acme',
      rules: [{ principals: ['*'], actions: ['*'], resource: { type: '*', match: 'prefix', name: '' } }],
    },
  ]);
  const policy = new PulsarPolicy({ grants: () => watch.grants, version: () => watch.version }, 't/n');
  authorizer.setPolicy('acme', policy);
  return authorizer;
}

describe('authorization by what Pulsar has granted', () => {
  const authorizer = authorizerOf({ grants: granted, version: 1 });
  const may = (name: string, action: Action, type: ResourceType, of: string) =>
    authorizer.authorize(user(name), action, { type, name: of });

  it.each<[string, Action, ResourceType, string, boolean]>([
    ['reader', 'consume', 'topic', 'orders', true],
    ['reader', 'describe', 'topic', 'orders', true],
    ['reader', 'describe-configs', 'topic', 'orders', true],
    ['reader', 'produce', 'topic', 'orders', false],
    ['reader', 'create', 'topic', 'orders', false],
    ['reader', 'consume', 'group', 'g', true],
    ['reader', 'describe', 'group', 'g', true],
    ['reader', 'delete', 'group', 'g', false],
    ['reader', 'consume', 'group', 'audit', false],
    ['reader', 'produce', 'transactional-id', 'x', false],
    ['reader', 'describe', 'cluster', 'cluster', false],
    ['reader', 'consume', 'queue', 'q', false],
    ['writer', 'produce', 'topic', 'orders', true],
    ['writer', 'describe', 'topic', 'orders', true],
    ['writer', 'produce', 'topic', 'others', false],
    ['writer', 'describe', 'topic', 'others', false],
    ['writer', 'consume', 'topic', 'orders', false],
    ['writer', 'alter-configs', 'topic', 'orders', false],
    ['writer', 'consume', 'group', 'g', false],
    ['writer', 'produce', 'transactional-id', 'x', true],
    ['chief', 'alter', 'cluster', 'cluster', true],
    ['chief', 'alter-configs', 'topic', 'orders', true],
    ['chief', 'delete', 'group', 'audit', true],
    ['nobody', 'describe', 'topic', 'orders', false],
  ])('%s may %s %s %s: %s', (name, action, type, of, allowed) => {
    expect(may(name, action, type, of)).toBe(allowed);
  });

  it('does not ask the rules of the tenant, nor the groups of a user', () => {
    expect(may('nobody', 'produce', 'topic', 'x')).toBe(false);
  });

  it('allows nothing to clients without an identity, whatever a role of that name is granted', () => {
    const anonymous = user('anonymous', true);
    expect(authorizer.authorize(anonymous, 'produce', { type: 'topic', name: 'x' })).toBe(false);
    expect(authorizer.authorizeAny(anonymous, 'produce', 'topic')).toBe(false);
  });

  it('knows whether there is anything that a role may do', () => {
    expect(authorizer.authorizeAny(user('writer'), 'produce', 'topic')).toBe(true);
    expect(authorizer.authorizeAny(user('reader'), 'produce', 'topic')).toBe(false);
  });

  it('allows nothing when nobody can say what is granted, from that moment on', () => {
    const watch = { grants: granted as NamespaceGrants | undefined, version: 1 };
    const during = authorizerOf(watch);
    const [reader, topic] = [user('reader'), { type: 'topic', name: 'orders' } as const];
    expect(during.authorize(reader, 'consume', topic)).toBe(true);
    watch.grants = undefined;
    watch.version = 2;
    expect(during.authorize(reader, 'consume', topic)).toBe(false);
    expect(during.authorize(user('chief'), 'consume', topic)).toBe(false);
    watch.grants = granted;
    watch.version = 3;
    expect(during.authorize(reader, 'consume', topic)).toBe(true);
  });
});
