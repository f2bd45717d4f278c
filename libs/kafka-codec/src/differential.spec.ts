// Other people's codecs as judges: what they read of ours, and what we read of theirs.
import { Buffer } from 'node:buffer';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import * as platformatic from '@platformatic/kafka';
import { RandomReader } from '../generator/random-message.js';
import {
  type AnyKafkaApi,
  ByteReader,
  ByteWriter,
  decodeProduceRequest,
  decodeRequestHeader,
  encodeRecordBatch,
  kafkaApiByKey,
  type RecordBatch,
  RecordCursor,
  recordsBytes,
  splitRecordSets,
  toRecordBatch,
  validateProducedBatch,
  verifyBatchCrc,
} from './index.js';

const require = createRequire(import.meta.url);

interface PlatformaticApi {
  readonly api: { readonly key: number; readonly version: number };
  parseResponse(correlationId: number, key: number, version: number, reader: platformatic.Reader): unknown;
}

/** It gives these the shape of a later version. */
const RESHAPED = /^(findCoordinatorV[0-3]|addPartitionsToTxnV[0-3])$/;

const platformaticApis = Object.entries(platformatic as unknown as Record<string, PlatformaticApi>).filter(
  ([name, module]) =>
    /V\d+$/.test(name) && typeof module.parseResponse === 'function' && !RESHAPED.test(name),
);

/** A random response without errors (its parsers throw for those) and with records that are records. */
function randomResponse(api: AnyKafkaApi, version: number, seed: number): object {
  const value = api.decodeResponse(new RandomReader(seed), version) as object;
  const records = encodeRecordBatch([{ timestamp: 5, key: null, value: Buffer.from('x') }]);
  const clean = (object: Record<string, unknown>): void => {
    for (const [key, field] of Object.entries(object)) {
      if (/^(partitionE|e)rrorCode$/.test(key)) object[key] = 0;
      else if (key === 'records') object[key] = records;
      else if (typeof field === 'object' && field !== null && !Buffer.isBuffer(field)) {
        clean(field as Record<string, unknown>);
      }
    }
  };
  clean(value as Record<string, unknown>);
  return value;
}

const isEmpty = (value: unknown) => value === '' || (Array.isArray(value) && value.length === 0);

/** How many leaves of `theirs` were found equal in `ours`; names that only one side has are passed over. */
function agreeing(theirs: unknown, ours: unknown, path: string): number {
  if (Array.isArray(theirs) && Array.isArray(ours)) {
    if (theirs.length !== ours.length)
      throw new Error(`${path}: ${theirs.length} elements, ours ${ours.length}`);
    return theirs.reduce((sum, item, at) => sum + agreeing(item, ours[at], `${path}/${at}`), 0);
  }
  if (typeof theirs === 'object' && theirs !== null && !Buffer.isBuffer(theirs)) {
    if (typeof ours !== 'object' || ours === null || Buffer.isBuffer(ours)) return 0;
    return Object.entries(theirs).reduce(
      (sum, [key, value]) =>
        sum + (key in ours ? agreeing(value, (ours as Record<string, unknown>)[key], `${path}/${key}`) : 0),
      0,
    );
  }
  const isUuid = Buffer.isBuffer(ours) && typeof theirs === 'string';
  const left = isUuid
    ? theirs.replaceAll('-', '')
    : Buffer.isBuffer(theirs)
      ? theirs.toString('hex')
      : theirs;
  const right = Buffer.isBuffer(ours) ? ours.toString('hex') : ours;
  // Where a version lacks the field it fills in null, nothing, or for a topic id the name.
  if (left === undefined || (left === null && isEmpty(ours))) return 0;
  if (isUuid && /^0*$/.test(String(right))) return 0;
  if (left !== right) throw new Error(`${path}: ${String(left)}, ours ${String(right)}`);
  return 1;
}

