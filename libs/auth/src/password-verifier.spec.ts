import { scryptSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  isScryptVerifier,
  PlainPasswords,
  parseScryptVerifier,
  scryptVerifier,
  verifyScrypt,
} from './password-verifier.js';

const salt = Buffer.from('0123456789abcdef');

function verifierOf(password: string, cost = 1_024): string {
  const hash = scryptSync(password, salt, 32, { cost, blockSize: 8, parallelization: 1 });
  return `scrypt$${cost}$8$1$${salt.toString('base64')}$${hash.toString('base64')}`;
}

describe('scrypt verifiers', () => {
  it('verify the password that they were made of, and no other', async () => {
    const verifier = await scryptVerifier('pässwörd');
    expect(isScryptVerifier(verifier)).toBe(true);
    expect(verifier).toMatch(/^scrypt\$16384\$8\$1\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+$/);
    const parsed = parseScryptVerifier(verifier);
    expect(await verifyScrypt('pässwörd', parsed)).toBe(true);
    for (const wrong of ['', 'passwörd', 'pässwörd ', 'pässwörd\0']) {
      expect(await verifyScrypt(wrong, parsed)).toBe(false);
    }
    expect(await scryptVerifier('pässwörd')).not.toBe(verifier);
  });

  it('read what other tools make, with or without padding', async () => {
    for (const text of [verifierOf('a'), verifierOf('a').replaceAll('=', '')]) {
      expect(await verifyScrypt('a', parseScryptVerifier(text))).toBe(true);
    }
  });

  it.each([
    'scrypt$',
    'scrypt$16384$8$1$c2FsdHNhbHQ=',
    'scrypt$16383$8$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==',
    'scrypt$-2$8$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==',
    'scrypt$1e3$8$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==',
    'scrypt$1024$0$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==',
    'scrypt$1048576$8$1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==',
    'scrypt$1024$8$1024$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==',
    'scrypt$1024$8$1$c2E=$AAAAAAAAAAAAAAAAAAAAAA==',
    'scrypt$1024$8$1$c2FsdHNhbHQ=$',
    'scrypt$1024$8$1$c2FsdHNhbHQ=$AAAA$',
  ])('refuses %s without repeating it', (text) => {
    let message = '';
    try {
      parseScryptVerifier(text);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^a (?:scrypt )?verifier/);
    expect(message).not.toContain('c2FsdHNhbHQ');
  });
});

describe('PlainPasswords', () => {
  it('keeps a digest and compares it', () => {
    const passwords = new PlainPasswords();
    const digest = passwords.digest('secret');
    expect(digest.includes('secret')).toBe(false);
    expect(passwords.verify('secret', digest)).toBe(true);
    expect(passwords.verify('secret2', digest)).toBe(false);
    expect(passwords.verify('', digest)).toBe(false);
    expect(new PlainPasswords().digest('secret').equals(digest)).toBe(false);
  });
});
