import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { RateLimits } from '#libs/rate-limit';
import { Metrics } from '#libs/telemetry';
import type { RequestContext } from '../handler.js';
import { produceHandler } from '../handlers/produce.handler.js';
import { kafkaOptionsSchema } from '../kafka.options.js';
import { bed, soon, tenant } from '../testing/connection-bed.js';
import { partitionsOf, ReadingBed } from '../testing/fetch-bed.js';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a limit of requests', () => {
  it('makes the connection wait before it is read again', async () => {
    const test = bed({ anonymous: true, limits: { requests: { perSecond: 5, burst: 1 } } });
    for (const name of ['a', 'b', 'c']) test.ask(name);
    await soon();
    expect(test.metadata.started).toEqual(['a', 'b']);
    test.metadata.answer('a');
    test.metadata.answer('b');
    await soon();
    expect(test.metadata.started).toEqual(['a', 'b']);
    await wait(400);
    expect(test.metadata.started).toEqual(['a', 'b', 'c']);
    expect(test.metrics.tenant('kafka', 'acme').throttles).toBeGreaterThan(0);
  });

  it('lets the connection be read again as soon as it is raised', async () => {
    const test = bed({ anonymous: true, limits: { requests: { perSecond: 0.1, burst: 1 } } });
    for (const name of ['a', 'b', 'c']) test.ask(name);
    await soon();
    test.metadata.answer('a');
    test.metadata.answer('b');
    await soon();
    expect(test.metadata.started).toEqual(['a', 'b']);
    test.limits.replace([tenant], { requests: { perSecond: 1_000, burst: 1 } });
    await soon();
    expect(test.metadata.started).toEqual(['a', 'b', 'c']);
  });
});

describe('a limit of what is fetched', () => {
  const records = 2_000;

  it('is told, and answers are empty while too much is owed by all', async () => {
    const test = new ReadingBed({ limits: { bytesOut: { perSecond: 1_000, burst: 1_000 } } });
    const log = test.topic('t');
    log.append(records);
    const [first, second] = [test.connect(), test.connect()];
    const given = await first.fetch([{ fetchOffset: 0 }], 11);
    const { bytes } = log.batches[0]!;
    expect(bytes.length).toBeGreaterThan(7_000);
    expect(partitionsOf(given)[0]!.records).toEqual(bytes);
    expect(given.throttleTimeMs).toBeGreaterThan(5_000);
    const withheld = await second.fetch([{ fetchOffset: 0 }], 11);
    const [partition] = partitionsOf(withheld);
    expect([partition!.errorCode, partition!.records?.length ?? 0]).toEqual([KafkaErrorCode.NONE, 0]);
    expect(withheld.throttleTimeMs).toBeGreaterThan(5_000);
    expect(test.metrics.tenant('kafka', 'acme').consumeBytes).toBe(bytes.length);
  });

  it('is not used up by others for ever: whoever waited is given something', async () => {
    const test = new ReadingBed();
    const { limits } = test.protocol.services;
    const bytesOut = { perSecond: 1_000, burst: 1_000 };
    limits.replace([{ ...tenant, limits: { bytesOut, throttleMsMax: 100 } }], {});
    const log = test.topic('t');
    log.append(10);
    const other = limits.open({ tenant, user: 'other', clientId: '' });
    const taking = setInterval(() => other.admitOut(10_000, 1), 2);
    other.admitOut(10_000, 1);
    const consumer = test.connect();
    const given = async () => {
      const answer = await consumer.fetch([{ fetchOffset: 0 }], 11);
      return partitionsOf(answer)[0]!.records?.length ?? 0;
    };
    expect(await given()).toBe(0);
    let bytes = 0;
    for (let asked = 0; asked < 20 && bytes === 0; asked++) bytes = await given();
    clearInterval(taking);
    expect(bytes).toBe(log.batches[0]!.bytes.length);
  });

  it('makes answers no larger than what there is of it in a moment', async () => {
    const test = new ReadingBed({ limits: { bytesOut: { perSecond: 1_000, burst: 1e9 } } });
    const log = test.topic('t');
    for (let batch = 0; batch < 20; batch++) log.append(500);
    const [partition] = partitionsOf(await test.connect().fetch([{ fetchOffset: 0 }], 11));
    expect(partition!.records!.length).toBeLessThanOrEqual(16 * 1024);
    expect(partition!.records!.length).toBeGreaterThan(0);
  });
});

describe('a limit of what is produced', () => {
  it('refuses while all who share it owe too much: producers try again', async () => {
    const limits = new RateLimits([{ ...tenant, limits: { bytesIn: { perSecond: 100, burst: 100 } } }]);
    const [quota, other] = ['a', 'b'].map((clientId) => limits.open({ tenant, user: 'u', clientId }));
    other!.admitIn(700, 1);
    const throttles: number[] = [];
    const refusals: number[] = [];
    const context = {
      connection: { quota },
      ...{ principal: { tenant }, header: { apiVersion: 9 } },
      gateway: {
        metrics: new Metrics({ processMetrics: false }),
        options: kafkaOptionsSchema.parse(undefined),
      },
      refused: (code: number) => refusals.push(code),
      throttle: (waitMs: number) => throttles.push(waitMs),
    } as unknown as RequestContext;
    const topicData = [
      { name: 't', topicId: Buffer.alloc(16), partitionData: [{ index: 0, records: Buffer.alloc(100) }] },
    ];
    const answer = await produceHandler.handle(
      { transactionalId: null, acks: -1, timeoutMs: 1_000, topicData },
      context,
    );
    expect(answer).toMatchObject({
      responses: [{ partitionResponses: [{ errorCode: 89, baseOffset: -1 }] }],
    });
    expect(refusals).toEqual([KafkaErrorCode.THROTTLING_QUOTA_EXCEEDED]);
    expect(throttles).toEqual([expect.closeTo(6_000, -3)]);
  });
});
