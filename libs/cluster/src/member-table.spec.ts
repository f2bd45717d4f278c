import { beforeEach, describe, expect, it } from '@jest/globals';
import type { MemberRecord } from './member-record.js';
import { MemberTable } from './member-table.js';

const timeoutMs = 5_000;

function record(
  instance: string,
  state: MemberRecord['state'],
  more: Partial<MemberRecord> = {},
): MemberRecord {
  return {
    kind: 'member',
    nodeId: 0,
    instance,
    state,
    machine: 'm',
    bound: [],
    listeners: [],
    internal: { host: 'h', port: 1 },
    timeoutMs,
    ...more,
  };
}

describe('the table of members', () => {
  let table: MemberTable;
  const apply = (of: MemberRecord, at: number) => table.apply(of, at, at);
  const holder = () => table.holder(0)?.record.instance;

  beforeEach(() => {
    table = new MemberTable();
  });

  it('gives an id to the first who claims it', () => {
    expect(apply(record('a', 'claim'), 0)).toBe(true);
    expect(apply(record('b', 'claim'), 1)).toBe(false);
    expect(holder()).toBe('a');
  });

  it('counts a member from when it says that it lives, not from its claim', () => {
    apply(record('a', 'claim'), 0);
    expect(table.alive(0)).toEqual([]);
    apply(record('a', 'live'), 1);
    expect(table.alive(1)).toHaveLength(1);
    // A claim that is repeated takes nothing back.
    apply(record('a', 'claim'), 2);
    expect(table.alive(2)).toHaveLength(1);
  });

  it('gives an id on after a farewell, and after silence by the clock of the log', () => {
    apply(record('a', 'live'), 0);
    expect(apply(record('b', 'claim'), timeoutMs)).toBe(false);
    expect(apply(record('b', 'claim'), timeoutMs + 1)).toBe(true);
    apply(record('b', 'left'), timeoutMs + 2);
    expect(apply(record('c', 'claim'), timeoutMs + 3)).toBe(true);
  });

  it('gives an id at once to who stands where its holder stood', () => {
    apply(record('a', 'live'), 0);
    expect(apply(record('b', 'claim', { replaces: 'a' }), 1)).toBe(true);
    expect(holder()).toBe('b');
  });

  it('believes a sign of life more than a claim alone: who writes it has read its own claim back', () => {
    // What compaction may leave of a claim that was refused, in front of its holder's next sign.
    apply(record('b', 'claim'), 0);
    expect(apply(record('a', 'live'), 1)).toBe(true);
    expect(apply(record('b', 'claim'), 2)).toBe(false);
  });

  it('lists who was heard of, by node id, until silence', () => {
    apply(record('b', 'live', { nodeId: 2 }), 0);
    apply(record('a', 'draining', { nodeId: 1 }), 1_000);
    expect(table.alive(1_000).map(({ nodeId }) => nodeId)).toEqual([1, 2]);
    expect(table.alive(timeoutMs + 1).map(({ nodeId }) => nodeId)).toEqual([1]);
  });

  it('knows how old records of the past are', () => {
    table.apply(record('a', 'live', { nodeId: 1 }), 90_000, 7);
    table.apply(record('b', 'live', { nodeId: 2 }), 99_000, 7);
    table.age(100_000, 7);
    expect(table.alive(7).map(({ instance }) => instance)).toEqual(['b']);
    expect(table.lowestFree(100_000, () => false)).toBe(0);
    apply(record('c', 'live'), 100_000);
    expect(table.lowestFree(100_000, () => false)).toBe(1);
  });

  it('does not count silence while nobody could be heard', () => {
    apply(record('a', 'live'), 0);
    table.forgive(60_000);
    expect(table.alive(60_000)).toHaveLength(1);
    expect(table.alive(60_000 + timeoutMs + 1)).toEqual([]);
  });
});
