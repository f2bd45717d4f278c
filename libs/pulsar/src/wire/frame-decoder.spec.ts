import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { commandEnd, FrameDecoder } from './frame-decoder.js';

function framed(body: Uint8Array): Buffer {
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt32BE(body.length, 0);
  frame.set(body, 4);
  return frame;
}

describe('FrameDecoder', () => {
  it('gives the same frames however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 5, maxLength: 40 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (all, cuts) => {
        const stream = Buffer.concat(all.map(framed));
        const decoder = new FrameDecoder(100);
        const out: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = cuts[turn % cuts.length] as number;
          decoder.push(stream.subarray(at, at + size), (frame) => out.push(Buffer.from(frame)));
          at += size;
        }
        expect(out).toEqual(all.map((body) => Buffer.from(body)));
      }),
    );
  });

  it('does not copy a frame that lies whole in one chunk', () => {
    const chunk = framed(Buffer.from('hello'));
    new FrameDecoder(100).push(chunk, (frame) => expect(frame.buffer).toBe(chunk.buffer));
  });

  it('refuses a frame over the limit as soon as its length is known', () => {
    const decoder = new FrameDecoder(100);
    const length = Buffer.from([0, 0, 0, 101]);
    decoder.push(length.subarray(0, 3), () => undefined);
    expect(() => decoder.push(length.subarray(3), () => undefined)).toThrow(
      '101 bytes is over the 100 allowed',
    );
  });

  it('refuses frames without room for a command', () => {
    expect(() => new FrameDecoder().push(Buffer.from([0, 0, 0, 4]), () => undefined)).toThrow('no room');
    expect(() => commandEnd(Buffer.from([0, 0, 0, 0, 1]))).toThrow('MalformedFrame');
    expect(() => commandEnd(Buffer.from([0, 0, 0, 2, 1]))).toThrow('MalformedFrame');
    expect(commandEnd(Buffer.from([0, 0, 0, 1, 1, 9]))).toBe(5);
  });
});
