import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { type BrokerEntry, nativeEntry } from '#libs/pulsar';
import { queueSubscription } from '../queues/queues.js';
import type { Queue } from '../topology/queue.js';
import { OldestReady } from './oldest-ready.js';

const topic = 'persistent://acme/shop/work-partition-0';
const position = { ledgerId: 11, entryId: 4 };

interface Stored {
  readonly entry?: BrokerEntry;
  /** Unacknowledged messages of each attached consumer, by its name. */
  readonly held?: Readonly<Record<string, number>>;
}

function oldest({ entry, held = {} }: Stored) {
  const asked: number[] = [];
  let reads = 0;
  const consumers = Object.entries(held).map(([consumerName, unackedMessages]) => ({
    ...{ consumerName, unackedMessages },
  }));
  const admin = {
    stats: async () => ({ subscriptions: { [queueSubscription]: { msgBacklog: 1, consumers } } }),
    unacknowledgedAt: async (_topic: string, _subscription: string, n: number) => {
      asked.push(n);
      return entry && position;
    },
  };
  const pulsar = {
    createReader: async ({ onEntry }: { onEntry: (each: BrokerEntry) => void }) => {
      reads++;
      if (entry) onEntry(entry);
      return { close: async () => {}, reachEnd: async () => {} };
    },
  };
  const queue = { name: 'work', settings: {} } as Queue;
  const ready = new OldestReady({ admin, pulsar } as never, 'acme', queue);
  return { ready, asked, reads: () => reads };
}

const expiring = (atMs: number) =>
  nativeEntry([
    { value: Buffer.from('body'), properties: [{ key: 'pulsegate.expires-at', value: String(atMs) }] },
  ]);

describe('the oldest ready message', () => {
  it('tells when it ends, and is read once', async () => {
    const { ready, asked, reads } = oldest({ entry: expiring(1_800_000_000_000) });
    expect(await ready.look(topic)).toEqual({ endsAtMs: 1_800_000_000_000, isEmpty: false });
    expect(await ready.look(topic)).toEqual({ endsAtMs: 1_800_000_000_000, isEmpty: false });
    expect([asked, reads()]).toEqual([[1, 1], 1]);
    expect(ready.overheadBytes).toBeGreaterThan(20);
  });

  it('is behind what consumers have, without those that look at the head', async () => {
    const held = { 'pulsegate.consumer': 5, 'pulsegate.get': 2, 'pulsegate.head': 3 };
    const { ready, asked } = oldest({ held });
    expect(await ready.look(topic)).toEqual({ endsAtMs: undefined, isEmpty: false });
    expect(asked).toEqual([8]);
  });

  it('is none where nothing is left', async () => {
    expect(await oldest({}).ready.look(topic)).toEqual({ endsAtMs: undefined, isEmpty: true });
  });
});
