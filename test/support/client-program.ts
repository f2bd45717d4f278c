// The program of a client that plays scenarios: its argument is a task, its output a line of JSON for each outcome.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface ClientProgramRun<Outcome> {
  /** As the client names itself. */
  readonly version: string;
  readonly outcomes: readonly Outcome[];
  /** What it said besides, and how it ended. */
  readonly said: string;
}

export async function runClientProgram<Task, Outcome extends { readonly scenario: string }>(
  client: { readonly name: string; readonly command: () => readonly string[] },
  task: Task,
  timeoutMs: number,
): Promise<ClientProgramRun<Outcome>> {
  const [command, ...args] = client.command();
  const child = spawn(command!, [...args, JSON.stringify(task)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let version = client.name;
  let said = '';
  const outcomes: Outcome[] = [];
  const say = (line: string) => {
    if (said.length < 20_000) said += `${line}\n`;
  };
  createInterface({ input: child.stderr }).on('line', say);
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) {
      say(line);
      return;
    }
    const told = JSON.parse(line) as { version: string } | Outcome;
    if ('scenario' in told) outcomes.push(told);
    else version = told.version;
  });
  const status = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  return { version, outcomes, said: said + status };
}
