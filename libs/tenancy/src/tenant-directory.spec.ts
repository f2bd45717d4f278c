import { describe, expect, it } from '@jest/globals';
import type { Tenant } from './tenant.js';
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
});
