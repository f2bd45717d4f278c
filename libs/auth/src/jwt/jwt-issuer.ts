import { isSecretAlgorithm, type JwtAlgorithm } from './jwt-algorithm.js';
import type { JwtClaimNames } from './jwt-claims.js';
import { jwksUrlFault } from './jwks-download.js';

/** Somebody whose tokens are believed, for what, and how they are checked. */
export interface JwtIssuerOptions {
  /** Name in logs. */
  readonly name: string;
  /** The `iss` of its tokens, character by character. */
  readonly issuer: string;
  /** One of these must be among a token's `aud`. */
  readonly audience: readonly string[];
  readonly algorithms: readonly JwtAlgorithm[];
  /** PEM, JWK or JWK Set. Exactly one of this and the next three. */
  readonly keysFile?: string | undefined;
  readonly jwksUrl?: string | undefined;
  readonly secretFile?: string | undefined;
  /** The secret itself, from the environment. */
  readonly secret?: string | undefined;
  /** The only authorities that are trusted for `jwksUrl`. */
  readonly caFile?: string | undefined;
  /** How often keys are read again. Default 300,000 for `jwksUrl`, 10,000 for files. */
  readonly refreshMs?: number | undefined;
  /** For how long known keys serve while they cannot be read again. Default 86,400,000. */
  readonly staleMsMax?: number | undefined;
  /** Clocks may differ by so much. Default 30,000. */
  readonly clockToleranceMs?: number | undefined;
  readonly claims?: JwtClaimNames | undefined;
  /** The tenant of all its users; exactly one of this and `claims.tenant`. */
  readonly tenant?: string | undefined;
}

/** Longest `iss` that is looked for. */
export const issuerCharsMax = 1_024;

export const jwtIssuerDefaults = {
  jwksRefreshMs: 300_000,
  fileRefreshMs: 10_000,
  staleMsMax: 86_400_000,
  clockToleranceMs: 30_000,
} as const;

/** What is wrong with an issuer: the setting and a sentence for each. */
export function jwtIssuerFaults(
  options: JwtIssuerOptions,
): { readonly setting: keyof JwtIssuerOptions; readonly message: string }[] {
  const faults: { setting: keyof JwtIssuerOptions; message: string }[] = [];
  const { keysFile, jwksUrl, secretFile, secret, algorithms } = options;
  const sources = [keysFile, jwksUrl, secretFile, secret].filter((each) => each !== undefined);
  if (sources.length !== 1) {
    faults.push({
      setting: 'name',
      message: 'give exactly one of keysFile, jwksUrl, secretFile and secretEnv',
    });
  }
  if (options.issuer.length === 0 || options.issuer.length > issuerCharsMax) {
    faults.push({ setting: 'issuer', message: `an issuer has 1 to ${issuerCharsMax} characters` });
  }
  if (options.audience.length === 0 || options.audience.includes('')) {
    faults.push({
      setting: 'audience',
      message: 'without an audience, tokens for others would be accepted here',
    });
  }
  if (algorithms.length === 0) faults.push({ setting: 'algorithms', message: 'name at least one' });
  // A public key that were taken for a secret would let everybody sign.
  const hasSecret = secretFile !== undefined || secret !== undefined;
  const wrong = algorithms.find((each) => isSecretAlgorithm(each) !== hasSecret);
  if (wrong !== undefined) {
    const needs = hasSecret ? 'keysFile or jwksUrl' : 'secretFile or secretEnv';
    faults.push({ setting: 'algorithms', message: `${wrong} goes with ${needs}` });
  }
  const urlFault = jwksUrl === undefined ? undefined : jwksUrlFault(jwksUrl);
  if (urlFault !== undefined) faults.push({ setting: 'jwksUrl', message: urlFault });
  if (options.caFile !== undefined && !jwksUrl?.startsWith('https:')) {
    faults.push({ setting: 'caFile', message: 'goes with a jwksUrl of https' });
  }
  // Without a tenant of its own, a token would open whatever tenant its bearer asks for.
  if ((options.tenant === undefined) === (options.claims?.tenant === undefined)) {
    faults.push({ setting: 'tenant', message: 'give exactly one of tenant and claims.tenant' });
  }
  return faults;
}
