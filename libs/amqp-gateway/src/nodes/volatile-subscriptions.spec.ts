import { afterEach, describe, expect, it } from '@jest/globals';
import type { Member } from '#libs/cluster';
import { PulsarAdminError } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import { VolatileSubscriptions } from './volatile-subscriptions.js';

const namespace = 'acme/n';
const volatile = { 'pulsegate.kind': 'amqp-volatile' };
const self = { instance: 'gate-1' } as Member;
const other = { instance: 'gate-2' } as Member;
const beds: SweepBed[] = [];

/** Pulsar, as one gateway's sweep sees it. */
class SweepBed {
  /** By `<topic> <subscription>`. */
  readonly stored = new Map<string, { properties: Record<string, string>; consumers: number }>();
  readonly calls: string[] = [];
  members = [self, other];
  chosen = self;
  broken: string | undefined;
  readonly sweeper: VolatileSubscriptions;

  constructor() {
    beds.push(this);
    this.sweeper = new VolatileSubscriptions({
      ...{ admin: this as never, log: silentLog, sweepMs: 3_600_000, paceMs: 0, absentMs: 0 },
      tenants: [{ name: 'acme', pulsarNamespace: namespace }] as never,
      cluster: { self, members: () => this.members, nodeOf: () => this.chosen },
    });
  }

  get names(): string[] {
    return [...this.stored.keys()];
  }

  add(topic: string, name: string, consumers = 0, properties: Record<string, string> = volatile): void {
    this.stored.set(`${topic} ${name}`, { properties, consumers });
  }

  async topics(): Promise<string[]> {
    this.called('list');
    return [...new Set(this.names.map((key) => key.split(' ')[0] as string))];
  }

  async subscriptions(topic: string): Promise<string[]> {
    this.called(`subscriptions ${topic}`);
    return this.names.filter((key) => key.startsWith(`${topic} `)).map((key) => key.split(' ')[1] as string);
  }

  async stats(topic: string) {
    this.called(`stats ${topic}`);
    const of = [...this.stored].filter(([key]) => key.startsWith(`${topic} `));
    return {
      subscriptions: Object.fromEntries(
        of.map(([key, { properties, consumers }]) => [
          key.split(' ')[1],
          { subscriptionProperties: properties, consumers: Array(consumers).fill({}) },
        ]),
      ),
    };
  }

  async deleteSubscription(topic: string, name: string): Promise<void> {
    this.called(`delete ${topic} ${name}`);
    const found = this.stored.get(`${topic} ${name}`);
    if (found === undefined) throw new PulsarAdminError(404, 'none', topic);
    if (found.consumers > 0) throw new PulsarAdminError(412, 'in use', topic);
    this.stored.delete(`${topic} ${name}`);
  }

  async sweep(times = 1): Promise<void> {
    for (let time = 0; time < times; time++) await this.sweeper.sweep();
  }

  private called(call: string): void {
    this.calls.push(call);
    if (this.broken !== undefined && call.startsWith(this.broken))
      throw new PulsarAdminError(503, 'away', '');
  }
}

afterEach(() => {
  for (const { sweeper } of beds.splice(0)) sweeper.close();
});

describe('subscriptions that end with their last receiver', () => {
  it('are deleted at the second look without consumers; others, and those of another kind, stay', async () => {
    const bed = new SweepBed();
    bed.add('a', 'x::volatile');
    bed.add('a', 'used::volatile', 2);
    bed.add('a', 'durable', 0, { 'pulsegate.kind': 'amqp-subscription' });
    bed.add('b', 'native::volatile', 0, {});
    bed.add('c', 'y', 0, volatile);
    await bed.sweep();
    expect(bed.names).toHaveLength(5);
    // Only where a name is theirs more is asked.
    expect(bed.calls.filter((call) => call.startsWith('stats'))).toEqual(['stats a', 'stats b']);
    await bed.sweep();
    expect(bed.names).toEqual(['a used::volatile', 'a durable', 'b native::volatile', 'c y']);
  });

  it('are spared when their receivers are back at the second look, or at its last moment', async () => {
    const bed = new SweepBed();
    bed.add('a', 'x::volatile');
    bed.add('b', 'y::volatile');
    await bed.sweep();
    bed.add('a', 'x::volatile', 1);
    const stats = bed.stats.bind(bed);
    bed.stats = async (topic) => {
      const answer = await stats(topic);
      if (topic === 'b') bed.add('b', 'y::volatile', 1);
      return answer;
    };
    await bed.sweep(2);
    expect(bed.names).toEqual(['a x::volatile', 'b y::volatile']);
    expect(bed.calls.filter((call) => call.startsWith('delete'))).toEqual(['delete b y::volatile']);
  });

  it('are looked for when a gateway has gone, twice, and else only at long intervals', async () => {
    const bed = new SweepBed();
    bed.add('a', 'x::volatile', 1);
    const looks = async (sweeps: number) => {
      bed.calls.length = 0;
      await bed.sweep(sweeps);
      return bed.calls.filter((call) => call === 'list').length;
    };
    expect(await looks(1)).toBe(1);
    expect(await looks(30)).toBe(0);
    bed.members = [self];
    expect(await looks(1)).toBe(1);
    // The broker sees only now that the consumers of the killed gateway are gone.
    bed.add('a', 'x::volatile', 0);
    expect(await looks(1)).toBe(1);
    expect(await looks(1)).toBe(0);
    expect(bed.names).toEqual([]);
    bed.members = [self, other];
    expect(await looks(50)).toBe(0);
    expect(await looks(50)).toBe(1);
  });

  it('are left to the gateway that is chosen for the tenant', async () => {
    const bed = new SweepBed();
    bed.add('a', 'x::volatile');
    bed.chosen = other;
    await bed.sweep(2);
    expect(bed.calls).toEqual([]);
    bed.members = [self];
    bed.chosen = self;
    await bed.sweep(2);
    expect(bed.names).toEqual([]);
  });

  it.each(['list', 'subscriptions', 'stats', 'delete'])(
    'are tried again where Pulsar does not answer: %s',
    async (call) => {
      const bed = new SweepBed();
      bed.add('a', 'x::volatile');
      bed.broken = call;
      await bed.sweep(3);
      expect(bed.names).toHaveLength(1);
      bed.broken = undefined;
      await bed.sweep(2);
      expect(bed.names).toEqual([]);
      bed.calls.length = 0;
      await bed.sweep(2);
      expect(bed.calls).toEqual([]);
    },
  );

  it('are not all looked at in one look where there are too many topics', async () => {
    const bed = new SweepBed();
    bed.stored.clear();
    const topics = Array.from({ length: 20_001 }, (_, at) => `t${at}`);
    bed.topics = async () => topics;
    const looked: string[] = [];
    bed.subscriptions = async (topic) => {
      looked.push(topic);
      return [];
    };
    (bed.sweeper as unknown as { pace: () => Promise<void> }).pace = () => Promise.resolve();
    await bed.sweep();
    expect(looked).toHaveLength(20_000);
    bed.members = [self];
    await bed.sweep();
    expect(new Set(looked).size).toBe(20_001);
    expect(looked).toHaveLength(20_001);
  });
});
