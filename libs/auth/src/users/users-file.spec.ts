import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Log, silentLog } from '#libs/telemetry';
import { Authenticator } from '../authenticator.js';
import { scryptVerifier } from '../password-verifier.js';
import type { Principal } from '../principal.js';
import { formatScramVerifier, scramCredential } from '../scram/scram-verifier.js';
import { tenants } from '../testing/tenants.js';
import {
  type FileUser,
  formatUsersFile,
  parseUsersFile,
  readUsersFile,
  UsersFileError,
} from './users-file.js';
import { UsersFileWatch } from './users-file-watch.js';

const peer = { listener: 'kafka', remoteAddress: '10.0.0.1' };
let folder: string;
let verifier: string;
let other: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pulsegate-users-'));
  verifier = formatScramVerifier(await scramCredential('secret', 'SCRAM-SHA-256', 4_096));
  other = await scryptVerifier('other');
});
afterAll(() => rmSync(folder, { recursive: true }));

const user = (name: string, verifiers = [verifier], tenant = 'acme'): FileUser => ({
  tenant,
  name,
  groups: ['g'],
  verifiers,
});

describe('a users file', () => {
  it('is read as it is written, and as people write YAML', () => {
    const users = [user('alice'), user('b"o:b#', [verifier, other]), user('alice', [other], 'demo')];
    expect(parseUsersFile(formatUsersFile(users), 'u')).toEqual(users);
    expect(parseUsersFile(formatUsersFile([]), 'u')).toEqual([]);
    const yaml = `# mine\nusers:\n  - tenant: acme\n    name: alice # she\n    verifiers: ["${verifier}"]\n`;
    expect(parseUsersFile(yaml, 'u')).toEqual([{ ...user('alice'), groups: [] }]);
  });

  it('of 10,000 users is read in a moment', () => {
    const users = Array.from({ length: 10_000 }, (_, each) => user(`user-${each}`));
    const text = formatUsersFile(users);
    const startedMs = performance.now();
    expect(parseUsersFile(text, 'u')).toHaveLength(10_000);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  const secret = 'hunter2';
  it.each([
    ['nothing', ''],
    ['comments alone', '# users\n'],
    ['no users', 'user: []'],
    ['a null', 'users:\n'],
    ['text', secret],
    ['broken YAML', `users: [ "${secret}`],
    ['broken YAML in a line of ours', `users:\n  - {"tenant":"acme","name":"${secret}\n`],
    ['a password instead of a verifier', `users:\n  - {tenant: acme, name: a, verifiers: [${secret}]}`],
    ['an empty verifier', 'users:\n  - {tenant: acme, name: a, verifiers: [""]}'],
    ['no verifier', 'users:\n  - {tenant: acme, name: a, verifiers: []}'],
    ['a verifier that is none', `users:\n  - {tenant: acme, name: a, verifiers: ["scrypt$${secret}"]}`],
    ['no name', 'users:\n  - {tenant: acme, verifiers: []}'],
    ['an empty name', 'users:\n  - {tenant: acme, name: "", verifiers: []}'],
    ['a name with a tenant', 'users:\n  - {tenant: acme, name: acme/a, verifiers: []}'],
    ['a reserved name', 'users:\n  - {tenant: acme, name: anonymous, verifiers: []}'],
    ['an unknown key', `users:\n  - {tenant: acme, name: a, verifiers: [], password: ${secret}}`],
    ['aliases', 'users: [&a {tenant: acme, name: a, verifiers: []}, *a]'],
    ['a number as a name', 'users:\n  - {tenant: acme, name: 1, verifiers: []}'],
  ])('with %s is refused as a whole, and nothing of it is repeated', (_, text) => {
    let message = '';
    try {
      parseUsersFile(text, 'users.yaml');
    } catch (error) {
      expect(error).toBeInstanceOf(UsersFileError);
      message = (error as Error).message;
    }
    expect(message).toMatch(/^users\.yaml/);
    expect(message).not.toContain(secret);
  });

  it('has each user and each kind of verifier once', () => {
    expect(() => parseUsersFile(formatUsersFile([user('a'), user('a')]), 'u')).toThrow(
      /users\.1: the same name/,
    );
    expect(() => parseUsersFile(formatUsersFile([user('a', [verifier, verifier])]), 'u')).toThrow(
      /two verifiers/,
    );
  });

  it('that is absent or a folder is told by its name', () => {
    expect(() => readUsersFile(join(folder, 'absent.yaml'))).toThrow(/there is no file .*absent/);
    expect(() => readUsersFile(folder)).toThrow(UsersFileError);
  });
});

describe('the users file of a gateway that runs', () => {
  let file: string;
  let lines: { event: unknown; message: string }[];
  let watch: UsersFileWatch;
  let authenticator: Authenticator;
  let revoked: Principal[];
  let version = 0;

  const write = (text: string) => {
    // As editors and `pulsegate user` do; the time of change alone may be the same within a tick.
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
    watch.look();
  };
  const allowed = async (name: string, password: string) =>
    (await authenticator.plain(name, password, peer)).kind === 'allow';

  beforeEach(() => {
    file = join(folder, `users-${version++}.yaml`);
    lines = [];
    revoked = [];
    const keep = (fields: { event?: unknown }, message: string) =>
      void lines.push({ event: fields.event, message });
    const log = { ...silentLog, info: keep, error: keep } as Log;
    const users = [{ name: 'fixed', tenant: 'acme', password: 'f' }];
    const listeners = [{ name: 'kafka', defaultTenant: 'acme' }];
    authenticator = new Authenticator({
      users,
      tenants,
      listeners,
      log,
      failureFloorMs: 0,
      failuresPerAddressBurst: 1_000,
    });
    authenticator.onRevoked((principal) => void revoked.push(principal));
    writeFileSync(file, formatUsersFile([user('alice'), user('bob', [other])]));
    watch = new UsersFileWatch({ file, users: authenticator.users, log, lookIntervalMs: 3_600_000 });
  });
  afterEach(() => watch.close());

  it('lets users in, and in again after each change', async () => {
    expect(await allowed('alice', 'secret')).toBe(true);
    expect(await allowed('bob', 'other')).toBe(true);
    expect(await allowed('carol', 'secret')).toBe(false);
    write(formatUsersFile([user('alice'), user('bob', [verifier]), user('carol')]));
    expect(await allowed('carol', 'secret')).toBe(true);
    expect(await allowed('bob', 'other')).toBe(false);
    expect(await allowed('bob', 'secret')).toBe(true);
    write(formatUsersFile([user('alice')]));
    expect(await allowed('bob', 'secret')).toBe(false);
    expect(await allowed('fixed', 'f')).toBe(true);
    expect(lines.map(({ event }) => event)).toEqual(['users-file.reloaded', 'users-file.reloaded']);
  });

  it('revokes who is gone or changed, and nobody else', async () => {
    const before = await authenticator.plain('alice', 'secret', peer);
    write(formatUsersFile([user('alice'), { ...user('bob', [other]), groups: ['h'] }]));
    expect(new Set(revoked.map(({ user: name }) => name))).toEqual(new Set(['bob']));
    const after = await authenticator.plain('alice', 'secret', peer);
    expect(after.kind === 'allow' && after.principal).toBe(before.kind === 'allow' && before.principal);
    write(formatUsersFile([]));
    expect(revoked).toContain(before.kind === 'allow' && before.principal);
    expect(revoked.some(({ user: name }) => name === 'fixed')).toBe(false);
  });

  it.each([
    ['is empty', ''],
    ['is broken', 'users: ['],
    ['names a tenant that is not there', formatUsersFile([{ ...user('eve'), tenant: 'nowhere' }])],
    ['names a user of the configuration', formatUsersFile([user('eve'), user('fixed')])],
  ])('changes nobody when it %s, and says so once', async (_, text) => {
    write(text);
    write(text);
    expect(await allowed('alice', 'secret')).toBe(true);
    expect(await allowed('fixed', 'f')).toBe(true);
    expect(await allowed('eve', 'secret')).toBe(false);
    expect(revoked).toEqual([]);
    expect(lines.filter(({ event }) => event === 'users-file.refused')).toHaveLength(1);
    write(formatUsersFile([user('eve')]));
    expect(await allowed('eve', 'secret')).toBe(true);
  });

  it('stays in force when it is gone, and is read when it is back', async () => {
    rmSync(file);
    watch.look();
    expect(await allowed('alice', 'secret')).toBe(true);
    write(formatUsersFile([user('eve')]));
    expect(await allowed('alice', 'secret')).toBe(false);
  });

  it('is followed through links, as mounted secrets are', async () => {
    const link = `${file}.link`;
    symlinkSync(file, link);
    const linked = new Authenticator({
      users: [],
      tenants,
      listeners: [],
      log: silentLog,
      failureFloorMs: 0,
    });
    const following = new UsersFileWatch({
      file: link,
      users: linked.users,
      log: silentLog,
      lookIntervalMs: 3_600_000,
    });
    write(formatUsersFile([user('eve')]));
    following.look();
    following.close();
    expect((await linked.plain('acme/eve', 'secret', peer)).kind).toBe('allow');
  });

  it('must be usable at the start', () => {
    writeFileSync(file, '');
    const { users } = new Authenticator({ users: [], tenants, listeners: [], log: silentLog });
    expect(() => new UsersFileWatch({ file, users, log: silentLog })).toThrow(UsersFileError);
  });
});
