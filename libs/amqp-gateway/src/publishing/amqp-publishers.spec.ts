import { Buffer } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { OutgoingEntry, ProducerOptions, PulsarClient, SendDone } from '#libs/pulsar';
import { Metrics, silentLog } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import { type AmqpOptions, amqpOptionsSchema } from '../amqp.options.js';
import type { MessageTarget } from '../node.js';
import type { TargetPlan } from '../nodes/node-plan.js';
import { data } from '../testing/mapping-bed.js';
import { identityOf, publish } from '../testing/publish-bed.js';
import { AmqpPublishers } from './amqp-publishers.js';

const receipt = { ledgerId: 1, entryId: 1, sequenceId: 0, highestSequenceId: 0 };
const acme = { name: 'acme' } as Tenant;

/** Publishers whose Pulsar confirms when the test says so. */
class Bed {
  readonly producers: { readonly options: ProducerOptions; closed: boolean }[] = [];
  readonly metrics = new Metrics({ processMetrics: false });
  readonly publishers: AmqpPublishers;
  private waiting: SendDone[] = [];

  constructor(options: Partial<AmqpOptions> = {}) {
    const pulsar = { createProducer: async (given: ProducerOptions) => this.producer(given) };
    const whole = { ...amqpOptionsSchema.parse({}), ...options };
    this.publishers = new AmqpPublishers(pulsar as unknown as PulsarClient, whole, silentLog);
    this.publishers.register(this.metrics);
  }

  target(tenant: Tenant = acme, entries: TargetPlan['entries'] = 'batched'): Promise<MessageTarget> {
    const topic = { tenant, name: 't', pulsarTopic: 't', compacted: false, partitions: [`${tenant.name}/t`] };
    const plan = { identity: identityOf(tenant), topic, entries };
    return this.publishers.openTarget(plan as unknown as TargetPlan);
  }

  confirm(): void {
    for (const done of this.waiting.splice(0)) done(undefined, receipt);
  }

  /** In the shortest form that the page of metrics has. */
  async gauges(): Promise<string> {
    const lines = (await this.metrics.exposition()).split('\n').filter((line) => !line.startsWith('#'));
    return lines.join(' ').trim();
  }

  private producer(options: ProducerOptions) {
    const own = { options, closed: false };
    this.producers.push(own);
    return {
      lastSequenceId: -1,
      send: (_entry: OutgoingEntry, done: SendDone) => void this.waiting.push(done),
      onClosed() {},
      close: async () => {
        own.closed = true;
        this.confirm();
      },
    };
  }
}

beforeEach(
  () => void jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] }),
);
afterEach(() => void jest.useRealTimers());

const turns = async () => {
  for (let at = 0; at < 5; at++) await new Promise((resolve) => setImmediate(resolve));
};
const message = (bytes: number) => data(Buffer.alloc(bytes));

/** Sends without waiting; what comes back says how it ended. */
function send(target: MessageTarget, bytes: number) {
  const outcomes: string[] = [];
  const whole = { parts: [message(bytes)], bytes, transactionId: undefined };
  const pressure = target.publish(whole, (error) => void outcomes.push(error?.condition ?? 'stored'));
  return { pressure, outcomes };
}

describe('a producer', () => {
  it('is shared by all links to a partition, ends when nobody has sent for a while, and comes again', async () => {
    const bed = new Bed();
    const [one, other] = [await bed.target(), await bed.target(acme, 'single')];
    const stored = Promise.all([publish(one, message(10)), publish(other, message(10))]);
    await turns();
    bed.confirm();
    await turns();
    bed.confirm();
    expect(await stored).toEqual(['stored', 'stored']);
    expect(bed.producers).toHaveLength(1);

    jest.advanceTimersByTime(250_000);
    expect(bed.producers[0]?.closed).toBe(false);
    jest.advanceTimersByTime(100_000);
    expect(bed.producers[0]?.closed).toBe(true);

    const again = publish(one, message(10));
    await turns();
    bed.confirm();
    expect(await again).toBe('stored');
    const names = bed.producers.map(({ options }) => options.name);
    expect([names.length, new Set(names).size]).toEqual([2, 2]);
    await bed.publishers.close();
  });

  it('has what is in flight confirmed at the end; what comes later is refused', async () => {
    const bed = new Bed();
    const target = await bed.target();
    const first = publish(target, message(10));
    await turns();
    const second = publish(target, message(10));
    await bed.publishers.close();
    expect(await Promise.all([first, second])).toEqual(['stored', 'stored']);
    expect(await publish(target, message(10))).toBe('amqp:connection:forced');
    expect(await publish(await bed.target({ name: 'globex' } as Tenant), message(10))).toBe(
      'amqp:connection:forced',
    );
    expect(bed.producers).toHaveLength(1);
  });
});

describe('too much in flight', () => {
  it('is pressure over the bound, and refused over twice the bound, until Pulsar has confirmed', async () => {
    const bed = new Bed({ publishBytesInFlightMaxPerPartition: 100_000 });
    const target = await bed.target();
    const sent = Array.from({ length: 8 }, () => send(target, 30_000));
    expect(sent.map(({ pressure }) => pressure !== undefined)).toEqual([
      ...[false, false, false, true, true, true, true, true],
    ]);
    expect(sent.slice(-2).map(({ outcomes }) => outcomes)).toEqual([
      ...[['amqp:resource-limit-exceeded'], ['amqp:resource-limit-exceeded']],
    ]);
    let relieved = 0;
    sent[3]?.pressure?.onRelief(() => relieved++);
    await turns();
    bed.confirm();
    expect([relieved, sent[0]?.outcomes]).toEqual([1, ['stored']]);
    await bed.publishers.close();
  });

  it('of one tenant is refused while there is room for the others', async () => {
    const bed = new Bed({ publishBytesInFlightMaxPerProcess: 200_000 });
    const [own, others] = [await bed.target(), await bed.target({ name: 'globex' } as Tenant)];
    const sent = Array.from({ length: 8 }, () => send(own, 30_000));
    expect(sent.at(-1)?.outcomes).toEqual(['amqp:resource-limit-exceeded']);
    expect(await bed.gauges()).toMatch(/publish_bytes_in_flight 18\d{4} .*partitions_published 1$/);
    const stored = send(others, 30_000);
    expect(stored.outcomes).toEqual([]);
    await turns();
    bed.confirm();
    expect(stored.outcomes).toEqual(['stored']);
    await bed.publishers.close();
  });
});
