/** What a process needs of memory, in bytes. */
export interface MeasuredMemory {
  /** Objects in V8's heap. */
  readonly heap: number;
  /** Buffers outside it. */
  readonly external: number;
  /** Memory of the process that is in RAM: what V8 and malloc keep for later too. */
  readonly resident: number;
}

/**
 * Makes another Node process collect its garbage, by its inspector, so that its memory can be measured: what V8 has not
 * got round to freeing is not growth. The process is started with `NODE_OPTIONS=--inspect=127.0.0.1:0` and writes the
 * inspector's address to its log.
 */
export async function collectGarbage(log: string): Promise<void> {
  await inspect(log, ['HeapProfiler.collectGarbage']);
}

/** After a collection; see `collectGarbage`. */
export async function measureMemory(log: string): Promise<MeasuredMemory> {
  const expression = 'JSON.stringify(process.memoryUsage())';
  const evaluate = ['Runtime.evaluate', { expression }] as const;
  const answer = (await inspect(log, ['HeapProfiler.collectGarbage'], evaluate)) as {
    result: { value: string };
  };
  const { heapUsed, external, rss } = JSON.parse(answer.result.value) as NodeJS.MemoryUsage;
  return { heap: heapUsed, external, resident: rss };
}

type InspectorCall = readonly [method: string, params?: object];

/** @returns the result of the last call */
async function inspect(log: string, ...calls: readonly InspectorCall[]): Promise<unknown> {
  const url = log.match(/ws:\/\/127\.0\.0\.1:\d+\/[\w-]+/g)?.at(-1);
  if (url === undefined) throw new Error('the process was not started with --inspect');
  const socket = new WebSocket(url);
  try {
    await event(socket, 'open');
    let result: unknown;
    for (const [id, [method, params]] of calls.entries()) {
      socket.send(JSON.stringify({ id, method, params }));
      const { data } = (await event(socket, 'message')) as MessageEvent;
      ({ result } = JSON.parse(String(data)) as { result: unknown });
    }
    return result;
  } finally {
    socket.close();
  }
}

function event(socket: WebSocket, name: 'open' | 'message'): Promise<Event> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(name, (happened) => resolve(happened), { once: true });
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')), {
      once: true,
    });
  });
}
