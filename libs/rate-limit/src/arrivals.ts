import type { ConnectionLimits } from '#libs/tenancy';
import { EntityPool } from './entity-pool.js';
import type { LimitedEntity } from './limited-entity.js';
import type { LimitManner } from './quota-bucket.js';
import type { LimitCounts } from './quota-counts.js';

/** Connections before anybody said who it is: those of the gateway, and of each address. */
export class Arrivals {
  readonly #addresses: EntityPool;
  #ofAddress: ConnectionLimits = {};
  #manner: LimitManner = { throttleMsMax: 0, dryRun: false };

  constructor(
    private readonly gateway: LimitedEntity,
    counts: LimitCounts,
    private readonly now: () => number,
  ) {
    this.#addresses = new EntityPool(counts);
  }

  set(ofAddress: ConnectionLimits, manner: LimitManner): void {
    this.#ofAddress = ofAddress;
    this.#manner = manner;
  }

  /**
   * One more connection; each that is admitted is to be given back by `left`. Undefined: it is admitted.
   * @param network the address, as limits count by (transport's `PeerInfo.network`)
   */
  admit(network: string): 'gateway' | 'address' | undefined {
    const nowMs = this.now();
    const address = this.#addresses.use(network);
    address.set(this.#ofAddress, this.#manner, nowMs);
    const { dryRun } = this.#manner;
    const refusal =
      address.connectionRefusal(nowMs, dryRun) !== undefined
        ? 'address'
        : this.gateway.connectionRefusal(nowMs, dryRun) && 'gateway';
    if (refusal !== undefined) {
      this.#addresses.release(network, nowMs);
      return refusal;
    }
    address.connections++;
    this.gateway.connections++;
    return undefined;
  }

  left(network: string): void {
    const address = this.#addresses.use(network);
    address.connections--;
    this.gateway.connections--;
    const nowMs = this.now();
    this.#addresses.release(network, nowMs);
    this.#addresses.release(network, nowMs);
  }
}
