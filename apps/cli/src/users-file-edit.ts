import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { type FileUser, formatUsersFile, readUsersFile } from '#libs/auth';

/** Who can read verifiers can try passwords. */
const newFileMode = 0o600;

/**
 * Changes a users file as one step: a reader sees the file as it was or as it becomes, and of two who change it at the same
 * time one is told so.
 *
 * @returns what `change` returned
 * @throws Error with a sentence for a person; the file is then as it was
 */
export function editUsersFile<T>(file: string, change: (users: FileUser[]) => T): T {
  // What is put in the place of a link would leave the file that it leads to as it was.
  const target = existsSync(file) ? realpathSync(file) : file;
  const lock = `${target}.lock`;
  const lockDescriptor = openLock(lock);
  const next = `${target}.${process.pid}.new`;
  try {
    const present = existsSync(target);
    const users = present ? readUsersFile(target) : [];
    const result = change(users);
    const descriptor = openSync(next, 'wx', present ? statSync(target).mode & 0o777 : newFileMode);
    try {
      writeSync(descriptor, formatUsersFile(users));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(next, target);
    return result;
  } finally {
    rmSync(next, { force: true });
    closeSync(lockDescriptor);
    rmSync(lock, { force: true });
  }
}

function openLock(lock: string): number {
  try {
    return openSync(lock, 'wx', newFileMode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw new Error(`${lock} cannot be made (${code})`, { cause: error });
    throw new Error(`somebody else changes the file now; if nobody does, remove ${lock}`, { cause: error });
  }
}
