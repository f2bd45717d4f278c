import { describe, expect, it } from '@jest/globals';
import { Announcements } from './announcements.js';
import type { AnnouncementRecord } from './member-record.js';

/** A log that has room for so many without a receipt, and gives receipts when the test says so. */
class Log {
  readonly stored: string[] = [];
  readonly #pending: (() => void)[] = [];
  mostPending = 0;

  constructor(private readonly room: number) {}

  readonly send = ({ payload }: AnnouncementRecord, done: (error: unknown) => void): void => {
    if (this.#pending.length >= this.room) {
      done(new Error('too many'));
      return;
    }
    this.#pending.push(() => {
      this.stored.push(payload);
      done(undefined);
    });
    this.mostPending = Math.max(this.mostPending, this.#pending.length);
  };

  give(): void {
    for (const each of this.#pending.splice(0)) each();
  }
}

function waiting(count: number) {
  const announcements = new Announcements();
  const payloads = Array.from({ length: count }, (_, at) => `${at}`);
  for (const payload of payloads) announcements.wait(announcements.record('i', 0, 'topic-changed', payload));
  return { announcements, payloads };
}

describe('announcements', () => {
  it('of a burst are all told, and leave room for signs of life', () => {
    const { announcements, payloads } = waiting(1_000);
    const log = new Log(64);
    announcements.flush(log.send);
    for (let round = 0; round < 100; round++) log.give();
    expect(log.stored).toEqual(payloads);
    expect(log.mostPending).toBeLessThanOrEqual(32);
  });

  it('that the log does not take are told later', () => {
    const { announcements, payloads } = waiting(10);
    const log = new Log(3);
    for (let round = 0; round < 10; round++) {
      announcements.flush(log.send);
      log.give();
    }
    expect([...log.stored].sort()).toEqual(payloads);
  });
});
