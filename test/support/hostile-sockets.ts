import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * Many connections at once, each of which says one of these things and nothing more. Resolves when all are connected.
 *
 * @param endpoint `host:port`
 * @param how `reads`: they take what they are answered; else it stays in their sockets. `from`: an address of this machine
 */
export async function hostileSockets(
  endpoint: string,
  count: number,
  kinds: readonly Buffer[],
  how: { readonly reads: boolean; readonly from?: string },
): Promise<Socket[]> {
  const [host, port] = endpoint.split(':') as [string, string];
  const sockets = Array.from({ length: count }, (_, index) => {
    const socket = connect({ port: Number(port), host, ...(how.from && { localAddress: how.from }) });
    socket.on('error', () => {});
    if (how.reads) socket.on('data', () => {});
    socket.write(kinds[index % kinds.length]!);
    return socket;
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect').catch(() => undefined)));
  return sockets;
}
