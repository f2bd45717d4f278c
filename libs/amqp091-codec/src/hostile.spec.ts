import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bodyFrame, bytesOf, headerFrame, methodFrame } from './testing/frame-hex.js';
import {
  bytesArbitrary,
  channelOf,
  fieldTableArbitrary,
  methodArbitrary,
  methodNames,
  propertiesArbitrary,
} from './testing/method-arbitraries.js';
import { methodSamples } from './testing/method-samples.js';
import {
  type Amqp091Command,
  Amqp091Error,
  Amqp091FrameDecoder,
  AssemblyBudget,
  closeOf,
  ContentAssembler,
  decodeBasicProperties,
  decodeFieldTable,
  encodeBasicProperties,
  encodeFieldTable,
  encodeFrame,
  encodeMethod,
  encodeProtocolHeader,
} from './index.js';

/** Runs what may only throw Amqp091Error. */
function tolerated(read: () => unknown): 'read' | 'refused' {
  try {
    read();
    return 'read';
  } catch (error) {
    if (!(error instanceof Amqp091Error)) throw error;
    const { method, channel } = closeOf(error);
    if (method.replyCode < 311) throw new Error(`reply code ${method.replyCode}`);
    // The answer can always be written.
    encodeMethod(channel, method, 4_096);
    return 'refused';
  }
}

/** Everything that can be looked at in a command. */
function lookInto({ method, content }: Amqp091Command): void {
  for (const [field, value] of Object.entries(method)) {
    if (/Properties|arguments/.test(field) && Buffer.isBuffer(value)) decodeFieldTable(value);
  }
  if (content === undefined) return;
  const { headers } = decodeBasicProperties(content.properties);
  if (headers) decodeFieldTable(headers);
}

/** A connection as a server reads it, with a limit on all of it. */
function readStream(bytes: Buffer, sender: 'client' | 'server'): void {
  const decoder = new Amqp091FrameDecoder({ fromServer: sender === 'server' });
  decoder.push(sender === 'client' ? encodeProtocolHeader() : Buffer.alloc(0));
  decoder.tuned(8_192, 20);
  const budget = new AssemblyBudget(100_000);
  const assemblers = new Map<number, ContentAssembler>();
  for (const frame of decoder.push(bytes)) {
    const { channel } = frame;
    const fresh = () => new ContentAssembler({ channel, sender, bodyBytesMax: 50_000, budget });
    const assembler = assemblers.get(channel) ?? fresh();
    assemblers.set(channel, assembler);
    if (frame.type === 8) continue;
    const command = assembler.push(frame);
    if (command) lookInto(command);
  }
}

const sampleFrames = methodSamples.map(
  ([method]) => [method.name, encodeMethod(channelOf(method.name), method)] as const,
);

describe.each(sampleFrames)('%s', (_, bytes) => {
  it('is read or refused with any bit flipped', () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      tolerated(() => readStream(flipped, 'client'));
      tolerated(() => readStream(flipped, 'server'));
    }
  });

  it('is read or refused with any byte at its extremes', () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 0x7f, 0x80, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[at] = value;
        tolerated(() => readStream(changed, 'client'));
        tolerated(() => readStream(changed, 'server'));
      }
    }
  });
});

const anyMethod = fc.constantFrom(...methodNames).chain(methodArbitrary);

describe('random', () => {
  const sides = fc.constantFrom('client' as const, 'server' as const);

  it('bytes are read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), sides, (bytes, sender) => {
        tolerated(() => readStream(Buffer.from(bytes), sender));
        tolerated(() => new Amqp091FrameDecoder().push(Buffer.from(bytes)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('frames are read or refused', () => {
    const frame = fc.oneof(
      fc.record({
        channel: fc.nat(2),
        payload: bytesArbitrary,
        type: fc.constantFrom(1, 2, 3, 8) as fc.Arbitrary<1>,
      }),
      fc.nat(2).chain((channel) =>
        fc.oneof(
          anyMethod.map((method) => methodFrame(channel, encodeMethod(channel, method).subarray(7, -1))),
          fc.tuple(fc.nat(80), propertiesArbitrary).map(([bodySize, properties]) => {
            return headerFrame(channel, bodySize, encodeBasicProperties(properties).toString('hex'));
          }),
          bytesArbitrary.map((payload) => bodyFrame(channel, payload)),
        ),
      ),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), sides, (frames, sender) => {
        tolerated(() => readStream(Buffer.concat(frames.map(encodeFrame)), sender));
      }),
      { numRuns: 2_000 },
    );
  });

  it('methods with a byte changed are read or refused', () => {
    fc.assert(
      fc.property(anyMethod, fc.nat(), fc.nat(255), sides, (method, seed, value, sender) => {
        const bytes = encodeMethod(channelOf(method.name), method);
        bytes[seed % bytes.length] = value;
        tolerated(() => readStream(bytes, sender));
      }),
      { numRuns: 3_000 },
    );
  });

  it('tables and properties are read or refused', () => {
    const raw = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));
    const damaged = (encoded: fc.Arbitrary<Buffer>) =>
      fc.tuple(encoded, fc.nat(), fc.nat(255)).map(([bytes, seed, value]) => {
        const changed = Buffer.from(bytes);
        if (changed.length > 0) changed[seed % changed.length] = value;
        return changed;
      });
    const tables = fc.oneof(raw, damaged(fieldTableArbitrary.map(encodeFieldTable)));
    const properties = fc.oneof(raw, damaged(propertiesArbitrary.map(encodeBasicProperties)));
    fc.assert(
      fc.property(tables, properties, (table, some) => {
        tolerated(() => decodeFieldTable(table));
        tolerated(() => decodeBasicProperties(some));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('a peer that announces and does not send', () => {
  it('costs what it sent: a frame', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 500 }, () => {
      const decoder = new Amqp091FrameDecoder();
      decoder.push(encodeProtocolHeader());
      decoder.tuned(0, 0);
      decoder.push(bytesOf('03 0001 7fffffff 00'));
      return decoder;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
    expect(decoders.every(({ bufferedBytes }) => bufferedBytes === 8)).toBe(true);
  });

  it('costs what it sent: a frame that drips', () => {
    const decoder = new Amqp091FrameDecoder();
    decoder.push(encodeProtocolHeader());
    decoder.tuned(131_072, 10);
    const bytes = encodeFrame(bodyFrame(1, Buffer.alloc(100_000)));
    const frames = [];
    for (const byte of bytes) frames.push(...decoder.push(Buffer.from([byte])));
    expect(frames).toHaveLength(1);
    expect(frames[0]!.payload.buffer.byteLength).toBeLessThanOrEqual(bytes.length);
  });
});
