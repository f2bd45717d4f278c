import { describe, expect, it } from '@jest/globals';
import { type FetchResponse, fetchApi, KafkaErrorCode } from '#libs/kafka-codec';
import { fakeBatch } from '../testing/fake-log.js';
import { codesOf, offsetsOf, partitionsOf, ReadingBed, testTopicId } from '../testing/fetch-bed.js';

const soon = (ms = 10) => new Promise((resolve) => setTimeout(resolve, ms));
const {
  NONE,
  OFFSET_OUT_OF_RANGE,
  TOPIC_AUTHORIZATION_FAILED,
  UNKNOWN_TOPIC_OR_PARTITION,
  UNKNOWN_TOPIC_ID,
  UNKNOWN_LEADER_EPOCH,
  NOT_LEADER_OR_FOLLOWER,
} = KafkaErrorCode;

function bedWith(...counts: number[]) {
  const bed = new ReadingBed();
  const log = bed.topic('t');
  for (const count of counts) log.append(count);
  return { bed, log, client: bed.connect() };
}

describe('Fetch', () => {
  it.each([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18])(
    'gives the batches from the one on that holds the offset, v%i',
    async (version) => {
      const { client, log } = bedWith(2, 3, 1);
      const response = await client.fetch([{ fetchOffset: 3 }], version);
      const [topic] = response.responses;
      expect(version < 13 ? topic!.topic : topic!.topicId).toEqual(version < 13 ? 't' : testTopicId('t'));
      const [partition] = topic!.partitions;
      expect(partition!.records).toEqual(Buffer.concat(log.batches.slice(1).map(({ bytes }) => bytes)));
      expect([partition!.highWatermark, partition!.lastStableOffset]).toEqual([6n, 6n]);
      expect(partition!.logStartOffset).toBe(version < 5 ? -1n : 0n);
      expect([partition!.abortedTransactions, partition!.errorCode]).toEqual([null, NONE]);
    },
  );

  it.each([
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 1],
  ])('gives v%i message sets of magic %i', async (version, magic) => {
    const { client } = bedWith(2, 3);
    const [partition] = partitionsOf(await client.fetch([{ fetchOffset: 1 }], version));
    const records = partition!.records!;
    const messages: [number, number][] = [];
    for (let at = 0; at < records.length; at += 12 + records.readInt32BE(at + 8)) {
      messages.push([Number(records.readBigInt64BE(at)), records[at + 16]!]);
    }
    expect(messages).toEqual([1, 2, 3, 4].map((offset) => [offset, magic]));
    expect(partition!.highWatermark).toBe(5n);
  });

  it('leads an old consumer over a gap, which a message set cannot name', async () => {
    const { client, log } = bedWith(1);
    log.batches.push(fakeBatch(1, 0), fakeBatch(2, 0), fakeBatch(3, 1));
    const [partition] = partitionsOf(await client.fetch([{ fetchOffset: 1, partitionMaxBytes: 80 }], 3));
    expect(partition!.records!.readBigInt64BE(0)).toBe(3n);
  });

  it('names no aborted transactions to who reads committed records only', async () => {
    const { client } = bedWith(1);
    const [partition] = partitionsOf(await client.fetch([{}], 11, { isolationLevel: 1 }));
    expect(partition!.abortedTransactions).toEqual([]);
  });

  it('counts what was read, by tenant', async () => {
    const { client, bed, log } = bedWith(2, 3);
    await client.fetch([{ fetchOffset: 0 }, { topic: 'absent' }], 11);
    const counters = bed.metrics.tenant('kafka', 'acme');
    expect([counters.consumeMessages, counters.consumeErrors]).toEqual([5, 1]);
    expect(counters.consumeBytes).toBe(log.batches[0]!.bytes.length + log.batches[1]!.bytes.length);
  });

  it('says for each partition why it cannot be read', async () => {
    const bed = new ReadingBed({
      rules: [
        {
          effect: 'deny',
          principals: ['*'],
          actions: ['consume'],
          resource: { type: 'topic', match: 'literal', name: 'secret' },
        },
      ],
    });
    bed.topic('t').append(3);
    bed.topic('secret').append(1);
    bed.log('t').start = 1;
    bed.log('t', 1).fail(UNKNOWN_TOPIC_OR_PARTITION);
    const client = bed.connect();
    const asked = [
      { fetchOffset: 1 },
      { partition: 7 },
      { partition: -1 },
      { topic: 'absent' },
      { topic: 'secret' },
      { fetchOffset: 0 },
      { fetchOffset: 4 },
      { fetchOffset: -5 },
      { fetchOffset: 1, currentLeaderEpoch: 3 },
    ];
    const codes = [
      NONE,
      UNKNOWN_TOPIC_OR_PARTITION,
      UNKNOWN_TOPIC_OR_PARTITION,
      UNKNOWN_TOPIC_OR_PARTITION,
      TOPIC_AUTHORIZATION_FAILED,
      OFFSET_OUT_OF_RANGE,
      OFFSET_OUT_OF_RANGE,
      OFFSET_OUT_OF_RANGE,
      UNKNOWN_LEADER_EPOCH,
    ];
    // An error is told at once, however long the client would wait.
    const response = await client.fetch(asked, 11, { maxWaitMs: 30_000, minBytes: 1e6 });
    expect(codesOf(response)).toEqual(codes);
    expect(partitionsOf(response)[5]).toMatchObject({ logStartOffset: 1n, highWatermark: -1n });
    const byId = await client.fetch(asked, 13, { maxWaitMs: 30_000, minBytes: 1e6 });
    expect(codesOf(byId)).toEqual(codes.map((code, index) => (index === 3 ? UNKNOWN_TOPIC_ID : code)));
    expect(bed.invalidated).toContain('t');
  });

  it('asks Pulsar for topics that it does not know, once each', async () => {
    const { bed, client } = bedWith(1);
    const asked: string[] = [];
    bed.lookup = async (name) => {
      asked.push(name);
      if (name === 'broken') throw new Error('no answer');
      return name === 'late' ? bed.topics.get('t') : undefined;
    };
    const wanted = [{ topic: 'late' }, { topic: 'late' }, { topic: 'broken' }, {}, { topic: 'absent' }];
    const codes = codesOf(await client.fetch(wanted, 12));
    expect(codes).toEqual([
      NONE,
      NONE,
      KafkaErrorCode.UNKNOWN_SERVER_ERROR,
      NONE,
      UNKNOWN_TOPIC_OR_PARTITION,
    ]);
    expect(asked.sort()).toEqual(['absent', 'broken', 'late']);
  });

  it('gives what has come when the time is over, also where it comes all the time', async () => {
    for (let at = 0; at < 5; at++) {
      const { client, log } = bedWith(1);
      const trickle = setInterval(() => log.append(1), 1);
      const response = await client.fetch([{}], 12, { maxWaitMs: 50, minBytes: 1e6 });
      clearInterval(trickle);
      expect(offsetsOf(response)[0]?.length).toBeGreaterThan(0);
    }
  });

  it('refuses replicas', async () => {
    const { client } = bedWith(1);
    expect(codesOf(await client.fetch([{}], 11, { replicaId: 1 }))).toEqual([TOPIC_AUTHORIZATION_FAILED]);
    const newer = await client.fetch([{}], 15, { replicaState: { replicaId: 1, replicaEpoch: 1n } });
    expect(codesOf(newer)).toEqual([TOPIC_AUTHORIZATION_FAILED]);
  });
});

