import { describe, expect, it } from '@jest/globals';
import { FlowWindow } from './flow-window.js';

function receive(window: FlowWindow, messages: number, bytes: number): number {
  window.arrived(messages, bytes);
  return window.taken(messages);
}

describe('FlowWindow', () => {
  it('grants a first window, then refills it by halves', () => {
    const window = new FlowWindow({ messagesMax: 10, bytesMax: 1_000_000 });
    expect(window.start()).toBe(10);
    const grants = Array.from({ length: 10 }, () => receive(window, 1, 100));
    expect(grants).toEqual([0, 0, 0, 0, 5, 0, 0, 0, 0, 5]);
  });

  it('credits a batch that drove the permits below zero in full', () => {
    const window = new FlowWindow({ messagesMax: 10, bytesMax: 1_000_000 });
    window.start();
    // The broker is at 10 - 1000; 1000 bring it back to 10.
    expect(receive(window, 1_000, 1_000)).toBe(1_000);
  });

  it('shrinks to what the byte bound allows, never below one', () => {
    const window = new FlowWindow({ messagesMax: 100, bytesMax: 1_000 });
    window.start();
    let granted = 100;
    let arrived = 0;
    for (; arrived < 300; arrived++) {
      expect(granted).toBeGreaterThan(arrived);
      granted += receive(window, 1, 100);
    }
    expect(granted - arrived).toBeLessThanOrEqual(10);
    for (; arrived < 400; arrived++) granted += receive(window, 1, 5_000);
    expect(granted - arrived).toBe(1);
  });

  it('grants nothing while paused and catches up afterwards', () => {
    const window = new FlowWindow({ messagesMax: 10, bytesMax: 1_000_000 });
    window.start();
    window.pause();
    for (let i = 0; i < 10; i++) expect(receive(window, 1, 10)).toBe(0);
    expect(window.resume()).toBe(10);
  });

  it('starts again for a new subscription', () => {
    const window = new FlowWindow({ messagesMax: 10, bytesMax: 1_000_000 });
    window.start();
    receive(window, 1, 10);
    expect(window.start()).toBe(10);
  });
});
