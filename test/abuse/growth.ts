// What a process takes for clients that nobody has let in yet.
import type { Socket } from 'node:net';
import { expect } from '@jest/globals';
import { residentBytes } from '../bench/process-memory.js';
import { collectGarbage } from '../support/collect-garbage.js';
import type { TestGateway } from '../support/gateway.js';
import { hostileSockets } from '../support/hostile-sockets.js';

export const hostileCount = 1_000;
const grownBytesMax = 20_000_000;
/** They make the process compile its code and fill its pools, which is done once. */
const warmingCount = 100;

export interface Attack {
  /** It was started with {@link inspected}. */
  readonly gateway: TestGateway;
  /** `host:port` */
  readonly endpoint: string;
  /** What the connections say, each one of these. */
  readonly kinds: readonly Buffer[];
  /** They take what they are answered. */
  readonly reads?: boolean;
  /** Resolves when a client that behaves has been served. */
  serves(): Promise<void>;
}

/**
 * Environment of a gateway whose memory is measured. glibc keeps much of what is freed: 23 MB of RAM stayed after a first thousand
 * clients, of which V8 used 2, and a second thousand added none. That would also hide as much that clients hold. By these two,
 * buffers of 8 KB and more are mapped, and unmapped when they are freed: 3 to 6 MB stay.
 */
export const inspected = {
  NODE_OPTIONS: '--inspect=127.0.0.1:0',
  ...{ MALLOC_MMAP_THRESHOLD_: '8192', MALLOC_TRIM_THRESHOLD_: '65536' },
} as const;
/** Collections until one frees little: what the first one frees may hold up more. */
const collectionsMax = 6;
const freedBytesMin = 500_000;

/** A thousand connections at once, held: the process is larger by 20 MB at most, also when they are gone. */
export async function expectNoGrowth({
  gateway,
  endpoint,
  kinds,
  reads = false,
  serves,
}: Attack): Promise<void> {
  const attack = (count: number) => hostileSockets(endpoint, count, kinds, { reads });
  const end = async (sockets: readonly Socket[]) => {
    for (const socket of sockets) socket.resetAndDestroy();
    await serves();
  };
  await end(await attack(warmingCount));
  const before = await settledBytes(gateway);
  const sockets = await attack(hostileCount);
  await serves();
  const held = (await settledBytes(gateway)) - before;
  await end(sockets);
  const kept = (await settledBytes(gateway)) - before;

  expect(held).toBeLessThan(grownBytesMax);
  expect(kept).toBeLessThan(grownBytesMax);
}

/** In RAM, without garbage. */
export async function settledBytes(gateway: TestGateway): Promise<number> {
  let bytes = Number.POSITIVE_INFINITY;
  for (let collections = 0; collections < collectionsMax; collections++) {
    await collectGarbage(gateway.log());
    const before = bytes;
    bytes = residentBytes(gateway.pid);
    if (collections > 0 && before - bytes < freedBytesMin) break;
  }
  return bytes;
}
