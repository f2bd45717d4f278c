import { TenantDirectory } from '#libs/tenancy';
import { silentLog } from '#libs/telemetry';
import type { AuthSource, Credentials } from '../auth-source.js';
import { Authenticator, type AuthenticatorOptions } from '../authenticator.js';
import type { AuthDecision, AuthPeer, Principal } from '../principal.js';
import { tenant } from './tenants.js';

/** Two tenants with host names, a listener of each kind, and sources that answer what they are told to. */

export const acme = { ...tenant('acme'), serverNames: ['acme.example'] };
export const demo = { ...tenant('demo'), serverNames: ['demo.example'] };
export const namedTenants = new TenantDirectory([acme, demo]);
export const listeners = [
  { name: 'kafka', defaultTenant: 'acme' },
  { name: 'only-demo', tenant: 'demo' },
  { name: 'network', defaultTenant: 'acme', secretsNeedTls: true },
  { name: 'open', anonymousTenant: 'demo' },
  { name: 'scram', saslMechanisms: ['SCRAM-SHA-256', 'PLAIN'] as const, secretsNeedTls: true },
];
export const users = [
  { name: 'alice', tenant: 'acme', password: 'secret' },
  { name: 'alice', tenant: 'demo', password: 'other' },
];
export const peer: AuthPeer = { listener: 'kafka', remoteAddress: '10.0.0.1' };
export const token = 'aaaa.bbbb.cccc';

/** Answers what it is told to, and remembers what it was asked. */
export class ScriptedSource implements AuthSource {
  readonly asked: Credentials[] = [];
  changed = () => {};

  constructor(
    readonly name: string,
    public answer: (credentials: Credentials) => AuthDecision | Promise<AuthDecision>,
  ) {}

  authenticate(credentials: Credentials): AuthDecision | Promise<AuthDecision> {
    this.asked.push(credentials);
    return this.answer(credentials);
  }

  onChange(listener: () => void): () => void {
    this.changed = listener;
    return () => {};
  }
}

export const principal = (user: string, rest: Partial<Principal> = {}): Principal => ({
  ...{ tenant: acme, user, groups: [], anonymous: false, source: 'token' },
  ...rest,
});
export const allow = (user: string, rest?: Partial<Principal>) => (): AuthDecision => ({
  kind: 'allow',
  principal: principal(user, rest),
});
export const notMine = (): AuthDecision => ({ kind: 'not-mine' });
export const deny = (): AuthDecision => ({ kind: 'deny', reason: 'bad-credentials' });

export function start(
  sources: readonly AuthSource[],
  options: Partial<AuthenticatorOptions> = {},
): Authenticator {
  return new Authenticator({
    ...{
      users,
      tenants: namedTenants,
      listeners,
      sources,
      log: silentLog,
      failureFloorMs: 0,
      failuresPerAddressBurst: 1_000,
    },
    ...options,
  });
}

export const byToken = (authenticator: Authenticator, authorizationId?: string, at = peer) =>
  authenticator.authenticate(
    { kind: 'token', token, ...(authorizationId !== undefined && { authorizationId }) },
    at,
  );
