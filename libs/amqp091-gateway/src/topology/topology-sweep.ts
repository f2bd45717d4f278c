import type { AgreedVhost } from './agreed-vhost.js';
import type { Queue } from './queue.js';
import { declarationKey } from './topology-record.js';
import type { VhostServices } from './vhost-services.js';
import type { BoundBinding } from './vhost-state.js';

/** What is known of the gateways when a sweep begins. */
export interface SweepView {
  readonly nowMs: number;
  isAlive(instance: string): boolean;
  /** Whether this gateway is the one that removes it. */
  isMine(uid: string): boolean;
}

/** Removed in one sweep: the next goes on. */
const removedPerSweep = 1_000;

/**
 * Removes what nobody else does: queues whose gateway is gone, exclusive ones whose connection ended while the log was away,
 * and what gateways that ended in the middle of a change left in the log.
 */
export class TopologySweep {
  /** When each was first found to be nobody's, by uid or key. */
  #since = new Map<string, number>();

  constructor(
    private readonly services: VhostServices,
    private readonly vhost: AgreedVhost,
    /** So long it was seen by nobody: a gateway that is only slow, or a change that is on its way, takes less. */
    private readonly graceMs: number,
  ) {}

  async sweep(view: SweepView): Promise<void> {
    const found = new Map<string, number>();
    const isDue = (key: string): boolean => {
      const since = this.#since.get(key) ?? view.nowMs;
      found.set(key, since);
      return view.nowMs - since >= this.graceMs && view.isMine(key);
    };
    const queues = this.#ownerless(view).filter(({ uid }) => isDue(uid));
    const late = this.#late().filter((key) => isDue(key));
    const bindings = this.#idleBindings().filter(({ key }) => isDue(key));
    const unused = [...this.services.state.unused].filter(([key]) => isDue(key));
    this.#since = found;
    await this.#attempt(() => this.vhost.retryEnded(view.nowMs));
    for (const queue of queues.slice(0, removedPerSweep))
      await this.#attempt(() => this.vhost.expireQueue(queue));
    for (const key of late.slice(0, removedPerSweep)) {
      await this.#attempt(() => this.services.records.put(key, null));
    }
    for (const [key, { uid }] of unused.slice(0, removedPerSweep)) {
      await this.#attempt(() => this.#finish(key, uid));
    }
    await this.#attempt(() => this.vhost.removals.forget(bindings.slice(0, removedPerSweep)));
  }

  /** What cannot be removed now does not keep the rest: it is tried again. */
  async #attempt(removal: () => Promise<unknown>): Promise<void> {
    try {
      await removal();
    } catch (error) {
      const { scope, log } = this.services;
      const fields = { event: 'topology.sweep', tenant: scope.tenant.name, vhost: scope.vhost, error };
      log.warn(fields, 'what is left of other gateways could not be removed; it is tried again');
    }
  }

  /** A deletion whose writer ended in the middle of it: what it was decides the state that it left here. */
  async #finish(key: string, uid: string): Promise<void> {
    const { state, records } = this.services;
    if (!state.isInForce(uid)) await records.put(declarationKey('exchange', uid), null);
    await records.put(key, null);
  }

  #ownerless({ isAlive }: SweepView): Queue[] {
    return [...this.services.state.queues].filter(
      ({ owner }) => owner !== undefined && !isAlive(owner.instance),
    );
  }

  /** Declarations whose writers did not take them back. */
  #late(): string[] {
    const { exchanges, queues } = this.services.state;
    return [
      ...[...exchanges.late()].map(({ uid }) => declarationKey('exchange', uid)),
      ...[...queues.late()].map(({ uid }) => declarationKey('queue', uid)),
    ];
  }

  /** An end of them is gone, and will never be there again: it would be another. */
  #idleBindings(): BoundBinding[] {
    return [...this.services.state.bindings()].filter(({ isActive }) => !isActive);
  }
}
