import { scryptVerifier } from '#libs/auth';
import { readPassword } from '../password-prompt.js';

/** `pulsegate hash-password`: the password comes by standard input, so that no process list shows it. */
export async function hashPasswordCommand(): Promise<number> {
  process.stdout.write(`${await scryptVerifier(await readPassword())}\n`);
  return 0;
}