describe('@platformatic/kafka', () => {
  it('reads every response as it was written', () => {
    let messages = 0;
    let leaves = 0;
    for (const [name, module] of platformaticApis) {
      const { key, version } = module.api;
      const api = kafkaApiByKey(key);
      if (!api || version < api.versionMin || version > api.versionMax) continue;
      for (let seed = 1; seed <= 4; seed++) {
        const value = randomResponse(api, version, seed);
        const writer = new ByteWriter();
        api.encodeResponse(writer, value, version);
        const reader = platformatic.Reader.from(writer.detach());
        let parsed: unknown;
        try {
          parsed = module.parseResponse(1, key, version, reader);
        } catch (error) {
          throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
        }
        if (reader.remaining !== 0) throw new Error(`${name}: ${reader.remaining} bytes left`);
        leaves += agreeing(parsed, value, name);
        messages++;
      }
    }
    expect(messages).toBeGreaterThan(900);
    expect(leaves).toBeGreaterThan(3000);
  });

  // It writes deltas of 2^31 ms and more wrongly, so the timestamps are close together.
  const messages = [
    {
      topic: 't',
      partition: 1,
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      timestamp: 1_700_000_000_000n,
    },
    { topic: 't', partition: 1, value: Buffer.alloc(300, 'a'), timestamp: 1_699_999_000_000n },
    { topic: 't', partition: 1, key: Buffer.from(''), timestamp: 1_700_000_900_000n },
  ].map((message, i) => ({ ...message, headers: new Map([[Buffer.from('h'), Buffer.from(`${i}`)]]) }));

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('writes batches that are read, %s', (compression) => {
    for (const version of [3, 4, 5, 6, 7, 8, 9, 10, 11]) {
      const produce = (
        platformatic as unknown as Record<
          string,
          { createRequest: (...args: unknown[]) => { buffer: Buffer } }
        >
      )[`produceV${version}`]!;
      const options = { compression, producerId: 7n, producerEpoch: 3, partitionLeaderEpoch: 1 };
      const { buffer } = produce.createRequest(-1, 30_000, structuredCloneMessages(), options);
      const request = decodeProduceRequest(new ByteReader(Buffer.from(buffer)), version);
      expect(request).toMatchObject({ acks: -1, timeoutMs: 30_000, topicData: [{ name: 't' }] });
      const [partition] = request.topicData[0]!.partitionData;
      expect(partition!.index).toBe(1);
      const [batch] = splitRecordSets(partition!.records!) as [RecordBatch];
      expect(verifyBatchCrc(batch)).toBe(true);
      expect(batch).toMatchObject({ producerId: 7n, producerEpoch: 3, baseSequence: 0, recordCount: 3 });
      expect(batch.maxTimestamp).toBe(1_700_000_900_000);
      expect(readBatch(batch)).toEqual([
        [1_700_000_000_000, 'k', 'v', 'h=0'],
        [1_699_999_000_000, null, 'a'.repeat(300), 'h=1'],
        [1_700_000_900_000, '', null, 'h=2'],
      ]);
    }
  });

  // It changes the messages it is given.
  const structuredCloneMessages = () => messages.map((message) => ({ ...message }));

  it.each([0, 1, 2, 3, 4] as const)('reads our batches, compression %d', (compression) => {
    const bytes = encodeRecordBatch(
      [
        {
          timestamp: 100,
          key: Buffer.from('k'),
          value: Buffer.from('v'),
          headers: [{ key: 'a', value: null }],
        },
        { timestamp: 90, key: null, value: Buffer.alloc(70_000, 'z') },
      ],
      { compression, baseOffset: 12, producerId: 5, producerEpoch: 6, baseSequence: 7 },
    );
    const batch = platformatic.readRecordsBatch(platformatic.Reader.from(bytes));
    expect(batch).toMatchObject({
      firstOffset: 12n,
      lastOffsetDelta: 1,
      firstTimestamp: 100n,
      maxTimestamp: 100n,
    });
    expect(batch).toMatchObject({ producerId: 5n, producerEpoch: 6, firstSequence: 7 });
    expect(batch.records.map((record) => [record.timestampDelta, record.offsetDelta])).toEqual([
      [0n, 0],
      [-10n, 1],
    ]);
    expect(String(batch.records[0]!.key)).toBe('k');
    expect(batch.records[1]!.value!.length).toBe(70_000);
  });
});

