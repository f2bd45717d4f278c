import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

type LoadAnswer = { readonly result: unknown } | { readonly error: string };

/** The process with the clients of a benchmark, as the benchmark sees it. One call at a time. */
export class LoadClients<Call extends object> {
  readonly #process: ChildProcess;

  /** @param program whose process answers by {@link answerCalls} */
  constructor(program: URL) {
    this.#process = fork(fileURLToPath(program));
  }

  readonly call = <T>(wanted: Call): Promise<T> =>
    new Promise((resolve, reject) => {
      const ended = () => reject(new Error('the process with the clients ended'));
      this.#process.once('exit', ended);
      this.#process.once('message', (answer: LoadAnswer) => {
        this.#process.off('exit', ended);
        if ('error' in answer) reject(new Error(answer.error));
        else resolve(answer.result as T);
      });
      this.#process.send(wanted);
    });

  end(): void {
    this.#process.kill();
  }
}

/** In the process of the clients. */
export function answerCalls<Call>(answerTo: (call: Call) => Promise<unknown>): void {
  const answer = (told: LoadAnswer) => void process.send!(told);
  process.on('message', (call: Call) => {
    answerTo(call).then(
      (result = {}) => answer({ result }),
      (error: Error) => answer({ error: error.message }),
    );
  });
}

/** So many clients, a few at a time. */
export async function openAll<Client>(
  count: number,
  open: (at: number) => Promise<Client>,
): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const next = Array.from({ length: Math.min(openingMax, count - clients.length) }, (_, at) =>
      open(clients.length + at),
    );
    clients.push(...(await Promise.all(next)));
  }
  return clients;
}

const openingMax = 50;
