import {
  type AuthDecision,
  type AuthPeer,
  type AuthSource,
  type Credentials,
  looksLikeToken,
  type TenantBinder,
} from '#libs/auth';
import { isPulsarError, type PulsarClient } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';
import { forgedToken } from './forged-token.js';

export interface PulsarTokenSourceOptions {
  readonly binder: TenantBinder;
  /** Tenants whose clients may show Pulsar's tokens. */
  readonly tenants: readonly string[];
  readonly claims: {
    /** What the brokers take the role from (`tokenAuthClaim`). */
    readonly user: string;
    readonly tenant?: string | undefined;
  };
  readonly brokers: Pick<PulsarClient, 'tryIdentity'>;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

interface TokenClaims {
  readonly user: string;
  readonly tenant: string | undefined;
  readonly expiresAtMs: number | undefined;
}

/** Latest moment that a Date can say; a token that ends later never does. */
const timeMsMax = 8_640_000_000_000_000;
const attemptMsMax = 10_000;
/** Brokers change whom they believe with a restart only. */
const brokersVerifyAgeMs = 60_000;
const brokersBelieveAnybodyAgeMs = 5_000;

/**
 * The client's token is one of Pulsar's: a broker is asked whether it would let it in, by a connection that is used for
 * nothing else. The gateway has no key and believes nothing that no broker has verified. Brokers that let everybody in
 * would make everybody anybody, so a forged token is tried before: while it is not refused, all are.
 */
export class PulsarTokenSource implements AuthSource {
  readonly name = 'pulsar-token';
  readonly #underWay = new Map<string, Promise<boolean>>();
  #brokersVerify: { readonly answer: Promise<boolean>; untilMs: number } | undefined;

  constructor(private readonly options: PulsarTokenSourceOptions) {}

  /** @throws PulsarError when no broker could say */
  async authenticate(credentials: Credentials, peer: AuthPeer): Promise<AuthDecision> {
    const token = tokenOf(credentials);
    const { binder, claims, tenants } = this.options;
    const said = looksLikeToken(token) ? claimsOf(token, claims.user, claims.tenant) : undefined;
    if (said === undefined) return { kind: 'not-mine' };
    const { user, tenant: claimed, expiresAtMs } = said;
    const { tenant, deny } = binder.bind(peer, { token: claimed });
    if (tenant === undefined) return { kind: 'deny', reason: deny };
    if (!tenants.includes(tenant.name)) return { kind: 'not-mine' };
    if (expiresAtMs !== undefined && expiresAtMs <= (this.options.now ?? Date.now)()) {
      return { kind: 'deny', reason: 'expired' };
    }
    if (!(await this.#brokersVerifyTokens())) return { kind: 'deny', reason: 'fault' };
    if (!(await this.#tryOnce(token))) return { kind: 'deny', reason: 'bad-credentials' };
    const principal = { tenant, user, groups: [], anonymous: false, source: 'pulsar-token' as const };
    return {
      kind: 'allow',
      principal: expiresAtMs === undefined ? principal : { ...principal, expiresAtMs },
    };
  }

  /** Clients that come at the same time with the same token are one attempt. */
  #tryOnce(token: string): Promise<boolean> {
    const present = this.#underWay.get(token);
    if (present) return present;
    const attempt = this.#taken(token).finally(() => this.#underWay.delete(token));
    this.#underWay.set(token, attempt);
    return attempt;
  }

  #brokersVerifyTokens(): Promise<boolean> {
    const now = performance.now();
    if (this.#brokersVerify !== undefined && now < this.#brokersVerify.untilMs) {
      return this.#brokersVerify.answer;
    }
    const answer = this.#taken(forgedToken()).then((taken) => !taken);
    const asked = { answer, untilMs: now + brokersVerifyAgeMs };
    this.#brokersVerify = asked;
    answer.then(
      (verify) => {
        if (verify) return;
        asked.untilMs = performance.now() + brokersBelieveAnybodyAgeMs;
        this.options.log.error(
          { event: 'pulsar-token.brokers-verify-nothing' },
          'the brokers take a forged token: authentication by tokens is off there, so no token is believed here',
        );
      },
      () => {
        asked.untilMs = 0;
      },
    );
    return answer;
  }

  /** Whether a broker lets it in. Rejects when none could say, or not in time. */
  async #taken(token: string): Promise<boolean> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`no broker has judged a token within ${attemptMsMax} ms`)),
      attemptMsMax,
    );
    try {
      await Promise.race([
        this.options.brokers.tryIdentity({ auth: { method: 'token', token } }),
        late.promise,
      ]);
      return true;
    } catch (error) {
      // The second: who it is may not connect for itself, as the roles of proxies.
      if (isPulsarError(error, 'AuthenticationError') || isPulsarError(error, 'AuthorizationError')) {
        return false;
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A token may stand in the place of a password. */
function tokenOf(credentials: Credentials): string {
  if (credentials.kind === 'certificate') return '';
  return credentials.kind === 'token' ? credentials.token : credentials.password;
}

/** What the token says, unverified; undefined when it is none that says who somebody is. */
function claimsOf(
  token: string,
  userClaim: string,
  tenantClaim: string | undefined,
): TokenClaims | undefined {
  const [header, payload] = token.split('.').slice(0, 2).map(objectOf);
  const algorithm = header?.get('alg');
  // What nobody signed no broker needs to be asked about.
  if (typeof algorithm !== 'string' || algorithm.toLowerCase() === 'none') return undefined;
  const user = payload?.get(userClaim);
  const tenant = tenantClaim === undefined ? undefined : payload?.get(tenantClaim);
  const expiry = payload?.get('exp');
  if (typeof user !== 'string' || user === '') return undefined;
  if (tenantClaim !== undefined && typeof tenant !== 'string') return undefined;
  if (expiry !== undefined && !(typeof expiry === 'number' && Number.isFinite(expiry))) return undefined;
  const expiresAtMs = expiry === undefined ? undefined : Math.min(Math.floor(expiry * 1_000), timeMsMax);
  return { user, tenant: tenant as string | undefined, expiresAtMs };
}

/** A map: no claim is there because every object has something of its name. */
function objectOf(part: string): ReadonlyMap<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
    return new Map(Object.entries(value));
  } catch {
    return undefined;
  }
}