/** Each record as timestamp, key, value and headers. */
function readBatch(batch: RecordBatch): unknown[] {
  validateProducedBatch(batch);
  const cursor = new RecordCursor(recordsBytes(batch, 10_000_000), batch.recordCount);
  const text = (start: number, end: number) =>
    start < 0 ? null : cursor.buffer.toString('utf8', start, end);
  const records: unknown[] = [];
  while (cursor.next()) {
    const record: unknown[] = [batch.baseTimestamp + cursor.timestampDelta];
    record.push(text(cursor.keyStart, cursor.keyEnd), text(cursor.valueStart, cursor.valueEnd));
    while (cursor.nextHeader()) {
      record.push(
        `${text(cursor.headerKeyStart, cursor.headerKeyEnd)}=${text(cursor.headerValueStart, cursor.headerValueEnd)}`,
      );
    }
    records.push(record);
  }
  return records;
}

interface KafkaJsRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
}
type KafkaJsProtocol = (args: object) => {
  request: KafkaJsRequest;
  response: { decode(bytes: Buffer): Promise<unknown> };
};

const kafkaJs = {
  lookup: (name: string, version: number): KafkaJsProtocol =>
    require(`kafkajs/src/protocol/requests/${name}/index.js`).protocol({ version }),
  versions: (name: string): number[] =>
    require(`kafkajs/src/protocol/requests/${name}/index.js`).versions.map(Number),
  encode: require('kafkajs/src/protocol/request.js') as (options: object) => Promise<{ buffer: Buffer }>,
};

/** Arguments that every version of a kafkajs request takes. */
const kafkaJsArguments: Record<string, object> = {
  addOffsetsToTxn: { transactionalId: 'x', producerId: 1, producerEpoch: 2, groupId: 'g' },
  addPartitionsToTxn: {
    transactionalId: 'x',
    producerId: 1,
    producerEpoch: 2,
    topics: [{ topic: 't', partitions: [1, 2] }],
  },
  apiVersions: {},
  createPartitions: {
    topicPartitions: [{ topic: 't', count: 3, assignments: [[0, 1]] }],
    validateOnly: true,
    timeout: 9,
  },
  createTopics: {
    topics: [
      { topic: 't', numPartitions: 2, replicationFactor: 1, configEntries: [{ name: 'a', value: 'b' }] },
    ],
    validateOnly: true,
    timeout: 5000,
  },
  deleteGroups: ['a', 'b'],
  deleteRecords: { topics: [{ topic: 't', partitions: [{ partition: 1, offset: '77' }] }], timeout: 3 },
  deleteTopics: { topics: ['a', 'b'], timeout: 5 },
  describeConfigs: { resources: [{ type: 2, name: 't', configNames: ['x'] }], includeSynonyms: true },
  describeGroups: { groupIds: ['a'] },
  endTxn: { transactionalId: 'x', producerId: 1, producerEpoch: 2, transactionResult: true },
  fetch: {
    replicaId: -1,
    isolationLevel: 1,
    maxWaitTime: 100,
    minBytes: 1,
    maxBytes: 1000,
    rackId: 'r',
    topics: [{ topic: 't', partitions: [{ partition: 1, fetchOffset: '5', maxBytes: 10 }] }],
  },
  findCoordinator: { coordinatorKey: 'g', groupId: 'g', coordinatorType: 0 },
  heartbeat: { groupId: 'g', groupGenerationId: 4, memberId: 'm' },
  initProducerId: { transactionalId: 'x', transactionTimeout: 5 },
  joinGroup: {
    groupId: 'g',
    sessionTimeout: 1,
    rebalanceTimeout: 2,
    memberId: 'm',
    protocolType: 'consumer',
    groupProtocols: [{ name: 'range', metadata: Buffer.from('x') }],
  },
  leaveGroup: { groupId: 'g', memberId: 'm', members: [{ memberId: 'm' }] },
  listGroups: {},
  listOffsets: {
    replicaId: -1,
    isolationLevel: 1,
    topics: [{ topic: 't', partitions: [{ partition: 0, timestamp: -1, maxNumOffsets: 1 }] }],
  },
  metadata: { topics: ['a', 'b'], allowAutoTopicCreation: false },
  offsetCommit: {
    groupId: 'g',
    groupGenerationId: 1,
    memberId: 'm',
    retentionTime: -1,
    topics: [{ topic: 't', partitions: [{ partition: 1, offset: '99', metadata: 'x' }] }],
  },
  offsetFetch: { groupId: 'g', topics: [{ topic: 't', partitions: [{ partition: 3 }] }] },
  // Its mechanisms put the length in front themselves.
  saslAuthenticate: { authBytes: Buffer.from('0000000400750070', 'hex') },
  saslHandshake: { mechanism: 'PLAIN' },
  syncGroup: {
    groupId: 'g',
    generationId: 1,
    memberId: 'm',
    groupAssignment: [{ memberId: 'm', memberAssignment: Buffer.from('a') }],
  },
  txnOffsetCommit: {
    transactionalId: 'x',
    groupId: 'g',
    producerId: 1,
    producerEpoch: 2,
    topics: [{ topic: 't', partitions: [{ partition: 1, offset: '9', metadata: 'm' }] }],
  },
};

