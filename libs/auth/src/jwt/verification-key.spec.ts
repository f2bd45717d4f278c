import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { jwkOf, jwksOf, pemOf, testKey } from './testing/test-issuer.js';
import { KeysError, keysMax, parseJwks, parsePublicKeys, parseSecret } from './verification-key.js';

const rsa = testKey('RS256', 'r');
const ec = testKey('ES256', 'e');
const ed = testKey('EdDSA', 'd');
const ofSet = (...keys: readonly unknown[]) => parseJwks(JSON.stringify({ keys }));
const privatePem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

describe('parsePublicKeys', () => {
  it('reads PEM, a JWK, a list and a JWK Set', () => {
    expect(parsePublicKeys(pemOf(rsa, ec, ed)).keys.map(({ algorithms }) => algorithms[0])).toEqual([
      'RS256',
      'ES256',
      'EdDSA',
    ]);
    for (const value of [jwkOf(ec), [jwkOf(ec)], jwksOf(ec)]) {
      const [key] = parsePublicKeys(JSON.stringify(value)).keys;
      expect(key).toMatchObject({ kid: 'e', algorithms: ['ES256'] });
      expect(key!.key.equals(ec.publicKey)).toBe(true);
    }
  });

  it.each([
    ['nothing', ''],
    ['a word', 'hunter2'],
    ['a number', '7'],
    ['an object', '{}'],
    ['a private key', privatePem],
    ['a private key behind a public one', `${pemOf(ec)}${privatePem}`],
    ['a private JWK', JSON.stringify({ ...jwkOf(rsa), d: 'AQAB' })],
    ['a private JWK among public ones', JSON.stringify({ keys: [jwkOf(ec), { ...jwkOf(rsa), d: 'AQAB' }] })],
    ['a secret', JSON.stringify({ kty: 'oct', k: 'hunter2' })],
    ['half a PEM', pemOf(rsa).slice(0, 100)],
    ['a PEM of something else', '-----BEGIN PGP MESSAGE-----\naaaa\n-----END PGP MESSAGE-----'],
    ['a PEM of nothing', '-----BEGIN PUBLIC KEY-----\naaaa\n-----END PUBLIC KEY-----'],
    ['too many', pemOf(...Array.from({ length: keysMax + 1 }, () => ed))],
  ])('refuses %s, and does not repeat it', (_, text) => {
    let error: unknown;
    try {
      parsePublicKeys(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(KeysError);
    expect((error as Error).message).not.toContain('hunter2');
  });
});

describe('parseJwks', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' });
  const p256k = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' });
  const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });

  it.each([
    ['an RSA key of 1024 bits', weak],
    ['an RSA key of 64 Ki bits', { ...jwkOf(rsa), n: 'x'.repeat(10_923) }],
    ['an RSA key whose signatures are the text', { ...jwkOf(rsa), e: 'AQ' }],
    ['an RSA key that takes long', { ...jwkOf(rsa), e: 'x'.repeat(300) }],
    ['a curve that is not used', p256k],
    ['a key for agreement', x25519],
    ['a point that is not on its curve', { ...jwkOf(ec), y: jwkOf(ec).x }],
    ['a private key', { ...jwkOf(rsa), d: 'AQAB' }],
    ['a secret', { kty: 'oct', k: 'x'.repeat(64), alg: 'HS256', kid: 's' }],
    ['a key for encryption', { ...jwkOf(rsa), use: 'enc' }],
    ['a key that signs', { ...jwkOf(rsa), key_ops: ['sign'] }],
    ['a key for another algorithm', { ...jwkOf(rsa), alg: 'RSA-OAEP' }],
    ["a key for another type's algorithm", { ...jwkOf(rsa), alg: 'ES256' }],
    ['a key id that is none', { ...jwkOf(rsa), kid: 7 }],
    ['a key id of any length', { ...jwkOf(rsa), kid: 'k'.repeat(257) }],
    ['an unknown type', { kty: 'AKP', alg: 'ML-DSA-44', pub: 'aaaa' }],
    ['members of wrong types', { kty: 'RSA', n: 1, e: [] }],
    ['no members', { kty: 'RSA' }],
    ['an empty object', {}],
    ['null', null],
    ['a list', []],
    ['a text', 'key'],
  ])('leaves out %s', (_, jwk) => {
    const { keys, ignored } = ofSet(jwk, jwkOf(ec));
    expect(keys.map(({ kid }) => kid)).toEqual(['e']);
    expect(ignored).toHaveLength(1);
    expect(() => ofSet(jwk)).toThrow(KeysError);
  });

  it.each([
    ['a page', '<html></html>'],
    ['a list', '[]'],
    ['null', 'null'],
    ['no list', '{}'],
    ['keys by name', '{"keys":{"a":{}}}'],
    ['a number of keys', '{"keys":1}'],
    ['an abyss', '['.repeat(200_000)],
    ['too many keys', JSON.stringify({ keys: Array.from({ length: keysMax + 1 }, () => jwkOf(ed)) })],
  ])('refuses %s', (_, text) => {
    expect(() => parseJwks(text)).toThrow(KeysError);
  });

  it('takes an empty list at its word', () => {
    expect(ofSet()).toEqual({ keys: [], ignored: [] });
  });

  it('keeps a key to the algorithm that its owner names', () => {
    const [any] = ofSet({ ...jwkOf(rsa), alg: undefined }).keys;
    expect(any?.algorithms).toEqual(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']);
    expect(ofSet({ ...jwkOf(rsa), alg: 'PS384' }).keys[0]?.algorithms).toEqual(['PS384']);
    for (const alg of ['EdDSA', 'Ed25519']) {
      expect(ofSet({ ...jwkOf(ed), alg }).keys[0]?.algorithms).toEqual(['EdDSA', 'Ed25519']);
    }
  });
});

describe('parseSecret', () => {
  const secret = 's'.repeat(32);
  const bytesOf = (content: string | Buffer) =>
    parseSecret(Buffer.from(content), ['HS256']).keys[0]!.key.export().toString('latin1');

  it('reads a text, a line, bytes and base64', () => {
    expect(bytesOf(secret)).toBe(secret);
    expect(bytesOf(`${secret}\r\n`)).toBe(secret);
    expect(bytesOf(`data:;base64,${Buffer.from(secret).toString('base64')}\n`)).toBe(secret);
    const binary = Buffer.concat([Buffer.alloc(32, 0xff), Buffer.from('\n')]);
    expect(bytesOf(binary)).toBe(binary.toString('latin1'));
  });

  it.each(['', '\n', 's'.repeat(31), `${'s'.repeat(31)}\n`, 'data:;base64,', 'data:;base64,aGVsbG8='])(
    'refuses %j',
    (content) => {
      expect(() => parseSecret(Buffer.from(content), ['HS256'])).toThrow(KeysError);
    },
  );
});
