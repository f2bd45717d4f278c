import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { IdleLoad, LoadAnswer, LoadCall } from './load-process.js';
import type { PublishLoad, PublishResult } from './publishing.js';
import type { FanOutLoad, FanOutResult } from './receiving.js';

/** The process with the clients, as the benchmark sees it. One call at a time. */
export class LoadClients {
  readonly #process: ChildProcess;

  constructor() {
    this.#process = fork(fileURLToPath(new URL('./load-process.js', import.meta.url)));
  }

  publish(load: PublishLoad): Promise<PublishResult> {
    return this.#call({ kind: 'publish', load });
  }

  fanOut(load: FanOutLoad): Promise<FanOutResult> {
    return this.#call({ kind: 'fan-out', load });
  }

  /** They stay connected, and are idle. */
  connect(load: IdleLoad): Promise<{ readonly seconds: number }> {
    return this.#call({ kind: 'connect', load });
  }

  async disconnect(): Promise<void> {
    await this.#call({ kind: 'disconnect' });
  }

  end(): void {
    this.#process.kill();
  }

  #call<T>(call: LoadCall): Promise<T> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('the process with the clients ended'));
      this.#process.once('exit', ended);
      this.#process.once('message', (answer: LoadAnswer) => {
        this.#process.off('exit', ended);
        if ('error' in answer) reject(new Error(answer.error));
        else resolve(answer.result as T);
      });
      this.#process.send(call);
    });
  }
}
