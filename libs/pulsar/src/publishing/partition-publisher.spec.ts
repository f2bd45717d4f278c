import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import type { Producer } from '../producer/producer.js';
import { PulsarError } from '../pulsar.errors.js';
import { FakeProducer } from '../testing/fake-producer.js';
import { PartitionPublisher } from './partition-publisher.js';
import { PublishBudget } from './publish-budget.js';
import type { PublishKind } from './publish-kind.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Messages are their payloads; those that begin so have entries of their own. */
const own = 'own';
const kind: PublishKind<string, undefined, string> = {
  append: (builder, message) => {
    builder.begin();
    builder.valueFrom(Buffer.from(message), 0, message.length);
  },
  ownEntry: (message) => (message.startsWith(own) ? { partitionKey: message } : undefined),
  asError: (error) => (error instanceof PulsarError ? error.code : String(error)),
  closed: () => 'closed',
  tooMuchInFlight: () => 'too-much',
};

class Bed {
  readonly producers: FakeProducer[] = [];
  readonly outcomes: string[] = [];
  readonly lost: unknown[] = [];
  readonly thrown: unknown[] = [];
  readonly budget: PublishBudget;
  readonly publisher: PartitionPublisher<string, undefined, string>;
  /** What opening gives, before it gives a producer. */
  readonly openErrors: PulsarError[] = [];

  constructor(bytesMax = 1 << 24, openMsMax = 60_000) {
    this.budget = new PublishBudget(bytesMax);
    this.publisher = new PartitionPublisher(kind, this.budget, {
      open: () => this.open(),
      openMsMax,
      schedule: (publisher) => setImmediate(() => publisher.flush()),
      onLost: (error) => this.lost.push(error),
      onThrown: (thrown) => this.thrown.push(thrown),
    });
  }

  get producer(): FakeProducer {
    return this.producers.at(-1)!;
  }

  append(
    payload: string,
    sequenceId = -1,
    done = (outcome: string) => void this.outcomes.push(`${payload} ${outcome}`),
  ) {
    return this.publisher.append(payload, undefined, 1, 100 + payload.length, sequenceId, (error) => {
      done(error ?? 'stored');
    });
  }

  private async open(): Promise<Producer> {
    const error = this.openErrors.shift();
    if (error !== undefined) throw error;
    this.producers.push(new FakeProducer());
    return this.producer.producer;
  }
}

describe('entries of one partition', () => {
  it('are what came in a turn, then what came while one was on its way', async () => {
    const bed = new Bed();
    for (const payload of ['a', 'b']) bed.append(payload);
    await turn();
    await turn();
    expect(bed.producer.payloads).toEqual([['a', 'b']]);
    for (const payload of ['c', 'd']) bed.append(payload);
    await turn();
    bed.append('e');
    await turn();
    expect(bed.producer.payloads).toHaveLength(1);
    bed.producer.settle();
    expect(bed.outcomes).toEqual(['a stored', 'b stored']);
    expect(bed.producer.payloads.slice(1)).toEqual([['c', 'd', 'e']]);
    bed.producer.settle();
    bed.append('f');
    await turn();
    expect(bed.producer.payloads.slice(2)).toEqual([['f']]);
    bed.producer.settle();
    expect(bed.outcomes).toHaveLength(6);
    expect([bed.budget.bytes, bed.publisher.idle]).toEqual([0, true]);
  });

  it('are sent when they are full, in order, whatever is on its way', async () => {
    const bed = new Bed();
    const payloads = Array.from({ length: 2_500 }, (_, at) => String(at));
    for (const payload of payloads) bed.append(payload);
    await turn();
    await turn();
    expect(bed.producer.payloads.map(({ length }) => length)).toEqual([1_000, 1_000]);
    bed.producer.settle();
    bed.producer.settle();
    bed.producer.settle();
    expect(bed.producer.payloads.flat()).toEqual(payloads);
    expect(bed.outcomes).toEqual(payloads.map((payload) => `${payload} stored`));
  });

  it('have a run of sequence ids each, where the caller numbers', async () => {
    const bed = new Bed();
    for (const [payload, sequenceId] of [
      ['a', 5],
      ['b', 6],
      ['c', 8],
    ] as const)
      bed.append(payload, sequenceId);
    await turn();
    await turn();
    bed.producer.settle();
    expect(bed.producer.entries).toMatchObject([
      { payloads: ['a', 'b'], sequenceId: 5, highestSequenceId: 6 },
      { payloads: ['c'], sequenceId: 8, highestSequenceId: 8 },
    ]);
  });
});

