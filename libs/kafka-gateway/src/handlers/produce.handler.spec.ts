import { describe, expect, it } from '@jest/globals';
import type { Principal } from '#libs/auth';
import {
  encodeRecordBatch,
  KafkaErrorCode,
  type ProduceRequest,
  type ProduceResponse,
} from '#libs/kafka-codec';
import { PulsarError } from '#libs/pulsar';
import { Metrics, silentLog } from '#libs/telemetry';
import { noResponse, type RequestContext } from '../handler.js';
import { kafkaOptionsSchema } from '../kafka.options.js';
import type { Append } from '../producers/append.js';
import type { KafkaTopic } from '../topics/kafka-topic.js';
import { produceHandler } from './produce.handler.js';

/** Several turns of the event loop: on a busy machine the handler gives way between the pieces of its work. */
async function soon(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}
const tenant = { name: 'acme', pulsarNamespace: 'a/b' };
const one = encodeRecordBatch([{ timestamp: 1, key: null, value: Buffer.from('x') }]);

function topicNamed(name: string): KafkaTopic {
  return {
    name,
    id: Buffer.alloc(16, name),
    pulsarTopic: name,
    partitions: 2,
    config: { messageBytesMax: 1e6, timestampType: 'create', compacted: false },
    partitionTopic: (partition) => `${name}-partition-${partition}`,
  };
}

/** The handler with topics and partitions that do as the test says. */
class Bed {
  readonly lookups = new Map<string, PromiseWithResolvers<KafkaTopic | undefined>>();
  readonly appended: { place: string; append: Append }[] = [];
  readonly refusals: number[] = [];
  readonly invalidated: string[] = [];
  readonly metrics = new Metrics({ processMetrics: false });
  readonly connection = {
    link: {
      pauses: 0,
      pause: () => this.connection.link.pauses++,
      resume: () => this.connection.link.pauses--,
    },
  };
  denied = new Set<string>();
  full = false;
  leads = true;
  readonly throttles: number[] = [];
  produceTimeoutMsMax = 300;
  retainedBytes = 0;
  private relief: (() => void)[] = [];

  produce(request: Partial<ProduceRequest>, version = 9) {
    const context = this.context(version);
    const full = {
      transactionalId: null,
      acks: -1,
      timeoutMs: 1_000,
      topicData: [],
      ...request,
    } as ProduceRequest;
    const outcome = Promise.resolve(produceHandler.handle(full, context)) as Promise<
      ProduceResponse | typeof noResponse
    >;
    return { outcome, context, codes: async () => codesOf((await outcome) as ProduceResponse) };
  }

  to(...places: string[]) {
    return places.map((place) => {
      const [name = '', index = '0'] = place.split('/');
      return { name, topicId: Buffer.alloc(16), partitionData: [{ index: Number(index), records: one }] };
    });
  }

  found(name: string): void {
    this.lookup(name).resolve(topicNamed(name));
  }

  relieve(): void {
    for (const listener of this.relief.splice(0)) listener();
  }

  lookup(name: string): PromiseWithResolvers<KafkaTopic | undefined> {
    let lookup = this.lookups.get(name);
    if (lookup === undefined) this.lookups.set(name, (lookup = Promise.withResolvers()));
    return lookup;
  }

  private context(apiVersion: number): RequestContext {
    const { metrics } = this;
    const gateway = {
      topics: {
        resolve: (_tenant: unknown, name: string) => this.lookup(name).promise,
        resolveId: (_tenant: unknown, id: Buffer) => this.lookup(String.fromCharCode(id[0] ?? 0)).promise,
        invalidate: (_tenant: unknown, name: string) => this.invalidated.push(name),
      },
      leaders: { leads: () => this.leads },
      partitions: {
        writer: (_tenant: string, topic: KafkaTopic, partition: number) => this.writer(topic, partition),
      },
      options: kafkaOptionsSchema.parse({ produceTimeoutMsMax: this.produceTimeoutMsMax }),
      log: silentLog,
      metrics,
    };
    return {
      connection: this.connection,
      principal: { tenant, user: 'ann' } as unknown as Principal,
      header: { apiKey: 0, apiVersion, correlationId: 1, clientId: null, headerVersion: 1 },
      gateway,
      authorize: (_action: unknown, { name }: { name: string }) => !this.denied.has(name),
      refused: (code: number) => this.refusals.push(code),
      retain: (bytes: number) => {
        this.retainedBytes += bytes;
        return () => {
          this.retainedBytes -= bytes;
        };
      },
      throttle: (waitMs: number) => this.throttles.push(waitMs),
      closeAfterwards: false,
    } as unknown as RequestContext;
  }

