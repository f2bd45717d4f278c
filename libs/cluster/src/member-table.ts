import type { MemberRecord } from './member-record.js';

/** Who has a node id. */
export interface Holder {
  readonly record: MemberRecord;
  /** Wrote more than its claim: it read it back, and knows that the id is its own. */
  readonly confirmed: boolean;
  /** Time of its last record by the log's clock, in ms since 1970. */
  readonly timestampMs: number;
  /** The same by this process's clock: when it was last known to live. */
  readonly heardAt: number;
}

/**
 * Who has which node id: a pure function of the log and its clock, so that all gateways say the same. The order of the
 * records decides. A record for an id that another instance has is passed over, unless that one
 *
 * - left, or was silent for longer than it promised (by the log's timestamps);
 * - is named by the record as gone (`replaces`);
 * - has no more than a claim, and the record is not one: who writes that has read its own claim back.
 */
export class MemberTable {
  readonly #holders = new Map<number, Holder>();

  /** @param now by this process's clock. Gives whether the record counts. */
  apply(record: MemberRecord, timestampMs: number, now: number): boolean {
    const holder = this.#holders.get(record.nodeId);
    if (holder !== undefined && !mayFollow(record, holder, timestampMs)) return false;
    const isRepeated = holder?.record.instance === record.instance && holder.confirmed;
    const confirmed = record.state !== 'claim' || isRepeated;
    this.#holders.set(record.nodeId, { record, confirmed, timestampMs, heardAt: now });
    return true;
  }

  holder(nodeId: number): Holder | undefined {
    return this.#holders.get(nodeId);
  }

  /** The lowest id that is free or that `alsoFree` says so of. */
  lowestFree(logNowMs: number, alsoFree: (holder: Holder) => boolean): number {
    for (let nodeId = 0; ; nodeId++) {
      const holder = this.#holders.get(nodeId);
      if (holder === undefined || isGone(holder, logNowMs) || alsoFree(holder)) return nodeId;
    }
  }

  /** Those who said so themselves and were heard of, by node id. */
  alive(now: number): MemberRecord[] {
    const alive: MemberRecord[] = [];
    for (const { record, confirmed, heardAt } of this.#holders.values()) {
      if (confirmed && record.state !== 'left' && now - heardAt <= record.timeoutMs) alive.push(record);
    }
    return alive.sort((a, b) => a.nodeId - b.nodeId);
  }

  /** Records of the past become as old as the log says they are. */
  age(logNowMs: number, now: number): void {
    for (const [nodeId, holder] of this.#holders) {
      const silentMs = Math.max(0, logNowMs - holder.timestampMs);
      this.#holders.set(nodeId, { ...holder, heardAt: now - silentMs });
    }
  }

  /** Those who live are as if they were heard of now. */
  renew(now: number): void {
    for (const { nodeId } of this.alive(now)) {
      this.#holders.set(nodeId, { ...this.#holders.get(nodeId)!, heardAt: now });
    }
  }

  /** For so long nobody could be heard: this silence does not count. */
  forgive(deafMs: number): void {
    for (const [nodeId, holder] of this.#holders) {
      this.#holders.set(nodeId, { ...holder, heardAt: holder.heardAt + deafMs });
    }
  }
}

function mayFollow(record: MemberRecord, holder: Holder, timestampMs: number): boolean {
  const { instance } = holder.record;
  if (record.instance === instance || record.replaces === instance) return true;
  if (!holder.confirmed && record.state !== 'claim') return true;
  return isGone(holder, timestampMs);
}

function isGone({ record, timestampMs }: Holder, logNowMs: number): boolean {
  return record.state === 'left' || logNowMs - timestampMs > record.timeoutMs;
}
