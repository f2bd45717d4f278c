import { existsSync } from 'node:fs';
import { loadConfig } from '#apps/gateway';
import {
  type FileUser,
  fileUserFault,
  formatScramVerifier,
  readUsersFile,
  scramCredential,
  scryptVerifier,
} from '#libs/auth';
import { tenantNameFault } from '#libs/tenancy';
import { readPassword } from '../password-prompt.js';
import { editUsersFile } from '../users-file-edit.js';

/** Where the users are: `file`, or `authentication.usersFile` of the configuration. */
export interface UsersPlace {
  readonly file?: string;
  readonly config: string;
}

type VerifierKind = 'scrypt' | 'scram-sha-256' | 'scram-sha-512';

interface AddOptions extends UsersPlace {
  readonly name: string;
  readonly tenant: string;
  readonly mechanism: readonly VerifierKind[];
  readonly groups?: readonly string[];
}

/** `pulsegate user add`: makes a user, or gives one another password (and other groups, when they are given). */
export async function addUserCommand({
  name,
  tenant,
  mechanism,
  groups,
  ...place
}: AddOptions): Promise<number> {
  const file = fileOf(place);
  // What is wrong with the names is said before a password is asked for.
  const fault =
    tenantNameFault(tenant) ??
    fileUserFault({ tenant, name, groups: groups ?? [], verifiers: [checkedVerifier] });
  if (fault !== undefined) throw new Error(fault);
  const password = await readPassword();
  if (password.includes('\0')) throw new Error('a password has no NUL character');
  const verifiers = await Promise.all([...new Set(mechanism)].map((kind) => verifierOf(kind, password)));
  const replaced = editUsersFile(file, (users) => {
    const index = users.findIndex((each) => each.tenant === tenant && each.name === name);
    const user: FileUser = { tenant, name, groups: groups ?? users[index]?.groups ?? [], verifiers };
    if (index === -1) users.push(user);
    else users[index] = user;
    return index !== -1;
  });
  process.stdout.write(`${tenant}/${name} ${replaced ? 'has a new password' : 'was added'} in ${file}\n`);
  return 0;
}

/** `pulsegate user remove`: its connections end as soon as the gateway has read the file. Exit code 1 when there is none. */
export function removeUserCommand({
  name,
  tenant,
  ...place
}: UsersPlace & { name: string; tenant: string }): number {
  const file = fileOf(place);
  if (!existsSync(file)) throw new Error(`there is no file ${file}`);
  editUsersFile(file, (users) => {
    const index = users.findIndex((each) => each.tenant === tenant && each.name === name);
    if (index === -1) throw new Error(`there is no user ${tenant}/${name} in ${file}`);
    users.splice(index, 1);
  });
  process.stdout.write(`${tenant}/${name} was removed from ${file}\n`);
  return 0;
}

/** `pulsegate user list`: names, groups and kinds of verifiers; no verifier. */
export function listUsersCommand({
  tenant,
  json,
  ...place
}: UsersPlace & { tenant?: string; json?: boolean }): number {
  const users = readUsersFile(fileOf(place))
    .filter((user) => tenant === undefined || user.tenant === tenant)
    .map(({ verifiers, ...user }) => ({
      ...user,
      verifiers: verifiers.map((each) => each.split('$', 1)[0]),
    }));
  if (json) process.stdout.write(`${JSON.stringify(users)}\n`);
  else
    for (const each of users)
      process.stdout.write(
        `${each.tenant}/${each.name}  ${each.verifiers.join(',')}  ${each.groups.join(',')}\n`,
      );
  return 0;
}

const checkedVerifier = 'scrypt$16384$8$1$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAA==';

async function verifierOf(kind: VerifierKind, password: string): Promise<string> {
  if (kind === 'scrypt') return scryptVerifier(password);
  const mechanism = kind === 'scram-sha-256' ? 'SCRAM-SHA-256' : 'SCRAM-SHA-512';
  return formatScramVerifier(await scramCredential(password, mechanism));
}

function fileOf({ file, config }: UsersPlace): string {
  if (file !== undefined) return file;
  const { usersFile } = loadConfig(config).authentication;
  if (usersFile === undefined)
    throw new Error(`${config} has no authentication.usersFile; say which with --file`);
  return usersFile;
}