  private writer(topic: KafkaTopic, partition: number) {
    return {
      logStartOffset: 0,
      full: this.full,
      append: (append: Append) => this.appended.push({ place: `${topic.name}/${partition}`, append }),
      onRelief: (listener: () => void) => this.relief.push(listener),
    };
  }
}

function codesOf(response: ProduceResponse): number[] {
  return response.responses.flatMap(({ partitionResponses }) =>
    partitionResponses.map(({ errorCode }) => errorCode),
  );
}

describe('Produce', () => {
  it('takes batches of idempotent producers only where it leads, and all others everywhere', async () => {
    const bed = new Bed();
    bed.leads = false;
    const records = encodeRecordBatch([{ timestamp: 1, key: null, value: Buffer.from('x') }], {
      producerId: 7n,
      producerEpoch: 0,
      baseSequence: 0,
    });
    const topicData = bed.to('a', 'a/1');
    topicData[0]!.partitionData[0]!.records = records;
    const { codes } = bed.produce({ topicData });
    bed.found('a');
    await soon();
    expect(bed.appended.map(({ place }) => place)).toEqual(['a/1']);
    bed.appended[0]?.append.done(undefined, 10);
    expect(await codes()).toEqual([KafkaErrorCode.NOT_LEADER_OR_FOLLOWER, 0]);
  });

  it('takes nothing for a topic whose permission was taken back while Pulsar was asked for it', async () => {
    const bed = new Bed();
    const { codes } = bed.produce({ topicData: bed.to('a') });
    await soon();
    bed.denied.add('a');
    bed.found('a');
    expect(await codes()).toEqual([KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED]);
    expect(bed.appended).toEqual([]);
  });

  it('answers when all partitions have their outcome, in any order', async () => {
    const bed = new Bed();
    const { outcome } = bed.produce({ topicData: bed.to('a', 'a/1', 'b') });
    bed.found('a');
    bed.found('b');
    await soon();
    expect(bed.appended.map(({ place }) => place)).toEqual(['a/0', 'a/1', 'b/0']);
    bed.appended[2]?.append.done(undefined, 30);
    bed.appended[0]?.append.done(undefined, 10);
    bed.appended[1]?.append.done(new PulsarError('ServiceNotReady', 'moving'), -1);
    const response = (await outcome) as ProduceResponse;
    expect(response.responses.flatMap(({ partitionResponses }) => partitionResponses)).toMatchObject([
      { index: 0, errorCode: 0, baseOffset: 10, logStartOffset: 0 },
      { index: 1, errorCode: KafkaErrorCode.NOT_LEADER_OR_FOLLOWER, baseOffset: -1, logStartOffset: -1 },
      { index: 0, errorCode: 0, baseOffset: 30 },
    ]);
  });

  it('begins appends in the order of the requests, however long each look-up takes', async () => {
    const bed = new Bed();
    bed.produce({ topicData: bed.to('slow') });
    bed.produce({ topicData: bed.to('quick') });
    bed.produce({ topicData: bed.to('slow/1') });
    bed.found('quick');
    await soon();
    expect(bed.appended).toEqual([]);
    bed.found('slow');
    await soon();
    bed.produce({ topicData: bed.to('quick/1') });
    await soon();
    expect(bed.appended.map(({ place }) => place)).toEqual(['slow/0', 'quick/0', 'slow/1', 'quick/1']);
  });

  it('lets go of a batch that has its outcome while the answer waits for others', async () => {
    const bed = new Bed();
    const { codes } = bed.produce({ topicData: bed.to('a', 'a/1') });
    bed.found('a');
    await soon();
    const [first, second] = bed.appended.map(({ append }) => append);
    first!.done(new PulsarError('TooManyPending', 'full'), -1);
    expect(first!.batch).toBeUndefined();
    expect(second!.batch).toBeDefined();
    second!.done(undefined, 3);
    expect(await codes()).toEqual([KafkaErrorCode.NOT_LEADER_OR_FOLLOWER, 0]);
  });

  it('does not hold up what follows a look-up that fails', async () => {
    const bed = new Bed();
    const failing = bed.produce({ topicData: bed.to('broken', 'absent') });
    bed.produce({ topicData: bed.to('fine') });
    bed.lookup('broken').reject(new PulsarError('ServiceNotReady', 'no answer'));
    bed.lookup('absent').resolve(undefined);
    bed.found('fine');
    await soon();
    expect(await failing.codes()).toEqual([
      KafkaErrorCode.NOT_LEADER_OR_FOLLOWER,
      KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
    expect(bed.appended.map(({ place }) => place)).toEqual(['fine/0']);
  });

  it('asks for permission before it looks a topic up', async () => {
    const bed = new Bed();
    bed.denied.add('secret');
    expect(await bed.produce({ topicData: bed.to('secret') }).codes()).toEqual([
      KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
    ]);
    expect(bed.lookups.size).toBe(0);
  });

  it('refuses the whole request for its acks or its transactional id', async () => {
    const bed = new Bed();
    const acks = bed.produce({ acks: 3, topicData: bed.to('a', 'b') });
    expect(await acks.codes()).toEqual([
      KafkaErrorCode.INVALID_REQUIRED_ACKS,
      KafkaErrorCode.INVALID_REQUIRED_ACKS,
    ]);
    const transactional = bed.produce({ transactionalId: 'tx', topicData: bed.to('a') });
    expect(await transactional.codes()).toEqual([KafkaErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]);
    expect(bed.lookups.size).toBe(0);
  });

  it('gives up after the time of the request with acks=all, of the gateway with acks=1', async () => {
    const bed = new Bed();
    bed.found('a');
    const started = performance.now();
    const quick = bed.produce({ timeoutMs: 30, topicData: bed.to('a', 'a/1') });
    const patient = bed.produce({ timeoutMs: 30, acks: 1, topicData: bed.to('a') });
    await soon();
    bed.appended[0]?.append.done(undefined, 5);
    expect(await quick.codes()).toEqual([0, KafkaErrorCode.REQUEST_TIMED_OUT]);
    expect(bed.appended[1]?.append.abandoned).toBe(true);
    bed.appended[1]?.append.done(undefined, 6);
    expect(performance.now() - started).toBeLessThan(250);
    expect(await patient.codes()).toEqual([KafkaErrorCode.REQUEST_TIMED_OUT]);
    expect(performance.now() - started).toBeGreaterThan(250);
  });

  it('answers in time although the topic is not known yet, and then does not store the batch', async () => {
    const bed = new Bed();
    const late = bed.produce({ timeoutMs: 30, topicData: bed.to('a', 'b') });
    bed.found('b');
    expect(await late.codes()).toEqual([KafkaErrorCode.REQUEST_TIMED_OUT, KafkaErrorCode.REQUEST_TIMED_OUT]);
    expect(bed.retainedBytes).toBe(2 * one.length);
    bed.found('a');
    await soon();
    expect(bed.appended).toEqual([]);
    expect(bed.retainedBytes).toBe(0);
  });

  it('counts a batch as in flight after the answer for as long as Pulsar has not confirmed it', async () => {
    const bed = new Bed();
    bed.found('a');
    const late = bed.produce({ timeoutMs: 30, topicData: bed.to('a') });
    expect(await late.codes()).toEqual([KafkaErrorCode.REQUEST_TIMED_OUT]);
    expect(bed.retainedBytes).toBe(bed.appended[0]!.append.batch.entry.buffer.length);
    bed.appended[0]!.append.done(undefined, 5);
    expect(bed.retainedBytes).toBe(0);
  });

  it('answers nothing with acks=0, and closes the connection after a failure', async () => {
    const bed = new Bed();
    bed.found('a');
    const fine = bed.produce({ acks: 0, topicData: bed.to('a') });
    await soon();
    bed.appended[0]?.append.done(undefined, 5);
    expect(await fine.outcome).toBe(noResponse);
    expect(fine.context.closeAfterwards).toBe(false);
    const failing = bed.produce({ acks: 0, topicData: bed.to('a/9') });
    expect(await failing.outcome).toBe(noResponse);
    expect(failing.context.closeAfterwards).toBe(true);
  });

  it('stops reading while a partition has too much in flight', async () => {
    const bed = new Bed();
    bed.found('a');
    bed.full = true;
    bed.produce({ topicData: bed.to('a') });
    await soon();
    expect(bed.connection.link.pauses).toBe(1);
    bed.relieve();
    expect(bed.connection.link.pauses).toBe(0);
  });

  it('slows a client for what it took, and counts it', async () => {
    const bed = new Bed();
    bed.found('a');
    Object.assign(bed.connection, {
      quota: { admitIn: (bytes: number, messages: number) => bytes / messages },
    });
    const { outcome } = bed.produce({ topicData: bed.to('a') });
    await soon();
    bed.appended[0]?.append.done(undefined, 0);
    await outcome;
    expect(bed.throttles).toEqual([one.length]);
    const counters = bed.metrics.tenant('kafka', 'acme');
    expect(counters).toMatchObject({
      produceMessages: 1,
      produceBytes: one.length,
    });
  });

  it('finds topics by id from version 13 on, and asks for permission by their names', async () => {
    const bed = new Bed();
    bed.found('z');
    bed.denied.add('q');
    bed.found('q');
    const byId = (letter: string) => [
      { name: '', topicId: Buffer.alloc(16, letter), partitionData: [{ index: 0, records: one }] },
    ];
    const { outcome } = bed.produce({ topicData: byId('z') }, 13);
    await soon();
    bed.appended[0]?.append.done(undefined, 3);
    expect((await outcome) as ProduceResponse).toMatchObject({
      responses: [{ topicId: Buffer.alloc(16, 'z') }],
    });
    expect(await bed.produce({ topicData: byId('q') }, 13).codes()).toEqual([
      KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED,
    ]);
    bed.lookup('u').resolve(undefined);
    expect(await bed.produce({ topicData: byId('u') }, 13).codes()).toEqual([
      KafkaErrorCode.UNKNOWN_TOPIC_ID,
    ]);
  });

  it('forgets a topic that Pulsar does not have any more', async () => {
    const bed = new Bed();
    bed.found('a');
    const { codes } = bed.produce({ topicData: bed.to('a') });
    await soon();
    bed.appended[0]?.append.done(new PulsarError('TopicNotFound', 'gone'), -1);
    expect(await codes()).toEqual([KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
    expect(bed.invalidated).toEqual(['a']);
    expect(bed.refusals).toEqual([KafkaErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
  });

  it('answers a request for nothing', async () => {
    expect(await new Bed().produce({}).outcome).toMatchObject({ responses: [] });
  });

  it('lets others have their turn while it takes many batches that are slow to read, in order', async () => {
    const bed = new Bed();
    bed.produceTimeoutMsMax = 60_000;
    const value = Buffer.alloc(8 * 1024 * 1024);
    const records = encodeRecordBatch([{ timestamp: 1, key: null, value }], { compression: 1 });
    const partitionData = Array.from({ length: 40 }, (_, at) => ({ index: at % 2, records }));
    const topicData = [{ name: 'a', topicId: Buffer.alloc(16), partitionData }];
    bed.produce({ topicData, timeoutMs: 60_000 });
    const behind = bed.produce({ topicData: bed.to('a'), timeoutMs: 60_000 });
    bed.found('a');
    let turns = 0;
    while (bed.appended.length < 41) {
      await new Promise((resolve) => setImmediate(resolve));
      if (bed.appended.length > 0 && bed.appended.length < 40) {
        turns++;
        expect(bed.connection.link.pauses).toBe(1);
      }
    }
    expect(turns).toBeGreaterThan(3);
    expect(bed.connection.link.pauses).toBe(0);
    const places = Array.from({ length: 40 }, (_, at) => `a/${at % 2}`);
    expect(bed.appended.map(({ place }) => place)).toEqual([...places, 'a/0']);
    expect(bed.appended[40]!.append.batch.entry.buffer.length).toBeLessThan(10_000);
    bed.appended.at(-1)?.append.done(undefined, 7);
    expect(await behind.codes()).toEqual([0]);
  });
});
