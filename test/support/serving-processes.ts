// Programs that take a second to start, asked again and again as long as a suite goes on asking.
import type { ChildProcessByStdio } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export type PipedProcess = ChildProcessByStdio<Writable, Readable, Readable>;

const idleMsMax = 5_000;

/** Resolves after the last line, each of which is JSON, and a good end; else rejects with what the process complained of. */
export function finished(child: PipedProcess, onLine: (line: unknown) => void): Promise<void> {
  let complaint = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (complaint = (complaint + text).slice(-4000)));
  const lines = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
  const read = new Promise<void>((resolve) =>
    lines.on('line', (line) => onLine(JSON.parse(line))).on('close', resolve),
  );
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`it ended with ${signal ?? code}: ${complaint}`)),
    );
  });
  return Promise.all([ended, read]).then(() => undefined);
}

/** Answers one request after the other: lines of JSON, the last of which is `{"end":true}`. Ends with its input. */
class ServingProcess {
  readonly #child: PipedProcess;
  readonly #ended: Promise<never>;
  #onLine: (line: unknown) => void = () => {};

  constructor(start: () => PipedProcess) {
    this.#child = start();
    this.#ended = finished(this.#child, (line) => this.#onLine(line)).then(() => {
      throw new Error('it ended before it had answered');
    });
    this.#ended.catch(() => {}); // whoever asks is told
    this.#child.stdin.on('error', () => {}); // it has ended
    // It keeps no test from ending.
    this.#child.unref();
    for (const each of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) (each as Socket).unref();
  }

  call(request: unknown, onLine: (line: unknown) => void): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#onLine = (line) => ((line as { end?: true }).end ? resolve() : onLine(line));
    });
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return Promise.race([answered, this.#ended]);
  }

  end(): void {
    this.#child.stdin.end();
  }
}

/** As many as are asked at once; each ends when nothing was asked of it for a while, or with this process. */
export class ServingProcesses {
  readonly #idle = new Map<ServingProcess, NodeJS.Timeout>();

  constructor(private readonly start: () => PipedProcess) {}

  /** Rejects when the process does not answer to the end, which is never asked again. */
  async call(request: unknown, onLine: (line: unknown) => void): Promise<void> {
    const [[one, timer] = [new ServingProcess(this.start), undefined]] = this.#idle;
    clearTimeout(timer);
    this.#idle.delete(one);
    await one.call(request, onLine);
    const end = () => {
      this.#idle.delete(one);
      one.end();
    };
    this.#idle.set(one, setTimeout(end, idleMsMax).unref());
  }
}
