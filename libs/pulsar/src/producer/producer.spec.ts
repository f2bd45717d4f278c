import { describe, expect, it } from '@jest/globals';
import type { Connection, Connector, ConnectOptions, ProducerHandler } from '../connection.js';
import { entryHeadroomBytes, type OutgoingEntry } from '../entry.js';
import { PulsarError } from '../pulsar.errors.js';
import type { BaseCommand, BaseCommandInit } from '../wire/commands.js';
import { createProducer, type Producer, TopicProducer } from './producer.js';
import type { ProducerOptions } from './producer.options.js';

/** One scripted broker: answers PRODUCER and CLOSE_PRODUCER, keeps the SEND frames, leaves receipts to the test. */
class ScriptedBroker {
  readonly frames: Buffer[] = [];
  readonly commands: BaseCommandInit[] = [];
  readonly connects: ConnectOptions[] = [];
  handler!: ProducerHandler;
  refuse: PulsarError | undefined;
  producerReady = true;
  /** The broker asks what it knows of the topic for so long; then it has no answer to CLOSE_PRODUCER yet. */
  looksUp: Promise<void> | undefined;
  maxMessageSize = 10_000;
  lastSequenceId = 41;

  readonly connector: Connector = {
    connect: async (_topic, options) => {
      this.connects.push(options);
      if (this.refuse) throw this.refuse;
      return this.connection;
    },
    nextProducerId: () => 7,
    nextConsumerId: () => 8,
    operationTimeoutMs: 1_000,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  };

  private get connection(): Connection {
    return {
      closed: false,
      maxMessageSize: this.maxMessageSize,
      features: { supportsGetPartitionedMetadataWithoutAutoCreation: this.looksUp !== undefined },
      registerProducer: (_id: number, handler: ProducerHandler) => {
        this.handler = handler;
        return () => {};
      },
      request: async (command: BaseCommandInit): Promise<BaseCommand> => {
        this.commands.push(command);
        if (this.refuse) throw this.refuse;
        await this.looksUp;
        if (command.closeProducer !== undefined && this.looksUp !== undefined) await settled();
        const producerSuccess = {
          requestId: 1,
          producerName: command.producer?.producerName ?? 'made-up',
          lastSequenceId: this.lastSequenceId,
          topicEpoch: 3,
          producerReady: this.producerReady,
        };
        return { type: 17, producerSuccess };
      },
      send: (bytes: Buffer) => this.frames.push(bytes) > 0,
    } as unknown as Connection;
  }
}

function entryOf(text: string, sequenceId?: number): OutgoingEntry {
  const buffer = Buffer.alloc(entryHeadroomBytes + text.length);
  buffer.write(text, entryHeadroomBytes);
  return {
    buffer,
    payloadStart: entryHeadroomBytes,
    payloadEnd: buffer.length,
    numMessages: 1,
    metadata: {},
    sequenceId,
  };
}

