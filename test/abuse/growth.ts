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

/** Environment of a gateway whose memory is measured. */
export const inspected = { NODE_OPTIONS: '--inspect=127.0.0.1:0' } as const;

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
  await collectGarbage(gateway.log());
  await collectGarbage(gateway.log());
  return residentBytes(gateway.pid);
}
