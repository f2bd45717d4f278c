import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { PulsarClient } from '#libs/pulsar';
import { WireReader, writeVarint } from '../../../libs/pulsar/src/wire/varint.js';

/** `BaseCommand.type` and field numbers of PulsarApi.proto. The gateway uses no transactions; foreign producers do. */
const Command = { connect: 2, newTxn: 50, addPartitionToTxn: 52, endTxn: 56, tcClientConnect: 62 } as const;
const assignTopic = 'persistent://pulsar/system/transaction_coordinator_assign-partition-0';
const ttlMs = 60_000;

export interface TransactionId {
  readonly txnidLeast: number;
  readonly txnidMost: number;
}

/** Transaction coordinator 0, spoken to by hand-made commands. */
export class TransactionCoordinator {
  private received = Buffer.alloc(0);
  private lastRequestId = 0;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
  }

  static async open(client: PulsarClient): Promise<TransactionCoordinator> {
    // The lookup makes the broker load the coordinator.
    const broker = await client.lookup(assignTopic);
    const socket = connect(broker.port, broker.host);
    await once(socket, 'connect');
    const coordinator = new TransactionCoordinator(socket);
    await coordinator.command(Command.connect, [text(1, 'test'), number(4, 21)]);
    await coordinator.request(Command.tcClientConnect, [number(2, 0)]);
    return coordinator;
  }

  async begin(topic: string): Promise<TransactionId> {
    const answer = await this.request(Command.newTxn, [number(2, ttlMs), number(3, 0)]);
    const id = { txnidLeast: answer.get(2) ?? 0, txnidMost: answer.get(3) ?? 0 };
    await this.request(Command.addPartitionToTxn, [...idFields(id), text(4, topic)]);
    return id;
  }

  async end(id: TransactionId, how: 'commit' | 'abort'): Promise<void> {
    await this.request(Command.endTxn, [...idFields(id), number(4, how === 'commit' ? 0 : 1)]);
  }

  close(): void {
    this.socket.destroy();
  }

  private request(type: number, fields: Buffer[]): Promise<Map<number, number>> {
    return this.command(type, [number(1, ++this.lastRequestId), ...fields]);
  }

  /** The numbers of the answer by field. */
  private async command(type: number, fields: Buffer[]): Promise<Map<number, number>> {
    const command = Buffer.concat([number(1, type), bytes(type, Buffer.concat(fields))]);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(command.length + 4, 0);
    head.writeUInt32BE(command.length, 4);
    this.socket.write(Buffer.concat([head, command]));
    while (this.received.length < 4 || this.received.length < 4 + this.received.readUInt32BE(0)) {
      await once(this.socket, 'data');
    }
    const frame = this.received.subarray(0, 4 + this.received.readUInt32BE(0));
    this.received = this.received.subarray(frame.length);
    return numbersOf(frame, type + 1);
  }
}

function numbersOf(frame: Buffer, expectedType: number): Map<number, number> {
  const reader = new WireReader().reset(frame, 8, 8 + frame.readUInt32BE(4));
  reader.uint32();
  const type = reader.uint32();
  if (type !== expectedType) throw new Error(`command ${type} instead of ${expectedType}`);
  reader.uint32();
  reader.length();
  const numbers = new Map<number, number>();
  while (reader.more) {
    const tag = reader.uint32();
    if ((tag & 7) === 0) numbers.set(tag >> 3, reader.uint64());
    else reader.skip(tag & 7);
  }
  return numbers;
}

const idFields = (id: TransactionId) => [number(2, id.txnidLeast), number(3, id.txnidMost)];

function varint(value: number): Buffer {
  const buffer = Buffer.alloc(10);
  return buffer.subarray(0, writeVarint(buffer, 0, value));
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}
