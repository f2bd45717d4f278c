import { PulsarError } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { ManualClock, type SliceLog } from '#libs/cluster';
import {
  GroupCoordinator,
  type GroupRecordKind,
  type GroupTopics,
} from '../group-coordinator/group-coordinator.js';
import type { GroupRecord } from '../group-coordinator/group-record.js';
import { kafkaOptionsSchema } from '../kafka.options.js';

export const bedTenant: Tenant = {
  name: 'acme',
  pulsarNamespace: 'acme/kafka',
  limits: {},
  kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
};

/** A slice's log in memory: receipts come at once, or when the test says so. */
export class MemoryGroupLog implements SliceLog {
  /** Every record that was stored, in order: one array for each entry. */
  readonly entries: (readonly GroupRecord[])[] = [];
  readonly #waiting: (() => void)[] = [];
  #held = false;
  #failure: PulsarError | undefined;

  append(records: readonly GroupRecord[], done: (error: PulsarError | undefined) => void): void {
    const store = () => {
      if (this.#failure === undefined) this.entries.push(records);
      done(this.#failure);
    };
    if (this.#held) this.#waiting.push(store);
    else store();
  }

  /** From now on receipts wait for `give`. */
  hold(): void {
    this.#held = true;
  }

  /** Gives the receipts that wait, and the coming ones at once. */
  give(): void {
    this.#held = false;
    for (const store of this.#waiting.splice(0)) store();
  }

  /** Another gateway took the slice: no append is stored from now on. */
  lose(): void {
    this.#failure = new PulsarError('ProducerFenced', 'another holder took the lease');
    this.give();
  }

  /** The latest record of each key that is not deleted. */
  latest(): Map<string, string> {
    const latest = new Map<string, string>();
    for (const { key, value } of this.entries.flat()) {
      if (value === null) latest.delete(key);
      else latest.set(key, value.toString());
    }
    return latest;
  }
}

export interface CoordinatorBed {
  readonly clock: ManualClock;
  readonly log: MemoryGroupLog;
  readonly coordinator: GroupCoordinator;
  /** The next holder: closes the coordinator and replays its log into a new one. */
  failOver(options?: { compacted?: boolean }): CoordinatorBed;
}

/** A coordinator that serves one slice from a log in memory, on a clock that the test turns. */
export function coordinatorBed(
  kinds: readonly GroupRecordKind[],
  settings: {
    options?: object;
    topics?: Omit<GroupTopics, 'resolveListed'>;
    clock?: ManualClock;
    entries?: readonly (readonly GroupRecord[])[];
  } = {},
): CoordinatorBed {
  const clock = settings.clock ?? new ManualClock();
  const log = new MemoryGroupLog();
  const topics = settings.topics ?? { resolve: async () => undefined, names: async () => [] };
  const coordinator = new GroupCoordinator({
    tenant: bedTenant,
    topics: { ...topics, resolveListed: topics.resolve },
    slice: 0,
    store: log,
    kinds,
    clock,
    options: kafkaOptionsSchema.parse(settings.options ?? {}),
    log: silentLog,
  });
  for (const entry of settings.entries ?? []) {
    log.entries.push(entry);
    for (const { key, value } of entry) coordinator.replay(key, value);
  }
  coordinator.serve();
  const failOver = ({ compacted = false } = {}) => {
    coordinator.close();
    const latest = [...log.latest()].map(([key, value]) => ({ key, value: Buffer.from(value) }));
    const entries = compacted ? [latest] : log.entries;
    return coordinatorBed(kinds, { ...settings, clock, entries });
  };
  return { clock, log, coordinator, failOver };
}
