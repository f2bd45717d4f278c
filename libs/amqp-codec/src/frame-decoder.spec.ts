import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import { bytesOf, decoderIn, failureOf, frameOf, refusal } from './testing/amqp-hex.js';
import {
  type AmqpCompositeInput,
  AmqpFrameDecoder,
  type AmqpInput,
  type AmqpProtocolName,
  encodeFrame,
  encodeProtocolHeader,
  encodeSaslFrame,
  encodeTransferHead,
  encodeTransfers,
  heartbeatFrame,
  selectorFilter,
} from './index.js';

const open = encodeFrame(0, { type: 'open', containerId: 'c' });
const init = encodeSaslFrame({ type: 'sasl-init', mechanism: 'ANONYMOUS' });

/** A transfer frame of so many bytes in all. */
function transferOf(frameBytes: number, channel = 0): Buffer {
  const head = encodeTransferHead(channel, { type: 'transfer', handle: 0 }, 0);
  const payload = Buffer.alloc(frameBytes - head.length, 'x');
  return Buffer.concat([
    encodeTransferHead(channel, { type: 'transfer', handle: 0 }, payload.length),
    payload,
  ]);
}

describe('protocol headers', () => {
  it.each<[AmqpProtocolName, string, boolean]>([
    ['amqp', "'AMQP' 00 01 00 00", true],
    ['tls', "'AMQP' 02 01 00 00", false],
    ['sasl', "'AMQP' 03 01 00 00", true],
  ])('of %s', (protocol, hex, isSupported) => {
    expect(encodeProtocolHeader(protocol)).toEqual(bytesOf(hex));
    expect(new AmqpFrameDecoder().push(bytesOf(hex))).toMatchObject([
      { type: 'protocol-header', protocol, isSupported, major: 1, minor: 0, revision: 0 },
    ]);
  });

  it.each([
    ['0-9-1', "'AMQP' 00 00 09 01", { protocol: 'amqp', major: 0, minor: 9, revision: 1 }],
    ['another revision', "'AMQP' 00 01 00 01", { protocol: 'amqp', revision: 1 }],
    ['an unknown id', "'AMQP' 01 01 00 00", { protocol: undefined, protocolId: 1 }],
  ])('of %s end the stream', (_, hex, header) => {
    const decoder = new AmqpFrameDecoder();
    expect(decoder.push(Buffer.concat([bytesOf(hex), open]))).toMatchObject([
      { ...header, isSupported: false },
    ]);
    expect(decoder.push(bytesOf('ffffffffffffffff'))).toEqual([]);
    expect(decoder.bufferedBytes).toBe(0);
  });

  it.each(["'G'", "'AMQ' 00", '16 03', '00', "'AMQp'"])(
    'are refused at the first byte at fault: %s',
    (hex) => {
      const error = failureOf(() => new AmqpFrameDecoder().push(bytesOf(hex)));
      expect(error).toMatchObject({
        ...{
          code: 'amqp:connection:framing-error',
          fault: 'connection',
          clause: 'AMQP 2.2',
          duringHeader: true,
        },
      });
    },
  );

  it('may come with what follows, before any answer', () => {
    const all = [encodeProtocolHeader('sasl'), init, encodeProtocolHeader('amqp'), open, heartbeatFrame];
    const inputs = new AmqpFrameDecoder().push(Buffer.concat(all));
    expect(inputs.map(({ type }) => type)).toEqual([
      ...['protocol-header', 'sasl-frame', 'protocol-header', 'frame', 'heartbeat'],
    ]);
  });

  it('come once for SASL, and never behind AMQP', () => {
    const header = (protocol: AmqpProtocolName) => () =>
      decoderIn('sasl').push(Buffer.concat([init, encodeProtocolHeader(protocol)]));
    expect(refusal(header('sasl'))).toBe('connection: amqp:connection:framing-error: AMQP 5.3.2');
    expect(refusal(header('amqp'))).toBe('read');
    expect(refusal(() => decoderIn('amqp').push(encodeProtocolHeader('amqp')))).toBe(
      'connection: amqp:connection:framing-error: AMQP 2.7.1',
    );
  });
});

