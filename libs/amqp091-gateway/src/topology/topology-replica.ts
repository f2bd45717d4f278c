import type { Buffer } from 'node:buffer';
import type { Log } from '#libs/telemetry';
import { decodeTopologyRecord, type TopologyRecord, uidOfKey } from './topology-record.js';
import { VhostState } from './vhost-state.js';

/** What the log of a tenant says, by vhost. */
export class TopologyReplica {
  readonly #records = new Map<string, TopologyRecord>();
  readonly #vhosts = new Map<string, VhostState>();
  /** In the log, those that are not in force counted too. */
  readonly counts = { exchange: 0, queue: 0, binding: 0, unused: 0 };
  /** Records that this version does not know. */
  unknown = 0;

  constructor(private readonly log: Log) {}

  vhost(name: string): VhostState {
    let state = this.#vhosts.get(name);
    if (state === undefined) this.#vhosts.set(name, (state = new VhostState(this.log)));
    return state;
  }

  get vhosts(): Iterable<[string, VhostState]> {
    return this.#vhosts;
  }

  /** In the log's order; undefined: the key is gone. */
  apply(key: string, value: Buffer | undefined): void {
    const before = this.#records.get(key);
    const uid = uidOfKey(key) ?? '';
    if (before !== undefined) {
      this.#records.delete(key);
      this.counts[before.kind]--;
      this.vhost(before.vhost).remove(key, uid, before);
    }
    if (value === undefined) return;
    const record = decodeTopologyRecord(value);
    if (record === undefined || !key.startsWith(`${record.kind}.`)) {
      this.unknown++;
      return;
    }
    try {
      this.vhost(record.vhost).add(key, uid, record);
    } catch {
      this.unknown++;
      return;
    }
    this.#records.set(key, record);
    this.counts[record.kind]++;
  }
}
