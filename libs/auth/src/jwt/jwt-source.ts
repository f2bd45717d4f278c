import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { type Log, printable } from '#libs/telemetry';
import type { AuthSource, Credentials } from '../auth-source.js';
import type { AuthDecision, AuthPeer, DenyReason, Principal } from '../principal.js';
import type { TenantBinder } from '../tenant-binder.js';
import { looksLikeToken } from '../token-chain.js';
import { loadIssuerKeys } from './issuer-keys.js';
import type { JwtAlgorithm } from './jwt-algorithm.js';
import { ClaimFault, tokenIdentity } from './jwt-claims.js';
import { type JwtIssuerOptions, jwtIssuerDefaults, jwtIssuerFaults } from './jwt-issuer.js';
import { KeyRing, type KeyRingOptions, KeysUnavailable, WaitingTokens } from './key-ring.js';
import { TokenBearers } from './token-bearers.js';
import { kidCharsMax, type VerificationKey } from './verification-key.js';

export interface JwtSourceOptions {
  /** The first whose `issuer` is the token's decides about it. */
  readonly issuers: readonly JwtIssuerOptions[];
  readonly binder: TenantBinder;
  readonly log: Log;
  /** Milliseconds since 1970, what tokens are measured by. */
  readonly now?: () => number;
  /** A clock in milliseconds that never goes back, what the age of keys is measured by. */
  readonly monotonicNow?: () => number;
}

interface Issuer {
  readonly options: JwtIssuerOptions;
  readonly keys: KeyRing;
}

/** Why a token is refused, for the log; the client is told no more than that it is. */
class TokenRefused extends Error {
  constructor(
    message: string,
    readonly reason: DenyReason = 'bad-credentials',
  ) {
    super(message);
  }
}

/** Latest moment that a Date can say; a token that ends later never does. */
const timeMsMax = 8_640_000_000_000_000;
/** RFC 7519 section 5.1, RFC 9068 section 2.1. */
const tokenType = /^(application\/)?(at\+)?jwt$/i;

/**
 * JSON Web Tokens (RFC 7519, with the checks of RFC 8725). A token is believed when its issuer is known and a key of that
 * issuer, of the type that the issuer's `algorithms` allow, has signed it; when it is for one of the issuer's audiences;
 * and while it lasts, which it must say. A token of another issuer is `not-mine`.
 */
export class JwtSource implements AuthSource {
  readonly name = 'jwt';
  readonly #issuers = new Map<string, Issuer>();
  readonly #binder: TenantBinder;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #bearers = new TokenBearers();
  readonly #changeListeners = new Set<() => void>();
  readonly #revokedListeners = new Set<(principal: Principal) => void>();

