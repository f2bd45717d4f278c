import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { PermissionWatch } from './permission-watch.js';

const versions = new Map<string, number>();
const live = new PermissionWatch({ version: (tenant) => versions.get(tenant) ?? 0 });
afterEach(() => live.close());

function consumer(tenant: string, name: string, ended: string[], allowed: Set<string>) {
  return { tenant, isAllowed: () => allowed.has(name), revoked: () => void ended.push(name) };
}

describe('PermissionWatch', () => {
  it('ends who may not consume any more, when something has changed for the tenant', () => {
    const ended: string[] = [];
    const allowed = new Set(['a', 'b', 'other']);
    const leaveA = live.add(consumer('acme', 'a', ended, allowed));
    const leaveB = live.add(consumer('acme', 'b', ended, allowed));
    live.add(consumer('other', 'other', ended, allowed));
    live.check();
    allowed.clear();
    live.check();
    expect(ended).toEqual([]);
    versions.set('acme', 1);
    leaveB();
    live.check();
    expect(ended).toEqual(['a']);
    live.check();
    expect(ended).toEqual(['a']);
    leaveA();
    live.changed('acme');
    live.changed('other');
    live.check();
    expect(ended).toEqual(['a', 'other']);
  });

  it('looks by itself, within a second', () => {
    jest.useFakeTimers();
    try {
      const ended: string[] = [];
      const allowed = new Set(['a']);
      live.add(consumer('timed', 'a', ended, allowed));
      live.check();
      allowed.clear();
      versions.set('timed', 1);
      jest.advanceTimersByTime(999);
      expect(ended).toEqual(['a']);
    } finally {
      live.close();
      jest.useRealTimers();
    }
  });

  it('judges who comes once more: it may have been forbidden while it came', () => {
    const ended: string[] = [];
    live.add(consumer('acme', 'before', ended, new Set(['before'])));
    live.check();
    live.add(consumer('acme', 'late', ended, new Set()));
    live.add(consumer('acme', 'left', ended, new Set()))();
    live.check();
    live.check();
    expect(ended).toEqual(['late']);
  });

  it('looks by itself while there is anybody', async () => {
    const ended: string[] = [];
    live.add(consumer('acme', 'a', ended, new Set()));
    versions.set('acme', 2);
    const end = Date.now() + 5_000;
    while (ended.length === 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ended).toEqual(['a']);
  });
});
