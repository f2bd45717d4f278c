import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FakeClient, FakePartition, FakeProducer, writerOf } from '../testing/fake-partition.js';
import { type ProducedTo, JavaProducer, javaProducerName as name } from '../testing/java-producer.js';
import type { PartitionWriter } from './partition-writer.js';

let now = 0;

async function turns(count = 20): Promise<void> {
  for (let left = count; left > 0; left--) {
    now += 20;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** A gateway, with what it believes of the leadership, and the client's connection to it. */
class Gateway implements ProducedTo {
  leads = false;
  client = new FakeClient();
  producers: FakeProducer[] = [];
  writer: PartitionWriter;

  constructor(private readonly partition: FakePartition) {
    this.writer = this.start();
  }

  start(): PartitionWriter {
    const open = async () => {
      const producer = await this.partition.create(name);
      this.producers.push(producer as unknown as FakeProducer);
      return producer;
    };
    return writerOf(this.partition, open, () => now);
  }

  /** Killed and started: what was on its way may be stored. Nothing that it had is heard of again. */
  kill(stored: number): void {
    for (const producer of this.producers) if (producer.attached) producer.detach(stored);
    void this.writer.end();
    this.producers = [];
    this.writer = this.start();
  }

  reattach(): void {
    for (const producer of this.producers) producer.reattach();
  }

  hears(leads: boolean): void {
    this.leads = leads;
    if (!leads) this.writer.dismissAll();
  }
}

/** How often each comes, beside the others. */
const weights = {
  turn: 6,
  store: 10,
  stall: 3,
  resume: 3,
  'lose receipts': 2,
  hear: 1,
  metadata: 1,
  detach: 1,
  reattach: 1,
  move: 1,
  disconnect: 1,
  expire: 1,
  kill: 1,
  stop: 1,
  bump: 1,
  native: 1,
  closing: 1,
};

interface Event {
  readonly kind: keyof typeof weights;
  readonly count: number;
  readonly at: 0 | 1;
}

const kinds = Object.entries(weights).flatMap(([kind, weight]) =>
  Array<Event['kind']>(weight).fill(kind as Event['kind']),
);

const event: fc.Arbitrary<Event> = fc.record({
  kind: fc.constantFrom(...kinds),
  count: fc.integer({ min: 0, max: 4 }),
  at: fc.constantFrom(0 as const, 1 as const),
});

class World {
  readonly partition = new FakePartition();
  readonly gateways: readonly [Gateway, Gateway];
  readonly client: JavaProducer;
  private leader = 0;

  constructor(sizes: readonly number[]) {
    this.partition.exclusive = true;
    this.gateways = [new Gateway(this.partition), new Gateway(this.partition)];
    this.gateways[0].leads = true;
    this.client = new JavaProducer(sizes, this.gateways[0]);
  }

  private get holder(): FakeProducer | undefined {
    const producer = this.partition.open.get(name);
    return producer?.attached ? producer : undefined;
  }

  async happen({ kind, count, at }: Event): Promise<void> {
    const { client, partition, holder } = this;
    const gateway = this.gateways[at];
    switch (kind) {
      case 'turn':
        return turns(4 + count * 3);
      case 'store':
        return holder?.confirm(count + 1);
      case 'lose receipts':
        return holder?.confirm(count, true);
      case 'detach':
        return holder?.detach(count);
      case 'reattach':
        return gateway.reattach();
      case 'move':
        this.leader = 1 - this.leader;
        return;
      case 'hear':
        return gateway.hears(gateway === this.gateways[this.leader]);
      case 'metadata':
        client.leader = gateway.leads ? gateway : this.gateways[1 - at]!;
        return;
      case 'disconnect':
        return client.lose(gateway);
      case 'expire':
        return client.expire(gateway);
      case 'kill':
        client.lose(gateway);
        return gateway.kill(count);
      case 'stop':
        client.lose(gateway);
        await gateway.writer.end();
        gateway.writer = gateway.start();
        return;
      case 'stall':
        return this.stall(count, at === 1);
      case 'resume':
        return this.resume(count > 0);
      case 'bump':
        return client.bumpIfIdle();
      case 'closing':
        partition.storedAtClose = count;
        return;
      default: {
        const native = new FakeProducer(partition, 'native', partition.last.get('native') ?? -1);
        const buffer = Buffer.alloc(1);
        native.send({ buffer, payloadStart: 0, payloadEnd: 1, numMessages: 1, metadata: {} }, () => {});
        native.confirm();
      }
    }
  }

  /** The leader stands still, with nothing in flight or its clients cut off, and is gone for all others but itself. */
  private async stall(stored: number, cut: boolean): Promise<void> {
    if (!cut) {
      this.holder?.confirm();
      await turns(8);
    }
    const { client, gateways, leader } = this;
    this.leader = 1 - leader;
    this.holder?.detach(stored);
    if (cut) client.lose(gateways[leader]!);
    const other = gateways[this.leader]!;
    other.hears(true);
    client.leader = other;
  }

  /** The other one leads again, as if nothing had been; its producer may come back to the broker later. */
  private resume(attached: boolean): void {
    const { client, gateways, leader } = this;
    gateways[leader]!.hears(false);
    this.leader = 1 - leader;
    const back = gateways[this.leader]!;
    if (attached) back.reattach();
    back.leads = true;
    client.leader = back;
  }

  /** All is well from now on. */
  async finish(): Promise<void> {
    const { client, gateways } = this;
    for (let left = 300; left > 0 && !client.finished; left--) {
      for (const gateway of gateways) {
        gateway.hears(gateway === gateways[this.leader]);
        gateway.reattach();
      }
      client.leader = gateways[this.leader]!;
      client.send(5);
      await turns(12);
      this.holder?.confirm();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  check(): void {
    const { client, partition } = this;
    expect(client.fatal).toEqual([]);
    const stored = client.stored(partition);
    const total = client.batches.reduce((sum, { size }) => sum + size, 0);
    expect([...stored.values()]).toEqual(Array.from({ length: total }, (_, record) => record));
    for (const { first, offset } of client.batches) {
      if (offset >= 0) expect([offset, stored.get(offset)]).toEqual([offset, first]);
    }
    expect(client.gaps).toBe(0);
    expect(client.finished).toBe(true);
  }
}

async function run(sizes: readonly number[], events: readonly (readonly [number, Event])[]): Promise<void> {
  const world = new World(sizes);
  for (const [count, each] of events) {
    world.client.send(count);
    await world.happen(each);
    await turns(4);
  }
  await world.finish();
  world.check();
}

const does = (kind: Event['kind'], count = 0, at: 0 | 1 = 0): Event => ({ kind, count, at });

describe('an idempotent producer before two gateways', () => {
  it.each([
    ['is back', 1],
    ['is not back', 0],
  ])(
    'goes on with a gateway that stood still while another one led, and %s at the broker',
    async (_, back) => {
      const [stores, opens] = [does('store', 9), does('turn', 3)];
      const elsewhere = [
        [0, does('stall')],
        [1, opens],
        [0, stores],
        [1, opens],
        [0, does('lose receipts', 1)],
      ] as const;
      await run([1, 1, 1, 1], [[1, opens], [0, stores], ...elsewhere, [0, does('resume', back)], [1, opens]]);
    },
  );

  it('has each record stored once and in order, and hears the offsets, whatever fails and whoever leads', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 5, maxLength: 40 });
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), event), { minLength: 10, maxLength: 60 });
    await fc.assert(fc.asyncProperty(sizes, steps, run), { numRuns: 200 });
  });
});
