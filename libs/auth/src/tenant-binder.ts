import { bindTenant, type Tenant, type TenantBinding, type TenantDirectory } from '#libs/tenancy';
import { type CertificateRule, certificateIdentity } from './certificate-rule.js';
import type { AuthPeer } from './principal.js';

/** What a listener says about the tenant of who comes through it. */
export interface TenantListener {
  readonly name: string;
  /** Everybody here is of this tenant. */
  readonly tenant?: string | undefined;
  /** The tenant of those who name none. */
  readonly defaultTenant?: string | undefined;
}

export interface TenantBinderOptions {
  readonly tenants: TenantDirectory;
  readonly listeners: readonly TenantListener[];
  /** In their order; the first that matches a certificate decides. */
  readonly certificates?: readonly CertificateRule[] | undefined;
}

/** The tenants that the client's credentials name, where they do. */
export interface NamedTenants {
  /** In the user name. */
  readonly userName?: string | undefined;
  readonly token?: string | undefined;
  /** The tenant that the listener gives to clients without credentials. */
  readonly anonymous?: string | undefined;
}

/** Binds a client to one tenant by all that is known of it; the precedence is `bindTenant`'s. */
export class TenantBinder {
  readonly tenants: TenantDirectory;
  readonly #certificates: readonly CertificateRule[];
  readonly #listeners: ReadonlyMap<string, TenantListener>;

  constructor({ tenants, listeners, certificates }: TenantBinderOptions) {
    this.tenants = tenants;
    this.#certificates = certificates ?? [];
    this.#listeners = new Map(listeners.map((listener) => [listener.name, listener]));
  }

  bind(peer: AuthPeer, claims: NamedTenants): TenantBinding {
    return this.#bind(peer, claims, this.#listeners.get(peer.listener)?.defaultTenant);
  }

  /** The tenant of everybody who comes as this client does, whatever they name; undefined where they may choose. */
  ofPlace(peer: AuthPeer): Tenant | undefined {
    return this.#bind(peer, {}, undefined).tenant;
  }

  #bind(peer: AuthPeer, claims: NamedTenants, fallback: string | undefined): TenantBinding {
    const listener = this.#listeners.get(peer.listener);
    const identity = certificateIdentity(this.#certificates, peer.certificate?.attributes);
    // A certificate whose names contradict each other says nothing that a tenant could rest on.
    if (identity === 'ambiguous') return { deny: 'tenant-mismatch' };
    return bindTenant(
      {
        serverName: peer.serverName,
        listener: listener?.tenant,
        certificate: identity?.tenant,
        userName: claims.userName ?? claims.anonymous,
        token: claims.token,
        fallback,
      },
      this.tenants,
    );
  }
}
