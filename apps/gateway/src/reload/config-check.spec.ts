import { describe, expect, it } from '@jest/globals';
import { parseRate } from '#libs/rate-limit';
import { checkConfig, ConfigError } from '../config-file.js';
import { remember } from './config-change.js';
import { checkedConfig } from './config-check.js';

const running = checkConfig({ pulsar: { auth: { method: 'token', token: 't' } }, log: { level: 'warn' } });
const toCheck = (text: string) => ({
  ...{ text, name: 'request', folder: '/etc', environment: {} },
  ...{ running, known: new Map() },
});
const faultsOf = (checked: Promise<unknown>) =>
  checked.then(
    () => [],
    (error: unknown) => {
      if (error instanceof ConfigError) return error.faults;
      throw error;
    },
  );

/** The longest time for which nothing else had a turn. */
async function stoodStillMs(work: Promise<unknown>): Promise<number> {
  let [longest, last] = [0, performance.now()];
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  await work.finally(() => clearInterval(timer));
  return Math.max(longest, performance.now() - last);
}

/** Behind what is read at once. */
const long = `${'#'.repeat(10_000)}\n`;
const manyValues = `a:\n${'- 1\n'.repeat(2_000_000)}`;

describe('the check of a configuration in a thread of its own', () => {
  it('gives what the text says, with the environment over it and files from the folder', async () => {
    const limited = long + 'tenants: [{ name: a, namespace: a/n, limits: { bytesIn: 1MB/s } }]';
    const text = `${limited}\npulsar: { auth: { method: token, tokenFile: t } }`;
    const environment = { PULSEGATE__log__level: 'warn' };
    expect(await faultsOf(checkedConfig({ ...toCheck(text), environment }))).toContainEqual({
      ...{ where: 'request:3:45', key: 'pulsar.auth.tokenFile', message: 'there is no file /etc/t' },
    });
    const { tenants, log } = await checkedConfig({
      ...toCheck(text.replace('tokenFile: t', 'token: t')),
      environment,
    });
    expect([tenants[0]?.limits.bytesIn, log.level]).toEqual([parseRate('1MB/s', 'bytes'), 'warn']);
  });

  it.each([
    ['a short', ''],
    ['a long', long],
  ])('tells what cannot be changed by its place, with all other faults: in %s text', async (_, first) => {
    const before = checkConfig({ tenants: [{ name: 'a', namespace: 'a/n' }] });
    const text =
      'tenants:\n  - name: a\n    namespace: a/other\n    users: [{ name: b, passwordEnv: NONE }]\n';
    const check = checkedConfig({
      ...toCheck(first + text),
      running: before,
      known: remember(new Map(), before),
    });
    expect((await faultsOf(check)).map(({ where, key }) => `${where} ${key}`)).toEqual([
      `request:${first === '' ? 4 : 5}:37 tenants.0.users.0.passwordEnv`,
      `request:${first === '' ? 3 : 4}:16 tenants.0.namespace`,
    ]);
  });

  it('ends where it takes too long, and holds nobody up', async () => {
    const check = faultsOf(checkedConfig(toCheck(manyValues), { readMsMax: 2_000, heapMebibytesMax: 4_096 }));
    expect(await stoodStillMs(check)).toBeLessThan(1_000);
    expect(await check).toEqual([
      { where: 'request', key: '', message: expect.stringMatching(/^takes more than 2 s to read: /) },
    ]);
  });

  it('ends where it takes too much memory', async () => {
    const limits = { readMsMax: 60_000, heapMebibytesMax: 64 };
    expect(await faultsOf(checkedConfig(toCheck(manyValues), limits))).toEqual([
      { where: 'request', key: '', message: expect.stringMatching(/^takes more than 64 MiB of memory/) },
    ]);
  }, 70_000);
});