  /** @throws Error naming every fault of the issuers' settings */
  constructor({ issuers, binder, log, now, monotonicNow }: JwtSourceOptions) {
    const faults = issuers.flatMap((options) =>
      jwtIssuerFaults(options).map(({ setting, message }) => `${options.name}.${setting}: ${message}`),
    );
    if (faults.length > 0) throw new Error(`token issuers: ${faults.join('; ')}`);
    this.#binder = binder;
    this.#log = log;
    this.#now = now ?? Date.now;
    const waiting = new WaitingTokens();
    for (const options of issuers) {
      if (this.#issuers.has(options.issuer)) continue;
      const keys = keyRingOf(options, { log, waiting, now: monotonicNow });
      keys.onWithdrawn((withdrawn) => this.#withdraw(options, withdrawn));
      this.#issuers.set(options.issuer, { options, keys });
    }
  }

  /**
   * Reads all keys. Files must be there and usable; an issuer that cannot be reached is asked again, and its tokens are
   * refused until then.
   *
   * @throws Error naming the issuer
   */
  async start(): Promise<void> {
    const starts = [...this.#issuers.values()].map(async ({ options, keys }) => {
      try {
        await keys.start();
      } catch (error) {
        if (options.jwksUrl !== undefined) return;
        throw new Error(`token issuer ${options.name}: ${(error as Error).message}`, { cause: error });
      }
    });
    await Promise.all(starts);
  }

  /** How old the keys of each issuer are. */
  keyAges(): { readonly issuer: string; readonly ageMs: number }[] {
    return [...this.#issuers.values()].map(({ options, keys }) => ({
      issuer: options.name,
      ageMs: keys.ageMs,
    }));
  }

  close(): void {
    for (const { keys } of this.#issuers.values()) keys.close();
  }

  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => void this.#changeListeners.delete(listener);
  }

  /** Calls back with everybody whose token was signed by a key that was taken out. */
  onRevoked(listener: (principal: Principal) => void): () => void {
    this.#revokedListeners.add(listener);
    return () => void this.#revokedListeners.delete(listener);
  }

  async authenticate(credentials: Credentials, peer: AuthPeer): Promise<AuthDecision> {
    const token = tokenOf(credentials);
    const issuer = this.#issuerOf(token);
    if (issuer === undefined) return { kind: 'not-mine' };
    try {
      return await this.#decide(token, issuer, peer);
    } catch (error) {
      const reason = denyReason(error);
      if (reason === undefined) throw error;
      this.#log.info(
        {
          event: 'jwt.refused',
          issuer: issuer.options.name,
          listener: peer.listener,
          remoteAddress: peer.remoteAddress,
          reason,
          why: printable((error as Error).message),
        },
        'a token was refused',
      );
      return { kind: 'deny', reason };
    }
  }

  /** By what the token says of itself: this only finds the keys that then must have signed it. */
  #issuerOf(token: string): Issuer | undefined {
    if (!looksLikeToken(token)) return undefined;
    try {
      const { iss } = decodeJwt(token);
      return typeof iss === 'string' ? this.#issuers.get(iss) : undefined;
    } catch {
      return undefined;
    }
  }

  async #decide(token: string, { options, keys }: Issuer, peer: AuthPeer): Promise<AuthDecision> {
    const { payload, key } = await this.#verify(token, options, keys);
    const toleranceMs = options.clockToleranceMs ?? jwtIssuerDefaults.clockToleranceMs;
    const expiresAtMs = this.#expiryOf(payload, toleranceMs);
    const { user, tenant: claimed, groups } = tokenIdentity(payload, options.claims ?? {}, options.tenant);
    const { tenant, deny } = this.#binder.bind(peer, { token: claimed });
    if (tenant === undefined) throw new TokenRefused('its tenant is not this one, or there is none', deny);
    const principal = { tenant, user, groups, anonymous: false, expiresAtMs, source: 'token' as const };
    if (!keys.holds(key)) throw new TokenRefused('its key was taken out meanwhile');
    this.#bearers.add(bearerKey(options, key), principal);
    return { kind: 'allow', principal };
  }

  /** What such a key has signed may be anybody's work: it may have been stolen, and the token say that it never ends. */
  #withdraw(options: JwtIssuerOptions, keys: readonly VerificationKey[]): void {
    for (const listener of this.#changeListeners) listener();
    for (const principal of keys.flatMap((key) => this.#bearers.take(bearerKey(options, key)))) {
      for (const listener of this.#revokedListeners) listener(principal);
    }
  }

  async #verify(
    token: string,
    options: JwtIssuerOptions,
    ring: KeyRing,
  ): Promise<{ payload: JWTPayload; key: VerificationKey }> {
    const { algorithm, kid } = headerOf(token, options.algorithms);
    const candidates = await ring.keysFor(algorithm, kid);
    const toleranceMs = options.clockToleranceMs ?? jwtIssuerDefaults.clockToleranceMs;
    for (const key of candidates) {
      try {
        const { payload } = await jwtVerify(token, key.key, {
          algorithms: [algorithm],
          issuer: options.issuer,
          audience: [...options.audience],
          requiredClaims: ['exp'],
          clockTolerance: Math.ceil(toleranceMs / 1_000),
          currentDate: new Date(this.#now()),
        });
        return { payload, key };
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      }
    }
    throw new TokenRefused(candidates.length === 0 ? 'no key fits' : 'no key of the issuer has signed it');
  }

  /**
   * When the identity ends: at the token's expiry, and at the end of the tolerance for one that comes after that. jose
   * counts in whole seconds; this does not, so that a token with a fractional expiry ends when it says.
   */
  #expiryOf({ exp, iat }: JWTPayload, toleranceMs: number): number {
    const nowMs = this.#now();
    const expiryMs = Math.min(Math.floor((exp as number) * 1_000), timeMsMax);
    const endMs = expiryMs > nowMs ? expiryMs : expiryMs + toleranceMs;
    if (!(endMs > nowMs)) throw new TokenRefused('it has expired', 'expired');
    if (iat !== undefined && iat * 1_000 > nowMs + toleranceMs) {
      throw new TokenRefused('it was issued in the future');
    }
    return endMs;
  }
}

function bearerKey({ issuer }: JwtIssuerOptions, { fingerprint }: VerificationKey): string {
  return `${fingerprint} ${issuer}`;
}

/** A token may stand in the place of a password. */
function tokenOf(credentials: Credentials): string {
  if (credentials.kind === 'certificate') return '';
  return credentials.kind === 'token' ? credentials.token : credentials.password;
}

function headerOf(
  token: string,
  allowed: readonly JwtAlgorithm[],
): { algorithm: JwtAlgorithm; kid: string | undefined } {
  const { alg, kid, typ } = headerFields(token);
  const algorithm = allowed.find((each) => each === alg);
  if (algorithm === undefined) throw new TokenRefused('its algorithm is not allowed for the issuer');
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > kidCharsMax)) {
    throw new TokenRefused('its key id is none');
  }
  // RFC 8725 section 3.11: an issuer signs other things too, proofs of possession and notices of logout among them.
  if (typ !== undefined && !(typeof typ === 'string' && tokenType.test(typ))) {
    throw new TokenRefused('it is no token of identity or access');
  }
  return { algorithm, kid };
}

function headerFields(token: string): { alg?: unknown; kid?: unknown; typ?: unknown } {
  try {
    return decodeProtectedHeader(token);
  } catch {
    throw new TokenRefused('its header cannot be read');
  }
}

/** Undefined for what is no fault of the token. */
function denyReason(error: unknown): DenyReason | undefined {
  if (error instanceof TokenRefused) return error.reason;
  if (error instanceof ClaimFault) return 'bad-credentials';
  // The ring has said in the log what is the matter; whether the token is right, nobody knows.
  if (error instanceof KeysUnavailable) return 'fault';
  if (error instanceof errors.JWTExpired) return 'expired';
  return error instanceof errors.JOSEError ? 'bad-credentials' : undefined;
}

function keyRingOf(
  options: JwtIssuerOptions,
  shared: Pick<KeyRingOptions, 'log' | 'waiting' | 'now'>,
): KeyRing {
  const { jwksUrl, staleMsMax = jwtIssuerDefaults.staleMsMax } = options;
  const refreshForUnknown = jwksUrl !== undefined;
  const refreshMs =
    options.refreshMs ?? jwtIssuerDefaults[refreshForUnknown ? 'jwksRefreshMs' : 'fileRefreshMs'];
  const load = () => loadIssuerKeys(options);
  return new KeyRing({ ...shared, issuer: options.name, load, refreshMs, staleMsMax, refreshForUnknown });
}
