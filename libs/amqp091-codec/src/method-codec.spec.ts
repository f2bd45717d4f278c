import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Amqp091Reader } from './amqp091-reader.js';
import { decodeHotMethod, encodeHotMethod } from './hot-methods.js';
import { decodeByTable, decodeMethod, encodeByTable } from './method-codec.js';
import { bytesOf, refusalOf } from './testing/frame-hex.js';
import { channelOf, methodArbitrary, methodNames, senderOf } from './testing/method-arbitraries.js';
import { methodSamples } from './testing/method-samples.js';
import {
  type Amqp091Method,
  type Amqp091MethodName,
  encodeMethod,
  hasContent,
  methodReference,
  methodTable,
  peekMethodName,
} from './index.js';

function decode(payload: Buffer, channel: number, sender: 'client' | 'server'): Amqp091Method {
  return decodeMethod(new Amqp091Reader(), payload, channel, sender);
}

const payloadOf = (frame: Buffer) => frame.subarray(7, -1);

describe.each(methodSamples)('$name as amqplib writes it', (method, hex) => {
  const { name } = method;

  it('is written so', () => {
    expect(payloadOf(encodeMethod(3, method)).toString('hex')).toBe(hex);
    expect(payloadOf(encodeByTable(3, method)).toString('hex')).toBe(hex);
  });

  it('is read so', () => {
    const payload = bytesOf(hex);
    expect(decode(payload, channelOf(name), senderOf(name))).toEqual(method);
    expect(peekMethodName(payload)).toBe(name);
  });

  it('is refused at any shorter length, and longer', () => {
    const payload = bytesOf(hex);
    const { classId, methodId } = methodReference(name);
    for (let length = 4; length < payload.length; length++) {
      const cut = payload.subarray(0, length);
      expect(refusalOf(() => decode(cut, channelOf(name), senderOf(name)))).toBe(
        `502 connection: ${classId}.${methodId}`,
      );
    }
    const longer = Buffer.concat([payload, Buffer.alloc(1)]);
    expect(refusalOf(() => decode(longer, channelOf(name), senderOf(name)))).toBe(
      `502 connection: ${classId}.${methodId}`,
    );
  });

  it('belongs to one side and to the right channels', () => {
    const payload = bytesOf(hex);
    const { classId, methodId } = methodReference(name);
    const wrongChannel = channelOf(name) === 0 ? 3 : 0;
    expect(refusalOf(() => decode(payload, wrongChannel, senderOf(name)))).toBe(
      `${wrongChannel === 0 ? 504 : 503} connection: ${classId}.${methodId}`,
    );
    const other = senderOf(name) === 'client' ? 'server' : 'client';
    expect(refusalOf(() => decode(payload, channelOf(name), other))).toBe(
      methodTable[name].from === 'both' ? 'read' : `503 connection: ${classId}.${methodId}`,
    );
  });
});

describe('the table', () => {
  it('has a sample of each method, and each id once', () => {
    expect(methodSamples.map(([{ name }]) => name).sort()).toEqual([...methodNames].sort());
    const ids = methodNames.map((name) => `${methodTable[name].classId}.${methodTable[name].methodId}`);
    expect(new Set(ids).size).toBe(66);
  });

  it('has four methods with content', () => {
    const names: Amqp091MethodName[] = ['basic.publish', 'basic.return', 'basic.deliver', 'basic.get-ok'];
    expect(methodNames.filter(hasContent).sort()).toEqual(names.sort());
  });

  it.each(methodNames)('reads what it writes: %s', (name) => {
    fc.assert(
      fc.property(methodArbitrary(name), fc.nat(0xffff), (method, channel) => {
        const frame = encodeMethod(channel, method);
        expect(frame[0]).toBe(1);
        expect(frame.readUInt16BE(1)).toBe(channel);
        expect(frame.readUInt32BE(3)).toBe(frame.length - 8);
        expect(frame.at(-1)).toBe(0xce);
        expect(decode(payloadOf(frame), channelOf(name), senderOf(name))).toEqual(method);
      }),
      { numRuns: 60 },
    );
  });
});

