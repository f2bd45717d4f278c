import { describe, expect, it } from '@jest/globals';
import type { Connection } from '../connection.js';
import { PulsarError } from '../pulsar.errors.js';
import { pulsarApiProto } from '../wire/pulsar-api.js';
import protobuf from 'protobufjs';
import { Delivery } from './delivery.js';
import { askTransactionalAck, type TransactionalAck } from './transactional-ack.js';

const baseCommand = protobuf.parse(pulsarApiProto).root.lookupType('pulsar.BaseCommand');
const id = { txnidLeast: 300, txnidMost: 2 };

function delivery(entryId: number, messages: number): Delivery {
  const entry = { ledgerId: 7, entryId, isBatch: messages > 0, numMessages: Math.max(1, messages) };
  const made = new Delivery(entry as never, { redeliveryCount: 0 } as never, 1, messages, messages);
  // Who keeps deliveries until a transaction ends does not keep their bytes.
  made.dropBytes();
  return made;
}

/** The ACK that went out, and whether its answer was waited for. */
async function asked(acks: readonly TransactionalAck[], answer = Promise.resolve()) {
  const frames: Buffer[] = [];
  const connection = {
    nextRequestId: () => 5,
    answerTo: () => answer,
    send: (frame: Buffer) => frames.push(frame),
  } as unknown as Connection;
  await askTransactionalAck(connection, 9, acks, id, 100);
  const [frame] = frames as [Buffer];
  const decoded = baseCommand.decode(frame.subarray(8));
  return baseCommand.toObject(decoded, { longs: Number }).ack as Record<string, unknown>;
}

describe('an acknowledgement in a transaction', () => {
  it('names of a batch what is acknowledged here and nothing else, all of it as the entry', async () => {
    const [single, whole, part, all] = [delivery(1, 0), delivery(2, 3), delivery(3, 70), delivery(4, 2)];
    // Acknowledged before, by somebody who needed no transaction.
    part.acknowledge(1);
    const ack = await asked([
      { delivery: single, batchIndex: undefined },
      { delivery: whole, batchIndex: 1 },
      { delivery: whole, batchIndex: undefined },
      { delivery: part, batchIndex: 0 },
      { delivery: part, batchIndex: 69 },
      { delivery: all, batchIndex: 0 },
      { delivery: all, batchIndex: 1 },
    ]);
    expect(ack).toEqual({
      consumerId: 9,
      ackType: 0,
      messageId: [
        { ledgerId: 7, entryId: 1 },
        { ledgerId: 7, entryId: 2 },
        { ledgerId: 7, entryId: 3, ackSet: [-2, 0x1f], batchSize: 70 },
        { ledgerId: 7, entryId: 4 },
      ],
      txnidLeastBits: 300,
      txnidMostBits: 2,
      requestId: 5,
    });
    expect(part.isUnacked(0)).toBe(true);
  });

  it('fails with the broker’s answer', async () => {
    const conflict = new PulsarError('TransactionConflict', 'taken');
    const answer = Promise.reject(conflict);
    await expect(asked([{ delivery: delivery(1, 0), batchIndex: undefined }], answer)).rejects.toBe(conflict);
  });
});
