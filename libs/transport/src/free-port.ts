import { createServer } from 'node:net';

/** What is said when a port cannot be had. */
export function bindError(who: string, host: string, port: number, error: NodeJS.ErrnoException): Error {
  const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message;
  return new Error(`${who} cannot bind ${host}:${port}: ${why}`, { cause: error });
}

/**
 * Binds a port and gives it back, without serving anybody.
 *
 * @throws Error that names the address, when it cannot be bound
 */
export function assertPortFree(who: string, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => reject(bindError(who, host, port, error)));
    server.listen({ host, port }, () => server.close(() => resolve()));
  });
}
