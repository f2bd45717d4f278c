import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KafkaFrameDecoder } from './index.js';

function framed(body: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length, 0);
  return Buffer.concat([size, body]);
}

const code = (expected: string) => expect.objectContaining({ name: 'KafkaDecodeError', code: expected });

describe('KafkaFrameDecoder', () => {
  it('gives the same frames however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 });
    const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(bodies, cuts, (sent, lengths) => {
        const stream = Buffer.concat(sent.map(framed));
        const decoder = new KafkaFrameDecoder(1000, 1000);
        const received: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const length = lengths[turn % lengths.length]!;
          received.push(...decoder.push(stream.subarray(at, at + length)));
          at += length;
        }
        expect(received.map((frame) => frame.toString('hex'))).toEqual(
          sent.map((body) => Buffer.from(body).toString('hex')),
        );
        expect(decoder.bufferedBytes).toBe(0);
      }),
    );
  });

  it('gathers large frames from small and large chunks', () => {
    const body = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i * 7));
    const stream = framed(body);
    for (const steps of [[1, 5000, 3], [16_384, 1], [4096], [1, 70_000], [100]]) {
      const decoder = new KafkaFrameDecoder(200_000, 200_000);
      const received: Buffer[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const length = steps[turn % steps.length]!;
        received.push(...decoder.push(stream.subarray(at, at + length)));
        at += length;
      }
      expect(received).toHaveLength(1);
      expect(received[0]!.equals(body)).toBe(true);
    }
  });

  it('gives views of a chunk that holds whole frames', () => {
    const chunk = Buffer.concat([framed(Buffer.from('ab')), framed(Buffer.from('cd'))]);
    const frames = new KafkaFrameDecoder(10, 10).push(chunk);
    expect(frames.map(String)).toEqual(['ab', 'cd']);
    expect(frames[0]!.buffer).toBe(chunk.buffer);
  });

  it('holds only what arrived, whatever size is announced', () => {
    const decoder = new KafkaFrameDecoder(0x7fffffff, 0x7fffffff);
    const before = process.memoryUsage().arrayBuffers;
    expect(decoder.push(Buffer.from('7fffffff00', 'hex'))).toEqual([]);
    for (let i = 0; i < 10_000; i++) decoder.push(Buffer.from([i]));
    expect(decoder.bufferedBytes).toBe(10_005);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it('has one maximum before authentication and one after', () => {
    const decoder = new KafkaFrameDecoder(4, 8);
    expect(decoder.push(framed(Buffer.alloc(4)))).toHaveLength(1);
    expect(() => new KafkaFrameDecoder(4, 8).push(framed(Buffer.alloc(5)))).toThrow(code('frame-too-large'));
    decoder.authenticated();
    expect(decoder.push(framed(Buffer.alloc(8)))).toHaveLength(1);
    expect(() => decoder.push(framed(Buffer.alloc(9)))).toThrow('frame of 9 bytes, at most 8');
  });

  it('stays failed', () => {
    const decoder = new KafkaFrameDecoder(4, 8);
    expect(() => decoder.push(Buffer.from('ffffffff', 'hex'))).toThrow(code('frame-invalid'));
    expect(() => decoder.push(framed(Buffer.from('a')))).toThrow(code('frame-invalid'));
  });

  it('refuses how clients of other protocols begin by their first four bytes', () => {
    const push = (first: string) => () =>
      new KafkaFrameDecoder(1 << 20, 1 << 26).push(Buffer.from(first, 'latin1'));
    for (const first of [
      '\x16\x03\x01\x02',
      'GET / HTTP/1.1\r\n',
      'AMQP\x00\x01\x00\x00',
      '\x10\x1a\x00\x04MQTT',
      'PROXY TCP4 ',
      '\r\n\r\n\x00\r\nQUIT\n',
      'SSH-2.0-',
    ]) {
      expect(push(first)).toThrow(code('frame-too-large'));
    }
  });
});
