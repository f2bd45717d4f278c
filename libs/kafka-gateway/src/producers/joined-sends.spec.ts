import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { PulsarError } from '#libs/pulsar';
import { kafkaErrorCode } from '../kafka.errors.js';
import { FakeClient, FakePartition, FakeProducer, writerOf } from '../testing/fake-partition.js';
import type { PartitionWriter } from './partition-writer.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const batchBytes = 100;

async function turns(count = 20): Promise<void> {
  for (let left = count; left > 0; left--) await turn();
}

type Done = (offset: number, code: number) => void;

/** A partition, and what is written to it. */
class Place {
  readonly partition = new FakePartition();
  readonly results: Record<string, number> = {};
  writer = this.open();
  private readonly client = new FakeClient();

  open(): PartitionWriter {
    return writerOf(this.partition);
  }

  append(
    producerId: bigint,
    sequence: number,
    numMessages: number,
    joinedBytesMax: number,
    done: Done,
  ): void {
    const payload = { buffer: Buffer.alloc(batchBytes, sequence), payloadStart: 0, payloadEnd: batchBytes };
    this.writer.append({
      batch: {
        entry: { ...payload, numMessages, metadata: {} },
        ...{ producerId, epoch: 0, sequence, joinedBytesMax },
      },
      client: this.client,
      abandoned: false,
      done: (error, offset) => done(offset, error === undefined ? 0 : kafkaErrorCode(error)),
    });
  }

  plain(name: string, numMessages: number, joinedBytesMax = 1_000): void {
    this.append(-1n, -1, numMessages, joinedBytesMax, (offset, code) => {
      this.results[name] = code === 0 ? offset : -code;
    });
  }

  async answered(count: number): Promise<void> {
    while (Object.keys(this.results).length < count) await turn();
  }

  /** Messages of the entries that are on their way. */
  sent(name = 'plain'): number[] {
    return this.partition.open.get(name)?.pending.map(({ entry }) => entry.numMessages) ?? [];
  }
}

describe('batches that come close behind one another', () => {
  it('are one entry, and each has its own offset', async () => {
    const place = new Place();
    place.plain('opens', 1);
    await turns();
    place.plain('a', 3);
    await turn();
    place.plain('b', 2);
    place.plain('c', 4);
    expect(place.sent()).toEqual([1]);
    await turns();
    expect(place.sent()).toEqual([1, 9]);
    place.partition.open.get('plain')!.confirm();
    await place.answered(4);
    expect(place.results).toEqual({ opens: 0, a: 1, b: 4, c: 6 });
  });

  it('are sent when the entry is full, alone where they must be, and none waits for more than some turns', async () => {
    const place = new Place();
    for (const name of ['a', 'b', 'c']) place.plain(name, 1);
    await turns();
    place.partition.open.get('plain')!.confirm();
    for (let at = 0; at < 5; at++) place.plain(`${at}`, 1, 2 * batchBytes);
    expect(place.sent()).toEqual([2, 2]);
    place.plain('alone', 7, 0);
    expect(place.sent()).toEqual([2, 2, 1, 7]);
    for (let at = 0; at < 15; at++) {
      place.plain(`slow ${at}`, 1, 1e6);
      await turn();
    }
    expect(place.sent().length).toBeGreaterThan(4);
  });

  it('are stored one by one where a policy of the topic allows no more, and no client hears of it', async () => {
    const place = new Place();
    place.partition.payloadBytesMax = 2 * batchBytes - 1;
    for (const name of ['a', 'b', 'c']) place.plain(name, 2);
    await turns();
    for (const name of ['d', 'e']) place.plain(name, 1);
    await turns();
    // Nothing is sent behind an entry that may be too large.
    expect(place.sent()).toEqual([6]);
    const producer = place.partition.open.get('plain')!;
    producer.confirm(1);
    expect(place.sent()).toEqual([2, 2, 2, 2]);
    producer.confirm();
    await place.answered(5);
    place.plain('f', 1);
    place.plain('g', 1);
    expect(place.sent()).toEqual([1, 1]);
    producer.confirm();
    expect(place.results).toEqual({ a: 0, b: 2, c: 4, d: 6, e: 7, f: 8, g: 9 });
  });

  it('are asked to come again, and then stored apart, when a policy became stricter than it was', async () => {
    const place = new Place();
    for (const name of ['a', 'b']) place.plain(name, 1);
    await turns();
    const producer = place.partition.open.get('plain')!;
    producer.confirm();
    await place.answered(2);
    place.partition.payloadBytesMax = 2 * batchBytes - 1;
    for (const name of ['c', 'd']) place.plain(name, 1);
    await turns();
    producer.confirm();
    for (const name of ['c2', 'd2']) place.plain(name, 1);
    producer.confirm();
    await place.answered(6);
    const { NOT_LEADER_OR_FOLLOWER: again } = KafkaErrorCode;
    expect(place.results).toEqual({ a: 0, b: 1, c: -again, d: -again, c2: 2, d2: 3 });
  });

  it('have their own offsets where another gateway had stored them one by one', async () => {
    const place = new Place();
    const idempotent = (name: string, sequence: number) =>
      place.append(7n, sequence, 2, 1_000, (offset) => {
        place.results[name] = offset;
      });
    idempotent('a', 0);
    idempotent('b', 2);
    await turns();
    const producer = place.partition.open.get('id.7')!;
    const [{ entry }] = producer.pending as [(typeof producer.pending)[0]];
    const other = new FakeProducer(place.partition, 'id.7', -1);
    const native = new FakeProducer(place.partition, 'native', -1);
    const part = (sequenceId: number) => ({
      ...{ ...entry, numMessages: 2, sequenceId, highestSequenceId: sequenceId + 1 },
    });
    for (const [from, sequenceId] of [
      [other, 0],
      [native, 0],
      [other, 2],
    ] as const) {
      from.send(part(sequenceId), () => {});
      from.confirm();
    }
    producer.confirm();
    await place.answered(2);
    expect(place.results).toEqual({ a: 0, b: 4 });
  });

  it('are sent when the writer ends', async () => {
    const place = new Place();
    place.plain('opens', 1);
    await turns();
    const producer = place.partition.open.get('plain')!;
    producer.confirm();
    await place.answered(1);
    place.plain('last', 2);
    producer.close = async () => producer.confirm();
    await place.writer.end();
    expect(place.results).toEqual({ opens: 0, last: 1 });
  });
});

