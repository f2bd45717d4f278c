import type { Tenant } from '#libs/tenancy';
import { type CertificateRule, certificateIdentity } from './certificate-rule.js';
import type { AuthDecision, AuthPeer, Principal } from './principal.js';
import type { TenantBinder } from './tenant-binder.js';

/** Certificates' identities that are remembered, so that each user is one object. */
const principalsMax = 10_000;

/** Clients that are known by their certificate: the first rule that matches decides. */
export class CertificateSource {
  readonly #principals = new Map<string, Principal>();

  constructor(
    private readonly binder: TenantBinder,
    private readonly rules: readonly CertificateRule[],
  ) {}

  authenticate(peer: AuthPeer): AuthDecision {
    const identity = certificateIdentity(this.rules, peer.certificate?.attributes);
    if (identity === undefined) return { kind: 'not-mine' };
    if (identity === 'ambiguous') return { kind: 'deny', reason: 'bad-credentials' };
    const { tenant, deny } = this.binder.bind(peer, {});
    if (tenant === undefined) return { kind: 'deny', reason: deny };
    return { kind: 'allow', principal: this.#principal(tenant, identity.user, identity.groups) };
  }

  #principal(tenant: Tenant, user: string, groups: readonly string[]): Principal {
    const key = JSON.stringify([tenant.name, user, groups]);
    const known = this.#principals.get(key);
    if (known !== undefined) return known;
    if (this.#principals.size >= principalsMax) this.#principals.clear();
    const principal: Principal = { tenant, user, groups, anonymous: false, source: 'certificate' };
    this.#principals.set(key, principal);
    return principal;
  }
}