describe('methods by hand', () => {
  it.each(['basic.publish', 'basic.deliver', 'basic.ack'] as const)(
    'are what the table makes: %s',
    (name) => {
      fc.assert(
        fc.property(methodArbitrary(name), (method) => {
          const frame = encodeByTable(7, method);
          const byHand = encodeHotMethod(7, method);
          if (byHand) expect(byHand.equals(frame)).toBe(true);
          const fields = frame.subarray(11, -1);
          expect(decodeHotMethod(new Amqp091Reader().reset(fields), name)).toEqual(
            decodeByTable(new Amqp091Reader().reset(fields), name),
          );
        }),
        { numRuns: 400 },
      );
    },
  );

  it.each(['basic.publish', 'basic.deliver', 'basic.ack'] as const)(
    'refuse what the table refuses: %s',
    (name) => {
      const bytes = fc.uint8Array({ maxLength: 40 });
      const damaged = fc.tuple(methodArbitrary(name), fc.nat(), fc.nat(255)).map(([method, at, value]) => {
        const fields = Buffer.from(encodeByTable(7, method).subarray(11, -1));
        fields[at % fields.length] = value;
        return fields;
      });
      fc.assert(
        fc.property(fc.oneof(bytes, damaged), (random) => {
          const fields = Buffer.from(random);
          const outcome = (read: typeof decodeByTable | typeof decodeHotMethod) => {
            let method: Amqp091Method | undefined;
            const refusal = refusalOf(() => (method = read(new Amqp091Reader().reset(fields), name)));
            return { refusal, method };
          };
          expect(outcome(decodeHotMethod)).toEqual(outcome(decodeByTable));
        }),
        { numRuns: 1_000 },
      );
    },
  );

  it('write text that is not ASCII by the table', () => {
    const method = { name: 'basic.deliver', consumerTag: 'é', deliveryTag: 1, redelivered: false } as const;
    const frame = encodeMethod(1, { ...method, exchange: '', routingKey: '\uFEFFk' });
    expect(payloadOf(frame)).toEqual(bytesOf("003c003c 02 'é' 0000000000000001 00 00 04 efbbbf 'k'"));
  });
});

describe('methods', () => {
  it.each<[string, string, string]>([
    ['a method that there is not', '003c 00c8', '540 connection: 60.200'],
    ['a class that there is not', '0046 000a', '540 connection: 70.10'],
    ['a frame without a whole id', '003c00', '501 connection: 0.0'],
    ['NUL in a short string', "003c0028 0000 01 00 01 'k' 00", '502 connection: 60.40'],
    ['ill-formed UTF-8 in a short string', "003c0028 0000 02 c080 01 'k' 00", '502 connection: 60.40'],
    ['a surrogate in a short string', '003c0028 0000 03 eda080 00 00', '502 connection: 60.40'],
    ['a string that is longer than the frame', "003c0028 0000 05 'ex' 00 00", '502 connection: 60.40'],
    ['a table that is longer than the frame', "0032000a 0000 01 'q' 00 ffffffff", '502 connection: 50.10'],
    ['a delivery tag above 2^53', '003c0050 0020000000000000 00', '406 channel: 60.80'],
    ['the highest delivery tag', '003c0078 ffffffffffffffff 00', '406 channel: 60.120'],
  ])('are refused: %s', (_, hex, expected) => {
    expect(refusalOf(() => decode(bytesOf(hex), 3, 'client'))).toBe(expected);
    expect(peekMethodName(bytesOf(hex.slice(0, 3)))).toBeUndefined();
  });

  it('name the channel that they are wrong on', () => {
    const wrong = () => decode(bytesOf('003c0050 0020000000000000 00'), 3, 'client');
    expect(wrong).toThrow(
      expect.objectContaining({
        channel: 3,
        replyText: expect.stringContaining('delivery tag 9007199254740992'),
      }),
    );
  });

  it('may have anything in reserved fields', () => {
    expect(decode(bytesOf("0014000a 03 'x' 00 ff"), 1, 'client')).toEqual({ name: 'channel.open' });
    const open = { name: 'connection.open', virtualHost: '/' };
    expect(decode(bytesOf("000a0028 01 '/' 01 ff 01"), 0, 'client')).toEqual(open);
  });

  it('give long strings and tables as views', () => {
    const payload = bytesOf("000a0015 00000003 'abc'");
    const method = decode(payload, 0, 'client') as Extract<Amqp091Method, { name: 'connection.secure-ok' }>;
    expect(method.response.buffer).toBe(payload.buffer);
  });

  it.each<[string, Amqp091Method, string]>([
    ['a delivery tag that is no safe integer', ack(2 ** 53), 'invalid-value'],
    ['a negative delivery tag', ack(-1), 'invalid-value'],
    ['a fraction', { name: 'queue.purge-ok', messageCount: 1.5 }, 'invalid-value'],
    ['a count of more than 32 bits', { name: 'queue.purge-ok', messageCount: 2 ** 32 }, 'invalid-value'],
    ['a string of 256 bytes', { name: 'connection.blocked', reason: 'é'.repeat(128) }, 'too-large'],
    ['NUL', { name: 'connection.blocked', reason: 'a\0' }, 'invalid-string'],
    ['a lone surrogate', { name: 'connection.blocked', reason: '\ud800' }, 'invalid-string'],
  ])('are not written with %s', (_, method, code) => {
    expect(() => encodeMethod(1, method)).toThrow(
      expect.objectContaining({ name: 'Amqp091EncodeError', code }),
    );
  });

  it('are not written above frame-max, nor on a channel that there is not', () => {
    const reason = 'x'.repeat(200);
    const frame = encodeMethod(0, { name: 'connection.blocked', reason }, 213);
    expect(frame.length).toBe(213);
    expect(() => encodeMethod(0, { name: 'connection.blocked', reason }, 212)).toThrow('frame of 213 bytes');
    expect(() => encodeMethod(65_536, ack(1))).toThrow('channel');
    expect(() => encodeMethod(65_536, { name: 'channel.close-ok' })).toThrow('channel');
  });
});

function ack(deliveryTag: number): Amqp091Method {
  return { name: 'basic.ack', deliveryTag, multiple: false };
}