/** What may happen between two sends of a client. */
type Event = { readonly kind: 'turn' | 'store' | 'lose' | 'fail' | 'restart'; readonly count: number };

const event: fc.Arbitrary<Event> = fc.record({
  kind: fc.constantFrom('turn', 'turn', 'turn', 'store', 'store', 'store', 'lose', 'fail', 'restart'),
  count: fc.integer({ min: 1, max: 5 }),
});

/** A client that sends its batches in order, five at a time, and repeats what is refused, in order. */
class IdempotentClient {
  private readonly inFlight = new Set<number>();
  readonly offsets = new Map<number, number>();

  constructor(
    private readonly place: Place,
    private readonly sizes: readonly number[],
  ) {}

  get finished(): boolean {
    return this.offsets.size === this.sizes.length;
  }

  send(count: number): void {
    let sequence = 0;
    for (let at = 0; at < this.sizes.length && count > 0 && this.inFlight.size < 5; at++) {
      const first = sequence;
      const messages = this.sizes[at]!;
      sequence += messages;
      if (this.offsets.has(first) || this.inFlight.has(first)) continue;
      count--;
      this.inFlight.add(first);
      this.place.append(7n, first, messages, 3 * batchBytes, (offset, code) => {
        this.inFlight.delete(first);
        if (code === 0) this.offsets.set(first, offset);
        else if (code === KafkaErrorCode.DUPLICATE_SEQUENCE_NUMBER) this.offsets.set(first, first);
      });
    }
  }
}

async function happen({ kind, count }: Event, place: Place): Promise<void> {
  const producer = place.partition.open.get('id.7');
  const pending = producer?.pending.length ?? 0;
  if (kind === 'turn') await turns(count);
  else if (kind === 'restart') {
    await place.writer.end();
    place.writer = place.open();
  } else if (pending === 0) return;
  else if (kind === 'store') producer!.confirm(count);
  else if (kind === 'lose') producer!.confirm(1, true);
  else producer!.failNext(new PulsarError('Disconnected', 'cut'));
}

describe('batches of an idempotent producer', () => {
  it('are stored once and in order, however entries are cut and whatever fails', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 5, maxLength: 20 });
    const steps = fc.array(fc.tuple(fc.nat({ max: 5 }), event), { maxLength: 60 });
    const policy = fc.constantFrom(1, 2, Number.POSITIVE_INFINITY);
    await fc.assert(
      fc.asyncProperty(sizes, steps, policy, async (batches, events, batchesMax) => {
        const place = new Place();
        place.partition.payloadBytesMax = batchesMax * batchBytes;
        const client = new IdempotentClient(place, batches);
        for (const [count, each] of events) {
          client.send(count);
          await happen(each, place);
        }
        for (let left = 200; left > 0 && !client.finished; left--) {
          client.send(5);
          await turns(12);
          place.partition.open.get('id.7')?.confirm();
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        let next = 0;
        for (const { sequenceId, highestSequenceId } of place.partition.log) {
          expect(sequenceId).toBe(next);
          next = highestSequenceId + 1;
        }
        expect(next).toBe(batches.reduce((sum, size) => sum + size, 0));
        for (const [first, offset] of client.offsets) expect([first, offset]).toEqual([first, first]);
      }),
      { numRuns: 150 },
    );
  });
});
