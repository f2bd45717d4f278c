// Clients that say one thing, and what becomes of their connections.
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { hostileSockets } from '../support/hostile-sockets.js';
import { until } from '../support/until.js';

const closedMsMax = 15_000;

/** The bytes that come until the gateway closes; rejects when it does not. */
export async function answerUntilClosed(endpoint: string, bytes: Buffer): Promise<Buffer> {
  const { socket, ended } = begin(endpoint);
  socket.write(bytes);
  return ended;
}

/**
 * Clients that send their bytes one by one, then nothing: each is closed when the time is over, and not before.
 * @param beginnings the bytes, and the milliseconds between two of them
 */
export async function expectClosedAfter(
  timeoutMs: number,
  endpoint: string,
  beginnings: readonly (readonly [bytes: Buffer, intervalMs?: number])[],
): Promise<void> {
  for (const ms of await Promise.all(beginnings.map((each) => msUntilClosed(endpoint, ...each)))) {
    expect(ms).toBeGreaterThan(timeoutMs - 500);
    expect(ms).toBeLessThan(timeoutMs + 4_000);
  }
}

/**
 * Clients that are closed for what they say: long before those are that say nothing.
 *
 * @returns what each was answered
 */
export async function expectClosedAtOnce(
  timeoutMs: number,
  endpoint: string,
  kinds: readonly Buffer[],
): Promise<Buffer[]> {
  const beganMs = performance.now();
  const answers = await Promise.all(kinds.map((bytes) => answerUntilClosed(endpoint, bytes)));
  expect(performance.now() - beganMs).toBeLessThan(timeoutMs - 500);
  return answers;
}

/**
 * Sends the bytes one by one, then nothing, and resolves with the milliseconds until the gateway closes.
 * @param intervalMs between two of them
 */
export async function msUntilClosed(endpoint: string, bytes: Buffer, intervalMs = 50): Promise<number> {
  const beganMs = performance.now();
  const { socket, ended } = begin(endpoint);
  for (let at = 0; at < bytes.length && !socket.destroyed; at++) {
    socket.write(bytes.subarray(at, at + 1));
    await delay(intervalMs);
  }
  await ended;
  return performance.now() - beganMs;
}

function begin(endpoint: string): { socket: Socket; ended: Promise<Buffer> } {
  const [host, port] = endpoint.split(':') as [string, string];
  const socket = connect({ host, port: Number(port), noDelay: true });
  const chunks: Buffer[] = [];
  const ended = new Promise<Buffer>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`not closed in ${closedMsMax} ms`));
      socket.destroy();
    }, closedMsMax);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
  });
  return { socket, ended };
}

/** Opens more connections from one address than a listener lets it have: those beyond are closed, and others are served. */
export async function expectShareOfOneAddress(
  endpoint: string,
  connectionsPerAddressMax: number,
  serves: () => Promise<void>,
): Promise<void> {
  const extra = 100;
  const sockets = await hostileSockets(endpoint, connectionsPerAddressMax + extra, [Buffer.alloc(0)], {
    ...{ reads: true, from: '127.0.0.9' },
  });
  try {
    await serves();
    const closed = () => sockets.filter((socket) => socket.destroyed).length;
    // More, where those that are in did not log in in time.
    await until(
      () => closed() >= extra,
      () => `${closed()} of ${extra} are closed`,
      closedMsMax,
    );
  } finally {
    for (const socket of sockets) socket.resetAndDestroy();
  }
}
