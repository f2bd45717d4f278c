import type { AuthorizationRule } from './authorization-rule.js';
import type { ScramCredential, ScramMechanism } from './scram-credential.js';

/** A rule that was made while gateways run. Equal rules have the same id: to add one again changes nothing. */
export interface StoredRule {
  readonly id: string;
  readonly rule: AuthorizationRule;
}

/**
 * The rules of tenants that were made while gateways run, the same for all gateways. What is resolved holds here, is
 * stored, and holds elsewhere as soon as they have read it.
 */
export interface SecurityRules {
  /** Those in force. @throws SecurityStateError 'unavailable' while nobody can say */
  rules(tenant: string): readonly StoredRule[];
  /** Rejects with SecurityStateError. When one cannot be stored, others of the call may be. */
  add(tenant: string, rules: readonly AuthorizationRule[]): Promise<void>;
  /** Ids that are not there are passed over. Rejects with SecurityStateError. */
  remove(tenant: string, ids: readonly string[]): Promise<void>;
}

/** One credential without its secrets. */
export interface ScramUser {
  readonly user: string;
  readonly mechanism: ScramMechanism;
  readonly iterations: number;
}

/** Users of the operator, whom nobody changes by a protocol. */
export interface ConfiguredScramUsers {
  isConfigured(tenant: string, user: string): boolean;
  /** Those that have SCRAM credentials. */
  list(tenant: string): readonly ScramUser[];
}

/** SCRAM credentials that were made while gateways run, as `SecurityRules`; those of the operator's users are listed too. */
export interface ScramUsers {
  /** Whether the user is the operator's: then it cannot be changed here. */
  isConfigured(tenant: string, user: string): boolean;
  /** @throws SecurityStateError 'unavailable' while nobody can say */
  list(tenant: string): readonly ScramUser[];
  /** Replaces the one of the same mechanism. Rejects with SecurityStateError. */
  set(tenant: string, user: string, credential: ScramCredential): Promise<void>;
  /** Rejects with SecurityStateError. */
  remove(tenant: string, user: string, mechanism: ScramMechanism): Promise<void>;
}

/**
 * - unavailable: the state was not read yet, or Pulsar is away; later it may be done
 * - timeout: the change was sent and not confirmed; whether it holds is unknown
 * - limit: a tenant, or all of them, have as many as there may be
 * - refused: it is none (a name, a verifier or a rule that cannot be)
 * - configured: it is the operator's, in the configuration
 */
export type SecurityStateFault = 'unavailable' | 'timeout' | 'limit' | 'refused' | 'configured';

/** Why the state of tenants' permissions and credentials was not read or changed. */
export class SecurityStateError extends Error {
  override readonly name = 'SecurityStateError';

  constructor(
    readonly fault: SecurityStateFault,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}
