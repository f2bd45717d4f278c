import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bodyFrame, bytesOf, headerFrame, methodFrame, refusalOf } from './testing/frame-hex.js';
import {
  type Amqp091Command,
  type Amqp091Frame,
  AssemblyBudget,
  closeOf,
  ContentAssembler,
  encodeHeartbeat,
  FrameType,
} from './index.js';

const publish = bytesOf("003c0028 0000 00 01 'q' 01");
const ack = bytesOf('003c0050 0000000000000001 00');
const method = { name: 'basic.publish', exchange: '', routingKey: 'q', mandatory: true, immediate: false };

function assembler(bodyBytesMax = 1_000_000, budget = new AssemblyBudget(1_000_000)): ContentAssembler {
  return new ContentAssembler({ channel: 1, sender: 'client', bodyBytesMax, budget });
}

function pushAll(target: ContentAssembler, frames: readonly Amqp091Frame[]): Amqp091Command[] {
  return frames.map((frame) => target.push(frame)).filter((each) => each !== undefined);
}

describe('commands', () => {
  it('without content are one frame', () => {
    expect(assembler().push(methodFrame(1, ack))).toEqual({
      method: { name: 'basic.ack', deliveryTag: 1, multiple: false },
    });
  });

  it('with an empty body are complete with their header', () => {
    const frames = [methodFrame(1, publish), headerFrame(1, 0, '1000 02')];
    const content = { properties: bytesOf('1000 02'), body: [], bodySize: 0 };
    expect(pushAll(assembler(), frames)).toEqual([{ method, content }]);
  });

  it('with a body of one frame have it as a view', () => {
    const body = Buffer.from('hello');
    const target = assembler();
    const frames = [methodFrame(1, publish), headerFrame(1, 5), bodyFrame(1, body)];
    const [command] = pushAll(target, frames);
    expect(command).toEqual({ method, content: { properties: bytesOf('0000'), body: [body], bodySize: 5 } });
    expect(command!.content!.body[0]!.buffer).toBe(body.buffer);
    expect(target.isWithinContent).toBe(false);
  });

  it('are the same in whatever frames the body comes, empty ones too', () => {
    const parts = fc.array(
      fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 250, maxLength: 6_000 })),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(parts, (pieces) => {
        const budget = new AssemblyBudget(1_000_000);
        const whole = Buffer.concat(pieces);
        const bodies = pieces.map((piece) => bodyFrame(1, Buffer.from(piece)));
        const last = bodies.findLastIndex(({ payload }) => payload.length > 0);
        const frames = [methodFrame(1, publish), headerFrame(1, whole.length), ...bodies.slice(0, last + 1)];
        const [command] = pushAll(assembler(1_000_000, budget), frames);
        const { body, bodySize } = command!.content!;
        expect(bodySize).toBe(whole.length);
        expect(Buffer.concat(body).equals(whole)).toBe(true);
        expect(body.every(({ length }) => length > 0)).toBe(true);
        expect(budget.usedBytes).toBe(0);
      }),
    );
  });

  it('keep no chunk alive that is much larger than what they have of it', () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const small = bodyFrame(1, chunk.subarray(0, 1_000));
    const target = assembler();
    const header = {
      ...headerFrame(1, 3_000),
      payload: Buffer.concat([headerFrame(1, 3_000).payload, chunk]),
    };
    const held = { ...header, payload: header.payload.subarray(0, 14) };
    const [command] = pushAll(target, [methodFrame(1, publish), held, small, small, small]);
    for (const { buffer } of [command!.content!.properties, ...command!.content!.body]) {
      expect(buffer.byteLength).toBeLessThanOrEqual(4_096);
    }
  });

  it('in frames of one byte are few buffers', () => {
    const target = assembler();
    pushAll(target, [methodFrame(1, publish), headerFrame(1, 100_000)]);
    const one = bodyFrame(1, Buffer.from('x'));
    let command: Amqp091Command | undefined;
    for (let i = 0; i < 100_000; i++) command = target.push(one);
    expect(command!.content!.body.length).toBeLessThan(20);
  });
});

