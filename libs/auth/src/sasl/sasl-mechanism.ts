import { Buffer } from 'node:buffer';
import type { Authenticator } from '../authenticator.js';
import type { AuthDecision, AuthPeer, Principal } from '../principal.js';
import {
  type BearerCredentials,
  bearerFailure,
  bearerFailureSeen,
  parseBearerMessage,
} from './sasl-oauthbearer.js';
import { parsePlainToken } from './sasl-plain.js';

/** Whom the mechanisms ask. */
export type SaslAuthority = Pick<Authenticator, 'authenticate' | 'plain' | 'scram'>;

/** What becomes of one token of the client. `message` is the mechanism's own token, empty where it has none. */
export type MechanismStep =
  | { readonly kind: 'continue'; readonly message: Buffer }
  | { readonly kind: 'allow'; readonly message: Buffer; readonly principal: Principal }
  /** `reason` is for the log only. */
  | { readonly kind: 'deny'; readonly message?: Buffer; readonly reason: string };

/** One exchange of one mechanism. After `allow` or `deny` it is over. May reject: a fault of ours. */
export interface MechanismExchange {
  next(token: Buffer): Promise<MechanismStep>;
}

const nothing = Buffer.alloc(0);

/**
 * @param framed whether a refusal has a place beside the mechanism's own tokens (SaslAuthenticate) or not (KIP-43)
 */
export function startMechanism(
  mechanism: string,
  authority: SaslAuthority,
  peer: AuthPeer,
  framed: boolean,
): MechanismExchange {
  switch (mechanism) {
    case 'PLAIN':
      return { next: (token) => plainStep(token, authority, peer) };
    case 'OAUTHBEARER':
      return new BearerExchange(authority, peer, framed);
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512':
      return authority.scram(mechanism, peer);
    default:
      throw new Error('a SASL mechanism is offered that nobody serves');
  }
}

async function plainStep(token: Buffer, authority: SaslAuthority, peer: AuthPeer): Promise<MechanismStep> {
  const credentials = parsePlainToken(token);
  if (typeof credentials === 'string') return { kind: 'deny', reason: credentials };
  return stepOf(await authority.plain(credentials.username, credentials.password, peer));
}

/**
 * RFC 7628 lets a server that refuses say so in a token, which the client answers with one byte before it is told that it
 * failed. Raw tokens go that way. With SaslAuthenticate the error goes with the token at once: clients that send their
 * token and wait for an error code only (kafkajs) would take the first answer for a success, and all others read it too.
 */
class BearerExchange implements MechanismExchange {
  #refusal: string | undefined;

  constructor(
    private readonly authority: SaslAuthority,
    private readonly peer: AuthPeer,
    private readonly framed: boolean,
  ) {}

  async next(token: Buffer): Promise<MechanismStep> {
    if (this.#refusal !== undefined) {
      const seen = token.length === 1 && token[0] === bearerFailureSeen;
      return { kind: 'deny', reason: seen ? this.#refusal : `${this.#refusal}; the client went on` };
    }
    const credentials = parseBearerMessage(token);
    const step: MechanismStep =
      typeof credentials === 'string'
        ? { kind: 'deny', reason: credentials }
        : bearerStep(
            await this.authority.authenticate({ kind: 'token', ...credentials }, this.peer),
            credentials,
          );
    if (step.kind !== 'deny') return step;
    const message = Buffer.from(bearerFailure);
    if (this.framed) return { ...step, message };
    this.#refusal = step.reason;
    return { kind: 'continue', message };
  }
}

/** Nobody acts for another: an authorization id is the user's own name, as it is said anywhere else. */
function bearerStep(decision: AuthDecision, { authorizationId }: BearerCredentials): MechanismStep {
  if (decision.kind !== 'allow' || authorizationId === undefined) return stepOf(decision);
  const { user, tenant } = decision.principal;
  const own = [user, `${tenant.name}/${user}`, `${user}@${tenant.name}`].includes(authorizationId);
  return own ? stepOf(decision) : { kind: 'deny', reason: "the authorization id is not the token's user" };
}

function stepOf(decision: AuthDecision): MechanismStep {
  if (decision.kind === 'allow') return { kind: 'allow', message: nothing, principal: decision.principal };
  return {
    kind: 'deny',
    reason: decision.kind === 'deny' ? decision.reason : 'no source knows these credentials',
  };
}
