import { text } from 'node:stream/consumers';
import { scryptVerifier } from '#libs/auth';

/** `pulsegate hash-password`: the password comes by standard input, so that no process list shows it. */
export async function hashPasswordCommand(): Promise<number> {
  if (process.stdin.isTTY) process.stderr.write('Password, then Enter and Ctrl-D: ');
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (password === '') throw new Error('no password was given on standard input');
  process.stdout.write(`${await scryptVerifier(password)}\n`);
  return 0;
}
