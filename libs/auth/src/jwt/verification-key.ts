import { createHash, createPublicKey, createSecretKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { isSecretAlgorithm, type JwtAlgorithm, jwtAlgorithms, secretBytesMin } from './jwt-algorithm.js';

/** A key that signatures of tokens are checked with. */
export interface VerificationKey {
  /** Undefined where the issuer gave it no id, as in PEM. */
  readonly kid: string | undefined;
  /** What it may verify, by its type and its own `alg`: a token's header never decides that alone. */
  readonly algorithms: readonly JwtAlgorithm[];
  readonly key: KeyObject;
  /** The same for the same key wherever it was read from, and for no other one. */
  readonly fingerprint: string;
}

export interface ParsedKeys {
  readonly keys: readonly VerificationKey[];
  /** Why some keys are not used, one sentence each; says no key. */
  readonly ignored: readonly string[];
}

/** A document of keys cannot be used. The message says why, and repeats nothing of it. */
export class KeysError extends Error {
  override readonly name = 'KeysError';
}

/** Most keys in one document. Large issuers have a handful. */
export const keysMax = 100;
/** Longest key id. */
export const kidCharsMax = 256;
/** NIST SP 800-131A, and what verification may cost. */
const rsaBits = { min: 2_048, max: 8_192 };
const rsaExponent = { min: 3n, max: 4_294_967_295n };
const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;
const curveAlgorithms = new Map<string | undefined, JwtAlgorithm>([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
]);
const edwardsAlgorithms = ['EdDSA', 'Ed25519'] as const;
/** RFC 7518 section 6: what only a private or secret key has. */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];
const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;
const pemLabels = new Set(['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE']);
const base64Prefix = 'data:;base64,';

/**
 * Reads public keys: PEM (keys and certificates, several in one text), a JWK or a JWK Set.
 *
 * @throws KeysError when it is none of these, or holds a private key
 */
export function parsePublicKeys(text: string): ParsedKeys {
  if (text.includes('-----BEGIN ')) return parsePem(text);
  const value = parseJson(text);
  const keys = isObject(value) && 'kty' in value ? [value] : value;
  const parsed = parseKeySet(Array.isArray(keys) ? { keys } : keys);
  // A key pair where a public key should be is a leak that its owner must hear of.
  const leak = parsed.ignored.find((each) => each.endsWith(isPrivate));
  if (leak !== undefined) throw new KeysError(leak);
  return parsed;
}

/**
 * Reads a JWK Set as an issuer publishes it. Keys that cannot be used here are left out, as RFC 7517 section 5 wants it.
 *
 * @throws KeysError when it is no JWK Set
 */
export function parseJwks(text: string): ParsedKeys {
  return parseKeySet(parseJson(text));
}

/**
 * The secret of HS256, HS384 and HS512: bytes, or base64 after `data:;base64,` as Pulsar writes it. A line break at the
 * end of a text is not part of it.
 *
 * @throws KeysError when it is too short for one of the algorithms
 */
export function parseSecret(content: Buffer, algorithms: readonly JwtAlgorithm[]): ParsedKeys {
  const text = content.toString('latin1');
  const line = /^[\x20-\x7e]*\r?\n?$/.test(text) ? text.replace(/\r?\n$/, '') : text;
  const secret = line.startsWith(base64Prefix)
    ? Buffer.from(line.slice(base64Prefix.length), 'base64')
    : Buffer.from(line, 'latin1');
  for (const algorithm of algorithms) {
    const bytesMin = secretBytesMin(algorithm);
    if (secret.length < bytesMin) {
      throw new KeysError(`a secret for ${algorithm} has at least ${bytesMin} bytes`);
    }
  }
  if (secret.length === 0) throw new KeysError('the secret is empty');
  const usable = algorithms.filter(isSecretAlgorithm);
  const key = createSecretKey(secret);
  const fingerprint = createHash('sha256').update(secret).digest('base64');
  return { keys: [{ kid: undefined, algorithms: usable, key, fingerprint }], ignored: [] };
}

