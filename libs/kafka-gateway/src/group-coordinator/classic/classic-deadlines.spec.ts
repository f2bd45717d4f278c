import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode as code } from '#libs/kafka-codec';
import { ClassicBed } from '../../testing/classic-bed.js';
import { ManualClock } from '#libs/cluster';
import { PausableClock } from '../coordinator-clock.js';
import { ClassicGroup } from './classic-group.js';
import { ClassicTimer } from './classic-timer.js';
import { InitialDelay } from './initial-delay.js';

describe('the timer of a group', () => {
  it('is not set anew for what comes later, and is for what comes sooner', () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    const start = clock.uptime();
    const timer = new ClassicTimer(clock, () => {
      fired.push(clock.uptime() - start);
      return fired.length === 1 ? start + 30 : Number.POSITIVE_INFINITY;
    });
    timer.before(start + 20);
    timer.before(start + 50);
    expect(clock.timers).toBe(1);
    timer.before(start + 10);
    expect(clock.timers).toBe(1);
    clock.advance(100);
    expect(fired).toEqual([10, 30]);
    expect(clock.timers).toBe(0);
  });
});

describe('the initial delay', () => {
  it('is extended for those who come, up to the rebalance timeout in all', () => {
    const delay = new InitialDelay(3_000, 8_000);
    delay.joined();
    expect(delay.extension()).toBe(3_000);
    delay.joined();
    expect(delay.extension()).toBe(2_000);
    delay.joined();
    expect(delay.extension()).toBe(0);
  });

  it('is not, when nobody comes or there is no time', () => {
    expect(new InitialDelay(3_000, 60_000).extension()).toBe(0);
    const short = new InitialDelay(3_000, 1_000);
    short.joined();
    expect(short.extension()).toBe(0);
  });
});

describe('sessions', () => {
  it('stand still while the slice may not answer', () => {
    const before = new ClassicBed();
    const ids = before.stable(2, { sessionTimeoutMs: 10_000 });
    const { clock: manual, coordinator, log } = before.bed;
    const clock = new PausableClock(manual);
    const stored = ClassicGroup.restored(
      'g',
      { ...services(coordinator), clock },
      {
        ...{
          generation: 1,
          protocolType: 'consumer',
          protocolName: 'range',
          leaderId: ids[0],
          emptySince: undefined,
        },
        members: [...before.group.members()],
      },
    );
    coordinator.close();
    expect(log.entries).not.toEqual([]);
    stored.startSessions();
    manual.advance(8_000);
    clock.pause();
    manual.advance(60_000);
    clock.resume();
    manual.advance(1_000);
    expect(stored.heartbeat(ids[0]!, null, 1)).toBe(code.NONE);
    manual.advance(999);
    expect(stored.memberCount).toBe(2);
    manual.advance(1);
    expect([stored.memberCount, stored.stateName]).toEqual([1, 'PreparingRebalance']);
  });

  function services({ tenant, options, log }: ClassicBed['bed']['coordinator']) {
    return { tenant, options, log, admitMemberBytes: () => true, append: () => {}, onRebalance: () => {} };
  }
});
