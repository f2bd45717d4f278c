import { describe, expect, it } from '@jest/globals';
import { PulsarError, type TopicLease } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { ManualClock } from './manual-clock.js';
import { HeldSlice } from './held-slice.js';
import { Notes, ScriptedLease } from './scripted-lease.js';

const tenant = { name: 'acme' } as Tenant;

function bed() {
  const clock = new ManualClock();
  const leases: ScriptedLease[] = [];
  const faults: Error[] = [];
  const slice = new HeldSlice<Notes>({
    tenant,
    slice: 2,
    things: 'notes',
    pendingEntriesMax: 10,
    makeState: (ground) => new Notes(ground),
    log: silentLog,
    clock,
    owner: 'test',
    topic: async () => {
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      return 'persistent://t/n/groups-partition-2';
    },
    acquireLease: async (options) => {
      const lease = new ScriptedLease(options);
      leases.push(lease);
      return lease as unknown as TopicLease;
    },
  });
  const code = () => {
    try {
      slice.state();
      return 'serves';
    } catch (error) {
      return (error as { reason: string }).reason;
    }
  };
  /** Lets the promises between two steps come to rest. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { clock, leases, faults, slice, code, settle };
}

describe('the right to a slice', () => {
  it('is asked for by the first request, and serves when all is replayed', async () => {
    const { slice, leases, code, settle } = bed();
    expect(leases).toHaveLength(0);
    expect([code(), code()]).toEqual(['loading', 'loading']);
    const acquired = slice.acquired(1_000);
    await settle();
    const [lease] = leases;
    expect([leases.length, lease!.options.eager]).toEqual([1, true]);
    lease!.become('replaying');
    lease!.record('a', 'noted');
    expect(code()).toBe('loading');
    lease!.become('serving');
    const notes = await acquired;
    expect([notes.isServing, ...notes.notes]).toEqual([true, ['a', 'noted']]);
    expect(code()).toBe('serves');
  });

  it('answers nothing while Pulsar does not confirm it, and its timers wait', async () => {
    const { slice, clock, leases, code, settle } = bed();
    code();
    await settle();
    leases[0]!.become('serving');
    let called = 0;
    slice.state().ground.clock.after(100, () => called++);
    leases[0]!.become('suspended');
    clock.advance(1_000);
    expect([code(), called]).toEqual(['unconfirmed', 0]);
    leases[0]!.become('serving');
    expect(code()).toBe('serves');
    clock.advance(100);
    expect(called).toBe(1);
  });

  it('is lost with everything that waits, and asked for again after a pause', async () => {
    const { slice, clock, leases, faults, code, settle } = bed();
    code();
    await settle();
    leases[0]!.become('serving');
    const state = slice.state();
    leases[0]!.become('lost');
    expect([state.isClosed, code()]).toEqual([true, 'unconfirmed']);
    clock.advance(100);
    faults.push(new Error('Pulsar is away'));
    expect(code()).toBe('loading');
    const refused = slice.acquired(1_000);
    await expect(refused).rejects.toMatchObject({ reason: 'elsewhere' });
    clock.advance(199);
    expect(code()).toBe('unconfirmed');
    clock.advance(1);
    expect(code()).toBe('loading');
    await settle();
    leases[1]!.become('serving');
    expect(code()).toBe('serves');
    expect(slice.state()).not.toBe(state);
  });

  it('is not held for nobody when its state gives up: it is left, and taken anew after a pause', async () => {
    const { slice, clock, leases, code, settle } = bed();
    code();
    await settle();
    leases[0]!.become('serving');
    const state = slice.state();
    state.ground.fail(new PulsarError('EntryTooLarge', ''));
    expect([state.isClosed, leases[0]!.released, code()]).toEqual([true, 1, 'unconfirmed']);
    clock.advance(100);
    code();
    await settle();
    leases[1]!.become('serving');
    expect(code()).toBe('serves');
    state.ground.fail(new PulsarError('EntryTooLarge', ''));
    expect(code()).toBe('serves');
  });

  it('is given back for good, also while it is being asked for', async () => {
    const { slice, leases, code, settle } = bed();
    code();
    await settle();
    leases[0]!.become('serving');
    const state = slice.state();
    await slice.release();
    expect([state.isClosed, leases[0]!.released, slice.served]).toEqual([true, 1, undefined]);
    code();
    const waiting = slice.acquired(1_000);
    const given = slice.release();
    await expect(waiting).rejects.toMatchObject({ reason: 'elsewhere' });
    await given;
    await settle();
    expect(leases.filter(({ released }) => released === 0)).toEqual([]);
  });

  it('is given back when its state is stored, and nobody is served meanwhile', async () => {
    const { slice, leases, code, settle } = bed();
    code();
    await settle();
    leases[0]!.become('serving');
    const state = slice.state();
    const stored = Promise.withResolvers<void>();
    state.settle = () => stored.promise;
    const given = slice.release();
    await settle();
    expect([state.isClosed, leases[0]!.released, slice.served]).toEqual([false, 0, undefined]);
    expect(code()).toBe('loading');
    await settle();
    expect(leases).toHaveLength(1);
    stored.resolve();
    await given;
    await settle();
    expect([state.isClosed, leases[0]!.released, leases.length]).toEqual([true, 1, 2]);
  });

  it('is not waited for without end', async () => {
    const { slice, clock } = bed();
    const acquired = slice.acquired(500);
    clock.advance(500);
    await expect(acquired).rejects.toMatchObject({ reason: 'loading' });
  });
});
