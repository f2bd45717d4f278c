import { describe, expect, it } from '@jest/globals';
import { HandshakeSlots, handshakesMax, handshakesPerAddressMax } from './handshake-slots.js';

describe('HandshakeSlots', () => {
  function enterMany(slots: HandshakeSlots, network: string, count: number, started: string[]) {
    return Array.from({ length: count }, (_, at) =>
      slots.enter(network, () => started.push(`${network}-${at}`)),
    );
  }

  it('gives an address its share, and the next of it when one is given back', () => {
    const slots = new HandshakeSlots();
    const started: string[] = [];
    const leave = enterMany(slots, 'a', handshakesPerAddressMax + 2, started);
    expect(started).toHaveLength(handshakesPerAddressMax);
    leave[3]!();
    leave[3]!();
    expect(started.at(-1)).toBe(`a-${handshakesPerAddressMax}`);
    expect(slots.total).toBe(handshakesPerAddressMax);
    // Who leaves while it waits gives its place in the queue, and no slot.
    leave.at(-1)!();
    leave[4]!();
    expect(started).toHaveLength(handshakesPerAddressMax + 1);
    expect(slots.total).toBe(handshakesPerAddressMax - 1);
  });

  it('does not let an address keep others waiting', () => {
    const slots = new HandshakeSlots();
    const started: string[] = [];
    enterMany(slots, 'flood', 1_000, started);
    enterMany(slots, 'b', 1, started);
    expect(started.at(-1)).toBe('b-0');
  });

  it('bounds all together, and lets addresses take turns', () => {
    const slots = new HandshakeSlots();
    const started: string[] = [];
    const running: (() => void)[] = [];
    for (let each = 0; each < handshakesMax; each++) running.push(...enterMany(slots, `r${each}`, 1, []));
    const waiting = [...enterMany(slots, 'a', 3, started), ...enterMany(slots, 'b', 1, started)];
    enterMany(slots, 'c', 1, started);
    expect([slots.total, started]).toEqual([handshakesMax, []]);
    for (const leave of running.slice(0, 4)) leave();
    expect(started).toEqual(['a-0', 'b-0', 'c-0', 'a-1']);
    for (const leave of [...running, ...waiting]) leave();
    expect(slots.total).toBe(1);
  });
});
