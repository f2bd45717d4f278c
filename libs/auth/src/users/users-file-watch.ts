import { type Stats, statSync } from 'node:fs';
import type { Log, OperatorChange } from '#libs/telemetry';
import type { KnownUsers } from './known-users.js';
import { readUsersFile, UsersFileError } from './users-file.js';

const lookIntervalMsDefault = 1_000;

export interface UsersFileWatchOptions {
  readonly file: string;
  readonly users: KnownUsers;
  readonly log: Log;
  /** How often the file is looked at. Default 1,000. */
  readonly lookIntervalMs?: number;
}

/**
 * Keeps the users as the file has them. A file that is gone or cannot be read changes nothing: those who are known stay,
 * nobody comes in who was not known.
 */
export class UsersFileWatch {
  readonly #options: UsersFileWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #seen = '';
  #told = '';

  /** @throws UsersFileError when the file cannot be used now: a gateway does not start without its users */
  constructor(options: UsersFileWatchOptions) {
    this.#options = options;
    this.#seen = this.#version();
    this.#load();
    this.#timer = setInterval(() => this.look(), options.lookIntervalMs ?? lookIntervalMsDefault).unref();
  }

  /** Reads the file again if it changed, or was refused: what it names may be there by now. */
  look(): void {
    const version = this.#version();
    if (version === this.#seen && this.#told === '') return;
    this.#seen = version;
    const { file, log, users } = this.#options;
    try {
      this.#load();
      this.#told = '';
      this.#record('allowed');
      log.info({ event: 'users-file.reloaded', file, users: users.size }, 'the users file was read again');
    } catch (error) {
      const message = (error as Error).message;
      if (message !== this.#told) {
        this.#record('failed');
        log.error(
          { event: 'users-file.refused', file, reason: message },
          'the users file is not used; the users stay as they were',
        );
      }
      this.#told = message;
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #record(outcome: 'allowed' | 'failed'): void {
    const action: OperatorChange = 'users-file.reload';
    this.#options.log.audit?.record({ kind: 'change', outcome, action });
  }

  #load(): void {
    const { file, users } = this.#options;
    const read = readUsersFile(file).map(({ verifiers, ...user }) => ({ ...user, password: verifiers }));
    const faults = users.replace('users-file', read);
    if (faults.length > 0) throw new UsersFileError(`${file}: ${faults.join('; ')}`);
  }

  /** A file that is written in place and one that is put in its place both become another version. */
  #version(): string {
    let stats: Stats;
    try {
      stats = statSync(this.#options.file);
    } catch (error) {
      return `absent ${(error as NodeJS.ErrnoException).code}`;
    }
    return `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
  }
}
