import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { AuthOptions } from '../client.options.js';
import { presumedRole } from './presumed-role.js';

const folder = mkdtempSync(join(tmpdir(), 'pulsegate-role-'));
const tokenOf = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

describe('the role that brokers will see in credentials', () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const of = (auth: AuthOptions) => presumedRole({ auth });

  it('is the subject of a token, the name beside a password', () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, `${tokenOf({ sub: 'from-file' })}\n`);
    expect(of({ method: 'token', token: tokenOf({ sub: 'front' }) })).toBe('front');
    expect(of({ method: 'token', tokenFile })).toBe('from-file');
    expect(of({ method: 'basic', username: 'front', password: 'x' })).toBe('front');
  });

  it.each<[string, AuthOptions]>([
    ['credentials of nobody', { method: 'none' }],
    ['a token that is none', { method: 'token', token: 'secret' }],
    ['a token of nobody', { method: 'token', token: tokenOf({}) }],
    ['a token of several', { method: 'token', token: tokenOf({ sub: ['a'] }) }],
    ['a token that is null', { method: 'token', token: tokenOf(null) }],
    ['a file that is not there', { method: 'token', tokenFile: join(folder, 'absent') }],
    ['an issuer that would have to be asked', { method: 'oauth2', issuerUrl: 'https://id.example' }],
    ['a certificate that is not there', { method: 'tls' }],
  ])('is unknown of %s', (_, auth) => {
    expect(of(auth)).toBeUndefined();
  });
});
