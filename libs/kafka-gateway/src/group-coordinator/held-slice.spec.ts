import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { type LeaseOptions, type LeaseState, PulsarError, type TopicLease } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { kafkaOptionsSchema } from '../kafka.options.js';
import { bedTenant } from '../testing/group-coordinator-bed.js';
import { ManualClock } from '../testing/manual-clock.js';
import { offsetRecords } from './group-offsets.js';
import { HeldSlice } from './held-slice.js';

const { NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE } = KafkaErrorCode;

class ScriptedLease {
  state: LeaseState = 'queued';
  released = 0;

  constructor(readonly options: LeaseOptions) {}

  become(state: LeaseState): void {
    this.state = state;
    this.options.onStateChange?.(state, state === 'lost' ? new PulsarError('ProducerFenced', '') : undefined);
  }

  record(key: string, value: string): void {
    const place = { ledgerId: 1, entryId: 1, batchIndex: -1 };
    this.options.onRecord({ key, value: Buffer.from(value), ...place });
  }

  release(): Promise<void> {
    this.released++;
    return Promise.resolve();
  }
}

function bed() {
  const clock = new ManualClock();
  const leases: ScriptedLease[] = [];
  const faults: Error[] = [];
  const slice = new HeldSlice({
    tenant: bedTenant,
    topics: { resolve: async () => undefined, resolveListed: async () => undefined, names: async () => [] },
    slice: 2,
    kinds: [offsetRecords],
    options: kafkaOptionsSchema.parse({}),
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
      slice.coordinator();
      return 0;
    } catch (error) {
      return (error as { code: number }).code;
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
    expect([code(), code()]).toEqual([COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_LOAD_IN_PROGRESS]);
    const acquired = slice.acquired(1_000);
    await settle();
    const [lease] = leases;
    expect([leases.length, lease!.options.eager]).toEqual([1, true]);
    lease!.become('replaying');
    lease!.record('offset/g/a/0', '{"v":1,"o":5,"t":1}');
    lease!.record('unknown/of/a/newer/gateway', 'anything');
    expect(code()).toBe(COORDINATOR_LOAD_IN_PROGRESS);
    lease!.become('serving');
    expect((await acquired).group('g')?.offsets.get('a', 0)?.offset).toBe(5);
    expect(code()).toBe(0);
  });

  it('answers nothing while Pulsar does not confirm it, and its timers wait', async () => {
    const { slice, clock, leases, code, settle } = bed();
    code();
    await settle();
    leases[0]!.become('serving');
    let called = 0;
    slice.coordinator().clock.after(100, () => called++);
    leases[0]!.become('suspended');
    clock.advance(1_000);
    expect([code(), called]).toEqual([COORDINATOR_NOT_AVAILABLE, 0]);
    leases[0]!.become('serving');
    expect(code()).toBe(0);
    clock.advance(100);
    expect(called).toBe(1);
  });

  it('is lost with everything that waits, and asked for again after a pause', async () => {
    const { slice, clock, leases, faults, code, settle } = bed();
    code();
    await settle();
    leases[0]!.become('serving');
    const coordinator = slice.coordinator();
    const codes: unknown[] = [];
    leases[0]!.become('lost');
    coordinator.append([], (error) => codes.push(error?.code));
    expect([coordinator.closed, codes, code()]).toEqual([true, [NOT_COORDINATOR], COORDINATOR_NOT_AVAILABLE]);
    clock.advance(100);
    faults.push(new Error('Pulsar is away'));
    expect(code()).toBe(COORDINATOR_LOAD_IN_PROGRESS);
    const refused = slice.acquired(1_000);
    await expect(refused).rejects.toMatchObject({ code: NOT_COORDINATOR });
    clock.advance(199);
    expect(code()).toBe(COORDINATOR_NOT_AVAILABLE);
    clock.advance(1);
    expect(code()).toBe(COORDINATOR_LOAD_IN_PROGRESS);
    await settle();
    leases[1]!.become('serving');
    expect(code()).toBe(0);
    expect(slice.coordinator()).not.toBe(coordinator);
  });

  it('is given back for good, also while it is being asked for', async () => {
    const { slice, leases, code, settle } = bed();
    code();
    await settle();
    leases[0]!.become('serving');
    const coordinator = slice.coordinator();
    await slice.release();
    expect([coordinator.closed, leases[0]!.released, slice.served]).toEqual([true, 1, undefined]);
    code();
    const waiting = slice.acquired(1_000);
    const given = slice.release();
    await expect(waiting).rejects.toMatchObject({ code: NOT_COORDINATOR });
    await given;
    await settle();
    expect(leases.filter(({ released }) => released === 0)).toEqual([]);
  });

  it('is not waited for without end', async () => {
    const { slice, clock } = bed();
    const acquired = slice.acquired(500);
    clock.advance(500);
    await expect(acquired).rejects.toMatchObject({ code: COORDINATOR_LOAD_IN_PROGRESS });
  });
});
