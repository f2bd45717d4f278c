import type { Exchange } from '../exchanges/exchange.js';
import type { Queue } from './queue.js';
import { declarationKey, unusedKey } from './topology-record.js';
import type { VhostServices } from './vhost-services.js';
import type { BoundBinding } from './vhost-state.js';

/** Tombstones that are on their way at once. */
const removalsAtOnce = 32;

/** Takes declarations out of the log, and what goes with them. */
export class Removals {
  constructor(private readonly services: VhostServices) {}

  /** Resolves when it is gone for all; its bindings do not count from then on, and are removed later. */
  async remove(kind: 'exchange' | 'queue', { name, uid }: Exchange | Queue): Promise<void> {
    await this.#removeLate(kind, name);
    await this.services.records.put(declarationKey(kind, uid), null);
    await this.#removed(uid);
  }

  /**
   * The same where nothing is bound to the exchange: what the log's order says, so that a binding that somebody makes at the
   * same time either keeps it or is refused. Resolves to whether it is gone.
   */
  async removeUnused({ name, uid }: Exchange): Promise<boolean> {
    const { scope, state, records } = this.services;
    await this.#removeLate('exchange', name);
    await records.put(unusedKey(uid), { kind: 'unused', vhost: scope.vhost, name, uid });
    const isGone = !state.isInForce(uid);
    if (isGone) await records.put(declarationKey('exchange', uid), null);
    await records.put(unusedKey(uid), null);
    if (isGone) await this.#removed(uid);
    return isGone;
  }

  /** Of exchanges that lost a binding: those that were to live as long as they had any, and what is bound to nothing then. */
  async autoDelete(exchanges: Iterable<Exchange>): Promise<void> {
    const { state } = this.services;
    for (const exchange of exchanges) {
      if (exchange.autoDelete && state.isInForce(exchange.uid) && !state.isSource(exchange)) {
        await this.removeUnused(exchange);
      }
    }
  }

  /** One that came too late, and was not taken back, would take the place of what is removed. */
  async #removeLate(kind: 'exchange' | 'queue', name: string): Promise<void> {
    const { state, records } = this.services;
    const late = (kind === 'queue' ? state.queues : state.exchanges).ofName(name).slice(1);
    await Promise.all(late.map(({ uid }) => records.put(declarationKey(kind, uid), null)));
  }

  async #removed(uid: string): Promise<void> {
    const bindings = [...this.services.state.bindingsOf(uid)];
    this.#forget(bindings);
    await this.autoDelete(this.#sourcesOf(bindings, uid));
  }

  /** The exchanges that messages came from to `uid`. */
  #sourcesOf(bindings: readonly BoundBinding[], uid: string): Set<Exchange> {
    const sources = new Set<Exchange>();
    for (const { record } of bindings) {
      const source =
        record.destinationUid === uid ? this.services.state.exchangeOf(record.sourceUid) : undefined;
      if (source !== undefined) sources.add(source);
    }
    return sources;
  }

  /** Those of the log that do not count any more. */
  async forget(bindings: readonly BoundBinding[]): Promise<void> {
    const { records } = this.services;
    for (let from = 0; from < bindings.length; from += removalsAtOnce) {
      const some = bindings.slice(from, from + removalsAtOnce);
      await Promise.all(some.map(({ key }) => records.put(key, null)));
    }
  }

  #forget(bindings: readonly BoundBinding[]): void {
    this.forget(bindings).catch((error: unknown) => {
      const { scope, log } = this.services;
      const fields = { event: 'topology.leftover', tenant: scope.tenant.name, vhost: scope.vhost, error };
      log.warn(fields, 'bindings of what was deleted are left in the log, and will be removed later');
    });
  }
}
