import { createHmac, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import type { JwtAlgorithm } from '../jwt-algorithm.js';

export type TestAlgorithm = Extract<JwtAlgorithm, 'RS256' | 'ES256' | 'ES384' | 'ES512' | 'EdDSA'>;

export interface TestKey {
  readonly kid: string | undefined;
  readonly alg: TestAlgorithm;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;
const hashes = { RS256: 'sha256', ES256: 'sha256', ES384: 'sha384', ES512: 'sha512', EdDSA: null } as const;

export function testKey(alg: TestAlgorithm, kid?: string): TestKey {
  if (alg === 'RS256') return { kid, alg, ...generateKeyPairSync('rsa', { modulusLength: 2_048 }) };
  if (alg === 'EdDSA') return { kid, alg, ...generateKeyPairSync('ed25519') };
  return { kid, alg, ...generateKeyPairSync('ec', { namedCurve: curves[alg] }) };
}

export function pemOf(...keys: readonly TestKey[]): string {
  return keys.map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'pem' })).join('\n');
}

export function jwkOf({ publicKey, kid, alg }: TestKey): JsonWebKey {
  return { ...publicKey.export({ format: 'jwk' }), ...(kid !== undefined && { kid }), alg, use: 'sig' };
}

export function jwksOf(...keys: readonly TestKey[]): { keys: JsonWebKey[] } {
  return { keys: keys.map(jwkOf) };
}

/** Base64url of a text, or of a value as JSON. */
export function encoded(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** Signs header and payload as they are: texts stay texts, so that anything can be signed. */
export function signed(key: TestKey, payload: unknown, header: Record<string, unknown> = {}): string {
  const { alg, kid } = key;
  const head = { alg, typ: 'JWT', ...(kid !== undefined && { kid }), ...header };
  const input = `${encoded(head)}.${encoded(payload)}`;
  const options = { key: key.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${input}.${sign(hashes[alg], Buffer.from(input), options).toString('base64url')}`;
}

/** Signed with a secret: also what an attacker does who takes a public key for one. */
export function signedWithSecret(
  secret: string | Buffer,
  payload: unknown,
  header: Record<string, unknown> = {},
): string {
  const input = `${encoded({ alg: 'HS256', typ: 'JWT', ...header })}.${encoded(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
