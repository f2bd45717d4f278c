import { describe, expect, it } from '@jest/globals';
import { PartitionWatch } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { undeclaredUid } from '../topology/queue-operations.js';
import type { ConsumingServices } from './consuming-services.js';
import { openPartitions } from './queue-partition.js';
import type { QueueSourcePlan } from './queue-source-plan.js';

const topic = 'persistent://acme/shop/q';

/** A queue whose topic has so many partitions now. */
async function opened(partitions: number, uid: string) {
  const found = { partitions, asked: 0 };
  const pulsar = {
    partitions: async () => {
      found.asked++;
      return found.partitions;
    },
  };
  const watch = new PartitionWatch({ pulsar, log: silentLog, intervalMs: 60_000 });
  const services = { parts: { pulsar }, partitions: watch } as unknown as ConsumingServices;
  const names: string[] = [];
  const end = await openPartitions(
    services,
    { topic, queue: { name: 'q', uid } } as unknown as QueueSourcePlan,
    async (partition) => void names.push(partition.replace(topic, '')),
  );
  return { found, watch, names, end };
}

describe('the partitions of a queue', () => {
  it('are all opened, and those that come while it is consumed', async () => {
    const { found, watch, names, end } = await opened(2, 'declared');
    expect(names).toEqual(['-partition-0', '-partition-1']);
    found.partitions = 4;
    await watch.look();
    expect(names).toEqual(['-partition-0', '-partition-1', '-partition-2', '-partition-3']);
    end();
    found.partitions = 5;
    await watch.look();
    expect(names).toHaveLength(4);
  });

  it('are looked for where nobody declared the queue, though there is one', async () => {
    const { found, watch, names } = await opened(1, undeclaredUid);
    found.partitions = 2;
    await watch.look();
    expect(names).toEqual(['-partition-0', '-partition-1']);
    watch.close();
  });

  it.each([
    [0, undeclaredUid, ''],
    [1, 'declared', '-partition-0'],
  ])('are not looked for where there will be no more: %d, %j', async (count, uid, only) => {
    const { found, watch, names } = await opened(count, uid);
    await watch.look();
    expect([names, found.asked]).toEqual([[only], 1]);
  });
});
