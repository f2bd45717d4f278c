import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { PulsarError } from '#libs/pulsar';
import { kafkaErrorCode } from '../kafka.errors.js';
import { duplicateSearchDefaults } from '../mapping/duplicate-search.js';
import { OffsetCounters, offsetTrackerDefaults } from '../mapping/offset-tracker.js';
import { FakeClient, FakePartition } from '../testing/fake-partition.js';
import type { Append } from './append.js';
import { duplicatesWaitingMax, midStreamSettleMs } from './idempotent-writer.js';
import { PartitionOffsets } from './partition-offsets.js';
import { PartitionWriter } from './partition-writer.js';
import { toSequenceId } from './pulsar-sequence.js';

const code6 = 'NOT_LEADER_OR_FOLLOWER';
const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

function set(more: Partial<{ inFlightBytesMax: number; producerIdsMax: number; idsInProcess: number }> = {}) {
  const partition = new FakePartition();
  let now = 0;
  const counters = new OffsetCounters();
  const ids = { value: 0, max: more.idsInProcess ?? 100, makeRoom: () => writer.forgetOldest() };
  const writer: PartitionWriter = new PartitionWriter(
    {
      openPlain: () => partition.create(`plain.${partition.plainNames++}`),
      openIdempotent: (id) => partition.create(`id.${id}`),
    },
    new PartitionOffsets(partition, offsetTrackerDefaults, duplicateSearchDefaults, counters),
    ids,
    {
      inFlightBytesMax: more.inFlightBytesMax ?? 1e6,
      inFlightBatchesMax: 100,
      producerIdsMax: more.producerIdsMax ?? 10,
    },
    () => now,
  );
  const client = new FakeClient();
  const results: Record<string, number | string> = {};
  const append = (
    name: string,
    numbers: [id: bigint, sequence: number, count?: number, epoch?: number, joinedBytesMax?: number],
    from = client,
  ) => {
    const [producerId, sequence, numMessages = 1, epoch = 0, joinedBytesMax = 0] = numbers;
    const entry = { buffer: Buffer.alloc(100), payloadStart: 0, payloadEnd: 100, numMessages, metadata: {} };
    const item: Append & { abandoned: boolean } = {
      batch: { entry, producerId, epoch, sequence, joinedBytesMax },
      client: from,
      abandoned: false,
      done: (error, baseOffset) => {
        if (name in results) throw new Error(`${name} has two outcomes`);
        results[name] = error === undefined ? baseOffset : codeName(kafkaErrorCode(error));
      },
    };
    writer.append(item);
    return item;
  };
  const plain = (name: string, count = 1) => append(name, [-1n, -1, count, -1]);
  const advance = (ms: number) => {
    now += ms;
  };
  return { partition, writer, client, counters, results, append, plain, ids, advance };
}

function codeName(code: number): string {
  return Object.entries(KafkaErrorCode).find(([, value]) => value === code)?.[0] ?? `${code}`;
}

