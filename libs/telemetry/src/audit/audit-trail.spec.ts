import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConnectionLog } from '../connection.log.js';
import { type LogFields, silentLog } from '../log.js';
import type { AuditEntry, AuditRecord } from './audit.js';
import { AuditTrail, auditedLog } from './audit-trail.js';
import { LogAuditSink } from './log-audit-sink.js';

const denied = (name: string, rest: Partial<AuditRecord> = {}): AuditRecord => ({
  ...{ kind: 'access', outcome: 'denied', action: 'produce', resource: { type: 'topic', name } },
  ...{ tenant: 'acme', user: 'ann', ...rest },
});

describe('AuditTrail', () => {
  let entries: AuditEntry[];
  let trail: AuditTrail;

  beforeEach(() => {
    jest.useFakeTimers();
    entries = [];
    trail = new AuditTrail({
      sinks: [{ write: (entry) => void entries.push(entry) }],
      ...{ perSecondMax: 3, epochNow: () => 7 },
    });
  });
  afterEach(() => void jest.useRealTimers());

  it('tells the first at once, and how many followed within the second', () => {
    for (let count = 0; count < 5; count++) trail.record(denied('orders'));
    trail.record(denied('orders', { user: 'bob' }));
    expect(entries).toEqual([
      { ...denied('orders'), timeMs: 7 },
      { ...denied('orders', { user: 'bob' }), timeMs: 7 },
    ]);
    jest.advanceTimersByTime(1_000);
    expect(entries.slice(2)).toEqual([{ ...denied('orders'), timeMs: 7, repeated: 4 }]);
    trail.record(denied('orders'));
    expect(entries).toHaveLength(4);
    expect(trail.recorded).toBe(7);
  });

  it('keeps no more than it tells in a second, and says so', () => {
    for (let count = 0; count < 10; count++) trail.record(denied(`topic-${count}`));
    expect(entries).toHaveLength(3);
    trail.record({ kind: 'change', outcome: 'allowed', action: 'topic.delete' });
    expect(entries.pop()).toMatchObject({ action: 'topic.delete' });
    trail.flush();
    expect(entries.slice(3)).toMatchObject([
      { kind: 'audit', outcome: 'failed', action: 'record', repeated: 7 },
    ]);
    trail.record(denied('topic-11'));
    expect(entries).toHaveLength(5);
  });

  it('remembers no more of long names than it tells', () => {
    const long = 'x'.repeat(60_000);
    for (const end of ['a', 'b', 'c']) trail.record(denied(`${long}${end}`, { user: `${long}${end}` }));
    trail.flush();
    expect(entries.map(({ repeated }) => repeated)).toEqual([undefined, 2]);
  });

  it('asks for the rule of what it tells alone', () => {
    const ruleOf = jest.fn(() => 'deny *');
    trail.record(denied('orders'), ruleOf);
    trail.record(denied('orders'), ruleOf);
    expect(ruleOf).toHaveBeenCalledTimes(1);
    expect(entries[0]).toMatchObject({ rule: 'deny *' });
  });

  it('repeats no text of a client that could forge a line, and no long one', () => {
    trail.record(denied('a\n{"event":"forged"}', { user: 'x'.repeat(10_000) }));
    const [{ resource, user }] = entries as [AuditEntry];
    expect(resource!.name).toBe('a\\x0a{"event":"forged"}');
    expect(user!.length).toBeLessThan(300);
  });

  it('hears of connections who they are', () => {
    const lines: LogFields[] = [];
    const info = (fields: LogFields) => void lines.push(fields);
    const log = auditedLog(silentLog, new AuditTrail({ sinks: [new LogAuditSink({ ...silentLog, info })] }));
    const place = {
      protocol: 'kafka',
      listener: 'k',
      connectionId: 'c',
      remoteAddress: '10.0.0.1',
      remotePort: 1,
    };
    const connection = new ConnectionLog(log, place);
    connection.identify({ tenant: 'acme', user: 'ann' });
    const resource = { type: 'topic', name: 'orders' };
    connection.denied({ action: 'produce', resource });
    connection.changed('topic.create', 'orders');
    const who = {
      event: 'audit',
      protocol: 'kafka',
      listener: 'k',
      remoteAddress: '10.0.0.1',
      tenant: 'acme',
      user: 'ann',
    };
    expect(lines).toEqual([
      { ...who, kind: 'access', outcome: 'denied', action: 'produce', resource },
      { ...who, kind: 'change', outcome: 'allowed', action: 'topic.create', resource },
    ]);
    new ConnectionLog(silentLog, place).denied({ action: 'produce', resource });
  });
});
