import { describe, expect, it } from '@jest/globals';
import { KeepAlive } from './keep-alive.js';

function watched(keepAliveMs: number) {
  const seen = { pings: 0, silent: 0, now: 0 };
  const keepAlive = new KeepAlive(
    keepAliveMs,
    { ping: () => seen.pings++, silent: () => seen.silent++ },
    () => seen.now,
  );
  keepAlive.stop();
  const advance = (ms: number) => {
    for (let passed = 0; passed < ms; passed += keepAliveMs / 4) {
      seen.now += keepAliveMs / 4;
      keepAlive.tick();
    }
  };
  return { seen, keepAlive, advance };
}

describe('KeepAlive', () => {
  it('pings once when nothing came, and gives up after twice the time', () => {
    const { seen, advance } = watched(1_000);
    advance(750);
    expect(seen).toMatchObject({ pings: 0, silent: 0 });
    advance(250);
    expect(seen).toMatchObject({ pings: 1, silent: 0 });
    advance(750);
    expect(seen).toMatchObject({ pings: 1, silent: 0 });
    advance(250);
    expect(seen.silent).toBe(1);
  });

  it('is content with anything that comes', () => {
    const { seen, keepAlive, advance } = watched(1_000);
    for (let turn = 0; turn < 10; turn++) {
      advance(500);
      keepAlive.heard();
    }
    expect(seen).toMatchObject({ pings: 0, silent: 0 });
  });

  it('does not hold its own standstill against the broker', () => {
    const { seen, keepAlive } = watched(1_000);
    seen.now += 60_000;
    keepAlive.tick();
    expect(seen).toMatchObject({ pings: 0, silent: 0 });
  });
});