describe('kafkajs', () => {
  it('writes requests that are read and written again byte for byte', async () => {
    let messages = 0;
    for (const [name, args] of Object.entries(kafkaJsArguments)) {
      for (const version of kafkaJs.versions(name)) {
        const { request } = kafkaJs.lookup(name, version)(args);
        const { buffer } = await kafkaJs.encode({ correlationId: 9, clientId: 'me', request });
        const reader = new ByteReader(buffer.subarray(4));
        const header = decodeRequestHeader(reader);
        expect(header).toMatchObject({
          apiKey: request.apiKey,
          apiVersion: request.apiVersion,
          correlationId: 9,
        });
        const api = kafkaApiByKey(header.apiKey)!;
        const start = reader.offset;
        const value = api.decodeRequest(reader, header.apiVersion);
        expect([name, version, reader.remaining]).toEqual([name, version, 0]);
        const writer = new ByteWriter();
        api.encodeRequest(writer, value as never, header.apiVersion);
        expect(writer.written().toString('hex')).toBe(buffer.subarray(4 + start).toString('hex'));
        messages++;
      }
    }
    expect(messages).toBeGreaterThan(80);
  });

  it('reads the responses of old versions', async () => {
    for (const [name, apiKey] of [
      ['produce', 0],
      ['metadata', 3],
      ['listOffsets', 2],
      ['offsetFetch', 9],
      ['joinGroup', 11],
    ] as const) {
      const api = kafkaApiByKey(apiKey)!;
      for (const version of kafkaJs.versions(name)) {
        const value = randomResponse(api, version, 11);
        const writer = new ByteWriter();
        api.encodeResponse(writer, value, version);
        const decoded = await kafkaJs.lookup(name, version)({ topics: [] }).response.decode(writer.detach());
        expect(decoded).toBeTruthy();
      }
    }
  });

  const produceArguments = (compression: number) => ({
    acks: -1,
    timeout: 100,
    compression,
    transactionalId: null,
    producerId: 3,
    producerEpoch: 4,
    topicData: [
      {
        topic: 't',
        partitions: [
          {
            partition: 2,
            firstSequence: 5,
            messages: [
              { key: 'k', value: 'v', timestamp: 1_700_000_000_000, headers: { h: ['1', '2'] } },
              { key: null, value: 'w', timestamp: 1_700_000_000_005, headers: {} },
            ],
          },
        ],
      },
    ],
  });

  it.each([0, 1])('writes batches and message sets that are read, compression %d', async (compression) => {
    for (const version of kafkaJs.versions('produce')) {
      const { request } = kafkaJs.lookup('produce', version)(produceArguments(compression));
      const { buffer } = await kafkaJs.encode({ correlationId: 9, clientId: 'me', request });
      const reader = new ByteReader(buffer.subarray(4));
      decodeRequestHeader(reader);
      const { topicData } = decodeProduceRequest(reader, version);
      const [set] = splitRecordSets(topicData[0]!.partitionData[0]!.records!);
      expect(set!.magic).toBe(version < 2 ? 0 : version < 3 ? 1 : 2);
      expect(verifyBatchCrc(set!)).toBe(true);
      const batch = set!.magic === 2 ? set! : toRecordBatch(set!, 1_000_000);
      expect(readBatch(batch)).toEqual([
        [version < 2 ? -1 : 1_700_000_000_000, 'k', 'v', ...(version < 3 ? [] : ['h=1', 'h=2'])],
        [version < 2 ? -1 : 1_700_000_000_005, null, 'w'],
      ]);
      if (set!.magic === 2) expect(set).toMatchObject({ producerId: 3n, producerEpoch: 4, baseSequence: 5 });
    }
  });
});
