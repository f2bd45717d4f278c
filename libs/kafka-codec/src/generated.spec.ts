import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RandomReader } from '../generator/random-message.js';
import {
  type AnyKafkaApi,
  ByteReader,
  ByteWriter,
  decodeFetchRequest,
  decodeMetadataRequest,
  decodeProduceRequest,
  encodeApiVersionsResponse,
  encodeFetchRequest,
  encodeMetadataRequest,
  encodeProduceRequest,
  encodeProduceResponse,
  KafkaDecodeError,
  KafkaEncodeError,
  kafkaApis,
} from './index.js';

type Kind = 'Request' | 'Response';

function encode(api: AnyKafkaApi, kind: Kind, value: unknown, version: number): Buffer {
  const writer = new ByteWriter();
  api[`encode${kind}`](writer, value as never, version);
  return writer.detach();
}

function decode(api: AnyKafkaApi, kind: Kind, bytes: Buffer, version: number): unknown {
  const reader = new ByteReader(bytes);
  const value = api[`decode${kind}`](reader, version);
  expect(reader.remaining).toBe(0);
  return value;
}

function* messages(): Generator<[AnyKafkaApi, Kind, number]> {
  for (const api of kafkaApis) {
    for (let version = api.versionMin; version <= api.versionMax; version++) {
      yield [api, 'Request', version];
      yield [api, 'Response', version];
    }
  }
}

describe('the generated APIs', () => {
  it('cover what legacy and current clients speak', () => {
    const ranges = new Map(
      kafkaApis.map((api) => [api.name, [api.versionMin, api.versionMax, api.flexibleSince]]),
    );
    expect(ranges.get('Produce')).toEqual([0, 13, 9]);
    expect(ranges.get('Fetch')).toEqual([0, 18, 12]);
    expect(ranges.get('ListOffsets')).toEqual([0, 11, 6]);
    expect(ranges.get('OffsetCommit')).toEqual([0, 10, 8]);
    expect(ranges.get('CreateTopics')).toEqual([0, 7, 5]);
    expect(ranges.get('SaslHandshake')).toEqual([0, 1, -1]);
    expect(ranges.get('ApiVersions')).toEqual([0, 4, 3]);
    expect([...messages()]).toHaveLength(610);
    // Early-access versions of 3.9 are gone, those of 4.x are marked.
    expect(ranges.get('ShareFetch')?.[0]).toBe(1);
    expect(kafkaApis.filter((api) => api.latestVersionUnstable).map((api) => api.name)).toEqual([
      'InitProducerId',
    ]);
  });

  it('write and read the defaults of every API and version', () => {
    for (const [api, kind, version] of messages()) {
      const bytes = encode(api, kind, {}, version);
      const value = decode(api, kind, bytes, version);
      expect(encode(api, kind, value, version)).toEqual(bytes);
    }
  });

  it('write and read random values of every API and version', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        for (const [api, kind, version] of messages()) {
          const value = api[`decode${kind}`](new RandomReader(seed), version);
          const bytes = encode(api, kind, value, version);
          const again = decode(api, kind, bytes, version);
          // Byte equality is decided first: it is a thousand times faster than jest's comparison.
          if (!encode(api, kind, again, version).equals(bytes)) expect(again).toEqual(value);
          if (seed % 8 === 0) expect(again).toEqual(value);
        }
      }),
      { numRuns: 12, examples: [[0], [8]] },
    );
  });

  it('refuse versions they do not have', () => {
    for (const api of kafkaApis) {
      for (const version of [api.versionMin - 1, api.versionMax + 1, Number.NaN, 0x7fff]) {
        expect(() => decode(api, 'Request', Buffer.alloc(64), version)).toThrow(KafkaDecodeError);
        expect(() => encode(api, 'Response', {}, version)).toThrow(KafkaEncodeError);
      }
    }
  });
});

