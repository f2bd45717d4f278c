// A member of a consumer group that runs in a process of its own: the Java client, told what to do line by line.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { javaCommand } from './kafka-producers.js';
import { until } from './until.js';

export interface GroupMemberOptions {
  readonly bootstrap: string;
  readonly group: string;
  /** `group.protocol` */
  readonly protocol: 'classic' | 'consumer';
  /** Settings of the consumer. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** test/conformance/kafka-java/GroupMember.java */
export class GroupMember {
  /** `topic-partition` of what it has been assigned, sorted. Undefined until it said so. */
  has: readonly string[] | undefined;
  /** `topic-partition offset value` of what it read and committed. */
  readonly read: string[] = [];
  readonly failures: string[] = [];
  /** The last answer to `describe`. */
  described: string | undefined;
  #errors = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor({ bootstrap, group, protocol, settings = {} }: GroupMemberOptions) {
    const all = { 'group.protocol': protocol, ...settings };
    const words = Object.entries(all).map(([name, value]) => `${name}=${value}`);
    const [command, ...args] = [...javaCommand('clients-4', 'GroupMember'), bootstrap, group, ...words];
    this.#child = spawn(command!, args, { stdio: 'pipe' });
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#heard(line));
    createInterface({ input: this.#child.stderr! }).on('line', (line) => {
      if (this.#errors.length < 20_000) this.#errors += `${line}\n`;
    });
  }

  tell(line: string): this {
    this.#child.stdin!.write(`${line}\n`);
    return this;
  }

  /** Leaves the group, as far as its protocol says that closing does. */
  async close(): Promise<void> {
    this.tell('close');
    await this.#ended;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async describe(): Promise<string> {
    this.described = undefined;
    this.tell('describe');
    await until(
      () => this.described !== undefined || this.failures.length > 0,
      () => this.toString(),
    );
    return this.described ?? this.failures.join('\n');
  }

  toString(): string {
    return `has ${this.has?.join(' ')}; ${this.failures.join('; ')} ${this.#errors.slice(-2_000)}`;
  }

  #heard(line: string): void {
    const [what, ...rest] = line.split(' ');
    if (what === 'has') this.has = rest;
    else if (what === 'read') this.read.push(rest.join(' '));
    else if (what === 'group') this.described = rest.join(' ');
    else if (what === 'failed' || what === 'uncommitted') this.failures.push(line);
  }
}
