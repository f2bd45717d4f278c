import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type Log, type LogFields, silentLog } from '#libs/telemetry';
import {
  KeyRing,
  type KeyRingOptions,
  KeysUnavailable,
  unknownKeyPauseMs,
  WaitingTokens,
} from './key-ring.js';
import { jwksOf, type TestKey, testKey } from './testing/test-issuer.js';
import { type ParsedKeys, parseJwks } from './verification-key.js';

const [a, b, c] = [testKey('ES256', 'a'), testKey('ES256', 'b'), testKey('ES256', 'c')];
const setOf = (...keys: TestKey[]) => parseJwks(JSON.stringify(jwksOf(...keys)));
const staleMsMax = 100_000;

describe('KeyRing', () => {
  const lines: [string, LogFields][] = [];
  const say = (level: string) => (fields: LogFields) => void lines.push([level, fields]);
  const log: Log = { ...silentLog, info: say('info'), warn: say('warn'), error: say('error') };
  let nowMs = 0;
  let reads = 0;
  let served: ParsedKeys | Error | Promise<ParsedKeys>;
  let ring: KeyRing;

  function make(options: Partial<KeyRingOptions> = {}): KeyRing {
    [nowMs, reads] = [0, 0];
    lines.length = 0;
    served = setOf(a);
    const load = async () => {
      reads++;
      if (served instanceof Error) throw served;
      return served;
    };
    const now = () => nowMs;
    ring = new KeyRing({
      ...{ issuer: 'corp', load, refreshMs: 3_600_000, staleMsMax, refreshForUnknown: true, log, now },
      ...options,
    });
    return ring;
  }

  const kidsFor = async (kid?: string) => (await ring.keysFor('ES256', kid)).map((key) => key.kid);
  afterEach(() => {
    ring.close();
    jest.useRealTimers();
  });

  it('finds keys by id and by what they may verify', async () => {
    await make().start();
    expect(await kidsFor('a')).toEqual(['a']);
    expect(await kidsFor()).toEqual(['a']);
    expect(await ring.keysFor('RS256', 'a')).toEqual([]);
  });

  it('reads again for an unknown key, once for all who ask, and not again for a while', async () => {
    await make().start();
    served = setOf(a, b);
    nowMs = unknownKeyPauseMs;
    expect(await Promise.all(Array.from({ length: 8 }, () => kidsFor('b')))).toEqual(Array(8).fill(['b']));
    expect(reads).toBe(2);
    for (let each = 0; each < 100; each++) expect(await kidsFor(`invented ${each}`)).toEqual([]);
    expect(reads).toBe(2);
    nowMs += unknownKeyPauseMs - 1;
    expect(await kidsFor('c')).toEqual([]);
    served = setOf(b, c);
    nowMs += 1;
    expect(await kidsFor('c')).toEqual(['c']);
    expect(reads).toBe(3);
    expect(await kidsFor('a')).toEqual([]);
  });

  it('lets few tokens wait for an issuer that takes its time, and none that need not', async () => {
    const waiting = new WaitingTokens(3);
    await make({ waiting }).start();
    let answer: (keys: ParsedKeys) => void = () => {};
    served = new Promise((resolve) => {
      answer = resolve;
    });
    nowMs = unknownKeyPauseMs;
    const wait = Array.from({ length: 50 }, (_, each) => kidsFor(each === 0 ? 'b' : `invented ${each}`));
    const settled = Promise.allSettled(wait);
    expect(await kidsFor('a')).toEqual(['a']);
    await expect(kidsFor('b')).rejects.toBeInstanceOf(KeysUnavailable);
    answer(setOf(a, b));
    const results = await settled;
    expect(results[0]).toEqual({ status: 'fulfilled', value: ['b'] });
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await kidsFor('b')).toEqual(['b']);
    expect(reads).toBe(2);
  });

  it('keeps known keys for a while when it cannot read them, and then none', async () => {
    await make().start();
    served = new Error('ECONNREFUSED');
    nowMs = staleMsMax;
    await ring.refresh();
    await ring.refresh();
    expect(await kidsFor('a')).toEqual(['a']);
    await expect(kidsFor('b')).rejects.toBeInstanceOf(KeysUnavailable);
    nowMs += 1;
    await expect(kidsFor('a')).rejects.toThrow('ECONNREFUSED');
    await ring.refresh();
    served = setOf(a);
    await ring.refresh();
    expect(await kidsFor('a')).toEqual(['a']);
    expect(lines.map(([level, { event }]) => `${level} ${event}`)).toEqual([
      'info jwt.keys-read',
      'warn jwt.keys-unavailable',
      'error jwt.keys-unavailable',
      'info jwt.keys-read',
    ]);
  });

  it('verifies nothing before it has read keys, and goes on trying', async () => {
    jest.useFakeTimers();
    make();
    await expect(ring.keysFor('ES256', 'a')).resolves.toHaveLength(1);
    ring.close();
    make();
    served = new Error('EAI_AGAIN');
    await expect(ring.start()).rejects.toThrow('EAI_AGAIN');
    await expect(kidsFor('a')).rejects.toThrow('EAI_AGAIN');
    expect(reads).toBe(1);
    expect(lines).toEqual([
      ['error', expect.objectContaining({ event: 'jwt.keys-unavailable', issuer: 'corp' })],
    ]);
    served = setOf(a);
    await jest.advanceTimersByTimeAsync(unknownKeyPauseMs);
    expect(reads).toBe(2);
    expect(await kidsFor('a')).toEqual(['a']);
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(reads).toBe(3);
    ring.close();
    await jest.advanceTimersByTimeAsync(36_000_000);
    expect(reads).toBe(3);
  });

  it('tells when keys were taken out, and not when some were added', async () => {
    await make().start();
    const told: (string | undefined)[] = [];
    const end = ring.onWithdrawn((keys) => void told.push(...keys.map(({ kid }) => kid)));
    served = setOf(a, b);
    await ring.refresh();
    expect(told).toEqual([]);
    served = setOf(b);
    await ring.refresh();
    expect(told).toEqual(['a']);
    served = setOf();
    await ring.refresh();
    expect(told).toEqual(['a', 'b']);
    expect(await kidsFor('b')).toEqual([]);
    expect(lines.at(-1)).toEqual(['error', expect.objectContaining({ count: 0 })]);
    end();
    served = setOf(a);
    await ring.refresh();
    served = setOf(b);
    await ring.refresh();
    expect(told).toEqual(['a', 'b']);
  });

  it('tries keys without ids for every id, and the same id twice, but not any number', async () => {
    await make({ refreshForUnknown: false }).start();
    served = setOf(testKey('ES256'), a, { ...b, kid: 'a' });
    await ring.refresh();
    expect(await kidsFor('a')).toEqual(['a', 'a']);
    expect(await kidsFor('unknown')).toEqual([undefined]);
    served = setOf(...Array.from({ length: 9 }, () => testKey('ES256', 'a')));
    await ring.refresh();
    expect(await kidsFor('a')).toEqual([]);
    expect(reads).toBe(3);
  });
});
