import type { Tenant } from '#libs/tenancy';
import type { Amqp091Scope } from './scope.js';
import type { VhostTopology } from './vhost-topology.js';

/** What is declared by AMQP 0-9-1 clients, of all tenants. */
export interface Topologies {
  /**
   * Resolves when it is known what is declared. Rejects with Amqp091Error: `not-allowed` where the tenant has no such vhost,
   * `internal-error` where it cannot be read now.
   *
   * @param vhost as connection.open says it
   */
  open(tenant: Tenant, vhost: string): Promise<VhostTopology>;
  /** The same without waiting; undefined where it was never opened. */
  find(scope: Amqp091Scope): VhostTopology | undefined;
  /**
   * Told of each vhost of which it is known what is declared in it, those of now and those to come; and of each whose tenant
   * is removed. Returns the way to cancel.
   */
  onVhost(listener: (topology: VhostTopology, isThere: boolean) => void): () => void;
  close(): Promise<void>;
}