describe('messages with entries of their own', () => {
  it('go one to an entry when the turn is over, in their place among the others', async () => {
    const bed = new Bed();
    for (const payload of ['a', 'b', 'own 1', 'own 2', 'c', 'own 3', 'd']) bed.append(payload);
    await turn();
    await turn();
    // The last ones wait for more, as long as an entry is on its way.
    const entries = [['a', 'b'], ['own 1'], ['own 2'], ['c'], ['own 3']];
    expect(bed.producer.payloads).toEqual(entries);
    for (const _ of entries) bed.producer.settle();
    expect(bed.producer.payloads).toEqual([...entries, ['d']]);
    expect(bed.producer.entries.map(({ metadata }) => metadata.partitionKey)).toEqual([
      ...[undefined, 'own 1', 'own 2', undefined, 'own 3', undefined],
    ]);
    bed.producer.settle();
    expect([bed.budget.bytes, bed.publisher.idle, bed.outcomes.length]).toEqual([0, true, 7]);
  });

  it('are at most a thousand on their way, however many wait', async () => {
    const bed = new Bed();
    const payloads = Array.from({ length: 5_000 }, (_, at) => `own ${at}`);
    for (const payload of payloads) bed.append(payload);
    await turn();
    await turn();
    expect(bed.producer.entries).toHaveLength(1_000);
    while (bed.outcomes.length < payloads.length) bed.producer.settle();
    expect(bed.producer.payloads.flat()).toEqual(payloads);
    expect(bed.outcomes.at(-1)).toBe('own 4999 stored');
  });

  it('fail with the producer, and those behind go by the next one', async () => {
    const bed = new Bed();
    for (let at = 0; at < 1_002; at++) bed.append(`own ${at}`);
    await turn();
    await turn();
    bed.producer.endByItself();
    expect(bed.outcomes.at(-1)).toBe('own 999 TopicNotFound');
    await turn();
    await turn();
    expect(bed.producer.payloads).toEqual([['own 1000'], ['own 1001']]);
  });
});

describe('what goes wrong', () => {
  it('is told to all of the entry, though one of them throws', async () => {
    const bed = new Bed();
    bed.append('a');
    bed.append('b', -1, () => {
      throw new Error('own fault');
    });
    bed.append('c');
    await turn();
    await turn();
    bed.producer.settle(new PulsarError('AuthorizationError', 'no'));
    expect(bed.outcomes).toEqual(['a AuthorizationError', 'c AuthorizationError']);
    expect(bed.thrown).toHaveLength(1);
    expect(bed.budget.bytes).toBe(0);
  });

  it('while the producer is opened: tried again if that may help, else it fails what waits', async () => {
    const bed = new Bed();
    bed.openErrors.push(new PulsarError('ServiceNotReady', 'soon'));
    bed.append('a');
    while (bed.producers.length === 0 || bed.producer.entries.length === 0) await turn();
    bed.producer.settle();
    expect(bed.outcomes).toEqual(['a stored']);

    const forbidden = new Bed();
    forbidden.openErrors.push(new PulsarError('AuthorizationError', 'no'));
    forbidden.append('a');
    await turn();
    await turn();
    expect(forbidden.outcomes).toEqual(['a AuthorizationError']);
    expect(forbidden.lost).toHaveLength(1);
    forbidden.append('b');
    await turn();
    await turn();
    expect(forbidden.producer.payloads).toEqual([['b']]);

    const late = new Bed(1 << 24, 0);
    late.openErrors.push(new PulsarError('ServiceNotReady', 'soon'));
    late.append('a');
    await turn();
    await turn();
    expect(late.outcomes).toEqual(['a ServiceNotReady']);
  });

  it('with the producer: what was sent fails, what was not goes by the next one', async () => {
    const bed = new Bed();
    bed.append('a');
    await turn();
    await turn();
    bed.append('b');
    await turn();
    bed.producer.endByItself();
    expect(bed.outcomes).toEqual(['a TopicNotFound']);
    await turn();
    await turn();
    expect(bed.producers).toHaveLength(2);
    expect(bed.producer.payloads).toEqual([['b']]);
  });

  it('at the end: what came before is sent, what comes later refused', async () => {
    const bed = new Bed();
    bed.append('a');
    await turn();
    await turn();
    bed.append('b');
    await bed.publisher.end();
    expect(bed.producer.payloads).toEqual([['a'], ['b']]);
    expect(bed.producer.closes).toEqual(['flush']);
    bed.append('c');
    expect(bed.outcomes).toEqual(['c closed']);
  });
});

describe('too much in flight', () => {
  it('slows who publishes, refuses beyond twice the bound, and ends with the receipts', async () => {
    const bed = new Bed(1_000);
    const payload = 'x'.repeat(300);
    const pressures = [1, 2, 3].map(() => bed.append(payload));
    expect(pressures.map((pressure) => pressure !== undefined)).toEqual([false, false, true]);
    let reliefs = 0;
    pressures[2]!.onRelief(() => reliefs++);
    const cancel = pressures[2]!.onRelief(() => reliefs++);
    cancel();
    for (let more = 0; more < 3; more++) expect(bed.append(payload)).toBeDefined();
    expect(bed.outcomes.map((outcome) => outcome.split(' ')[1])).toEqual(['too-much']);
    await turn();
    await turn();
    expect(reliefs).toBe(0);
    bed.producer.settle();
    expect(reliefs).toBe(1);
    pressures[2]!.onRelief(() => reliefs++);
    expect(reliefs).toBe(2);
    expect(bed.append(payload)).toBeUndefined();
  });

  it('counts in the whole too', () => {
    const whole = new PublishBudget(1_000);
    const [one, other] = [new PublishBudget(900, whole), new PublishBudget(900, whole)];
    expect(one.add(800)).toBeUndefined();
    expect(other.add(800)).toBe(whole);
    expect(other.admits(500)).toBe(false);
    one.remove(800);
    expect([whole.bytes, other.admits(500)]).toEqual([800, true]);
  });
});
