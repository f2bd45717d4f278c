import type { PulsarClient } from '../client.js';
import type { BrokerEntry, EntryPosition } from '../entry.js';
import { readEntriesAgain } from './entries-again.js';
import { PositionMap } from './position-map.js';

type Waiter = PromiseWithResolvers<BrokerEntry | undefined>;

interface Partition {
  waiting: PositionMap<EntryPosition & Waiter>;
}

/** Reads single entries again: those that are asked for while one reader of their partition is at work are read by the next. */
export class EntryFetches {
  private readonly partitions = new Map<string, Partition>();

  constructor(private readonly pulsar: Pick<PulsarClient, 'createReader'>) {}

  /** Undefined when it was trimmed. Rejects with PulsarError. */
  fetch(topic: string, tenantKey: string, position: EntryPosition): Promise<BrokerEntry | undefined> {
    const running = this.partitions.get(topic);
    const partition = running ?? { waiting: new PositionMap() };
    let waiter = partition.waiting.get(position);
    if (waiter === undefined) {
      const { ledgerId, entryId } = position;
      waiter = { ledgerId, entryId, ...Promise.withResolvers<BrokerEntry | undefined>() };
      partition.waiting.set(position, waiter);
    }
    if (running === undefined) {
      this.partitions.set(topic, partition);
      // When all of this turn have asked.
      setImmediate(() => void this.readAll(topic, tenantKey, partition));
    }
    return waiter.promise;
  }

  private async readAll(topic: string, tenantKey: string, partition: Partition): Promise<void> {
    while (partition.waiting.size > 0) {
      const { waiting } = partition;
      partition.waiting = new PositionMap();
      await this.read(topic, tenantKey, waiting);
    }
    this.partitions.delete(topic);
  }

  private async read(
    topic: string,
    tenantKey: string,
    waiting: PositionMap<EntryPosition & Waiter>,
  ): Promise<void> {
    const positions = [...waiting.values()].sort(
      (one, other) => one.ledgerId - other.ledgerId || one.entryId - other.entryId,
    );
    try {
      const onEntry = (entry: BrokerEntry) => waiting.get(entry)?.resolve(entry);
      await readEntriesAgain(this.pulsar, { topic, tenantKey, positions, onEntry });
      for (const { resolve } of positions) resolve(undefined);
    } catch (error) {
      for (const { reject } of positions) reject(error);
    }
  }
}
