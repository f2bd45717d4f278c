// Members of groups in a process that may be killed. What is said to it: `join <member> <group> <protocol>`, `leave <member>`;
// the end of its input lets all leave. What it says: `<member> <milliseconds since 1970> <what>`, where what is
//   joining | left | failed <error> | again <error>
//   assigned <partition>... | revoked <partition>...   lost partitions too
//   read <partition> <first place> <last place>        records without a gap; offsets may have gaps
//   wrong <partition> <offset> <place> ...             one that does not follow the one before
//   committing <partition>=<offset>:<place>... , then committed with the same words, or uncommitted <error>
// The place of a record is its number in its partition, from 0 on: the broker that stops may leave gaps in its index.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { javaCommand } from './kafka-producers.js';

export type ChurnProtocol = 'eager' | 'cooperative' | 'consumer';

export interface ChurnEvent {
  readonly member: string;
  readonly group: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The first is what happened. */
  readonly words: readonly string[];
}

export interface ChurnMember {
  readonly name: string;
  readonly group: string;
  readonly protocol: ChurnProtocol;
}

export interface ChurnProcessOptions {
  readonly client: 'java' | 'kafkajs';
  readonly members: readonly ChurnMember[];
  /** Bootstrap, topic, partitions, session timeout, rebalance timeout. */
  readonly args: readonly string[];
  readonly onEvent: (event: ChurnEvent) => void;
}

const kafkajsMembers = fileURLToPath(new URL('../conformance/kafkajs/kafkajs.members.js', import.meta.url));
const saidCharsMax = 20_000;

export class ChurnProcess {
  /** Name of each member that is in now -> the name of its present life, which is said to the process. */
  readonly #lives = new Map<string, string>();
  readonly #groups = new Map<string, string>();
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #count = 0;
  #said = '';

  constructor(private readonly options: ChurnProcessOptions) {}

  get members(): readonly ChurnMember[] {
    return this.options.members;
  }

  /** What it wrote to its standard error. */
  get said(): string {
    return this.#said;
  }

  /** Starts the process if it is not there, and lets those members join that are not in. */
  join(...names: readonly string[]): void {
    this.#child ??= this.#start();
    for (const { name, group, protocol } of this.options.members) {
      if (!names.includes(name) || this.#lives.has(name)) continue;
      const life = `${name}/${++this.#count}`;
      this.#lives.set(name, life);
      this.#groups.set(life, group);
      this.#child.stdin!.write(`join ${life} ${group} ${protocol}\n`);
    }
  }

  joinAll(): void {
    this.join(...this.options.members.map(({ name }) => name));
  }

  leave(name: string): void {
    const life = this.#lives.get(name);
    if (life === undefined) return;
    this.#lives.delete(name);
    this.#child!.stdin!.write(`leave ${life}\n`);
  }

  /** SIGKILL. All that it said before is told before it resolves, then `crashed` of each that was in. */
  async crash(): Promise<void> {
    if (this.#child === undefined) return;
    const lives = [...this.#lives.values()];
    this.#lives.clear();
    const at = Date.now();
    this.#child.kill('SIGKILL');
    this.#child = undefined;
    await this.#ended;
    for (const member of lives) this.#tell(member, at, ['crashed']);
  }

  /** All leave, and the process ends. */
  async end(timeoutMs: number): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    this.#lives.clear();
    child.stdin!.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    await this.#ended;
    clearTimeout(timer);
  }

  #start(): ChildProcess {
    const { client, args } = this.options;
    const [command, ...first] =
      client === 'java' ? javaCommand('clients-4', 'ChurnMembers') : [process.execPath, kafkajsMembers];
    const child = spawn(command!, [...first, ...args], { stdio: 'pipe' });
    child.stdin.on('error', () => {}); // it was killed
    // Whole lines only: SIGKILL may cut the last.
    let partial = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (partial + text).split('\n');
      partial = lines.pop()!;
      for (const line of lines) {
        const [member = '', at, ...words] = line.split(' ');
        this.#tell(member, Number(at), words);
      }
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (this.#said.length < saidCharsMax) this.#said += `${line}\n`;
    });
    this.#ended = new Promise((resolve) => child.once('close', () => resolve()));
    return child;
  }

  #tell(member: string, at: number, words: readonly string[]): void {
    const group = this.#groups.get(member);
    if (group !== undefined) this.options.onEvent({ member, group, at, words });
  }
}
