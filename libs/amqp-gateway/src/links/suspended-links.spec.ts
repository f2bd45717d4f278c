import { describe, expect, it } from '@jest/globals';
import { type LinksLeft, lifeAfter, SuspendedLinks } from './suspended-links.js';

describe('how long a link waits to be resumed', () => {
  it('is what its terminus says from the loss on that begins its time, and at most the bound', () => {
    const lives = (policy: string, timeoutMs: number) =>
      (['link-detach', 'session-end', 'connection-close'] as const).map((loss) =>
        lifeAfter({ policy, timeoutMs }, loss, 60),
      );
    expect(lives('link-detach', 5)).toEqual([5, 5, 5]);
    expect(lives('session-end', 5)).toEqual([60, 5, 5]);
    expect(lives('connection-close', 5)).toEqual([60, 60, 5]);
    expect(lives('connection-close', 100)).toEqual([60, 60, 60]);
    expect(lives('never', 0)).toEqual([60, 60, 60]);
  });

  it('is nothing beyond the bound on links of one connection, which may be lost at once', async () => {
    const links = new SuspendedLinks(60_000);
    const left: LinksLeft = new Map();
    const life = { policy: 'never', timeoutMs: 0 };
    const link = { tenant: 'acme', life, release: () => Promise.resolve() };
    const add = (key: number) => links.add(`${key}`, link, 'connection-close', {}, left);
    expect(Array.from({ length: 257 }, (_, i) => add(i)).indexOf(false)).toBe(256);
    links.lost(left);
    expect([links.size, left.size]).toEqual([256, 0]);
    await links.close();
  });
});
