import { describe, expect, it } from '@jest/globals';
import { SubscriptionMemory } from './subscription-memory.js';

const position = { ledgerId: 3, entryId: 7 };
const at = (ledgerId: number, entryId: number) => ({ ledgerId, entryId });
const memoryAt = (clock: { ms: number }) =>
  new SubscriptionMemory({ ackMemoryMs: 1_000, now: () => clock.ms });

describe('SubscriptionMemory', () => {
  it('remembers acknowledgements for a time, of whole entries and of messages', () => {
    const clock = { ms: 10_000 };
    const memory = memoryAt(clock);
    memory.acknowledged(position, -1);
    memory.acknowledged({ ledgerId: 3, entryId: 8 }, 2);
    clock.ms += 1_500;
    expect(memory.isAcknowledged(position, -1)).toBe(true);
    expect(memory.isAcknowledged({ ledgerId: 3, entryId: 8 }, 2)).toBe(true);
    expect(memory.isAcknowledged({ ledgerId: 3, entryId: 8 }, 1)).toBe(false);
    clock.ms += 2_500;
    expect(memory.isAcknowledged(position, -1)).toBe(false);
  });

  it('forgets an acknowledgement that Pulsar has not taken, so that the message is given again', () => {
    const memory = memoryAt({ ms: 0 });
    memory.acknowledged(position, 1);
    memory.acknowledged(position, -1);
    memory.notAcknowledged(position, 1);
    expect([memory.isAcknowledged(position, 1), memory.isAcknowledged(position, 0)]).toEqual([false, false]);
  });

  it('knows what a broker may have given before it was lost with its counts', () => {
    const memory = memoryAt({ ms: 0 });
    memory.arrived({ ledgerId: 3, entryId: 7 });
    memory.arrived({ ledgerId: 2, entryId: 9 });
    expect(memory.mayComeAgain({ ledgerId: 3, entryId: 7 })).toBe(false);
    memory.countsLost();
    memory.arrived({ ledgerId: 4, entryId: 0 });
    const positions = [
      { ledgerId: 2, entryId: 99 },
      { ledgerId: 3, entryId: 7 },
      { ledgerId: 3, entryId: 8 },
      { ledgerId: 4, entryId: 0 },
    ];
    expect(positions.map((each) => memory.mayComeAgain(each))).toEqual([true, true, false, false]);
  });

  it('knows that what comes behind another came before', () => {
    const memory = memoryAt({ ms: 0 });
    const entries = [at(3, 7), at(3, 8), at(3, 8), at(3, 7), at(4, 0), at(3, 9)];
    expect(entries.map((each) => memory.arrived(each))).toEqual([false, false, true, true, false, true]);
  });

  it('corrects what Pulsar counts, never below nothing', () => {
    const memory = memoryAt({ ms: 0 });
    memory.correct(position, -1);
    expect(memory.redeliveriesOf({ ...position, redeliveryCount: 0 })).toBe(0);
    expect(memory.redeliveriesOf({ ...position, redeliveryCount: 3 })).toBe(2);
  });

  it('tells what clients left that went in order, and knows that it is no failure', () => {
    const memory = memoryAt({ ms: 0 });
    memory.left(position);
    memory.left(position);
    memory.correct(position, 1);
    expect(memory.redeliveriesOf({ ...position, redeliveryCount: 0 })).toBe(3);
    expect(memory.leftOf(position)).toBe(2);
    memory.forget(position);
    expect(memory.leftOf(position)).toBe(0);
  });

  it('knows what failed after Pulsar has forgotten it with the last consumer', () => {
    const memory = memoryAt({ ms: 0 });
    memory.failed(position, 2);
    expect(memory.redeliveriesOf({ ...position, redeliveryCount: 0 })).toBe(2);
    expect(memory.redeliveriesOf({ ...position, redeliveryCount: 5 })).toBe(5);
    expect(memory.isEmpty).toBe(false);
    memory.forget(position);
    expect(memory.redeliveriesOf({ ...position, redeliveryCount: 0 })).toBe(0);
    expect(memory.isEmpty).toBe(true);
  });
});
