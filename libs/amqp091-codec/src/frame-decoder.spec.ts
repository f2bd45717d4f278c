import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bytesOf, refusalOf } from './testing/frame-hex.js';
import {
  Amqp091Error,
  type Amqp091Frame,
  Amqp091FrameDecoder,
  encodeFrame,
  encodeHeartbeat,
  encodeProtocolHeader,
  FrameType,
  protocolHeaderKind,
} from './index.js';

/** Past the protocol header, and tuned. */
function decoder(frameBytesMax = 4_096, channelMax = 10): Amqp091FrameDecoder {
  const fresh = new Amqp091FrameDecoder();
  fresh.push(encodeProtocolHeader());
  fresh.tuned(frameBytesMax, channelMax);
  return fresh;
}

const frame = (type: FrameType, channel: number, payload: Buffer): Amqp091Frame => ({
  type,
  channel,
  payload,
});

describe('the protocol header', () => {
  it.each([
    ['', 'incomplete'],
    ["'AMQ'", 'incomplete'],
    ["'AMQP' 000009", 'incomplete'],
    ["'AMQP' 00000901", 'amqp-0-9-1'],
    ["'AMQP' 00000901 01", 'amqp-0-9-1'],
    ["'AMQP' 00010000", 'amqp-1-0'],
    ["'AMQP' 02010000", 'amqp-1-0'],
    ["'AMQP' 03010000", 'amqp-1-0'],
    ["'AMQP' 01010000", 'amqp-other'],
    ["'AMQP' 01010009", 'amqp-other'],
    ["'AMQP' 01010800", 'amqp-other'],
    ["'AMQP' 0101000a", 'amqp-other'],
    ["'GET / HT'", 'not-amqp'],
    ["'AMQX'", 'not-amqp'],
    ['16030100', 'not-amqp'],
  ])('%s is %s', (hex, kind) => {
    expect(protocolHeaderKind(bytesOf(hex))).toBe(kind);
  });

  it('comes first, in any pieces', () => {
    for (let at = 0; at <= 8; at++) {
      const fresh = new Amqp091FrameDecoder();
      const bytes = Buffer.concat([encodeProtocolHeader(), encodeHeartbeat()]);
      fresh.push(bytes.subarray(0, at));
      expect(fresh.isHeaderSeen).toBe(at === 8);
      expect(fresh.bufferedBytes).toBe(at % 8);
      expect(fresh.push(bytes.subarray(at))).toEqual([frame(8, 0, Buffer.alloc(0))]);
      expect(fresh.isHeaderSeen).toBe(true);
    }
  });

  it.each(["'AMQP' 00010000", "'AMQP' 0101000a", "'GET /'", "'X'"])(
    'other than ours is answered: %s',
    (hex) => {
      const fresh = new Amqp091FrameDecoder();
      const answer = expect.objectContaining({
        code: 'frame-error',
        protocolHeader: bytesOf("'AMQP' 00000901"),
      });
      expect(() => fresh.push(bytesOf(hex))).toThrow(answer);
      expect(() => fresh.push(Buffer.alloc(0))).toThrow(answer);
    },
  );

  it('of a server is a refusal', () => {
    const fresh = new Amqp091FrameDecoder({ fromServer: true });
    expect(fresh.push(bytesOf("'AMQP' 000009"))).toEqual([]);
    expect(() => fresh.push(bytesOf('01'))).toThrow('a protocol header (amqp-0-9-1)');
    const other = new Amqp091FrameDecoder({ fromServer: true });
    expect(() => other.push(bytesOf("'AX'"))).toThrow('frame of unknown type 65');
  });
});

