import type { ClusterView, SliceClock } from '#libs/cluster';
import type { Tenant } from '#libs/tenancy';

/** Whose a client id is: one connection, at one gateway. */
export interface ClientClaim {
  readonly connectionId: string;
  readonly nodeId: number;
  /** Of that gateway's process. */
  readonly instance: string;
}

/** A connection of this gateway whose session ends with it. */
export interface TransientClient {
  readonly tenant: Tenant;
  readonly clientId: string;
  readonly connectionId: string;
  readonly slice: number;
  /** Its slice's owner has its will: that it has ended must be told. */
  readonly hasWill: boolean;
  takenOver(): void;
}

/** What a process that is not a member may still be before its connections count as ended. */
const goneMs = 5_000;

/** Which connection has each client id of a slice. In memory: gateways tell a new owner of the slice theirs. */
export class ClientClaims {
  readonly #claims = new Map<string, ClientClaim>();
  /** Processes that are not there, and since when. */
  readonly #missing = new Map<string, number>();
  #version = -1;

  constructor(
    private readonly cluster: Pick<ClusterView, 'members' | 'version' | 'self'>,
    private readonly clock: SliceClock,
  ) {}

  get size(): number {
    return this.#claims.size;
  }

  get(clientId: string): ClientClaim | undefined {
    return this.#claims.get(clientId);
  }

  set(clientId: string, claim: ClientClaim): void {
    this.#claims.set(clientId, claim);
  }

  /** Unless another connection has it by now. */
  delete(clientId: string, connectionId: string): boolean {
    if (this.#claims.get(clientId)?.connectionId !== connectionId) return false;
    return this.#claims.delete(clientId);
  }

  /** Processes that had connections and are gone for good: told once each. @param others more that have connections */
  gone(others: () => Iterable<string>): Set<string> {
    const now = this.clock.now();
    const { cluster } = this;
    if (cluster.version !== this.#version) {
      this.#version = cluster.version;
      const members = new Set(cluster.members().map(({ instance }) => instance));
      const known = new Set([...[...this.#claims.values()].map(({ instance }) => instance), ...others()]);
      for (const instance of known) {
        if (members.has(instance)) this.#missing.delete(instance);
        else if (!this.#missing.has(instance)) this.#missing.set(instance, now);
      }
    }
    const gone = new Set<string>();
    for (const [instance, since] of this.#missing) if (now - since >= goneMs) gone.add(instance);
    if (gone.size === 0) return gone;
    for (const instance of gone) this.#missing.delete(instance);
    for (const [clientId, { instance }] of this.#claims)
      if (gone.has(instance)) this.#claims.delete(clientId);
    return gone;
  }
}
