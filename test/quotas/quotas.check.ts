// A tenant with a limit offers ten times as much by each protocol, each way: it gets its rate without one error, and its neighbour does not notice (full: 5 MB/s for 20 s each)
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkForm, inForm } from '../support/check-form.js';
import { allowAll, startGateway, type TestGateway } from '../support/gateway.js';
import { median } from '../bench/statistics.js';
import { runNeighbour } from './neighbour-process.js';
import {
  consume,
  LoadCount,
  loadProtocols,
  type LoadProtocol,
  type OfferedLoad,
  publish,
} from './offered-load.js';

const bytesPerSecond = inForm({ short: 300_000, full: 5_000_000 });
const measuredMs = inForm({ short: 4_000, full: 20_000 });
/** With eight times as many clients at once on a small machine the ends of the time count for more. */
const tolerance = inForm({ short: 0.15, full: 0.05 });
const payload = Buffer.alloc(inForm({ short: 3_000, full: 20_000 }), 'x');
const clients = inForm({ short: 2, full: 4 });
const window = 10;
const password = 'of-all-of-them';
/** What the burst gave is used up. */
const settleMs = inForm({ short: 1_500, full: 3_000 });
const testTimeoutMs = inForm({ short: 120_000, full: 600_000 });
/** One after the other, or all at once. */
const turns: readonly (readonly LoadProtocol[])[] =
  checkForm === 'full' ? loadProtocols.map((protocol) => [protocol]) : [loadProtocols];
/** Of what is consumed in the time. */
const suppliedPart = 1.5;
const neighbourEveryMs = 5;
/** An odd number, for the median. */
const neighbourTurns = 3;
/** Of its p99 while the tenant keeps to its rate: a part, or what timers and the scheduler do. */
const neighbourPart = 0.2;
const neighbourSlackMs = 2;

const tenant = (name: string, limits: Record<string, unknown> = {}) => ({
  ...{ name, limits, permissions: [allowAll], kafka: { autoCreateTopics: true } },
  users: [{ name: 'u', password }],
});

