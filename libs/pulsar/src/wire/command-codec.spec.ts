import { describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { isPulsarError, serverErrorNames } from '../pulsar.errors.js';
import { answerFault, commandBody, decodeCommand, encodeCommandFrame } from './command-codec.js';
import { earliestMessageId, latestMessageId } from './commands.js';
import { pulsarApiProto } from './pulsar-api.js';

const baseCommand = protobuf.parse(pulsarApiProto).root.lookupType('pulsar.BaseCommand');

function encode(command: object): Buffer {
  return Buffer.from(baseCommand.encode(command as never).finish());
}

describe('cold commands', () => {
  it('frames a command, its type being the number of its field', () => {
    const frame = encodeCommandFrame({
      lookupTopic: { requestId: 7, topic: 'persistent://t/n/x', authoritative: true },
    });
    expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
    expect(frame.readUInt32BE(4)).toBe(frame.length - 8);
    const command = decodeCommand(frame, 8, frame.length);
    expect(command).toEqual({
      type: 23,
      lookupTopic: { requestId: 7, topic: 'persistent://t/n/x', authoritative: true },
    });
    expect(commandBody(command)?.requestId).toBe(7);
  });

  it('names the first and the next message as Pulsar does', () => {
    const subscribe = { topic: 't', subscription: 's', subType: 0, consumerId: 1, requestId: 2 };
    const first = encodeCommandFrame({ subscribe: { ...subscribe, startMessageId: earliestMessageId } });
    const next = encodeCommandFrame({ subscribe: { ...subscribe, startMessageId: latestMessageId } });
    const ones = Buffer.from('08ffffffffffffffffff0110ffffffffffffffffff01', 'hex');
    expect(first.includes(ones)).toBe(true);
    expect(next.includes(Buffer.from('08ffffffffffffffff7f10ffffffffffffffff7f', 'hex'))).toBe(true);
    expect(decodeCommand(first, 8, first.length)).toMatchObject({
      subscribe: { startMessageId: { ledgerId: -1, entryId: -1 } },
    });
    expect(() => decodeCommand(next, 8, next.length)).toThrow('MalformedFrame');
  });

  it('reads 2^64 - 1 as -1 and a negative int64 as it is', () => {
    const bytes = encode({
      type: 17,
      producerSuccess: { requestId: -1, producerName: 'p', lastSequenceId: -1 },
    });
    expect(decodeCommand(bytes, 0, bytes.length)).toEqual({
      type: 17,
      producerSuccess: { requestId: -1, producerName: 'p', lastSequenceId: -1 },
    });
  });

  it('turns each server error into its own code', () => {
    for (const [number, name] of serverErrorNames.entries()) {
      const fault = answerFault({ type: 14, error: { requestId: 1, error: number, message: 'why' } });
      expect(fault?.code).toBe(name);
    }
    expect(serverErrorNames[16]).toBe('ProducerBusy');
    expect(serverErrorNames[25]).toBe('ProducerFenced');
    const newer = answerFault({ type: 14, error: { requestId: 1, error: 99, message: 'why' } });
    expect(newer?.code).toBe('UnknownError');
    expect(newer?.message).toContain('99');
  });

  it('finds failures in answers that are no ERROR', () => {
    const lookup = {
      type: 24,
      lookupTopicResponse: { requestId: 1, response: 2, error: 6, message: 'later' },
    };
    expect(answerFault(lookup)).toMatchObject({ code: 'ServiceNotReady', retriable: true });
    const metadata = { type: 22, partitionMetadataResponse: { requestId: 1, response: 1, error: 11 } };
    expect(answerFault(metadata)).toMatchObject({ code: 'TopicNotFound', retriable: false });
    expect(answerFault({ type: 24, lookupTopicResponse: { requestId: 1, response: 1 } })).toBeUndefined();
  });

  it('passes over what a newer broker adds and refuses what is no message', () => {
    const unknown = Buffer.from([0x08, 0x50, 0x82, 0x05, 0x02, 0x08, 0x01]);
    expect(commandBody(decodeCommand(unknown, 0, unknown.length))).toBeUndefined();
    const broken = Buffer.from([0x08, 0x03, 0x1a, 0x7f, 0x01]);
    try {
      decodeCommand(broken, 0, broken.length);
      throw new Error('unreachable');
    } catch (error) {
      expect(isPulsarError(error, 'MalformedFrame')).toBe(true);
    }
  });
});
