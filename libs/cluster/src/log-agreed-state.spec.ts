import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLog } from '#libs/telemetry';
import { AgreedStateError } from './agreed-state.js';
import { type AgreedStateOptions, LogAgreedState } from './log-agreed-state.js';
import { ManualClock } from './testing/fake-members-log.js';
import { FakeStateLog } from './testing/fake-state-log.js';

describe('state that gateways agree on', () => {
  let clock: ManualClock;
  let log: FakeStateLog;
  let made: LogAgreedState[] = [];
  let mayOpen = true;

  beforeEach(() => {
    clock = new ManualClock();
    log = new FakeStateLog();
    mayOpen = true;
  });

  afterEach(async () => {
    await Promise.all(made.map((each) => each.close()));
    made = [];
  });

  function state(options: Partial<AgreedStateOptions> = {}): LogAgreedState {
    const created = new LogAgreedState({
      name: 'test',
      openLog: log.open,
      mayOpen: () => mayOpen,
      log: silentLog,
      clock,
      ...options,
    });
    made.push(created);
    return created;
  }

  async function started(options: Partial<AgreedStateOptions> = {}): Promise<LogAgreedState> {
    const created = state(options);
    await created.start();
    return created;
  }

  const text = (of: LogAgreedState, key: string) => of.get(key)?.toString();
  const value = (of: string) => Buffer.from(of);
  const faultOf = (put: Promise<void>) =>
    put.then(
      () => 'none',
      (error: AgreedStateError) => error.fault,
    );

  it('is ready when all was read, not before', async () => {
    log.write('k', '1');
    mayOpen = false;
    const a = state();
    const read = a.start();
    await clock.pass(5_000);
    expect([a.ready, a.size, log.opened]).toEqual([false, 0, 0]);
    expect(await faultOf(a.put('k', value('2')))).toBe('unavailable');
    mayOpen = true;
    await clock.pass(1_100);
    await read;
    expect([a.ready, text(a, 'k')]).toEqual([true, '1']);
  });

  it('tries again until the log can be read', async () => {
    log.refusal = new Error('no broker');
    const a = state();
    const read = a.start();
    await clock.pass(3_500);
    expect(log.opened).toBeGreaterThan(2);
    expect(a.ready).toBe(false);
    log.refusal = undefined;
    await clock.pass(1_100);
    await read;
    expect(a.ready).toBe(true);
  });

  it('answers a put when it is stored and was read back, whichever comes last', async () => {
    const a = await started();
    const answered: string[] = [];
    for (const held of ['receipts', 'delivery'] as const) {
      log.hold(held);
      const put = a.put('k', value(held)).then(() => answered.push(held));
      await log.settled();
      expect(answered).not.toContain(held);
      log.release();
      await put;
      expect(text(a, 'k')).toBe(held);
    }
  });

  it('knows, when asked to catch up, all that was stored before; while the log is away it cannot', async () => {
    const [a, b] = [await started(), await started()];
    log.hold('delivery');
    log.write('k', '1');
    let isCaughtUp = false;
    const caughtUp = b.caughtUp().then(() => {
      isCaughtUp = true;
    });
    await log.settled();
    expect([isCaughtUp, text(b, 'k')]).toEqual([false, undefined]);
    log.release();
    await caughtUp;
    expect(text(b, 'k')).toBe('1');
    log.attached = false;
    expect(await faultOf(a.caughtUp())).toBe('unavailable');
    log.attached = true;
    log.end();
    expect(await faultOf(a.caughtUp())).toBe('unavailable');
  });

  it('takes values of the size that it was made for', async () => {
    const a = await started({ valueBytesMax: 100_000 });
    await a.put('k', Buffer.alloc(100_000));
    expect(a.bytes).toBe(100_001);
    expect(await faultOf(a.put('k', Buffer.alloc(100_001)))).toBe('invalid');
  });

  it('answers both of two that set a key at the same time, and the later in the log is in force for both', async () => {
    const [a, b] = [await started(), await started()];
    await Promise.all([a.put('k', value('a')), b.put('k', value('b'))]);
    await log.settled();
    expect([text(a, 'k'), text(b, 'k')]).toEqual(['b', 'b']);
  });

  it('stores keys that are put together in one entry: of two that do so, all of the later is in force', async () => {
    const [a, b] = [await started(), await started()];
    const both = (of: string) => new Map([...'kl'].map((key) => [key, value(of)]));
    const told: string[] = [];
    b.onChange((key) => told.push(key));
    await Promise.all([a.putAll(both('a')), b.putAll(both('b'))]);
    await log.settled();
    for (const each of [a, b]) expect([text(each, 'k'), text(each, 'l')]).toEqual(['b', 'b']);
    expect(told).toEqual(['k', 'l', 'k', 'l']);
    await a.putAll(new Map([['k', null] as const, ['l', value('c')] as const]));
    expect([...a.entries()]).toEqual([['l', value('c')]]);
  });

  it('tells what changed, once, and not what stays', async () => {
    const a = await started();
    const told: [string, string | undefined][] = [];
    const unfollow = a.onChange((key, changed) => told.push([key, changed?.toString()]));
    await a.put('k', value('1'));
    await a.put('k', value('1'));
    await a.put('k', null);
    await a.put('k', null);
    unfollow();
    await a.put('k', value('2'));
    expect(told).toEqual([
      ['k', '1'],
      ['k', undefined],
    ]);
  });

  it('goes on when one that follows it fails', async () => {
    const a = await started();
    a.onChange(() => {
      throw new Error('not mine to mend');
    });
    const told: string[] = [];
    a.onChange((key) => told.push(key));
    await a.put('k', value('1'));
    expect(told).toEqual(['k']);
  });

  it('keeps what it read when the log ends, and then tells only what is different', async () => {
    const a = await started();
    await a.put('gone', value('1'));
    await a.put('kept', value('1'));
    const told: [string, string | undefined][] = [];
    a.onChange((key, changed) => told.push([key, changed?.toString()]));
    log.end();
    log.write('gone', null);
    log.write('new', '1');
    expect([a.ready, text(a, 'gone')]).toEqual([true, '1']);
    expect(await faultOf(a.put('k', value('1')))).toBe('unavailable');
    await clock.pass(1_100);
    expect([text(a, 'gone'), text(a, 'kept'), text(a, 'new')]).toEqual([undefined, '1', '1']);
    expect(told).toEqual([
      ['gone', undefined],
      ['new', '1'],
    ]);
  });

  it('answers what was stored when the log is read again, and says of the rest that it may not be', async () => {
    const a = await started();
    log.hold('delivery');
    const stored = faultOf(a.put('stored', value('1')));
    await log.settled();
    log.hold('receipts');
    const unknown = faultOf(a.put('unknown', value('1')));
    await log.settled();
    log.end();
    log.release();
    await clock.pass(1_100);
    expect(await stored).toBe('none');
    expect(text(a, 'stored')).toBe('1');
    await clock.pass(10_000);
    expect(await unknown).toBe('unconfirmed');
  });

  it('gives a put up in time', async () => {
    const a = await started({ putTimeoutMs: 3_000 });
    log.hold('receipts');
    const put = faultOf(a.put('k', value('1')));
    await clock.pass(3_100);
    expect(await put).toBe('unconfirmed');
    log.release();
    await log.settled();
    expect(text(a, 'k')).toBe('1');
  });

  it('is ready for a while when the log is away, then not, and again when it is back', async () => {
    const a = await started({ staleMsMax: 10_000 });
    await a.put('k', value('1'));
    await clock.pass(2_000);
    log.attached = false;
    await clock.pass(8_000);
    expect(a.ready).toBe(true);
    await clock.pass(4_000);
    expect(a.ready).toBe(false);
    expect(await faultOf(a.put('k', value('2')))).toBe('unavailable');
    expect(text(a, 'k')).toBe('1');
    log.attached = true;
    expect(a.ready).toBe(true);
  });

  it('reads everything again when it was away for long: what was deleted may be in no log any more', async () => {
    const a = await started();
    log.attached = false;
    await clock.pass(62_000);
    log.attached = true;
    await clock.pass(2_200);
    expect([log.opened, a.ready]).toEqual([2, true]);
  });

  it('refuses what cannot be stored', async () => {
    const a = await started();
    const refused = ['', 'pulsegate.mark', 'k'.repeat(1_025)].map((key) => faultOf(a.put(key, value('1'))));
    expect(await Promise.all(refused)).toEqual(Array(3).fill('invalid'));
    expect(await faultOf(a.put('k', Buffer.alloc(0)))).toBe('invalid');
    expect(await faultOf(a.put('k', Buffer.alloc(64 * 1024 + 1)))).toBe('invalid');
    const puts = (of: Iterable<readonly [string, Buffer | null]>) => faultOf(a.putAll(new Map(of)));
    const half = Buffer.alloc(32 * 1024 + 1);
    expect(await puts([])).toBe('invalid');
    expect(await puts(Array.from({ length: 17 }, (_, at) => [`k${at}`, value('1')]))).toBe('invalid');
    expect(await puts([...'kl'].map((key) => [key, half]))).toBe('invalid');
    expect(await puts(Object.entries({ k: value('1'), l: value('') }))).toBe('invalid');
    expect(a.size).toBe(0);
  });

  it('is bounded: entries, bytes, and changes on their way', async () => {
    const a = await started({ entriesMax: 2, bytesMax: 20, pendingPutsMax: 3 });
    await a.put('a', value('1'));
    await a.put('b', value('1'));
    expect(await faultOf(a.put('c', value('1')))).toBe('full');
    await a.put('b', value('2'));
    expect(await faultOf(a.put('b', value('2'.repeat(20))))).toBe('full');
    const swap = new Map([['a', null] as const, ['c', value('1')] as const, ['d', value('1')] as const]);
    expect(await faultOf(a.putAll(swap))).toBe('full');
    expect(text(a, 'a')).toBe('1');
    await a.put('a', null);
    await a.put('c', value('1'));
    log.hold('receipts');
    const puts = Array.from({ length: 4 }, () => faultOf(a.put('c', value('1'))));
    expect(await puts[3]).toBe('unavailable');
    log.release();
    expect(await Promise.all(puts)).toEqual(['none', 'none', 'none', 'unavailable']);
  });

  it('is not ready when the log holds far more than there may be: some of it is not here', async () => {
    for (let at = 0; at < 5; at++) log.write(`k${at}`, '1');
    const a = await started({ entriesMax: 2 });
    expect([a.ready, a.isIncomplete, a.size]).toEqual([false, true, 4]);
    const b = await started({ entriesMax: 3 });
    expect([b.ready, b.isIncomplete, b.size]).toEqual([true, false, 5]);
    expect(await faultOf(b.put('k9', value('1')))).toBe('full');
    await b.put('k0', null);
  });

  it('says when it ends that what is on its way may not be stored', async () => {
    const a = await started();
    log.hold('receipts');
    const put = faultOf(a.put('k', value('1')));
    await a.close();
    expect(await put).toBe('unconfirmed');
    expect(a.ready).toBe(false);
    mayOpen = false;
    const b = state();
    const read = b.start();
    await b.close();
    await expect(read).rejects.toThrow(AgreedStateError);
  });
});
