import { createServer } from 'node:http';
import { randomInt } from 'node:crypto';

/** True when nothing listens on that port of 127.0.0.1. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

const portMin = 20_000;
const portMax = 30_000;
const attemptsMax = 200;

/**
 * A free port of 127.0.0.1 below the range from which systems take the ports of outgoing connections, so that it is
 * still free when the same data is started again.
 */
export async function findFreePort(taken: readonly number[] = []): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const port = randomInt(portMin, portMax);
    if (!taken.includes(port) && (await isPortFree(port))) return port;
  }
  throw new Error(`no free port found between ${portMin} and ${portMax} on 127.0.0.1`);
}
