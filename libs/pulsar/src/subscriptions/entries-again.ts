import type { PulsarClient } from '../client.js';
import type { BrokerEntry, EntryPosition } from '../entry.js';
import { PulsarError } from '../pulsar.errors.js';

export interface EntriesWanted {
  /** Full name of the partition. */
  readonly topic: string;
  readonly tenantKey: string;
  /** In their order in the topic. */
  readonly positions: readonly EntryPosition[];
  onEntry(entry: BrokerEntry): void;
}

const permits = 100;
const windowBytesMax = 1024 * 1024;
const readMsMax = 10_000;
/** Entries between two that are wanted: reading over more of them costs more than a reader. */
const gapMax = 1_000;

/**
 * Reads entries again whose bytes were not kept, by readers of their own: one for those that are near each other. Resolves
 * when all have come that are still there. Rejects with PulsarError.
 */
export async function readEntriesAgain(
  pulsar: Pick<PulsarClient, 'createReader'>,
  { positions, ...wanted }: EntriesWanted,
): Promise<void> {
  let start = 0;
  for (let end = 1; end <= positions.length; end++) {
    const last = positions[end - 1] as EntryPosition;
    const next = positions[end];
    if (next?.ledgerId === last.ledgerId && next.entryId - last.entryId <= gapMax) continue;
    await readRun(pulsar, { ...wanted, positions: positions.slice(start, end) });
    start = end;
  }
}

async function readRun(
  pulsar: Pick<PulsarClient, 'createReader'>,
  { topic, tenantKey, positions, onEntry }: EntriesWanted,
): Promise<void> {
  const first = positions[0] as EntryPosition;
  let next = 0;
  const over = Promise.withResolvers<void>();
  // When the reader cannot even be opened, nobody comes to wait for it.
  over.promise.catch(() => {});
  const reader = await pulsar.createReader({
    ...{ topic, tenantKey, permits, windowBytesMax, start: first },
    firstPermits: Math.min(permits, positions.length),
    onEntry: (entry) => {
      while (next < positions.length && comesBefore(positions[next] as EntryPosition, entry)) next++;
      const wanted = positions[next];
      if (wanted !== undefined && !comesBefore(entry, wanted)) {
        next++;
        onEntry(entry);
      }
      if (next === positions.length) over.resolve();
    },
    onClosed: (error) => over.reject(error),
  });
  const timer = setTimeout(
    () => over.reject(new PulsarError('Timeout', `no entry in ${readMsMax} ms`)),
    readMsMax,
  );
  // Where the last of them were trimmed, none comes that ends it.
  reader.reachEnd().then(over.resolve, () => undefined);
  try {
    await over.promise;
  } finally {
    clearTimeout(timer);
    await reader.close();
  }
}

function comesBefore(one: EntryPosition, other: EntryPosition): boolean {
  return one.ledgerId < other.ledgerId || (one.ledgerId === other.ledgerId && one.entryId < other.entryId);
}
