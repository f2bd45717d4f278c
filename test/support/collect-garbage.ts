/**
 * Makes another Node process collect its garbage, by its inspector, so that its memory can be measured: what V8 has not
 * got round to freeing is not growth. The process is started with `NODE_OPTIONS=--inspect=127.0.0.1:0` and writes the
 * inspector's address to its log.
 */
export async function collectGarbage(log: string): Promise<void> {
  const url = log.match(/ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/g)?.at(-1);
  if (url === undefined) throw new Error('the process was not started with --inspect');
  const socket = new WebSocket(url);
  try {
    await event(socket, 'open');
    socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
    await event(socket, 'message');
  } finally {
    socket.close();
  }
}

function event(socket: WebSocket, name: 'open' | 'message'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(name, () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')), {
      once: true,
    });
  });
}