describe('the byte limits of Fetch (KIP-74)', () => {
  const large = 10_000;

  function bedOfThree() {
    const bed = new ReadingBed();
    for (const name of ['a', 'b', 'c']) {
      bed.topic(name);
      for (let count = 0; count < 3; count++) bed.log(name).append(1, large);
    }
    return { bed, client: bed.connect(), topics: ['a', 'b', 'c'].map((topic) => ({ topic })) };
  }

  it('hold for each partition and for all, except for the first batch', async () => {
    const { client, topics } = bedOfThree();
    const fetch = async (partitionMaxBytes: number, maxBytes: number) => {
      const asked = topics.map((topic) => ({ ...topic, partitionMaxBytes }));
      return offsetsOf(await client.fetch(asked, 11, { maxBytes })).map(({ length }) => length);
    };
    expect(await fetch(1e6, 1e6)).toEqual([3, 3, 3]);
    expect(await fetch(25_000, 1e6)).toEqual([2, 2, 2]);
    expect(await fetch(1e6, 45_000)).toEqual([3, 1, 0]);
    for (const none of [0, -1, 100]) {
      expect(await fetch(none, 1e6)).toEqual([1, 0, 0]);
      expect(await fetch(1e6, none)).toEqual([1, 0, 0]);
    }
    expect(await fetch(0x7fffffff, 0x7fffffff)).toEqual([3, 3, 3]);
  });

  it('hold also for what comes later than asked for, all at once', async () => {
    const { bed, client, topics } = bedOfThree();
    for (const name of ['a', 'b', 'c']) bed.log(name).later = true;
    const answer = client.fetch(topics, 11, { maxBytes: 45_000, maxWaitMs: 1_000, minBytes: 1e6 });
    await soon();
    for (const name of ['a', 'b', 'c']) bed.log(name).release();
    expect(offsetsOf(await answer).map(({ length }) => length)).toEqual([3, 1, 0]);
  });

  it("are the gateway's where the client has none", async () => {
    const bed = new ReadingBed({ options: { fetchBytesMax: 65_536 } });
    bed.topic('t');
    for (let count = 0; count < 10; count++) bed.log('t').append(1, large);
    const client = bed.connect();
    const [offsets] = offsetsOf(await client.fetch([{ partitionMaxBytes: 0x7fffffff }], 11));
    expect(offsets).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('the long poll of Fetch', () => {
  it('ends with the first record, and with the time', async () => {
    const { bed, client, log } = bedWith(1);
    const { fetches } = bed.protocol.services;
    const answer = client.fetch([{ fetchOffset: 1 }], 11, { maxWaitMs: 20_000 });
    await soon();
    expect(fetches.waiting).toBe(1);
    log.append();
    expect(offsetsOf(await answer)).toEqual([[1]]);
    expect(log.waiting.size).toBe(0);
    const empty = await client.fetch([{ fetchOffset: 2 }], 11, { maxWaitMs: 30 });
    expect([offsetsOf(empty), codesOf(empty), partitionsOf(empty)[0]!.highWatermark]).toEqual([
      [[]],
      [NONE],
      2n,
    ]);
    expect([log.waiting.size, fetches.waiting]).toEqual([0, 0]);
  });

  it('waits for as many bytes as asked for, and gives what there is when the time is over', async () => {
    const { client, log } = bedWith(1);
    const size = log.batches[0]!.bytes.length;
    const answer = client.fetch([{}], 11, { maxWaitMs: 20_000, minBytes: 3 * size });
    await soon();
    log.append();
    await soon(50);
    expect(log.waiting.size).toBe(1);
    log.append();
    expect(offsetsOf(await answer)).toEqual([[0, 1, 2]]);
    const part = await client.fetch([{ fetchOffset: 2 }], 11, { maxWaitMs: 30, minBytes: 1e6 });
    expect(offsetsOf(part)).toEqual([[2]]);
  });

  it('ends when a log cannot be read any more', async () => {
    const { client, log } = bedWith(1);
    const answer = client.fetch([{ fetchOffset: 1 }], 11, { maxWaitMs: 20_000 });
    await soon();
    log.fail(NOT_LEADER_OR_FOLLOWER);
    expect(codesOf(await answer)).toEqual([NOT_LEADER_OR_FOLLOWER]);
  });

  it('is not asked for without partitions, without bytes to wait for or without time', async () => {
    const { client } = bedWith();
    expect((await client.fetch([], 11, { maxWaitMs: 20_000 })).responses).toEqual([]);
    expect(offsetsOf(await client.fetch([{}], 11, { maxWaitMs: 20_000, minBytes: 0 }))).toEqual([[]]);
    expect(offsetsOf(await client.fetch([{}], 11, { maxWaitMs: -1 }))).toEqual([[]]);
  });

  it('waits beyond its time for a log that is being read, where there is nothing else', async () => {
    const { client, log } = bedWith(1);
    log.later = true;
    const answer = client.fetch([{}], 11, { maxWaitMs: 5 });
    await soon(40);
    log.release();
    expect(offsetsOf(await answer)).toEqual([[0]]);
  });

  it('does not wait for a log that is being read, where there is something else', async () => {
    const bed = new ReadingBed();
    bed.topic('ready').append(1);
    bed.topic('slow').append(1);
    bed.log('slow').later = true;
    const client = bed.connect();
    const asked = [{ topic: 'slow' }, { topic: 'ready' }];
    expect(offsetsOf(await client.fetch(asked, 11, { maxWaitMs: 20_000 }))).toEqual([[], [0]]);
  });

  it('does not ask a log again and again that wakes without having anything', async () => {
    const { client, log } = bedWith(1);
    const answer = client.fetch([{ fetchOffset: 1 }], 11, { maxWaitMs: 200 });
    await soon();
    const nag = setInterval(() => {
      for (const { wake } of [...log.waiting]) wake();
    }, 1);
    expect(offsetsOf(await answer)).toEqual([[]]);
    clearInterval(nag);
    expect(log.reads.length).toBeLessThan(15);
  });

  it('ends with its connection, and at once when the gateway stops', async () => {
    const { bed, client, log } = bedWith(1);
    client.send([{ fetchOffset: 1 }], 11, { maxWaitMs: 20_000 });
    await soon();
    client.kafka.end();
    await client.memory.client.closed;
    expect([log.waiting.size, bed.protocol.services.fetches.waiting]).toEqual([0, 0]);
    const other = bed.connect();
    const answer = other.fetch([{ fetchOffset: 1 }], 11, { maxWaitMs: 20_000 });
    await soon();
    const drained = other.memory.drain();
    expect(codesOf(await answer)).toEqual([NONE]);
    other.kafka.end();
    await drained;
  });

  it('holds its place and little else: a thousand of them, of many partitions each', async () => {
    const bed = new ReadingBed();
    const partitions = 50;
    bed.topic('t', partitions);
    const asked = Array.from({ length: partitions }, (_, partition) => ({ partition }));
    const clients = Array.from({ length: 1_000 }, () => bed.connect());
    for (const client of clients) client.send(asked, 11, { maxWaitMs: 60_000 });
    while (bed.protocol.services.fetches.waiting < clients.length) await soon();
    const held = /pulsegate_kafka_request_in_flight_bytes (\d+)/.exec(await bed.metrics.exposition());
    expect(Number(held![1])).toBeLessThan(30_000_000);
    bed.log('t', 7).append(1);
    for (const client of clients) {
      const { body } = await client.kafka.response<FetchResponse>(fetchApi, 11);
      expect(offsetsOf(body)[7]).toEqual([0]);
    }
    expect(bed.log('t', 3).waiting.size).toBe(0);
  }, 30_000);
});

describe('the requests of one connection', () => {
  it('are served one after the other', async () => {
    const { client, log } = bedWith(1);
    client.send([{ fetchOffset: 1 }], 11, { maxWaitMs: 50 });
    client.send([{ fetchOffset: 0 }], 11);
    await soon();
    expect(log.reads.map(({ offset }) => offset)).toEqual([1]);
    const first = await client.kafka.response<FetchResponse>(fetchApi, 11);
    const second = await client.kafka.response<FetchResponse>(fetchApi, 11);
    expect([offsetsOf(first.body), offsetsOf(second.body)]).toEqual([[[]], [[0]]]);
  });

  it('cost one answer where the client does not read, and other clients nothing', async () => {
    const bed = new ReadingBed({ options: { fetchBytesInFlightMax: 64 * 1024 * 1024 } });
    const log = bed.topic('t');
    for (let count = 0; count < 40; count++) log.append(1, 100_000);
    const stuck = bed.connect();
    stuck.memory.client.pauseReading();
    for (let count = 0; count < 20; count++) stuck.send([{ partitionMaxBytes: 1e9 }], 11);
    await soon(50);
    expect(log.reads).toHaveLength(1);
    const { fetches } = bed.protocol.services;
    const held = fetches.budget('acme').bytes;
    expect(held).toBeGreaterThan(3_000_000);
    expect(held).toBeLessThan(4_200_000);
    expect(offsetsOf(await bed.connect().fetch([{ fetchOffset: 39 }], 11))).toEqual([[39]]);
    stuck.memory.client.resumeReading();
    for (let count = 0; count < 20; count++) await stuck.kafka.response(fetchApi, 11);
    await soon();
    expect(fetches.budget('acme').bytes).toBe(0);
  });

  it('wait for memory that others have, but no longer than they would for records', async () => {
    const bed = new ReadingBed({ options: { fetchBytesInFlightMax: 1024 * 1024 } });
    const log = bed.topic('t');
    log.append(1, 700_000);
    const stuck = bed.connect();
    stuck.memory.client.pauseReading();
    stuck.send([{ partitionMaxBytes: 1e9 }], 11);
    await soon();
    const client = bed.connect();
    expect(offsetsOf(await client.fetch([{}], 11, { maxWaitMs: 30 }))).toEqual([[]]);
    const answer = client.fetch([{}], 11, { maxWaitMs: 20_000 });
    await soon();
    stuck.memory.client.resumeReading();
    expect(offsetsOf(await answer)).toEqual([[0]]);
  });
});