describe('fields outside their versions', () => {
  it('read as their default', () => {
    const writer = new ByteWriter();
    encodeProduceRequest(writer, { acks: 1, timeoutMs: 5 }, 2);
    expect(decodeProduceRequest(new ByteReader(writer.written()), 2)).toEqual({
      transactionalId: null,
      acks: 1,
      timeoutMs: 5,
      topicData: [],
    });
  });

  it('are refused when they have a value and may not be ignored', () => {
    const write = () => encodeProduceRequest(new ByteWriter(), { transactionalId: 'tx' }, 2);
    expect(write).toThrow(KafkaEncodeError);
    expect(write).toThrow('ProduceRequest.transactionalId has a value, but version 2 cannot carry it');
    const replica = () => encodeFetchRequest(new ByteWriter(), { replicaState: { replicaId: 3 } }, 11);
    expect(replica).toThrow(/replicaState/);
    encodeFetchRequest(new ByteWriter(), { replicaState: { replicaId: -1, replicaEpoch: -1n } }, 11);
  });

  it('are dropped when they may be ignored', () => {
    encodeProduceResponse(new ByteWriter(), { throttleTimeMs: 7 }, 0);
    encodeApiVersionsResponse(new ByteWriter(), { supportedFeatures: [{ name: 'x' }] }, 0);
  });

  it('refuse null where the version does not know it', () => {
    expect(() => encodeMetadataRequest(new ByteWriter(), { topics: null }, 0)).toThrow(/null.*version 0/);
    const nullArray = new ByteReader(Buffer.from('ffffffff', 'hex'));
    expect(() => decodeMetadataRequest(nullArray, 0)).toThrow(
      expect.objectContaining({ code: 'invalid-null' }),
    );
    nullArray.offset = 0;
    expect(decodeMetadataRequest(nullArray, 1).topics).toBeNull();
  });
});

describe('tagged fields', () => {
  // ClusterId is tag 0 of Fetch 12 and later.
  const body = Buffer.from(
    'ffffffff' + '00000000' + '00000000' + '7fffffff' + '00' + '00000000' + 'ffffffff',
    'hex',
  );
  const tail = Buffer.from('010101', 'hex');
  const fetch = (tags: string) => {
    const reader = new ByteReader(Buffer.concat([body, tail, Buffer.from(tags, 'hex')]));
    const value = decodeFetchRequest(reader, 12);
    expect(reader.remaining).toBe(0);
    return value;
  };

  it('are read by their tag, and unknown ones skipped', () => {
    expect(fetch('00').clusterId).toBeNull();
    expect(fetch('01' + '00' + '03' + '036162').clusterId).toBe('ab');
    expect(fetch('02' + '0002' + '0261' + '8f4e03' + 'aabbcc').clusterId).toBe('a');
  });

  it('must have the size they announce', () => {
    for (const tags of ['01' + '00' + '04' + '0261' + '0000', '01' + '00' + '01' + '0361' + '62']) {
      expect(() => fetch(tags)).toThrow(expect.objectContaining({ code: 'invalid-tag' }));
    }
    expect(() => fetch('01' + '05' + 'ff01')).toThrow(KafkaDecodeError);
    expect(() => fetch('ff01')).toThrow(expect.objectContaining({ code: 'invalid-count' }));
  });

  it('are written in the order of their tags and only when they are not the default', () => {
    const written = (value: object, version: number) => {
      const writer = new ByteWriter();
      encodeFetchRequest(writer, value, version);
      return writer.detach();
    };
    expect(written({ clusterId: null }, 15)).toEqual(written({}, 15));
    expect(written({ clusterId: 'c', replicaState: { replicaId: 1 } }, 15).toString('hex')).toMatch(
      /020002026301/,
    );
  });

  it('may be longer than one byte of size says', () => {
    for (const length of [126, 127, 128, 5000, 16_381, 16_384, 32_767]) {
      const writer = new ByteWriter(16);
      const clusterId = 'é'.repeat(length >> 1) + 'x'.repeat(length & 1);
      encodeFetchRequest(writer, { clusterId, rackId: 'r' }, 12);
      const value = decodeFetchRequest(new ByteReader(writer.written()), 12);
      expect([value.clusterId, value.rackId]).toEqual([clusterId, 'r']);
    }
  });
});
