// What every identity client gets, whatever its language: a file of lines of words, one job a line.
//
//   job <id> <mechanism, or - for TLS alone> <user> <password> <token> <certificate file> <key file> <own topic> <foreign topic> <write ms> <try ms>
//
// Texts are `-` for none, else `=` and base64 of UTF-8. A client makes a connection of its own for each job, writes its
// own name, a slash and the job's id as the value of one record into its own topic, again every 250 ms for <write ms> by the
// same producer, then into the foreign one, and answers
// `client <its version>` and, per job, `<id> <outcome> <outcome> <what it was told>`.
import { readFileSync } from 'node:fs';

/**
 * `written`; `forbidden`: the client knows that the topic is not for it; `unauthenticated`: it knows that its credentials
 * are wrong; `refused`: no connection was usable, which the client takes as a matter of the network; `failed`: all else.
 */
export type IdentityOutcome = 'written' | 'forbidden' | 'unauthenticated' | 'refused' | 'failed';

export interface IdentityJob {
  readonly id: string;
  /** Absent: none, the certificate is the identity. */
  readonly mechanism?: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER';
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly ownTopic: string;
  readonly foreignTopic: string;
  /** How long it goes on writing into its own topic. Default: once. */
  readonly writeMs?: number;
  /** How long it tries where no connection is usable. Default: longer than any machine is that busy. */
  readonly tryMs?: number;
}

export interface IdentityAnswer {
  readonly own: IdentityOutcome;
  readonly foreign: IdentityOutcome;
  readonly told: string;
}

const word = (text: string | undefined) =>
  text === undefined ? '-' : `=${Buffer.from(text).toString('base64')}`;
const text = (each: string) =>
  each === '-' ? undefined : Buffer.from(each.slice(1), 'base64').toString('utf8');

export function encodeIdentityJobs(jobs: readonly IdentityJob[]): string {
  const lines = jobs.map((job) => {
    const {
      mechanism = '-',
      username,
      password,
      token,
      certFile,
      keyFile,
      writeMs = 0,
      tryMs = 30_000,
    } = job;
    const texts = [username, password, token, certFile, keyFile].map(word);
    return ['job', job.id, mechanism, ...texts, job.ownTopic, job.foreignTopic, writeMs, tryMs].join(' ');
  });
  return `${lines.join('\n')}\n`;
}

export function readIdentityJobs(file: string): IdentityJob[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const words = line.split(' ') as [string, string, string, ...string[]];
    const [username, password, token, certFile, keyFile] = words.slice(3, 8).map(text);
    return {
      id: words[1],
      mechanism: words[2] === '-' ? undefined : words[2],
      username,
      password,
      token,
      certFile,
      keyFile,
      ownTopic: words[8],
      foreignTopic: words[9],
      writeMs: Number(words[10]),
      tryMs: Number(words[11]),
    } as IdentityJob;
  });
}