function parsePem(text: string): ParsedKeys {
  const keys: VerificationKey[] = [];
  const ignored: string[] = [];
  const blocks = [...text.matchAll(pemBlock)];
  if (blocks.length === 0) throw new KeysError('the PEM is not complete');
  if (blocks.length > keysMax) throw new KeysError(`there are more than ${keysMax} keys`);
  for (const [index, [block, label = '']] of blocks.entries()) {
    const which = `key ${index + 1}`;
    if (label.includes('PRIVATE')) throw new KeysError(`${which} ${isPrivate}`);
    if (!pemLabels.has(label)) throw new KeysError(`${which} is no public key or certificate`);
    addKey({ which, kid: undefined, only: undefined, read: () => createPublicKey(block) }, keys, ignored);
  }
  refuseUseless(keys, ignored);
  return { keys, ignored };
}

/** An empty list withdraws all keys. A list of what is none says nothing. */
function refuseUseless(keys: readonly VerificationKey[], ignored: readonly string[]): void {
  if (keys.length === 0 && ignored.length > 0) throw new KeysError(`no key can be used: ${ignored[0]}`);
}

function parseKeySet(value: unknown): ParsedKeys {
  const entries = isObject(value) ? value.keys : undefined;
  if (!Array.isArray(entries)) throw new KeysError('is no JWK Set: there is no list of keys');
  if (entries.length > keysMax) throw new KeysError(`there are more than ${keysMax} keys`);
  const keys: VerificationKey[] = [];
  const ignored: string[] = [];
  for (const [index, jwk] of (entries as readonly unknown[]).entries()) {
    const which = `key ${index + 1}`;
    const fault = isObject(jwk) ? jwkFault(jwk) : 'is no JWK';
    if (fault !== undefined) ignored.push(`${which} ${fault}`);
    else addJwk(jwk as Record<string, unknown>, which, keys, ignored);
  }
  refuseUseless(keys, ignored);
  return { keys, ignored };
}

const isPrivate = 'is a private or secret key, which must not be here';

function jwkFault(jwk: Record<string, unknown>): string | undefined {
  if (privateMembers.some((member) => Object.hasOwn(jwk, member))) return isPrivate;
  const { kid, use, alg, key_ops: operations } = jwk;
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > kidCharsMax))
    return 'has a kid that is none';
  if (use !== undefined && use !== 'sig') return 'is not for signatures';
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return 'is not for signatures';
  }
  if (alg !== undefined && !(jwtAlgorithms as readonly unknown[]).includes(alg))
    return 'is for another algorithm';
  return undefined;
}

function addJwk(
  jwk: Record<string, unknown>,
  which: string,
  keys: VerificationKey[],
  ignored: string[],
): void {
  const read = () => createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  const only = jwk.alg as JwtAlgorithm | undefined;
  addKey({ which, kid: jwk.kid as string | undefined, only, read }, keys, ignored);
}

interface KeyCandidate {
  readonly which: string;
  readonly kid: string | undefined;
  /** The only algorithm that its owner wants it used with. */
  readonly only: JwtAlgorithm | undefined;
  readonly read: () => KeyObject;
}

function addKey(candidate: KeyCandidate, keys: VerificationKey[], ignored: string[]): void {
  const { which, kid, only, read } = candidate;
  let key: KeyObject;
  try {
    key = read();
  } catch {
    ignored.push(`${which} cannot be read`);
    return;
  }
  const possible = algorithmsOf(key);
  const alike = (each: JwtAlgorithm) => (each === 'Ed25519' ? 'EdDSA' : each);
  const algorithms = only === undefined ? possible : possible.filter((each) => alike(each) === alike(only));
  if (algorithms.length === 0) ignored.push(`${which} is of a type, size or curve that is not used here`);
  else keys.push({ kid, algorithms, key, fingerprint: fingerprintOf(key) });
}

function fingerprintOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}

function algorithmsOf(key: KeyObject): readonly JwtAlgorithm[] {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'ed25519') return edwardsAlgorithms;
  if (key.asymmetricKeyType === 'ec') {
    const algorithm = curveAlgorithms.get(details?.namedCurve);
    return algorithm === undefined ? [] : [algorithm];
  }
  if (key.asymmetricKeyType !== 'rsa') return [];
  const { modulusLength = 0, publicExponent = 0n } = details ?? {};
  const usable =
    modulusLength >= rsaBits.min &&
    modulusLength <= rsaBits.max &&
    publicExponent >= rsaExponent.min &&
    publicExponent <= rsaExponent.max;
  return usable ? rsaAlgorithms : [];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new KeysError('is neither PEM nor JSON');
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
