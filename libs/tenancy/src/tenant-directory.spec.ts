import { describe, expect, it } from '@jest/globals';
import type { Tenant } from './tenant.js';
import { tenantAmqp091Defaults } from './tenant.js';
import { TenantDirectory, TenantDirectoryError } from './tenant-directory.js';
import { pulsarNamespaceFault, tenantNameCharsMax, tenantNameFault } from './tenant-name.js';

function tenant(name: string, pulsarNamespace = `${name}/default`): Tenant {
  const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 };
  return { name, pulsarNamespace, limits: {}, kafka };
}

describe('tenantNameFault', () => {
  it.each(['acme', 'a', '0', 'a-b_c.d', 'x'.repeat(tenantNameCharsMax)])('allows %j', (name) => {
    expect(tenantNameFault(name)).toBeUndefined();
  });

  it.each([
    ...[
      '',
      'x'.repeat(tenantNameCharsMax + 1),
      'Acme',
      'a/b',
      'a@b',
      'a b',
      '-a',
      'a-',
      '.',
      '..',
      'a\n',
      'ä',
      '*',
    ],
    ...['global', 'undefined', 'null', 'none', 'default', 'public', 'pulsar', 'pulsegate', 'pulsegate-x'],
    ...['__proto__', 'constructor\0'],
  ])('refuses %j', (name) => {
    expect(tenantNameFault(name)).toEqual(expect.any(String));
  });
});

describe('pulsarNamespaceFault', () => {
  it.each(['public/default', 'a-b/c=d:e.f_g'])('allows %j', (namespace) => {
    expect(pulsarNamespaceFault(namespace)).toBeUndefined();
  });

  it.each(['', 'a', 'a/', '/b', 'a/b/c', 'a b/c', 'pulsar/system', 'a/b?x', 'a/../b'])(
    'refuses %j',
    (namespace) => {
      expect(pulsarNamespaceFault(namespace)).toEqual(expect.any(String));
    },
  );
});

describe('TenantDirectory', () => {
  it('finds tenants by name, and nobody else', () => {
    const acme = tenant('acme');
    const directory = new TenantDirectory([acme, tenant('demo')]);
    expect(directory.byName('acme')).toBe(acme);
    expect(directory.size).toBe(2);
    expect([...directory]).toHaveLength(2);
    for (const name of ['', 'ACME', 'acme ', 'constructor', '__proto__', 'undefined']) {
      expect(directory.byName(name)).toBeUndefined();
    }
  });

  it('names every fault at once', () => {
    const tenants = [
      tenant('null'),
      tenant('b', 'b'),
      tenant('c', 'x/y'),
      tenant('d', 'x/y'),
      tenant('e'),
      tenant('e'),
    ];
    let error: unknown;
    try {
      new TenantDirectory(tenants);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TenantDirectoryError);
    expect((error as TenantDirectoryError).faults).toEqual([
      'tenant "null": "null" is reserved',
      'tenant "b": a Pulsar namespace is "<tenant>/<namespace>", not "b"',
      'tenants "c" and "d" have the same namespace x/y',
      'tenant "e" is defined twice',
    ]);
  });

  it('has vhosts whose namespaces are nobody else’s', () => {
    const vhosts = (tenantName: string, pulsarNamespace: string, ...names: [string, string][]) => ({
      ...tenant(tenantName, pulsarNamespace),
      amqp091: {
        ...tenantAmqp091Defaults,
        vhosts: names.map(([name, namespace]) => ({ name, pulsarNamespace: namespace })),
      },
    });
    const tenants = [
      vhosts('a', 'x/a', ['test', 'x/a-test'], ['long', 'x/c'], ['/', 'x/d'], ['', 'x/e'], ['test', 'x/f']),
      vhosts('b', 'x/b', ['test', 'x/a-test'], ['own', 'x/b'], ['odd', 'x']),
      tenant('c', 'x/c'),
    ];
    let faults: readonly string[] = [];
    try {
      new TenantDirectory(tenants);
    } catch (thrown) {
      ({ faults } = thrown as TenantDirectoryError);
    }
    expect(faults).toEqual([
      'vhost "long" of tenant "a" has the namespace x/c of "c"',
      'vhost "/" of tenant "a" is there already',
      'vhost "" of tenant "a": the name of a vhost is a text of 1 to 255 bytes',
      'vhost "test" of tenant "a" is there already',
      'vhost "test" of tenant "b" has the namespace x/a-test of "a"',
      'vhost "own" of tenant "b" has the namespace x/b of "b"',
      'vhost "odd" of tenant "b": a Pulsar namespace is "<tenant>/<namespace>", not "x"',
    ]);
    expect(new TenantDirectory([vhosts('a', 'x/a', ['test', 'x/a-test'])]).size).toBe(1);
  });
});
