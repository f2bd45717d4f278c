import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

/**
 * A password from the terminal, twice and unseen, or all of standard input without the last line's end. Never an argument:
 * every user of the machine can read those.
 *
 * @throws Error when there is none or the two differ
 */
export async function readPassword(): Promise<string> {
  const password = process.stdin.isTTY
    ? await fromTerminal()
    : (await text(process.stdin)).replace(/\r?\n$/, '');
  if (password === '') throw new Error('no password was given on standard input');
  return password;
}

async function fromTerminal(): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: unseen, terminal: true });
  try {
    const ask = async (question: string) => {
      process.stderr.write(question);
      const answer = await terminal.question('');
      process.stderr.write('\n');
      return answer;
    };
    const password = await ask('Password: ');
    if ((await ask('Again: ')) !== password) throw new Error('the two passwords differ');
    return password;
  } finally {
    terminal.close();
  }
}
