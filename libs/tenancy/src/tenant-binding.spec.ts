import { describe, expect, it } from '@jest/globals';
import type { Tenant } from './tenant.js';
import { bindTenant, type TenantClaims } from './tenant-binding.js';
import { TenantDirectory, TenantDirectoryError } from './tenant-directory.js';
import { serverNameFault } from './tenant-name.js';

function tenant(name: string, ...serverNames: string[]): Tenant {
  const kafka = { autoCreateTopics: true, partitionsDefault: 1, messageBytesMax: 1_048_576 };
  return { name, pulsarNamespace: `${name}/main`, limits: {}, kafka, serverNames };
}

const directory = new TenantDirectory([
  tenant('acme', 'acme.example', '*.acme.example'),
  tenant('demo', 'demo.example', 'b.acme.example'),
]);
const bound = (claims: TenantClaims) => {
  const binding = bindTenant(claims, directory);
  return binding.tenant?.name ?? binding.deny;
};

describe('bindTenant', () => {
  const places = ['listener', 'certificate', 'userName', 'token'] as const;

  it.each(places)('binds by the %s alone, and over the fallback', (place) => {
    expect(bound({ [place]: 'acme' })).toBe('acme');
    expect(bound({ [place]: 'acme', fallback: 'demo' })).toBe('acme');
  });

  it('binds by the host name, and by the fallback where nobody says anything', () => {
    expect(bound({ serverName: 'acme.example', fallback: 'demo' })).toBe('acme');
    expect(bound({ fallback: 'demo' })).toBe('demo');
    expect(bound({ serverName: 'elsewhere.example', fallback: 'demo' })).toBe('demo');
    expect(bound({})).toBe('unknown-tenant');
  });

  it.each(places)('denies when the %s names another tenant than the host name', (place) => {
    expect(bound({ serverName: 'acme.example', [place]: 'acme' })).toBe('acme');
    expect(bound({ serverName: 'acme.example', [place]: 'demo' })).toBe('tenant-mismatch');
  });

  it('denies for every pair of claims that differ, whichever is higher', () => {
    for (const high of places) {
      for (const low of places) {
        if (high === low) continue;
        expect(bound({ [high]: 'acme', [low]: 'demo' })).toBe('tenant-mismatch');
        expect(bound({ [high]: 'acme', [low]: 'acme', fallback: 'demo' })).toBe('acme');
      }
    }
  });

  it.each(places)('denies an unknown tenant of the %s, whatever else is known', (place) => {
    for (const name of ['nowhere', '', 'ACME', 'acme ', 'public', 'undefined', '__proto__', 'constructor']) {
      expect(bound({ [place]: name, fallback: 'demo' })).toBe('unknown-tenant');
      expect(bound({ serverName: 'acme.example', [place]: name, fallback: 'demo' })).toBe('unknown-tenant');
    }
    expect(bound({ fallback: 'nowhere' })).toBe('unknown-tenant');
  });
});

describe('server names', () => {
  it.each([
    ['acme.example', 'acme'],
    ['ACME.Example', 'acme'],
    ['acme.example.', 'acme'],
    ['a.acme.example', 'acme'],
    // The exact name wins over the wildcard.
    ['b.acme.example', 'demo'],
    ['a.b.acme.example', undefined],
    ['.acme.example', undefined],
    ['xacme.example', undefined],
    ['*.acme.example', 'acme'],
    ['', undefined],
    ['.', undefined],
    ['example', undefined],
    ['__proto__', undefined],
  ])('%j is of %s', (name, owner) => {
    expect(directory.byServerName(name)?.name).toBe(owner);
  });

  it.each(['a', 'a.example', '*.a.example', 'a-b.c-1.example'])('%j can be one', (name) => {
    expect(serverNameFault(name)).toBeUndefined();
  });

  it.each([
    '',
    '*',
    '*.example',
    'A.example',
    'a..b',
    '-a.b',
    'a-.b',
    'a.*.b',
    'a b',
    'a\0.b',
    `${'a'.repeat(64)}.b`,
    'a.b.',
    'x'.repeat(254),
  ])('%.40j cannot', (name) => {
    expect(serverNameFault(name)).toEqual(expect.any(String));
  });

  it('belong to one tenant', () => {
    expect(() => new TenantDirectory([tenant('a', 'x.example'), tenant('b', 'x.example')])).toThrow(
      TenantDirectoryError,
    );
    expect(() => new TenantDirectory([tenant('a', 'not a name')])).toThrow(/"not a name": a server name is/);
  });
});
