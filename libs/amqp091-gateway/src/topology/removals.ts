import type { Exchange } from '../exchanges/exchange.js';
import type { Queue } from './queue.js';
import { declarationKey } from './topology-record.js';
import type { VhostServices } from './vhost-services.js';
import type { BoundBinding } from './vhost-state.js';

/** Tombstones that are on their way at once. */
const removalsAtOnce = 32;

/** Takes declarations out of the log, and what goes with them. */
export class Removals {
  constructor(private readonly services: VhostServices) {}

  /** Resolves when it is gone for all; its bindings do not count from then on, and are removed later. */
  async remove(kind: 'exchange' | 'queue', { name, uid }: Exchange | Queue): Promise<void> {
    const { state, records } = this.services;
    const bindings = [...state.bindingsOf(uid)];
    const sources = sourcesOf(bindings, uid);
    const declared = kind === 'queue' ? state.queues : state.exchanges;
    // One that came too late, and was not taken back, would take its place.
    const late = declared.ofName(name).slice(1);
    await Promise.all(late.map((each) => records.put(declarationKey(kind, each.uid), null)));
    await records.put(declarationKey(kind, uid), null);
    this.#forget(bindings);
    await this.autoDelete(sources);
  }

  /** Of exchanges that lost a binding: those that were to live as long as they had any, and what is bound to nothing then. */
  async autoDelete(exchanges: Iterable<Exchange>): Promise<void> {
    const { state } = this.services;
    for (const exchange of exchanges) {
      if (!exchange.autoDelete || !state.isInForce(exchange.uid) || state.isSource(exchange)) continue;
      await this.remove('exchange', exchange);
    }
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

/** The exchanges that messages came from to `uid`. */
function sourcesOf(bindings: readonly BoundBinding[], uid: string): Set<Exchange> {
  const sources = new Set<Exchange>();
  for (const { source, record } of bindings) {
    if (source !== undefined && record.destinationUid === uid) sources.add(source.exchange);
  }
  return sources;
}