describe('frames', () => {
  it('are cut out of a chunk as views', () => {
    const sent = [
      frame(FrameType.METHOD, 1, Buffer.from('abcd')),
      frame(FrameType.HEADER, 1, Buffer.from('h')),
      frame(FrameType.BODY, 10, Buffer.alloc(0)),
      frame(FrameType.HEARTBEAT, 0, Buffer.alloc(0)),
    ];
    const bytes = Buffer.concat(sent.map(encodeFrame));
    const received = decoder().push(bytes);
    expect(received).toEqual(sent);
    expect(received[0]!.payload.buffer).toBe(bytes.buffer);
    expect(encodeHeartbeat()).toEqual(bytesOf('08 0000 00000000 ce'));
  });

  it('are the same however the bytes are cut', () => {
    const type = fc.constantFrom(FrameType.METHOD, FrameType.HEADER, FrameType.BODY);
    const payload = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    const frames = fc.array(fc.record({ type, channel: fc.integer({ min: 1, max: 10 }), payload }), {
      maxLength: 12,
    });
    const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(frames, cuts, (sent, lengths) => {
        const bytes = Buffer.concat(sent.map(encodeFrame));
        const reading = decoder();
        const received: Amqp091Frame[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const length = lengths[turn % lengths.length]!;
          received.push(...reading.push(bytes.subarray(at, at + length)));
          at += length;
        }
        expect(received).toEqual(sent);
        expect(reading.bufferedBytes).toBe(0);
      }),
    );
  });

  it.each<[string, string, string]>([
    ['an unknown type', '04 0001 00000000 ce', '501 connection'],
    ['type 0', '00', '501 connection'],
    ['another end', '01 0001 00000000 cd', '501 connection'],
    ['a heartbeat on a channel', '08 0001 00000000 ce', '501 connection'],
    ['a heartbeat with a payload', '08 0000 00000001', '501 connection'],
    ['a channel above channel-max', '01 000b 00000000', '504 connection'],
    ['a content header on channel 0', '02 0000 00000000', '504 connection'],
    ['a content body on channel 0', '03 0000 00000000', '504 connection'],
    ['a frame of 4 GB', '03 0001 ffffffff', '501 connection'],
    ['a frame over frame-max', '01 0000 00001001', '501 connection'],
  ])('are refused as soon as it is seen: %s', (_, hex, expected) => {
    const bytes = bytesOf(hex);
    expect(refusalOf(() => decoder().push(bytes))).toBe(`${expected}: 0.0`);
    const dripping = decoder();
    const drip = () => {
      for (const byte of bytes) dripping.push(Buffer.from([byte]));
    };
    expect(refusalOf(drip)).toBe(`${expected}: 0.0`);
    expect(dripping.bufferedBytes).toBe(0);
  });

  it('before tune have the least frame-max and channel 0', () => {
    const fresh = new Amqp091FrameDecoder();
    fresh.push(encodeProtocolHeader());
    expect(fresh.push(encodeFrame(frame(FrameType.METHOD, 0, Buffer.alloc(4_088))))).toHaveLength(1);
    expect(() => fresh.push(bytesOf('01 0000 00001001'))).toThrow('frame of 4105 bytes, at most 4096');
    const other = new Amqp091FrameDecoder({ initialFrameBytesMax: 8_192 });
    other.push(encodeProtocolHeader());
    expect(other.push(bytesOf('01 0000 00002000'))).toEqual([]);
    expect(
      refusalOf(() => new Amqp091FrameDecoder({ fromServer: true }).push(bytesOf('01 0001 00000000'))),
    ).toBe('504 connection: 0.0');
  });

  it('may be eight bytes over frame-max, as RabbitMQ allows', () => {
    const payload = Buffer.alloc(4_096);
    expect(decoder().push(encodeFrame(frame(FrameType.BODY, 1, payload)))).toHaveLength(1);
  });

  it('have no limit but their size field where none was agreed', () => {
    const unlimited = decoder(0, 0);
    expect(unlimited.push(bytesOf('03 ffff ffffffff 00'))).toEqual([]);
    expect(unlimited.bufferedBytes).toBe(8);
  });

  it('that came before the one at fault are given, once', () => {
    const reading = decoder();
    const good = frame(FrameType.METHOD, 1, Buffer.from('abcd'));
    const bytes = Buffer.concat([encodeFrame(good), bytesOf('ff')]);
    const failures: Amqp091Error[] = [];
    const frames: Amqp091Frame[] = [];
    for (let turn = 0; turn < 2; turn++) {
      try {
        reading.push(turn === 0 ? bytes : encodeHeartbeat(), frames);
      } catch (error) {
        failures.push(error as Amqp091Error);
        expect(frames).toEqual([good]);
      }
    }
    expect(failures).toHaveLength(2);
    expect(failures[1]).toBe(failures[0]);
  });
});