async function producerOn(broker: ScriptedBroker, options: Partial<ProducerOptions> = {}): Promise<Producer> {
  return createProducer(broker.connector, {
    topic: 'persistent://t/n/x',
    tenantKey: 't',
    name: 'p',
    backoff: { initialMs: 1, maxMs: 1 },
    ...options,
  });
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('producer', () => {
  it('numbers after the last sequence id that the broker knows and answers in order', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker);
    const answers: unknown[] = [];
    for (const text of ['a', 'b']) {
      producer.send(entryOf(text), (error, receipt) =>
        answers.push([error, receipt.sequenceId, receipt.entryId]),
      );
    }
    broker.handler.onSendReceipt(7, 42, 1, 10, 0);
    broker.handler.onSendReceipt(7, 43, 1, 11, 0);
    expect(answers).toEqual([
      [undefined, 42, 10],
      [undefined, 43, 11],
    ]);
    expect([producer.pendingBytes, producer.pendingEntries]).toEqual([0, 0]);
  });

  it('sends the same bytes again after CLOSE_PRODUCER and goes to the assigned broker', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker);
    const answers: number[] = [];
    for (let i = 0; i < 3; i++)
      producer.send(entryOf(`m${i}`), (_error, receipt) => answers.push(receipt.entryId));
    broker.handler.onSendReceipt(7, 42, 1, 0, 0);
    const before = broker.frames.slice(1).map((frame) => Buffer.from(frame));
    broker.handler.onCloseProducer({ assignedBrokerServiceUrl: 'pulsar://next:6650' });
    producer.send(entryOf('while detached'), (_error, receipt) => answers.push(receipt.entryId));
    expect(broker.frames).toHaveLength(3);
    await settled();
    expect(broker.connects[1]?.assigned?.assignedBrokerServiceUrl).toBe('pulsar://next:6650');
    expect(broker.frames.slice(3, 5)).toEqual(before);
    expect(broker.frames).toHaveLength(6);
    expect(broker.commands[1]?.producer).toMatchObject({ producerName: 'p', epoch: 1, topicEpoch: 3 });
    for (const sequenceId of [43, 44, 45]) broker.handler.onSendReceipt(7, sequenceId, -1, -1, 0);
    expect(answers).toEqual([0, -1, -1, -1]);
  });

  it('keeps the order of callbacks when a duplicate is answered before earlier writes', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker);
    const answers: number[] = [];
    producer.send(entryOf('new', 100), (_error, receipt) => answers.push(receipt.sequenceId));
    producer.send(entryOf('old', 5), (_error, receipt) => answers.push(receipt.sequenceId));
    broker.handler.onSendReceipt(7, 5, -1, -1, 0);
    expect(answers).toEqual([]);
    broker.handler.onSendReceipt(7, 100, 1, 1, 0);
    expect(answers).toEqual([100, 5]);
  });

  it('ignores old receipts and opens itself again when one comes out of order', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker);
    for (let i = 0; i < 2; i++) producer.send(entryOf('x'), () => {});
    broker.handler.onSendReceipt(7, 3, 1, 1, 0);
    expect(producer.attached).toBe(true);
    broker.handler.onSendReceipt(7, 43, 1, 2, 0);
    expect(producer.attached).toBe(false);
    await settled();
    expect(broker.commands.map((command) => Object.keys(command)[0])).toEqual([
      'producer',
      'closeProducer',
      'producer',
    ]);
    expect(broker.frames).toHaveLength(4);
  });

  it('fails only the refused entry for NotAllowed, in its turn', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker);
    const answers: unknown[] = [];
    for (let i = 0; i < 3; i++) producer.send(entryOf('x'), (error) => answers.push(error?.code));
    broker.handler.onSendError(43, new PulsarError('NotAllowedError', 'too large for the topic'));
    broker.handler.onSendReceipt(7, 42, 1, 0, 0);
    broker.handler.onSendReceipt(7, 44, 1, 1, 0);
    expect(answers).toEqual([undefined, 'NotAllowedError', undefined]);
  });

  it('sends again after the "unknown" of deduplication', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker);
    const answers: unknown[] = [];
    producer.send(entryOf('x'), (error) => answers.push(error?.code));
    broker.handler.onSendError(
      42,
      new PulsarError('UnknownError', 'Cannot determine whether the message is a duplicate'),
    );
    await settled();
    expect(broker.frames).toHaveLength(2);
    broker.handler.onSendReceipt(7, 42, -1, -1, 0);
    expect(answers).toEqual([undefined]);
  });

  it('fails everything when fenced and tells its owner', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker, { accessMode: 'exclusive' });
    expect(broker.connects[0]?.use).toBe('lease');
    const answers: unknown[] = [];
    producer.onClosed((error) => answers.push(`closed ${error.code}`));
    producer.send(entryOf('x'), (error) => answers.push(error?.code));
    broker.refuse = new PulsarError('ProducerFenced', 'a newer epoch');
    broker.handler.onDisconnect(new PulsarError('Disconnected', 'gone'));
    await settled();
    expect(answers).toEqual(['closed ProducerFenced', 'ProducerFenced']);
    producer.send(entryOf('y'), (error) => answers.push(error?.code));
    expect(answers).toHaveLength(3);
  });

  it('sends no entry that another producer of its name stored a part of', async () => {
    for (const isPending of [true, false]) {
      const broker = new ScriptedBroker();
      const producer = await producerOn(broker);
      const codes: unknown[] = [];
      const send = (first: number, last: number) =>
        producer.send(
          { ...entryOf('x', first), numMessages: 1 + last - first, highestSequenceId: last },
          (error) => codes.push(error?.code),
        );
      if (isPending) send(42, 51);
      const before = broker.frames.length;
      broker.lastSequenceId = 46;
      broker.handler.onCloseProducer({});
      await settled();
      if (!isPending) send(42, 51);
      expect(broker.frames).toHaveLength(before);
      expect(codes).toEqual(['ProducerFenced']);
      await producer.close();
    }
  });

  it('fails an entry at its deadline and all behind it, then opens itself anew', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker, { sendTimeoutMs: 50 });
    const answers: unknown[] = [];
    producer.send(entryOf('x'), (error) => answers.push(error?.code));
    await new Promise((resolve) => setTimeout(resolve, 30));
    producer.send(entryOf('y'), (error) => answers.push(error?.code));
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(answers).toEqual(['Timeout', 'Timeout']);
    await settled();
    expect(broker.commands.map((command) => Object.keys(command)[0])).toEqual([
      'producer',
      'closeProducer',
      'producer',
    ]);
    await producer.close();
  });

  it('keeps trying while the broker is away and fails at the deadline', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker, { sendTimeoutMs: 60 });
    broker.refuse = new PulsarError('ConnectFailed', 'refused');
    broker.handler.onDisconnect(new PulsarError('Disconnected', 'gone'));
    const failed = new Promise((resolve) => producer.send(entryOf('x'), resolve));
    expect(await failed).toMatchObject({ code: 'Timeout' });
    expect(broker.connects.length).toBeGreaterThan(5);
    broker.refuse = undefined;
    await settled();
    expect(producer.attached).toBe(true);
  });

  it('refuses what is over its bounds or would be over the bookie’s frame', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker, { pendingEntriesMax: 2, pendingBytesMax: 9_000 });
    const codes: unknown[] = [];
    const note = (error?: PulsarError) => codes.push(error?.code);
    producer.send(entryOf('x'.repeat(10_000 - 1_024)), note);
    producer.send(entryOf('x'.repeat(8_000)), note);
    producer.send(entryOf('x'.repeat(2_000)), note);
    producer.send(entryOf('x'), note);
    producer.send(entryOf('x'), note);
    expect(codes).toEqual(['EntryTooLarge', 'TooManyPending', 'TooManyPending']);
    expect(broker.frames).toHaveLength(2);
  });

  it('waits for its turn with wait-for-exclusive', async () => {
    const broker = new ScriptedBroker();
    broker.producerReady = false;
    let queued = 0;
    const opened = producerOn(broker, { accessMode: 'wait-for-exclusive', onQueued: () => queued++ });
    await settled();
    expect(queued).toBe(1);
    broker.handler.onProducerSuccess?.({
      requestId: 1,
      producerName: 'p',
      lastSequenceId: -1,
      topicEpoch: 9,
    });
    const producer = await opened;
    expect([producer.topicEpoch, producer.lastSequenceId]).toEqual([9, -1]);
  });

  it('is not made at the broker when it was closed before it was asked for', async () => {
    const broker = new ScriptedBroker();
    const { promise, resolve: answer } = Promise.withResolvers<void>();
    broker.looksUp = promise;
    const producer = new TopicProducer(broker.connector, { topic: 'persistent://t/n/x', tenantKey: 't' });
    const opening = producer.start();
    await settled();
    const closing = producer.close('now');
    answer();
    await expect(opening).rejects.toMatchObject({ code: 'Closed' });
    await closing;
    expect(broker.commands.map((command) => Object.keys(command)[0])).toEqual(['partitionMetadata']);
  });

  it('flushes on close', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker);
    const answers: unknown[] = [];
    producer.send(entryOf('x'), (error) => answers.push(error?.code));
    const closed = producer.close();
    producer.send(entryOf('y'), (error) => answers.push(error?.code));
    broker.handler.onSendReceipt(7, 42, 1, 0, 0);
    await closed;
    expect(answers).toEqual(['Closed', undefined]);
    expect(Object.keys(broker.commands.at(-1) ?? {})).toEqual(['closeProducer']);
  });

  it('gives up a flush when it is told to', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker);
    const answers: unknown[] = [];
    producer.send(entryOf('x'), (error) => answers.push(error?.code));
    const closed = producer.close();
    await settled();
    expect(answers).toEqual([]);
    await producer.close('now');
    await closed;
    expect(answers).toEqual(['Closed']);
    expect(Object.keys(broker.commands.at(-1) ?? {})).toEqual(['closeProducer']);
  });

  it('is closed at the broker when close is done, also in the middle of opening itself again', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker, { sendTimeoutMs: 20 });
    const closed = new Promise<void>((resolve) => {
      producer.send(entryOf('x'), () => {
        resolve(producer.close('now'));
        expect(broker.commands.map((command) => Object.keys(command)[0])).toEqual([
          'producer',
          'closeProducer',
        ]);
      });
    });
    await closed;
    await settled();
    expect(broker.commands).toHaveLength(2);
  });

  it('copies an entry whose headroom is too small', async () => {
    const broker = new ScriptedBroker();
    const producer = await producerOn(broker);
    producer.send(
      { ...entryOf('tiny'), metadata: { properties: [{ key: 'k', value: 'v'.repeat(600) }] } },
      () => {},
    );
    expect(broker.frames[0]?.subarray(-4).toString()).toBe('tiny');
  });
});
