import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import {
  ByteReader,
  decodeApiVersionsResponse,
  decodeFetchResponse,
  decodeRequestHeader,
  decodeResponseHeader,
  encodeApiVersionsResponse,
  encodeFetchResponse,
  encodeRequestFrame,
  encodeResponseFrame,
  isRetriable,
  KafkaErrorCode,
  kafkaErrorName,
  responseHeaderVersion,
} from './index.js';

const bodyOf = (frame: Buffer) => {
  expect(frame.readInt32BE(0)).toBe(frame.length - 4);
  return new ByteReader(frame.subarray(4));
};

describe('the request header', () => {
  it('has tagged fields where the version of the API is flexible', () => {
    for (const [apiVersion, headerVersion] of [
      [8, 1],
      [9, 2],
    ] as const) {
      const header = { apiKey: 0, apiVersion, correlationId: -7, clientId: 'me' };
      const reader = bodyOf(encodeRequestFrame(header, (writer) => writer.writeInt8(42)));
      expect(decodeRequestHeader(reader)).toEqual({ ...header, headerVersion });
      expect(reader.readInt8()).toBe(42);
      expect(reader.remaining).toBe(0);
    }
  });

  it('may have no client id', () => {
    const header = { apiKey: 3, apiVersion: 1, correlationId: 1, clientId: null };
    expect(decodeRequestHeader(bodyOf(encodeRequestFrame(header, () => {}))).clientId).toBeNull();
  });

  it('of an ApiVersions request from the future is read as far as it is known (KIP-511)', () => {
    const bytes = Buffer.from('0012' + '0063' + '00000005' + '000161' + 'ff', 'hex');
    expect(decodeRequestHeader(new ByteReader(bytes))).toMatchObject({
      apiVersion: 99,
      correlationId: 5,
      clientId: 'a',
    });
  });

  it('of an unknown API cannot be read', () => {
    const bytes = Buffer.from('7fff' + '0000' + '00000005' + 'ffff', 'hex');
    expect(() => decodeRequestHeader(new ByteReader(bytes))).toThrow(
      expect.objectContaining({ code: 'unsupported-api' }),
    );
  });
});

describe('the response header', () => {
  it('has tagged fields where the version of the API is flexible, and never for ApiVersions', () => {
    expect([responseHeaderVersion(0, 8), responseHeaderVersion(0, 9)]).toEqual([0, 1]);
    expect([responseHeaderVersion(18, 0), responseHeaderVersion(18, 4)]).toEqual([0, 0]);
    const frame = encodeResponseFrame(3, 18, 3, (writer) =>
      encodeApiVersionsResponse(writer, { errorCode: 35 }, 3),
    );
    const reader = bodyOf(frame as Buffer);
    expect(decodeResponseHeader(reader, 18, 3)).toBe(3);
    expect(decodeApiVersionsResponse(reader, 3).errorCode).toBe(KafkaErrorCode.UNSUPPORTED_VERSION);
  });

  it('is written whole also for large bodies, nested calls and after a body that threw', () => {
    const large = encodeResponseFrame(1, 0, 9, (writer) => writer.writeBytes(Buffer.alloc(100_000, 1)));
    expect(bodyOf(large as Buffer).remaining).toBe(4 + 1 + 4 + 100_000);
    expect(() =>
      encodeResponseFrame(1, 0, 0, () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    let inner: ReturnType<typeof encodeResponseFrame> | undefined;
    const outer = encodeResponseFrame(1, 0, 0, (writer) => {
      writer.writeInt8(1);
      inner = encodeResponseFrame(2, 0, 0, (other) => other.writeInt8(2));
    });
    expect(outer.toString('hex')).toBe('00000005' + '00000001' + '01');
    expect(inner?.toString('hex')).toBe('00000005' + '00000002' + '02');
  });

  it('carries large records as they are, and copies small ones', () => {
    const [small, large] = [Buffer.alloc(100, 1), Buffer.alloc(5_000, 2)];
    const body = (records: readonly Buffer[]) => ({
      responses: [{ partitions: [{ records }, { records }] }],
    });
    for (const version of [4, 12]) {
      const encode = (records: readonly Buffer[]) =>
        encodeResponseFrame(3, 1, version, (writer) => encodeFetchResponse(writer, body(records), version));
      const parts = encode([small, large, small, large, large]);
      if (Buffer.isBuffer(parts)) throw new Error('copied');
      expect(parts.filter((part) => part === large)).toHaveLength(6);
      expect(parts.length).toBeLessThan(12);
      const reader = bodyOf(Buffer.concat(parts));
      expect(decodeResponseHeader(reader, 1, version)).toBe(3);
      const { partitions } = decodeFetchResponse(reader, version).responses[0]!;
      expect(reader.remaining).toBe(0);
      const whole = Buffer.concat([small, large, small, large, large]);
      expect(partitions.map(({ records }) => whole.equals(records!))).toEqual([true, true]);
      expect(Buffer.isBuffer(encode([small, small]))).toBe(true);
    }
  });
});

describe('error codes', () => {
  it('have a name and say whether clients retry', () => {
    expect(Object.keys(KafkaErrorCode)).toHaveLength(135);
    expect(kafkaErrorName(6)).toBe('NOT_LEADER_OR_FOLLOWER');
    expect(kafkaErrorName(9999)).toBe('UNKNOWN_SERVER_ERROR');
    expect([isRetriable(KafkaErrorCode.NOT_LEADER_OR_FOLLOWER), isRetriable(KafkaErrorCode.NONE)]).toEqual([
      true,
      false,
    ]);
    expect(isRetriable(KafkaErrorCode.TOPIC_AUTHORIZATION_FAILED)).toBe(false);
  });
});
