import { describe, expect, it } from '@jest/globals';
import { ServiceHosts } from './service-hosts.js';

const [a, b, c] = ['a', 'b', 'c'].map((host) => ({ host, port: 1 })) as [
  { host: string; port: number },
  { host: string; port: number },
  { host: string; port: number },
];

describe('ServiceHosts', () => {
  it('tries the one that served last first, and one that failed last', () => {
    const hosts = new ServiceHosts([a, b, c], () => 0);
    expect(hosts.order()).toEqual({ waitMs: 0, hosts: [a, b, c] });
    hosts.failed(a);
    expect(hosts.order()).toEqual({ waitMs: 0, hosts: [b, c, a] });
    hosts.succeeded(c);
    expect(hosts.order()).toEqual({ waitMs: 0, hosts: [c, b, a] });
  });

  it('holds back, longer each time, when all failed', () => {
    let now = 0;
    const hosts = new ServiceHosts([a], () => now);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 12; attempt++) {
      hosts.failed(a);
      const { waitMs } = hosts.order();
      waits.push(waitMs);
      now += waitMs;
    }
    expect(waits[0]).toBeLessThanOrEqual(100);
    expect(waits[3]).toBeGreaterThan(waits[0] as number);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2_000);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(1_500);
    hosts.succeeded(a);
    expect(hosts.order().waitMs).toBe(0);
  });
});
