// The program of a client: what it is told, what it says line by line, and how it ends.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type InstalledClient, root } from './client-install.js';

const saidMax = 20_000;

/**
 * Runs it to its end; one that takes too long is ended.
 *
 * @param hear a line of its output; false: it is none of those that it is to say
 * @returns what it said besides, and how it ended
 */
export async function runProgram(
  { command }: Pick<InstalledClient, 'command'>,
  argumentsToo: readonly string[],
  timeoutMs: number,
  hear: (line: string) => boolean,
): Promise<string> {
  const [program, ...args] = command();
  const child = spawn(program!, [...args, ...argumentsToo], {
    ...{ cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' },
  });
  let said = '';
  const say = (line: string) => {
    if (said.length < saidMax) said += `${line}\n`;
  };
  createInterface({ input: child.stderr }).on('line', say);
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!hear(line)) say(line);
  });
  const status = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  return said + status;
}

export interface ClientProgramRun<Outcome> {
  /** As the client names itself. */
  readonly version: string;
  readonly outcomes: readonly Outcome[];
  /** What it said besides, and how it ended. */
  readonly said: string;
}

/** Of a client that plays scenarios: its argument is a task as JSON, its output a line of JSON for each outcome. */
export async function runClientProgram<Task, Outcome extends { readonly scenario: string }>(
  client: InstalledClient,
  task: Task,
  timeoutMs: number,
): Promise<ClientProgramRun<Outcome>> {
  let version = client.name;
  const outcomes: Outcome[] = [];
  const said = await runProgram(client, [JSON.stringify(task)], timeoutMs, (line) => {
    if (!line.startsWith('{')) return false;
    const told = JSON.parse(line) as { version: string } | Outcome;
    if ('scenario' in told) outcomes.push(told);
    else version = told.version;
    return true;
  });
  return { version, outcomes, said };
}
