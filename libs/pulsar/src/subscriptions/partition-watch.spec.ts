import { describe, expect, it } from '@jest/globals';
import { silentLog } from '#libs/telemetry';
import { PartitionWatch } from './partition-watch.js';

describe('PartitionWatch', () => {
  it('tells of each new partition once, and asks once per topic however many watch it', async () => {
    const counts = new Map([['t', 2]]);
    const asked: string[] = [];
    const pulsar = {
      partitions: (topic: string) => {
        asked.push(topic);
        const count = counts.get(topic);
        return count === undefined ? Promise.reject(new Error('away')) : Promise.resolve(count);
      },
    };
    const watch = new PartitionWatch({ pulsar, log: silentLog, intervalMs: 60_000 });
    const told: string[] = [];
    const tell = async (partition: string) => void told.push(partition);
    const unwatch = watch.watch('t', 2, (partition) => tell(`one ${partition}`));
    watch.watch('t', 1, (partition) => tell(`two ${partition}`));
    watch.watch('gone', 1, tell);
    await watch.look();
    expect([asked, told]).toEqual([['t', 'gone'], ['two t-partition-1']]);
    counts.set('t', 3);
    unwatch();
    await watch.look();
    expect(told).toEqual(['two t-partition-1', 'two t-partition-2']);
    watch.close();
    await watch.look();
    expect(asked.length).toBe(4);
  });
});
