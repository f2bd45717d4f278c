import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clientFrame, type ClientFrame } from '../testing/websocket-client.js';
import { closeFrame, WebSocketFault, webSocketHeader, WebSocketReader } from './websocket-frames.js';

function reader() {
  const heard = { data: [] as Buffer[], pings: [] as string[], closes: [] as (number | undefined)[] };
  const frames = new WebSocketReader({
    onData: (bytes) => heard.data.push(Buffer.from(bytes)),
    onPing: (payload) => heard.pings.push(String(payload)),
    onClose: (code) => heard.closes.push(code),
  });
  return { frames, heard, text: () => String(Buffer.concat(heard.data)) };
}

function faultOf(...sent: readonly ClientFrame[]): string {
  const { frames } = reader();
  try {
    for (const each of sent) frames.push(clientFrame(each));
  } catch (error) {
    expect(error).toBeInstanceOf(WebSocketFault);
    const { code, closeCode } = error as WebSocketFault;
    return `${code} ${closeCode}`;
  }
  return 'none';
}

describe('WebSocketReader', () => {
  it('gives what binary messages hold, however they are cut into frames and reads, with pings between', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 });
    const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 4 }), cuts, (messages, sizes) => {
        const bytes = messages.flatMap((message) =>
          message.flatMap((piece, index) => [
            clientFrame({
              opcode: index === 0 ? 2 : 0,
              isLast: index === message.length - 1,
              payload: Buffer.from(piece),
            }),
            clientFrame({ opcode: 9, payload: 'p' }),
          ]),
        );
        const all = Buffer.concat(bytes);
        const { frames, heard } = reader();
        for (let at = 0, cut = 0; at < all.length; cut++) {
          const size = sizes[cut % sizes.length]!;
          frames.push(Buffer.from(all.subarray(at, at + size)));
          at += size;
        }
        const expected = Buffer.concat(messages.flat());
        expect(Buffer.concat(heard.data).equals(expected)).toBe(true);
        expect(heard.pings).toHaveLength(messages.flat().length);
      }),
      { numRuns: 200 },
    );
  });

  it('takes frames of 64 KiB and more, and passes on what came of one that never ends', () => {
    const { frames, heard } = reader();
    const large = Buffer.alloc(70_000, 'x');
    frames.push(clientFrame({ payload: large }));
    expect(Buffer.concat(heard.data).equals(large)).toBe(true);
    const endless = Buffer.from('82ff001fffffffffffff', 'hex');
    frames.push(Buffer.concat([endless, Buffer.from('00000000', 'hex'), Buffer.from('abc')]));
    expect(heard.data.at(-1)!.toString()).toBe('abc');
  });

  it('tells the code of a close, and reads nothing after it', () => {
    const { frames, heard } = reader();
    frames.push(
      Buffer.concat([clientFrame({ opcode: 8, payload: Buffer.of(3, 233) }), Buffer.of(0xff, 0xff)]),
    );
    frames.push(clientFrame({ payload: 'late' }));
    expect(heard).toMatchObject({ closes: [1_001], data: [] });
  });

  it.each<[string, string, ClientFrame[]]>([
    ['frames without a mask', 'unmasked 1002', [{ masked: false, payload: 'a' }]],
    ['text', 'text-frame 1003', [{ opcode: 1, payload: 'a' }]],
    ['bits of extensions', 'reserved-bits 1002', [{ reservedBits: 4, payload: 'a' }]],
    ['unknown kinds of data', 'opcode 1002', [{ opcode: 3 }]],
    ['unknown control frames', 'opcode 1002', [{ opcode: 11 }]],
    ['a continuation of nothing', 'continuation 1002', [{ opcode: 0, payload: 'a' }]],
    ['a message inside of another', 'continuation 1002', [{ isLast: false }, { payload: 'a' }]],
    ['a control frame in pieces', 'control-frame 1002', [{ opcode: 9, isLast: false }]],
    ['a control frame of 126 bytes', 'control-frame 1002', [{ opcode: 9, payload: 'x'.repeat(126) }]],
    ['a length that is not the shortest', 'frame-length 1002', [{ lengthBytes: 2, payload: 'a' }]],
    ['one of 8 bytes for 2', 'frame-length 1002', [{ lengthBytes: 8, payload: 'x'.repeat(200) }]],
    ['half a close code', 'close-code 1002', [{ opcode: 8, payload: 'a' }]],
    ['a close code that is never sent', 'close-code 1002', [{ opcode: 8, payload: Buffer.of(3, 237) }]],
  ])('refuses %s', (_, fault, frames) => {
    expect(faultOf(...frames)).toBe(fault);
  });

  it('throws nothing but faults, whatever the bytes are, and gives no more than came', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (reads) => {
        const { frames, heard } = reader();
        let came = 0;
        try {
          for (const read of reads) {
            came += read.length;
            // Masked binary messages, as often as not.
            if (read.length > 1 && read[0]! < 128) read.set([0x82, 0x80 | (read[1]! & 0x7f)]);
            frames.push(Buffer.from(read));
          }
        } catch (error) {
          expect(error).toBeInstanceOf(WebSocketFault);
        }
        expect(Buffer.concat(heard.data).length).toBeLessThanOrEqual(came);
      }),
      { numRuns: 500 },
    );
  });

  it('and a length with its sign bit set', () => {
    expect(() => reader().frames.push(Buffer.from('82ff8000000000000000', 'hex'))).not.toThrow();
    expect(() => reader().frames.push(Buffer.from('82ff800000000000000000000000', 'hex'))).toThrow(
      'shortest form',
    );
  });
});

describe('frames of the server', () => {
  it.each([
    [0, '8200'],
    [125, '827d'],
    [126, '827e007e'],
    [65_535, '827effff'],
    [65_536, '827f0000000000010000'],
  ])('of %d bytes begin with %s', (bytes, header) => {
    expect(webSocketHeader(2, bytes).toString('hex')).toBe(header);
  });

  it('that close say why', () => {
    expect(closeFrame(1_002).toString('hex')).toBe('880203ea');
    expect(closeFrame(undefined).toString('hex')).toBe('8800');
  });
});
