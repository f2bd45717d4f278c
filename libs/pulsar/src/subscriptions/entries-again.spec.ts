import { describe, expect, it } from '@jest/globals';
import type { PulsarClient } from '../client.js';
import type { BrokerEntry, EntryPosition } from '../entry.js';
import type { ReaderOptions, TopicReader } from '../topic-reader.js';
import { readEntriesAgain } from './entries-again.js';

/** Ledgers 1 to 3 with a hundred thousand entries each; how many were read. */
function fakeTopic() {
  let read = 0;
  const createReader = async ({ start, onEntry }: ReaderOptions): Promise<TopicReader> => {
    let isClosed = false;
    const { ledgerId, entryId } = start as EntryPosition;
    setImmediate(async () => {
      for (let at = entryId; at < 100_000 && !isClosed && read < 5_000; at++, read++) {
        onEntry({ ledgerId, entryId: at } as BrokerEntry);
        await undefined;
      }
    });
    const reader = {
      reachEnd: () => new Promise<void>(() => {}),
      close: async () => {
        isClosed = true;
      },
    };
    return reader as unknown as TopicReader;
  };
  return { pulsar: { createReader } as unknown as PulsarClient, read: () => read };
}

describe('entries that are read again', () => {
  it('come in their order, without those that are far between them', async () => {
    const { pulsar, read } = fakeTopic();
    const positions = [
      { ledgerId: 1, entryId: 3 },
      { ledgerId: 1, entryId: 4 },
      { ledgerId: 1, entryId: 700 },
      { ledgerId: 1, entryId: 99_000 },
      { ledgerId: 3, entryId: 0 },
    ];
    const came: EntryPosition[] = [];
    const wanted = { topic: 't', tenantKey: 'acme', positions };
    await readEntriesAgain(pulsar, { ...wanted, onEntry: (entry) => came.push(entry) });
    expect(came).toEqual(positions);
    expect(read()).toBeLessThan(1_000);
    await readEntriesAgain(pulsar, { ...wanted, positions: [], onEntry: () => came.push(positions[0]!) });
    expect(came).toHaveLength(5);
  });
});
