import { describe, expect, it } from '@jest/globals';
import { type Tenant, TenantDirectory, tenantAmqp091Defaults } from '#libs/tenancy';
import { scopeOf } from '../topology/scope.js';
import { VhostWatch } from './vhost-watch.js';

const tenant = (name: string, ...vhosts: string[]): Tenant => ({
  ...{ name, pulsarNamespace: `${name}/own`, limits: {} },
  kafka: { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 },
  amqp091: {
    ...tenantAmqp091Defaults,
    vhosts: vhosts.map((vhost) => ({ name: vhost, pulsarNamespace: `${name}/${vhost}` })),
  },
});

describe('VhostWatch', () => {
  it('ends the connections to a vhost that is removed, and no others', async () => {
    const directory = new TenantDirectory([tenant('a', 'test', 'live'), tenant('b', 'test')]);
    const watch = new VhostWatch(directory);
    const ended: string[] = [];
    const connect = (name: string, vhost: string) => {
      const scope = scopeOf(directory.byName(name)!, vhost) ?? {
        ...scopeOf(directory.byName(name)!, '/')!,
        vhost,
      };
      const connection = {
        vhostRemoved: () => {
          ended.push(`${name} ${vhost}`);
          watch.forget(connection, scope);
        },
      };
      watch.watch(connection, scope);
      return () => watch.forget(connection, scope);
    };
    for (const vhost of ['/', 'test', 'test', 'live']) connect('a', vhost);
    connect('b', 'test');
    connect('a', 'test')();
    directory.replace([tenant('a', 'live'), tenant('b', 'test')]);
    expect(ended).toEqual(['a test', 'a test']);
    // Opened while the vhost was removed.
    connect('a', 'test');
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toHaveLength(3);
    watch.close();
    directory.replace([tenant('a'), tenant('b', 'test')]);
    expect(ended).toHaveLength(3);
  });
});