describe('PartitionWriter', () => {
  it('sends all plain batches by one producer and gives their offsets', async () => {
    const { partition, results, plain } = set();
    plain('a', 3);
    plain('b', 2);
    await settle();
    partition.open.get('plain.0')?.confirm();
    await settle();
    plain('c');
    partition.open.get('plain.0')?.confirm();
    expect(results).toEqual({ a: 0, b: 3, c: 5 });
    expect(partition.opened).toEqual(['plain.0']);
  });

  it('finds the offset of a plain batch whose receipt was lost', async () => {
    const { partition, counters, results, plain } = set();
    plain('a');
    await settle();
    const producer = partition.open.get('plain.0')!;
    producer.confirm();
    await settle();
    plain('b', 2);
    const [item] = producer.pending;
    producer.pending.push({ ...item!, done: () => {} });
    producer.pending.reverse();
    // The same entry twice: stored with nobody told, then known.
    producer.confirm();
    await settle();
    await settle();
    expect(results).toEqual({ a: 0, b: 1 });
    expect(counters).toMatchObject({ duplicates: 1, unknown: 0 });
  });

  it('numbers idempotent batches and answers duplicates, in flight and later', async () => {
    const { partition, results, append } = set();
    append('a', [7n, 0, 5]);
    append('a again', [7n, 0, 5]);
    append('b', [7n, 5, 5]);
    append('gap', [7n, 11]);
    await settle();
    const producer = partition.open.get('id.7')!;
    expect(producer.pending.map(({ sequenceId, highest }) => [sequenceId, highest])).toEqual([
      [0, 4],
      [5, 9],
    ]);
    producer.confirm();
    await settle();
    append('b again', [7n, 5, 5]);
    append('next epoch', [7n, 0, 1, 1]);
    append('old epoch', [7n, 10, 1, 0]);
    producer.confirm();
    expect(results).toEqual({
      a: 0,
      'a again': 0,
      b: 5,
      gap: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
      'b again': 5,
      'next epoch': 10,
      'old epoch': 'INVALID_PRODUCER_EPOCH',
    });
    expect(partition.last.get('id.7')).toBe(toSequenceId(1, 0));
  });

  it('tells nobody of a gap while its producer is away: another gateway may have stored what is missing', async () => {
    const { partition, results, append } = set();
    append('a', [7n, 0]);
    await settle();
    const producer = partition.open.get('id.7')!;
    producer.confirm();
    producer.detach(0);
    append('away', [7n, 2]);
    producer.reattach();
    append('back', [7n, 2]);
    await settle();
    expect(results).toEqual({ a: 0, away: code6, back: 'OUT_OF_ORDER_SEQUENCE_NUMBER' });
  });

  it('takes a batch again that certainly was not stored', async () => {
    const { partition, results, append } = set();
    append('a', [7n, 0]);
    append('b', [7n, 1]);
    await settle();
    const producer = partition.open.get('id.7')!;
    producer.confirm(1);
    producer.failNext(new PulsarError('NotAllowedError', 'too large'));
    await settle();
    append('b, smaller', [7n, 1]);
    producer.confirm();
    expect(results).toMatchObject({ a: 0, 'b, smaller': 1 });
    expect(partition.opened).toEqual(['id.7']);
  });

  it('asks the broker again after failures of unknown outcome, and stores each batch once', async () => {
    const { partition, results, append } = set();
    append('a', [7n, 0]);
    append('b', [7n, 1]);
    append('c', [7n, 2]);
    await settle();
    // b is stored and its receipt lost; c never arrives.
    partition.open.get('id.7')?.confirm(1);
    partition.open.get('id.7')?.confirm(1, true);
    await settle();
    append('b again', [7n, 1]);
    append('c again', [7n, 2]);
    await settle();
    partition.open.get('id.7')?.confirm();
    await settle();
    await settle();
    expect(results).toEqual({
      a: 0,
      b: 'REQUEST_TIMED_OUT',
      c: 'NOT_LEADER_OR_FOLLOWER',
      'b again': 1,
      'c again': 2,
    });
    expect(partition.opened).toEqual(['id.7', 'id.7']);
    expect(partition.log).toHaveLength(3);
  });

  it('takes no batch of a fresh producer before its first, unless the client insists', async () => {
    const { partition, results, append, advance } = set();
    partition.busy.add('id.7');
    append('a', [7n, 0]);
    await settle();
    partition.busy.clear();
    advance(100);
    append('b', [7n, 1]);
    append('c', [7n, 2]);
    await settle();
    expect(results).toEqual({ a: code6, b: code6, c: code6 });
    append('a again', [7n, 0]);
    append('b again', [7n, 1]);
    partition.open.get('id.7')?.confirm();
    await settle();
    expect(results).toMatchObject({ 'a again': 0, 'b again': 1 });

    append('forgotten', [8n, 57]);
    append('forgotten, next', [8n, 58]);
    await settle();
    advance(midStreamSettleMs);
    append('forgotten, next again', [8n, 58]);
    append('forgotten again', [8n, 57]);
    append('forgotten, next, third time', [8n, 58]);
    partition.open.get('id.8')?.confirm();
    await settle();
    expect(results).toMatchObject({
      forgotten: code6,
      'forgotten, next': code6,
      'forgotten, next again': code6,
      'forgotten again': 2,
      'forgotten, next, third time': 3,
    });
  });

  it('says that another gateway has the producer', async () => {
    const { partition, results, append } = set();
    partition.busy.add('id.7');
    append('a', [7n, 0]);
    await settle();
    expect(results).toEqual({ a: 'NOT_LEADER_OR_FOLLOWER' });
  });

  it('frees a producer when the last of its clients is gone and nothing is in flight', async () => {
    const { partition, client, append } = set();
    const other = new FakeClient();
    append('a', [7n, 0]);
    append('b', [7n, 1], other);
    await settle();
    const producer = partition.open.get('id.7')!;
    let closed = false;
    producer.close = async () => {
      closed = true;
    };
    client.close();
    other.close();
    await settle();
    expect(closed).toBe(false);
    producer.confirm();
    await settle();
    await settle();
    expect(closed).toBe(true);
  });

  it('does not send what is abandoned before there is a producer', async () => {
    const { partition, results, append, plain } = set();
    plain('a');
    const late = plain('late');
    const lateToo = append('late too', [7n, 0]);
    Object.assign(late, { abandoned: true });
    Object.assign(lateToo, { abandoned: true });
    await settle();
    partition.open.get('plain.0')?.confirm();
    await settle();
    expect(partition.log).toHaveLength(1);
    expect(results).toMatchObject({ a: 0 });
  });

  it('asks clients to wait while too much is in flight, and calls them back', async () => {
    const { partition, writer, plain } = set({ inFlightBytesMax: 400 });
    for (const name of ['a', 'b', 'c', 'd']) plain(name);
    expect(writer.full).toBe(true);
    let relieved = 0;
    writer.onRelief(() => relieved++);
    await settle();
    const producer = partition.open.get('plain.0')!;
    producer.confirm(1);
    await settle();
    expect(writer.full).toBe(false);
    expect(relieved).toBe(0);
    producer.confirm(1);
    await settle();
    expect(relieved).toBe(1);
    producer.confirm();
    await settle();
    writer.onRelief(() => relieved++);
    expect(relieved).toBe(2);
    expect(writer.idle).toBe(true);
  });

  it('remembers a bounded number of producer ids, the latest', async () => {
    const { partition, writer, client, results, append, ids, advance } = set({ producerIdsMax: 3 });
    for (let id = 1; id <= 3; id++) {
      append(`${id}`, [BigInt(id), 0]);
      await settle();
      advance(10);
    }
    append('all are busy', [4n, 0]);
    expect(results).toEqual({ 'all are busy': 'NOT_LEADER_OR_FOLLOWER' });
    for (const producer of partition.open.values()) producer.confirm();
    await settle();
    append('4', [4n, 0]);
    await settle();
    expect(partition.opened).toEqual(['id.1', 'id.2', 'id.3', 'id.4']);
    expect([ids.value, client.watched]).toEqual([3, 3]);
    partition.open.get('id.4')?.confirm();
    await settle();
    // What was forgotten here is known to the broker.
    append('1 again', [1n, 0]);
    await settle();
    partition.open.get('id.1')?.confirm();
    await settle();
    await settle();
    expect(results['1 again']).toBe(0);
    advance(1_000);
    writer.expire(1_000);
    expect([ids.value, client.watched, writer.remembered]).toEqual([0, 0, 0]);
  });

  it('counts producer ids over all partitions', async () => {
    const { results, append } = set({ idsInProcess: 1 });
    append('a', [1n, 0]);
    append('b', [2n, 0]);
    expect(results).toEqual({ b: 'NOT_LEADER_OR_FOLLOWER' });
  });

  it('lets a bounded number of repeats wait for one batch', async () => {
    const { partition, results, append } = set();
    for (let at = 0; at < duplicatesWaitingMax + 2; at++) append(`${at}`, [7n, 0]);
    await settle();
    expect(results).toEqual({ [duplicatesWaitingMax + 1]: 'REQUEST_TIMED_OUT' });
    partition.open.get('id.7')?.confirm();
    await settle();
    expect(Object.values(results).filter((result) => result === 0)).toHaveLength(duplicatesWaitingMax + 1);
  });

  it('stores nothing more for a while when the broker hides the index', async () => {
    const { partition, results, plain, advance } = set();
    partition.hidesIndex = true;
    plain('a');
    await settle();
    partition.open.get('plain.0')?.confirm();
    await settle();
    plain('b');
    expect(results).toEqual({ a: 'UNKNOWN_SERVER_ERROR', b: 'UNKNOWN_SERVER_ERROR' });
    partition.hidesIndex = false;
    advance(60_000);
    plain('c');
    partition.open.get('plain.0')?.confirm();
    await settle();
    expect(results).toMatchObject({ c: 1 });
  });

  it('gives everything an outcome when it ends', async () => {
    const { writer, partition, results, append, plain } = set();
    plain('a');
    append('b', [7n, 0]);
    await writer.end();
    plain('c');
    append('d', [8n, 0]);
    await settle();
    expect(Object.keys(results).sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(new Set(Object.values(results))).toEqual(new Set(['NOT_LEADER_OR_FOLLOWER']));
    expect(partition.log).toHaveLength(0);
  });
});
