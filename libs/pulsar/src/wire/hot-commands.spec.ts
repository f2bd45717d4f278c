import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import Long from 'long';
import protobuf from 'protobufjs';
import {
  encodeAck,
  encodeFlow,
  HotCommand,
  HotDecoder,
  hotCommandType,
  type SendFields,
  sendCommandBytes,
  writeSend,
} from './hot-commands.js';
import { pulsarApiProto } from './pulsar-api.js';

const baseCommand = protobuf.parse(pulsarApiProto).root.lookupType('pulsar.BaseCommand');

function oracle(command: object): Buffer {
  return Buffer.from(baseCommand.encode(command as never).finish());
}

/** Without what was not given: protobufjs writes any own property. */
function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

const id = fc.oneof(
  fc.nat({ max: 300 }),
  fc.maxSafeNat(),
  fc.constantFrom(-1, 127, 128, 16_383, 16_384, 2 ** 28, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 49),
);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const long = (value: bigint) => Long.fromString(BigInt.asIntN(64, value).toString());

describe('hot commands', () => {
  it('writes SEND as protobufjs does', () => {
    const fields = fc.record({
      producerId: id,
      sequenceId: id,
      numMessages: fc.integer({ min: 2, max: 100_000 }),
      highestSequenceId: optional(id),
      txnidLeastBits: optional(id),
      txnidMostBits: optional(id),
      isChunk: optional(fc.constant(true)),
    });
    fc.assert(
      fc.property(fields, (send: SendFields) => {
        const expected = oracle({ type: HotCommand.send, send: given(send) });
        const target = Buffer.alloc(expected.length + 5);
        expect(sendCommandBytes(send)).toBe(expected.length);
        expect(writeSend(target, 3, send)).toBe(3 + expected.length);
        expect(target.subarray(3, 3 + expected.length)).toEqual(expected);
      }),
    );
  });

  it('leaves a count of one to its default', () => {
    const send = { producerId: 1, sequenceId: 2 };
    const target = Buffer.alloc(64);
    const end = writeSend(target, 0, { ...send, numMessages: 1 });
    expect(target.subarray(0, end)).toEqual(oracle({ type: 6, send }));
  });

  it('writes FLOW as protobufjs does, in a frame', () => {
    fc.assert(
      fc.property(id, fc.nat(), (consumerId, messagePermits) => {
        const frame = encodeFlow(consumerId, messagePermits);
        expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
        expect(frame.readUInt32BE(4)).toBe(frame.length - 8);
        expect(frame.subarray(8)).toEqual(oracle({ type: 11, flow: { consumerId, messagePermits } }));
      }),
    );
  });

  it('writes ACK as protobufjs does, in a frame', () => {
    const position = fc.record({
      ledgerId: id,
      entryId: id,
      ackSet: optional(fc.array(word, { maxLength: 4 })),
      batchSize: optional(fc.integer({ min: 0, max: 10_000 })),
    });
    const fields = fc.record({
      consumerId: id,
      ackType: fc.constantFrom(0, 1),
      messageIds: fc.array(position, { minLength: 1, maxLength: 5 }),
      requestId: optional(fc.maxSafeNat()),
    });
    fc.assert(
      fc.property(fields, (ack) => {
        const messageId = ack.messageIds.map((each) => given({ ...each, ackSet: each.ackSet?.map(long) }));
        const { consumerId, ackType, requestId } = ack;
        const expected = oracle({ type: 10, ack: given({ consumerId, ackType, messageId, requestId }) });
        const frame = encodeAck(ack);
        expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
        expect(frame.subarray(8)).toEqual(expected);
      }),
    );
  });

  it('reads SEND_RECEIPT as protobufjs writes it', () => {
    const decoder = new HotDecoder();
    const into = { producerId: 0, sequenceId: 0, ledgerId: 0, entryId: 0, highestSequenceId: 0 };
    fc.assert(
      fc.property(
        id,
        id,
        id,
        id,
        fc.maxSafeNat(),
        (producerId, sequenceId, ledgerId, entryId, highestSequenceId) => {
          const sendReceipt = {
            producerId,
            sequenceId,
            messageId: { ledgerId, entryId, partition: -1, batchIndex: -1 },
            highestSequenceId,
          };
          const bytes = oracle({ type: 7, sendReceipt });
          expect(hotCommandType(bytes, 0, bytes.length)).toBe(HotCommand.sendReceipt);
          expect(decoder.sendReceipt(bytes, 0, bytes.length, into)).toEqual({
            producerId,
            sequenceId,
            ledgerId,
            entryId,
            highestSequenceId,
          });
        },
      ),
    );
  });

  it('reads MESSAGE as protobufjs writes it', () => {
    const decoder = new HotDecoder();
    const fields = fc.record({
      consumerId: fc.maxSafeNat(),
      ledgerId: id,
      entryId: id,
      partition: fc.integer({ min: -1, max: 1000 }),
      batchIndex: fc.integer({ min: -1, max: 1000 }),
      redeliveryCount: fc.nat(),
      ackSet: optional(fc.array(word, { minLength: 1, maxLength: 3 })),
      consumerEpoch: optional(fc.maxSafeNat()),
    });
    fc.assert(
      fc.property(fields, (message) => {
        const { consumerId, ledgerId, entryId, partition, batchIndex, redeliveryCount, consumerEpoch } =
          message;
        const messageId = { ledgerId, entryId, partition, batchIndex };
        const ackSet = message.ackSet?.map(long);
        const bytes = oracle({
          type: 9,
          message: given({ consumerId, messageId, redeliveryCount, ackSet, consumerEpoch }),
        });
        const padded = Buffer.concat([Buffer.alloc(7), bytes, Buffer.alloc(3)]);
        expect(hotCommandType(padded, 7, 7 + bytes.length)).toBe(HotCommand.message);
        expect(decoder.message(padded, 7, 7 + bytes.length)).toEqual(message);
      }),
    );
  });

  it('refuses ids beyond 2^53 and truncated commands, and never reads past the end', () => {
    const decoder = new HotDecoder();
    const messageId = { ledgerId: Long.fromString('9007199254740993', true), entryId: 1 };
    const large = oracle({ type: 9, message: { consumerId: 1, messageId } });
    expect(() => decoder.message(large, 0, large.length)).toThrow('exact');
    const whole = oracle({ type: 9, message: { consumerId: 1, messageId: { ledgerId: 5, entryId: 6 } } });
    for (let end = 3; end < whole.length; end++) {
      expect(() => decoder.message(whole, 0, end)).toThrow('MalformedFrame');
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 40 }), (bytes) => {
        try {
          decoder.message(bytes, 0, bytes.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'MalformedFrame' });
        }
      }),
    );
  });
});