describe('frames out of place', () => {
  const begun = [methodFrame(1, publish)];
  const announced = [...begun, headerFrame(1, 5)];
  it.each<[string, readonly Amqp091Frame[], string]>([
    ['a header first', [headerFrame(1, 5)], '505 connection: 0.0'],
    ['a body first', [bodyFrame(1, publish)], '505 connection: 0.0'],
    ['a method where the header should be', [...begun, methodFrame(1, ack)], '505 connection: 60.40'],
    ['a body where the header should be', [...begun, bodyFrame(1, ack)], '505 connection: 60.40'],
    ['a method where the body should be', [...announced, methodFrame(1, ack)], '505 connection: 60.40'],
    ['a second header', [...announced, headerFrame(1, 5)], '505 connection: 60.40'],
    ['a header of another class', [...begun, headerFrame(1, 5, '0000', 50)], '505 connection: 60.40'],
    ['a header without flags', [...begun, headerFrame(1, 5, '00')], '501 connection: 60.40'],
    ['a body that is too long', [...announced, bodyFrame(1, Buffer.alloc(6))], '501 connection: 60.40'],
    [
      'a heartbeat',
      [{ type: FrameType.HEARTBEAT, channel: 1, payload: Buffer.alloc(0) }],
      '505 connection: 0.0',
    ],
    ['a method that is refused', [methodFrame(1, bytesOf('003c0050 00'))], '502 connection: 60.80'],
    [
      'a delivery tag of nobody',
      [methodFrame(1, bytesOf('003c0050 ffffffffffffffff 00'))],
      '406 channel: 60.80',
    ],
  ])('are refused: %s', (_, frames, expected) => {
    const target = assembler();
    expect(refusalOf(() => pushAll(target, frames))).toBe(expected);
    expect(target.isWithinContent).toBe(false);
  });

  it('have a weight of 0', () => {
    const header = headerFrame(1, 5);
    header.payload[3] = 1;
    expect(refusalOf(() => pushAll(assembler(), [...begun, header]))).toBe('501 connection: 60.40');
  });
});

describe('limits', () => {
  const begun = methodFrame(1, publish);

  it('refuse a body when it is announced, and the channel goes on', () => {
    const target = assembler(1_000);
    const refused = refusalOf(() => pushAll(target, [begun, headerFrame(1, 1_001)]));
    expect(refused).toBe('311 channel: 60.40');
    expect(pushAll(target, [begun, headerFrame(1, 1_000), bodyFrame(1, Buffer.alloc(1_000))])).toHaveLength(
      1,
    );
    const huge = headerFrame(1, 0);
    huge.payload.writeBigUInt64BE(2n ** 64n - 1n, 4);
    expect(refusalOf(() => pushAll(target, [begun, huge]))).toBe('311 channel: 60.40');
  });

  it('count what is not complete on all channels together', () => {
    const budget = new AssemblyBudget(1_000);
    const first = assembler(10_000, budget);
    const second = new ContentAssembler({ channel: 2, sender: 'client', bodyBytesMax: 10_000, budget });
    pushAll(first, [begun, headerFrame(1, 900), bodyFrame(1, Buffer.alloc(600))]);
    expect(budget.usedBytes).toBe(602);
    pushAll(second, [begun, headerFrame(2, 900)]);
    expect(budget.usedBytes).toBe(604);
    expect(refusalOf(() => second.push(bodyFrame(2, Buffer.alloc(397))))).toBe('506 connection: 60.40');
    expect(budget.usedBytes).toBe(602);
    first.abandon();
    expect(budget.usedBytes).toBe(0);
    first.abandon();
    expect(budget.usedBytes).toBe(0);
  });

  it('allocate nothing for what is announced', () => {
    const before = process.memoryUsage().arrayBuffers;
    const targets = Array.from({ length: 200 }, () => assembler(2 ** 40));
    for (const target of targets) {
      pushAll(target, [begun, headerFrame(1, 2 ** 40), bodyFrame(1, Buffer.from('x'))]);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
    expect(targets.every(({ isWithinContent }) => isWithinContent)).toBe(true);
  });
});

describe('a close that answers', () => {
  it('goes to the channel for soft errors, to channel 0 for hard ones', () => {
    const close = (frames: readonly Amqp091Frame[]) => {
      try {
        pushAll(assembler(1), frames);
        throw new Error('was read');
      } catch (error) {
        return closeOf(error as Parameters<typeof closeOf>[0]);
      }
    };
    expect(close([methodFrame(1, publish), headerFrame(1, 2)])).toEqual({
      channel: 1,
      method: {
        ...{ name: 'channel.close', replyCode: 311, classId: 60, methodId: 40 },
        replyText: 'CONTENT_TOO_LARGE - body of 2 bytes, at most 1',
      },
    });
    expect(close([methodFrame(1, publish), methodFrame(1, encodeHeartbeat())])).toMatchObject({
      channel: 0,
      method: { name: 'connection.close', replyCode: 505, classId: 60, methodId: 40 },
    });
  });
});
