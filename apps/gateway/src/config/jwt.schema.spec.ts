import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from '../config-file.js';

const folder = mkdtempSync(join(tmpdir(), 'pulsegate-jwt-config-'));
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const secret = 'hunter2 hunter2 hunter2 hunter2 ';
writeFileSync(join(folder, 'public.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
writeFileSync(join(folder, 'private.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
writeFileSync(join(folder, 'short'), 'hunter2');
afterAll(() => rmSync(folder, { recursive: true }));

const issuer = {
  name: 'corp',
  issuer: 'https://id.example',
  audience: ['pulsegate'],
  algorithms: ['EdDSA'],
  keysFile: 'public.pem',
  tenant: 'acme',
};

function load(jwt: unknown, permissions: unknown[] = []) {
  const file = join(folder, 'pulsegate.yaml');
  const tenants = [{ name: 'acme', namespace: 'acme/kafka', permissions }];
  writeFileSync(file, JSON.stringify({ authentication: { jwt }, tenants }, undefined, 1));
  return loadConfig(file, { SECRET: secret }, { references: true });
}

function faultsOf(jwt: unknown, permissions?: unknown[]): string[] {
  try {
    load(jwt, permissions);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { faults, message } = error as ConfigError;
    expect(message).not.toContain('hunter2');
    expect(faults.every(({ where }) => /:\d+:\d+$/.test(where))).toBe(true);
    return faults.map(({ key }) => key.replace('authentication.jwt.', ''));
  }
  return [];
}

describe('authentication.jwt', () => {
  it('takes keys, a URL and a secret, and fills in the claims', () => {
    const { authentication } = load([
      issuer,
      { ...issuer, name: 'web', issuer: 'web', keysFile: undefined, jwksUrl: 'https://id.example/keys' },
      {
        ...{ ...issuer, name: 'shared', issuer: 'shared', keysFile: undefined, secretEnv: 'SECRET' },
        ...{ algorithms: ['HS256'], tenant: undefined, claims: { tenant: ['org', 'name'] } },
      },
    ]);
    expect(authentication.jwt[0]).toMatchObject({
      keysFile: join(folder, 'public.pem'),
      claims: { user: 'sub', groups: 'groups' },
    });
    expect(authentication.jwt[2]?.claims.tenant).toEqual(['org', 'name']);
    expect(JSON.stringify(authentication)).not.toContain('hunter2');
  });

  it.each([
    [['0.keysFile'], { keysFile: 'absent.pem' }],
    [['0.keysFile'], { keysFile: 'private.pem' }],
    [['0.keysFile'], { algorithms: ['RS256'] }],
    [['0.secretFile'], { keysFile: undefined, secretFile: 'short', algorithms: ['HS256'] }],
    [['0.secretEnv'], { keysFile: undefined, secretEnv: 'ABSENT', algorithms: ['HS256'] }],
    [['0.secretEnv'], { keysFile: undefined, secretEnv: 'SECRET', algorithms: ['HS512'] }],
    [['0.caFile'], { keysFile: undefined, jwksUrl: 'https://id.example/', caFile: 'absent.pem' }],
    [['0.caFile'], { keysFile: undefined, jwksUrl: 'https://id.example/', caFile: 'public.pem' }],
    [['0.algorithms.0'], { algorithms: ['none'] }],
    [['0.algorithms'], { algorithms: ['EdDSA', 'HS256'] }],
    [['0.audience'], { audience: [] }],
    [['0.jwksUrl'], { keysFile: undefined, jwksUrl: 'http://id.example/' }],
    [['0.name'], { keysFile: undefined }],
    [['0.name'], { jwksUrl: 'https://id.example/' }],
    [['0.tenant'], { tenant: undefined }],
    [['0.tenant'], { claims: { tenant: 'org' } }],
    [['0.tenant'], { tenant: 'nowhere' }],
    [['0.secret'], { secret: 'hunter2' }],
  ])('names %j for %j', (keys, changes) => {
    expect(faultsOf([{ ...issuer, ...changes }])).toEqual(keys);
  });

  it('wants one entry for each issuer', () => {
    expect(faultsOf([issuer, { ...issuer, name: 'again' }])).toEqual(['1.issuer']);
  });

  it('leaves the names in rules to the issuer, for its tenants only', () => {
    const rule = (principal: string) => [
      { principals: [principal], actions: ['produce'], resource: { type: 'topic', name: 'a' } },
    ];
    expect(faultsOf([issuer], rule('user:somebody'))).toEqual([]);
    expect(faultsOf([issuer], rule('group:some'))).toEqual([]);
    expect(faultsOf([], rule('user:somebody'))).toEqual(['tenants.0.permissions.0.principals.0']);
  });
});
