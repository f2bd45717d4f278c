import { describe, expect, it } from '@jest/globals';
import type { Connection, Connector, ConsumerHandler } from './connection.js';
import { singleEntry } from './entry.js';
import { encodeSendFrame, metadataBytesOf, type SendNumbers } from './producer/send-frame.js';
import { PulsarError } from './pulsar.errors.js';
import { createReader, type ReaderOptions } from './topic-reader.js';
import type { BaseCommand, BaseCommandInit } from './wire/commands.js';
import type { MessageFields } from './wire/hot-commands.js';

/** Answers SUBSCRIBE and GET_LAST_MESSAGE_ID; the test pushes entries. */
class ScriptedBroker {
  readonly commands: BaseCommandInit[] = [];
  flows = 0;
  last = { ledgerId: 1, entryId: 100, partition: -1, batchIndex: -1 };
  private handler!: ConsumerHandler;

  readonly connector: Connector = {
    connect: async () => this.connection,
    nextProducerId: () => 1,
    nextConsumerId: () => 2,
    operationTimeoutMs: 1_000,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  };

  readonly connection = {
    closed: false,
    registerConsumer: (_id: number, handler: ConsumerHandler) => {
      this.handler = handler;
      return () => {};
    },
    request: async (command: BaseCommandInit): Promise<BaseCommand> => {
      this.commands.push(command);
      const consumerMarkDeletePosition = { ...this.last, entryId: 7 };
      return {
        type: 30,
        getLastMessageIdResponse: { requestId: 1, lastMessageId: this.last, consumerMarkDeletePosition },
      };
    },
    send: () => ++this.flows > 0,
  } as unknown as Connection;

  deliver(entryId: number, spoil: (entry: Buffer) => void = () => {}): void {
    const numbers: SendNumbers = {
      producerId: 1,
      producerName: Buffer.from('p'),
      sequenceId: entryId,
      highestSequenceId: undefined,
      publishTime: 1_000 + entryId,
      numMessages: 1,
    };
    const outgoing = singleEntry({ value: Buffer.from(`m${entryId}`) });
    const frame = encodeSendFrame(outgoing, numbers, metadataBytesOf(outgoing, numbers));
    const entry = frame.subarray(8 + frame.readUInt32BE(4));
    spoil(entry);
    const message: MessageFields = {
      consumerId: 2,
      ledgerId: 1,
      entryId,
      partition: -1,
      batchIndex: -1,
      redeliveryCount: 0,
      ackSet: undefined,
      consumerEpoch: undefined,
    };
    this.handler.onMessage(entry, message, 0, entry.length);
  }

  cut(): void {
    this.handler.onDisconnect(new PulsarError('Disconnected', 'cut'));
  }

  get subscribes() {
    return this.commands.flatMap((command) => (command.subscribe ? [command.subscribe] : []));
  }
}

describe('topic reader', () => {
  const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

  async function readerOn(broker: ScriptedBroker, options: Partial<ReaderOptions> = {}) {
    const values: string[] = [];
    const reader = await createReader(broker.connector, {
      topic: 't',
      tenantKey: 't',
      start: 'earliest',
      backoff: { initialMs: 1, maxMs: 1 },
      onEntry: (entry) => values.push(entry.payload.toString()),
      ...options,
    });
    return { reader, values };
  }

  it('goes on at the last entry, under another subscription, and drops what it has', async () => {
    const broker = new ScriptedBroker();
    const { values } = await readerOn(broker);
    broker.deliver(3);
    broker.deliver(4);
    broker.cut();
    await settled();
    const [first, second] = broker.subscribes;
    expect(second?.startMessageId).toEqual({ ledgerId: 1, entryId: 4 });
    expect(second?.subscription).not.toBe(first?.subscription);
    broker.deliver(4);
    broker.deliver(5);
    expect(values).toEqual(['m3', 'm4', 'm5']);
  });

  it('remembers where "latest" was', async () => {
    const broker = new ScriptedBroker();
    await readerOn(broker, { start: 'latest' });
    broker.cut();
    await settled();
    expect(broker.subscribes[1]?.startMessageId).toEqual({ ledgerId: 1, entryId: 7 });
  });

  it('passes over corrupt entries, tells of them, and never runs dry', async () => {
    const broker = new ScriptedBroker();
    const corrupt: string[] = [];
    const { values } = await readerOn(broker, {
      permits: 2,
      onCorruptEntry: ({ entryId }, { code }) => corrupt.push(`${entryId} ${code}`),
    });
    const granted = broker.flows;
    for (let entryId = 0; entryId < 10; entryId++) {
      broker.deliver(entryId, entryId < 9 ? (entry) => entry.fill(0xff, entry.length - 1) : undefined);
    }
    expect(corrupt).toHaveLength(9);
    expect(corrupt[0]).toBe('0 checksum');
    expect(values).toEqual(['m9']);
    expect(broker.flows - granted).toBe(10);
    broker.deliver(10, (entry) => entry.fill(0xff));
    expect(corrupt.at(-1)).toBe('10 malformed');
  });

  it('tells when the end is reached, or that it never will be', async () => {
    const broker = new ScriptedBroker();
    const { reader } = await readerOn(broker);
    let reached = false;
    const end = reader.reachEnd().then(() => (reached = true));
    broker.deliver(99);
    await settled();
    expect(reached).toBe(false);
    broker.deliver(100);
    await end;
    await reader.reachEnd();
    broker.last = { ...broker.last, entryId: 200 };
    const never = reader.reachEnd();
    await settled();
    void reader.close();
    await expect(never).rejects.toMatchObject({ code: 'Closed' });
  });

  it('ends when its callback throws', async () => {
    const broker = new ScriptedBroker();
    let closed: PulsarError | undefined;
    const { reader } = await readerOn(broker, {
      onEntry: () => {
        throw new Error('a bug');
      },
      onClosed: (error) => (closed = error),
    });
    broker.deliver(1);
    expect([closed?.message, reader.attached]).toEqual(['UnknownError: a bug', false]);
  });
});