describe('frames', () => {
  it.each([
    ['size 0', '00000000', 'AMQP 2.3.1'],
    ['size 4', '00000004', 'AMQP 2.3.1'],
    ['size 7', '00000007', 'AMQP 2.3.1'],
    ['900 MB announced', '35a4e900', 'AMQP 2.7.1'],
    ['4 GB announced', 'ffffffff', 'AMQP 2.7.1'],
    ['data offset 0', '00000008 00000000', 'AMQP 2.3.1'],
    ['data offset 1', '00000008 01000000', 'AMQP 2.3.1'],
    ['a data offset behind the end', '00000008 03000000', 'AMQP 2.3.1'],
    ['type 2', '00000008 02020000', 'AMQP 2.3.1'],
    ['a SASL frame', '00000008 02010000', 'AMQP 2.3.1'],
  ])('are refused with %s', (_, hex, clause) => {
    const error = failureOf(() => decoderIn('amqp').push(bytesOf(hex)));
    expect(error).toMatchObject({ code: 'amqp:connection:framing-error', fault: 'connection', clause });
    expect(error.duringHeader).toBe(false);
  });

  it('of AMQP are refused in the SASL layer', () => {
    expect(failureOf(() => decoderIn('sasl').push(open)).clause).toBe('AMQP 2.3.1');
  });

  it('may have an extended header, which is ignored', () => {
    expect(decoderIn('amqp').push(bytesOf('00000010 03000007 ffffffff 00531845'))).toMatchObject([
      { type: 'frame', channel: 7, performative: { type: 'close' } },
    ]);
    expect(decoderIn('amqp').push(bytesOf('0000000c 03000007 ffffffff'))).toEqual([{ type: 'heartbeat' }]);
  });

  it('have one maximum before open and one after, for whole frames', () => {
    const decoder = new AmqpFrameDecoder();
    decoder.push(encodeProtocolHeader('amqp'));
    expect(decoder.push(transferOf(8_192))).toHaveLength(1);
    decoder.allowFrames(65_536);
    expect(decoder.push(transferOf(65_536))).toHaveLength(1);
    expect(failureOf(() => decoder.push(bytesOf('00010001'))).code).toBe('amqp:connection:framing-error');
    const before = decoderIn('sasl', 8_192);
    expect(failureOf(() => before.push(bytesOf('00002001'))).clause).toBe('AMQP 2.7.1');
    expect(() => new AmqpFrameDecoder(0x4000_0001)).toThrow(RangeError);
    expect(() => decoder.allowFrames(7)).toThrow(RangeError);
  });

  it('have a payload only behind a transfer: a view of the chunk', () => {
    const chunk = transferOf(100, 3);
    const [input] = decoderIn('amqp').push(chunk);
    expect(input).toMatchObject({ type: 'frame', channel: 3, performative: { type: 'transfer', handle: 0 } });
    if (input?.type !== 'frame') throw new Error('no frame');
    expect(input.payload.buffer).toBe(chunk.buffer);
    expect(input.payload.toString()).toMatch(/^x+$/);
    const error = failureOf(() => decoderIn('amqp').push(frameOf(bytesOf('00 53 18 45 40'), 0, 9)));
    expect(error).toMatchObject({ code: 'amqp:decode-error', fault: 'frame', channel: 9 });
  });

  it('that outlive their chunk do not keep it', () => {
    const source = {
      type: 'source',
      address: 'a',
      filter: new Map([['f', selectorFilter('a = 1')]]),
    } as const;
    const chunk = encodeFrame(0, { type: 'attach', name: 'l', handle: 0, role: true, source });
    const [attach] = decoderIn('amqp').push(chunk);
    chunk.fill(0);
    expect(attach).toMatchObject({ performative: { type: 'attach', source } });
  });

  it('before a fault come with it, and then only the fault', () => {
    const decoder = decoderIn('amqp');
    const inputs: AmqpInput[] = [];
    const error = failureOf(() =>
      decoder.push(Buffer.concat([open, transferOf(40), frameOf(bytesOf('00 53 19 45')), open]), inputs),
    );
    expect(error).toMatchObject({ code: 'amqp:not-implemented', fault: 'frame', channel: 0 });
    expect(inputs).toMatchObject([
      { performative: { type: 'open' } },
      { performative: { type: 'transfer' } },
    ]);
    expect(failureOf(() => decoder.push(open, inputs))).toBe(error);
    expect(inputs).toHaveLength(2);
    expect(decoder.bufferedBytes).toBe(0);
  });

  it('say nothing of the peer in their errors', () => {
    const error = failureOf(() => decoderIn('amqp').push(frameOf(bytesOf("00 a3 06 'secret' 45"))));
    expect(error.message).toBe('unknown performative [AMQP 2.3.2]');
  });

  it('are held as they arrive, whatever length is announced', () => {
    const decoders = Array.from({ length: 200 }, () => decoderIn('amqp', 0x4000_0000));
    const before = process.memoryUsage().arrayBuffers;
    for (const decoder of decoders) {
      decoder.push(bytesOf('40000000 02000000'));
      for (let i = 0; i < 100; i++) decoder.push(Buffer.from('0123456789'));
      expect(decoder.bufferedBytes).toBe(1_008);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(decoders.length * 3_000 + 500_000);
  });

  it('are gathered from small and large chunks', () => {
    const frame = transferOf(200_000);
    for (const steps of [[1, 5_000, 3], [16_384, 1], [65_536], [199_999, 1], [3, 5, 60_000]]) {
      const decoder = decoderIn('amqp');
      const received = [];
      for (let at = 0, turn = 0; at < frame.length; turn++) {
        const chunk = Buffer.from(frame.subarray(at, at + steps[turn % steps.length]!));
        at += chunk.length;
        received.push(...decoder.push(chunk));
        // The caller's bytes are its own again where the frame was not whole.
        if (at < frame.length) chunk.fill(0);
      }
      expect(received).toMatchObject([{ performative: { type: 'transfer' } }]);
      const [input] = received;
      expect(
        input?.type === 'frame' && input.payload.equals(frame.subarray(200_000 - input.payload.length)),
      ).toBe(true);
    }
  });
});

describe('a delivery in transfers', () => {
  const transfer: AmqpCompositeInput<'transfer'> = {
    ...{ type: 'transfer', handle: 7, deliveryId: 300, deliveryTag: Buffer.from('tag'), messageFormat: 0 },
    ...{ settled: true, batchable: true },
  };

  it.each([0, 1, 100, 457, 470, 480, 490, 511, 512, 5_000])('of %d bytes', (bytes) => {
    const message = Buffer.from(Array.from({ length: bytes }, (_, i) => i & 0xff));
    const parts = encodeTransfers(2, transfer, message, 512);
    const inputs = decoderIn('amqp', 512).push(Buffer.concat(parts));
    const frames = inputs.flatMap((input) => (input.type === 'frame' ? [input] : []));
    expect(Buffer.concat(frames.map(({ payload }) => payload)).equals(message)).toBe(true);
    expect(frames.map(({ performative }) => performative.type === 'transfer' && performative.more)).toEqual([
      ...Array(frames.length - 1).fill(true),
      false,
    ]);
    expect(frames[0]).toMatchObject({ channel: 2, performative: transfer });
    for (const { performative } of frames.slice(1)) {
      expect(performative).toMatchObject({ type: 'transfer', handle: 7, deliveryId: undefined });
    }
    expect(frames.length).toBeLessThanOrEqual(1 + Math.ceil(bytes / 470));
  });

  it('is whole where it fits to the byte, and refused where not a byte fits', () => {
    const message = Buffer.alloc(600, 'm');
    const whole = Buffer.concat(encodeTransfers(0, transfer, message, 10_000));
    expect(encodeTransfers(0, transfer, message, whole.length)).toHaveLength(2);
    expect(encodeTransfers(0, transfer, message, whole.length - 1)).toHaveLength(4);
    expect(() => encodeTransfers(0, transfer, message, 20)).toThrow('transfer in frames of 20 bytes');
  });
});