describe('a tenant that offers more than it may', () => {
  let gateway: TestGateway;

  beforeAll(async () => {
    const rate = `${bytesPerSecond}B/s burst ${bytesPerSecond / 10}B`;
    gateway = await startGateway({
      ...{ mqtt: {}, amqp: {} },
      tenants: [
        ...loadProtocols.map((protocol) => tenant(`in-${protocol}`, { bytesIn: rate })),
        ...loadProtocols.map((protocol) => tenant(`out-${protocol}`, { bytesOut: rate })),
        tenant('free'),
      ],
    });
  });
  afterAll(() => gateway?.stop());

  const loadOf = (of: string, name = 'load'): OfferedLoad => ({
    ...{ gateway, user: `${of}/u`, password, name, payload, window },
  });

  /** Bytes per second of each, over the same time. */
  async function rates(counts: readonly LoadCount[]): Promise<number[]> {
    await delay(settleMs);
    const before = counts.map(({ bytes }) => bytes);
    const beganMs = performance.now();
    await delay(measuredMs);
    const seconds = (performance.now() - beganMs) / 1_000;
    return counts.map(({ bytes }, at) => (bytes - before[at]!) / seconds);
  }

  async function flood(protocol: LoadProtocol, load: OfferedLoad): Promise<LoadCount> {
    const count = new LoadCount();
    for (let client = 0; client < clients; client++) await publish(protocol, load, count);
    return count;
  }

  /** What is to be consumed: stored before, or, where subscribers get what comes, while they do. */
  async function supply(protocol: LoadProtocol): Promise<LoadCount> {
    const load = loadOf(`out-${protocol}`);
    if (protocol === 'mqtt' || protocol === 'amqp') {
      const everyMs = (clients * window * payload.length * 1_000) / (bytesPerSecond * 2);
      return flood(protocol, { ...load, everyMs });
    }
    const count = await flood(protocol, load);
    const wanted = (bytesPerSecond * (settleMs + measuredMs) * suppliedPart) / 1_000;
    while (count.bytes < wanted && count.errors.length === 0) await delay(20);
    await count.end();
    return count;
  }

  const expectRate = (what: string, rate: number) => {
    process.stdout.write(`${what}: ${Math.round(rate)} of ${bytesPerSecond} bytes/s\n`);
    const part = rate / bytesPerSecond;
    expect({ what, isSo: Math.abs(part - 1) <= tolerance, part }).toEqual({ what, isSo: true, part });
  };

  it.each(turns.map((protocols) => ({ protocols })))(
    'publishes at its rate by $protocols',
    async ({ protocols }) => {
      const counts = await Promise.all(
        protocols.map((protocol) => flood(protocol, loadOf(`in-${protocol}`))),
      );
      const measured = await rates(counts);
      await Promise.all(counts.map((count) => count.end()));
      for (const [at, protocol] of protocols.entries()) {
        expect(counts[at]!.errors).toEqual([]);
        expectRate(`published by ${protocol}`, measured[at]!);
      }
    },
    testTimeoutMs,
  );

  it.each(turns.map((protocols) => ({ protocols })))(
    'consumes at its rate by $protocols',
    async ({ protocols }) => {
      const published = await Promise.all(protocols.map((protocol) => supply(protocol)));
      const counts = protocols.map(() => new LoadCount());
      await Promise.all(
        protocols.map((protocol, at) => consume(protocol, loadOf(`out-${protocol}`), counts[at]!)),
      );
      const measured = await rates(counts);
      await Promise.all([...published, ...counts].map((count) => count.end()));
      for (const [at, protocol] of protocols.entries()) {
        expect([...published[at]!.errors, ...counts[at]!.errors]).toEqual([]);
        expectRate(`consumed by ${protocol}`, measured[at]!);
      }
    },
    testTimeoutMs,
  );

  // Its numbers mean something only where nothing else runs.
  (checkForm === 'full' ? it.each(loadProtocols) : it.skip.each(loadProtocols))(
    'does not slow its neighbour by %s',
    async (protocol) => {
      const neighbour = async () => {
        const { p99Ms, errors } = await runNeighbour({
          ...{ protocol, settleMs, measuredMs: measuredMs / 2 },
          ...{ kafka: gateway.kafka, mqtt: gateway.mqtt.tcp, amqp: gateway.amqp.tcp },
          load: {
            ...{ user: 'free/u', password, name: 'load', payloadBytes: payload.length },
            ...{ window: 1, everyMs: neighbourEveryMs },
          },
        });
        expect(errors).toEqual([]);
        return p99Ms;
      };
      const load = loadOf(`in-${protocol}`);
      const beside = async (everyMs: number) => {
        const count = await flood(protocol, { ...load, everyMs });
        const p99Ms = await neighbour();
        await count.end();
        return p99Ms;
      };
      const alone = await neighbour();
      // Nine tenths of what it may, so that it is not slowed.
      const allowedEveryMs = (clients * window * payload.length * 1_000) / (bytesPerSecond * 0.9);
      const within: number[] = [];
      const beyond: number[] = [];
      // In turn, for the machine and the broker are not the same from minute to minute.
      for (let turn = 0; turn < neighbourTurns; turn++) {
        within.push(await beside(allowedEveryMs));
        beyond.push(await beside(0));
      }
      const [besideWithin, besideBeyond] = [median(within), median(beyond)];
      const [a, w, b] = [[alone], within, beyond].map((all) => all.map((ms) => ms.toFixed(1)).join(', '));
      process.stdout.write(
        `${protocol}: p99 of the neighbour ${a} ms alone, ${w} ms while the tenant offers what it may, ${b} ms beyond\n`,
      );
      expect(besideBeyond).toBeLessThan(besideWithin * (1 + neighbourPart) + neighbourSlackMs);
    },
    testTimeoutMs,
  );
});
