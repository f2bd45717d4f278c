import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AmqpFrameDecoder } from './frame-decoder.js';
import { encodeProtocolHeader } from './protocol-header.js';
import { transferHeadBytesMax, writeTransferContinuation, writeTransferHead } from './transfer-head.js';

const uint = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 0xffff_ffff }));
const headOf = fc.record({
  channel: fc.integer({ min: 0, max: 0xffff }),
  handle: uint,
  deliveryId: uint,
  deliveryTag: fc.maxSafeNat(),
  settled: fc.boolean(),
});

function decode(frame: Buffer) {
  const decoder = new AmqpFrameDecoder();
  decoder.push(encodeProtocolHeader('amqp'));
  const [input] = decoder.push(frame);
  if (input?.type !== 'frame' || input.performative.type !== 'transfer') throw new Error('no transfer');
  return { channel: input.channel, transfer: input.performative, payload: input.payload };
}

describe('the hand-written head of a transfer', () => {
  it('says what the table says, for every head and payload', () => {
    fc.assert(
      fc.property(headOf, fc.uint8Array({ maxLength: 300 }), fc.boolean(), (head, payload, more) => {
        const bytes = Buffer.alloc(transferHeadBytesMax + payload.length);
        const to = writeTransferHead(bytes, 0, head, payload.length, more);
        expect(to).toBeLessThanOrEqual(transferHeadBytesMax);
        bytes.set(payload, to);
        const read = decode(bytes.subarray(0, to + payload.length));
        const { channel, handle, deliveryId, settled } = head;
        expect(read.channel).toBe(channel);
        expect(read.transfer).toMatchObject({ handle, deliveryId, settled, more, messageFormat: 0 });
        expect(read.transfer.deliveryTag!.readBigUInt64BE()).toBe(BigInt(head.deliveryTag));
        expect(read.payload.equals(payload)).toBe(true);
      }),
    );
  });

  it('names only the link in the frames that follow', () => {
    fc.assert(
      fc.property(headOf, fc.boolean(), (head, more) => {
        const bytes = Buffer.alloc(transferHeadBytesMax + 1);
        const to = writeTransferContinuation(bytes, 0, head, 1, more);
        const { channel, transfer, payload } = decode(bytes.subarray(0, to + 1));
        const { handle } = head;
        expect({ channel, ...transfer }).toEqual({
          ...{ channel: head.channel, type: 'transfer', handle, more, resume: false, aborted: false },
          ...{ batchable: false, deliveryId: undefined, deliveryTag: undefined, messageFormat: undefined },
          ...{ settled: undefined, rcvSettleMode: undefined, state: undefined },
        });
        expect(payload).toHaveLength(1);
      }),
    );
  });
});
