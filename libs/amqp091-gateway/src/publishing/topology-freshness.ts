import type { VhostTopology } from '../topology/vhost-topology.js';

/** So old may be what is known of a vhost when a message is said to come to no queue. */
const staleMsMax = 50;

/** When a vhost was last known to be up to date: who publishes what comes to no queue does not ask each time. */
export class TopologyFreshness {
  readonly #knownAt = new WeakMap<VhostTopology, number>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  isFresh(topology: VhostTopology): boolean {
    const knownAt = this.#knownAt.get(topology);
    return knownAt !== undefined && this.now() - knownAt <= staleMsMax;
  }

  /** Rejects as `caughtUp` does. */
  async await(topology: VhostTopology): Promise<undefined> {
    const askedAt = this.now();
    await topology.caughtUp();
    this.#knownAt.set(topology, askedAt);
    return undefined;
  }
}
