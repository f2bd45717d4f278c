/** Signatures with a key pair, RFC 7518 section 3.1 and RFC 8037; `Ed25519` is RFC 9864's name of the only curve `EdDSA` has here. */
export const publicKeyAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** Signatures with a secret that issuer and gateway share. */
export const secretAlgorithms = ['HS256', 'HS384', 'HS512'] as const;

/** What a token may be signed with. `none` is not among them, and neither is encryption. */
export const jwtAlgorithms = [...publicKeyAlgorithms, ...secretAlgorithms] as const;

export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

export function isSecretAlgorithm(algorithm: JwtAlgorithm): boolean {
  return (secretAlgorithms as readonly string[]).includes(algorithm);
}

/** A secret has at least as many bytes as the hash (RFC 7518 section 3.2); a shorter one can be guessed. */
export function secretBytesMin(algorithm: JwtAlgorithm): number {
  return Number(algorithm.slice(2)) / 8;
}
