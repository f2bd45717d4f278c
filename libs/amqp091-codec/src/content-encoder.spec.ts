import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bytesOf } from './testing/frame-hex.js';
import { methodArbitrary, propertiesArbitrary } from './testing/method-arbitraries.js';
import {
  type Amqp091ContentMethod,
  Amqp091FrameDecoder,
  AssemblyBudget,
  ContentAssembler,
  copiedBodyBytesMax,
  encodeBasicProperties,
  encodeContent,
} from './index.js';

const deliver: Amqp091ContentMethod = {
  ...{ name: 'basic.deliver', consumerTag: 'c', deliveryTag: 1, redelivered: false },
  ...{ exchange: '', routingKey: 'q' },
};
const none = bytesOf('0000');

/** What a client makes of the bytes. */
function readBack(pieces: readonly Buffer[], frameBytesMax: number) {
  const decoder = new Amqp091FrameDecoder({ fromServer: true });
  decoder.tuned(frameBytesMax, 0);
  const limits = { bodyBytesMax: 1e9, budget: new AssemblyBudget(1e9) };
  const assembler = new ContentAssembler({ channel: 1, sender: 'server', ...limits });
  const frames = decoder.push(Buffer.concat(pieces));
  const commands = frames.map((frame) => assembler.push(frame)).filter((each) => each !== undefined);
  expect(decoder.bufferedBytes).toBe(0);
  return { frames, command: commands[0]!, count: commands.length };
}

describe('a content', () => {
  it.each([
    ["'hello'", "03 0001 00000005 'hello' ce"],
    ['', ''],
  ])('with a small body is one buffer: %s', (body, bodyHex) => {
    const pieces = encodeContent(1, deliver, { properties: bytesOf('1000 02'), body: bytesOf(body) }, 4_096);
    const method = "01 0001 00000012 003c003c 01 'c' 0000000000000001 00 00 01 'q' ce";
    const header = `02 0001 0000000f 003c0000 00000000000000 0${body === '' ? 0 : 5} 1000 02 ce`;
    expect(pieces.map((piece) => piece.toString('hex'))).toEqual([
      bytesOf(`${method} ${header} ${bodyHex}`).toString('hex'),
    ]);
  });

  it('with a large body has it as it lies in memory', () => {
    const body = Buffer.alloc(10_000, 'x');
    const pieces = encodeContent(1, deliver, { properties: none, body }, 4_096);
    const own = pieces.filter(({ buffer }) => buffer === body.buffer);
    expect(own.map(({ length }) => length)).toEqual([4_088, 4_088, 1_824]);
    expect(pieces).toHaveLength(7);
    const { frames, command } = readBack(pieces, 4_096);
    expect(frames.map(({ payload }) => payload.length)).toEqual([18, 14, 4_088, 4_088, 1_824]);
    expect(Buffer.concat(command.content!.body).equals(body)).toBe(true);
  });

  it('is one body frame where there is no frame-max', () => {
    const body = Buffer.alloc(300_000, 'x');
    const pieces = encodeContent(1, deliver, { properties: none, body }, 0);
    expect(pieces).toHaveLength(3);
    expect(readBack(pieces, 0).frames).toHaveLength(3);
  });

  it.each(['basic.deliver', 'basic.return', 'basic.get-ok'] as const)('is read as it was: %s', (name) => {
    const parts = fc.array(
      fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.uint8Array({ minLength: 1_000, maxLength: 9_000 })),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(
        methodArbitrary(name),
        propertiesArbitrary,
        parts,
        fc.boolean(),
        (method, values, all, limited) => {
          const properties = encodeBasicProperties(values);
          fc.pre(properties.length < 4_000);
          const body = all.map((part) => Buffer.from(part));
          const frameBytesMax = limited ? 4_096 : 0;
          const pieces = encodeContent(
            1,
            method as Amqp091ContentMethod,
            { properties, body },
            frameBytesMax,
          );
          const { frames, command, count } = readBack(pieces, frameBytesMax);
          if (limited) expect(frames.every(({ payload }) => payload.length <= 4_088)).toBe(true);
          expect(count).toBe(1);
          expect(command.method).toEqual(method);
          expect(command.content!.properties).toEqual(properties);
          expect(Buffer.concat(command.content!.body).equals(Buffer.concat(body))).toBe(true);
        },
      ),
    );
  });

  it('is cut at every place that matters', () => {
    for (const extra of [-1, 0, 1]) {
      for (const bodySize of [copiedBodyBytesMax, 4_088, 2 * 4_088, 3 * 4_088].map((each) => each + extra)) {
        const body = Buffer.alloc(bodySize, 'y');
        const { frames, command } = readBack(
          encodeContent(1, deliver, { properties: none, body }, 4_096),
          4_096,
        );
        expect(frames).toHaveLength(2 + Math.ceil(bodySize / 4_088));
        expect(Buffer.concat(command.content!.body).equals(body)).toBe(true);
      }
    }
  });

  it('is not written where its properties are over frame-max', () => {
    const properties = encodeBasicProperties({ headers: Buffer.alloc(4_080) });
    const write = () => encodeContent(1, deliver, { properties, body: none }, 4_096);
    expect(write).toThrow(expect.objectContaining({ name: 'Amqp091EncodeError', code: 'too-large' }));
  });
});
