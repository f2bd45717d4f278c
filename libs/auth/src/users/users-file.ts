import { readFileSync, statSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { isScryptVerifier, parseScryptVerifier } from '../password-verifier.js';
import { isScramVerifier, parseScramVerifier } from '../scram/scram-verifier.js';
import { userNameFault } from '../user-name.js';

/** One user of a users file. */
export interface FileUser {
  readonly tenant: string;
  /** Without the tenant. */
  readonly name: string;
  readonly groups: readonly string[];
  /** Of one password, each of another kind; a password itself is not allowed here. */
  readonly verifiers: readonly string[];
}

/** A users file is none; says file and line, and repeats nothing of what is in it. */
export class UsersFileError extends Error {
  override readonly name = 'UsersFileError';
}

/** Largest users file: some 40,000 users. */
export const usersFileBytesMax = 16_777_216;

const header = `# Users and what their passwords are verified with. Written by \`pulsegate user\`, which keeps no other comments than these;
# the gateway reads it again when it changes. Who can read it can try passwords: keep it to the gateway.
`;
const groupName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$/;
const text = z.string();
const fileSchema = z.strictObject({
  users: z.array(
    z.strictObject({
      tenant: text,
      name: text,
      groups: z.array(text).default([]),
      verifiers: z.array(text),
    }),
  ),
});

/** @throws UsersFileError */
export function readUsersFile(file: string): FileUser[] {
  let content: string;
  try {
    if (statSync(file).size > usersFileBytesMax)
      throw new UsersFileError(`${file} is over ${usersFileBytesMax} bytes`);
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof UsersFileError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new UsersFileError(
      code === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read (${code})`,
    );
  }
  return parseUsersFile(content, file);
}

/**
 * Reads all of it or nothing: an empty file, a key that is unknown or a verifier that is none is a fault of the whole. A
 * file without users says so: `users: []`.
 *
 * @param file for messages
 * @throws UsersFileError
 */
export function parseUsersFile(content: string, file: string): FileUser[] {
  const result = fileSchema.safeParse(writtenByUs(content) ?? yamlOf(content, file));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new UsersFileError(
      `${file}: ${issue?.path.join('.') || 'the whole'}: ${issueMessage(issue?.code)}`,
    );
  }
  const seen = new Set<string>();
  for (const [index, user] of result.data.users.entries()) {
    const key = JSON.stringify([user.tenant, user.name]);
    const fault = seen.has(key) ? 'the same name is there before' : fileUserFault(user);
    if (fault !== undefined) throw new UsersFileError(`${file}: users.${index}: ${fault}`);
    seen.add(key);
  }
  return result.data.users;
}

/** One line per user, which is JSON: quick to read, and a change is a line in a comparison of versions. */
export function formatUsersFile(users: readonly FileUser[]): string {
  if (users.length === 0) return `${header}users: []\n`;
  const lines = users.map(
    ({ tenant, name, groups, verifiers }) => `  - ${JSON.stringify({ tenant, name, groups, verifiers })}\n`,
  );
  return `${header}users:\n${lines.join('')}`;
}

/** Why a user is none, or undefined. Repeats no verifier. */
export function fileUserFault({ name, groups, verifiers }: FileUser): string | undefined {
  const fault = userNameFault(name);
  if (fault !== undefined) return fault;
  if (!groups.every((group) => groupName.test(group)))
    return 'a group is of letters, digits, ".", "_" and "-"';
  if (verifiers.length === 0) return 'there is no verifier';
  try {
    const kinds = verifiers.map((verifier) => {
      if (isScramVerifier(verifier)) return parseScramVerifier(verifier).mechanism;
      if (!isScryptVerifier(verifier))
        throw new Error('a verifier starts with scrypt$, scram-sha-256$ or scram-sha-512$');
      parseScryptVerifier(verifier);
      return 'scrypt';
    });
    return new Set(kinds).size === kinds.length ? undefined : 'there are two verifiers of one kind';
  } catch (error) {
    return (error as Error).message;
  }
}

/** YAML of 10,000 users takes more than a second, in which nobody is served; the form that we write takes 30 ms. */
function writtenByUs(content: string): unknown {
  const lines = content.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (
    lines[0] !== 'users:' ||
    lines.length === 1 ||
    !lines.slice(1).every((line) => line.startsWith('  - {"'))
  )
    return undefined;
  try {
    return { users: lines.slice(1).map((line) => JSON.parse(line.slice('  - '.length)) as unknown) };
  } catch {
    return undefined;
  }
}

function yamlOf(content: string, file: string): unknown {
  const document = parseDocument(content, { prettyErrors: true });
  const [error] = document.errors;
  // Its messages repeat what they found.
  if (error) throw new UsersFileError(`${file}:${error.linePos?.[0].line ?? 1}: is not YAML (${error.code})`);
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new UsersFileError(`${file}: aliases are not allowed`);
  }
}

function issueMessage(code: string | undefined): string {
  if (code === 'unrecognized_keys')
    return 'has a key that is none; a user has tenant, name, groups and verifiers';
  return 'is missing or of the wrong kind; a users file is "users:" and a list of tenant, name, groups and verifiers';
}
