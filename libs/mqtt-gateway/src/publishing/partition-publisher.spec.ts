import { describe, expect, it } from '@jest/globals';
import { PulsarError, type Producer, PartitionPublisher, PublishBudget } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { clientFields, topicFields } from '../mapping/message.mapping.js';
import { FakeProducer } from '../testing/fake-producer.js';
import { type MqttPartitionPublisher, mqttPublishKind } from './publish-kind.js';
import type { PublishRequest } from './publisher.js';

const tenant = { name: 'acme' } as Tenant;
const fields = { ofTopic: topicFields('a/1', { topic: 'a', key: 'a/1' }), ofClient: clientFields('c') };
const turn = () => new Promise((resolve) => setImmediate(resolve));

class Bed {
  readonly producers: FakeProducer[] = [];
  readonly outcomes: string[] = [];
  readonly lost: unknown[] = [];
  readonly thrown: unknown[] = [];
  readonly budget: PublishBudget;
  readonly publisher: MqttPartitionPublisher;
  /** What opening gives, before it gives a producer. */
  readonly openErrors: PulsarError[] = [];

  constructor(bytesMax = 1 << 24, openMsMax = 60_000) {
    this.budget = new PublishBudget(bytesMax);
    this.publisher = new PartitionPublisher(mqttPublishKind, this.budget, {
      open: () => this.open(),
      openMsMax,
      schedule: (own) => setImmediate(() => own.flush()),
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
    const request = { tenant, topic: 'a/1', payload: Buffer.from(payload), qos: 1, retain: false } as const;
    const rest = { properties: {}, messageExpiryIntervalSeconds: undefined, clientId: 'c' };
    const publish: PublishRequest = { ...request, ...rest };
    return this.publisher.append(publish, fields, 1, 100 + payload.length, sequenceId, (error) => {
      done(error?.reasonName ?? 'stored');
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
    expect(bed.outcomes).toEqual(['a not-authorized', 'c not-authorized']);
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
    expect(forbidden.outcomes).toEqual(['a not-authorized']);
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
    expect(late.outcomes).toEqual(['a implementation-specific-error']);
  });

  it('with the producer: what was sent fails, what was not goes by the next one', async () => {
    const bed = new Bed();
    bed.append('a');
    await turn();
    await turn();
    bed.append('b');
    await turn();
    bed.producer.endByItself();
    expect(bed.outcomes).toEqual(['a implementation-specific-error']);
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
    expect(bed.outcomes).toEqual(['c server-shutting-down']);
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
    expect(bed.outcomes.map((outcome) => outcome.split(' ')[1])).toEqual(['quota-exceeded']);
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
