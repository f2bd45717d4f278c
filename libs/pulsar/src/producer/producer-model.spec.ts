import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Connection, Connector, ProducerHandler } from '../connection.js';
import { entryHeadroomBytes, type OutgoingEntry } from '../entry.js';
import { PulsarError } from '../pulsar.errors.js';
import type { BaseCommand, BaseCommandInit } from '../wire/commands.js';
import { WireReader } from '../wire/varint.js';
import { createProducer } from './producer.js';

/** `sequence_id` of a SEND frame: the command's body starts with producer id, then sequence id. */
function sequenceIdOf(frame: Buffer): number {
  const reader = new WireReader().reset(frame, 8 + 3, 8 + frame.readUInt32BE(4));
  reader.length();
  reader.uint32();
  reader.uint64();
  reader.uint32();
  return reader.uint64();
}

type Fault = 'store' | 'store and lose the receipt' | 'cut' | 'close' | 'unknown' | 'slow';

/**
 * A broker with deduplication (PIP-6): what it is sent waits in `inbox`; each step it stores one entry or
 * misbehaves. Like a real one it ignores what arrives for a producer that it closed.
 */
class DeduplicatingBroker {
  readonly stored: number[] = [];
  private inbox: number[] = [];
  private handler: ProducerHandler | undefined;
  private entryId = 0;

  readonly connector: Connector = {
    connect: async () => this.connection(),
    nextProducerId: () => 1,
    nextConsumerId: () => 1,
    operationTimeoutMs: 1_000,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  };

  step(fault: Fault): void {
    const { handler } = this;
    if (handler === undefined || fault === 'slow') return;
    if (fault === 'cut') this.detach()?.onDisconnect(new PulsarError('Disconnected', 'cut'));
    else if (fault === 'close') this.detach()?.onCloseProducer(undefined);
    else {
      const sequenceId = this.inbox.shift();
      if (sequenceId === undefined) return;
      if (fault === 'unknown') {
        // The entry and those behind it are dropped, as when the write before them failed.
        this.inbox = [];
        handler.onSendError(sequenceId, new PulsarError('UnknownError', 'cannot tell'));
        return;
      }
      const isDuplicate = sequenceId <= (this.stored.at(-1) ?? -1);
      if (!isDuplicate) this.stored.push(sequenceId);
      if (fault === 'store and lose the receipt') {
        this.detach()?.onDisconnect(new PulsarError('Disconnected', 'cut'));
        return;
      }
      const entryId = isDuplicate ? -1 : this.entryId++;
      handler.onSendReceipt(1, sequenceId, isDuplicate ? -1 : 1, entryId, 0);
    }
  }

  private detach(): ProducerHandler | undefined {
    const { handler } = this;
    this.handler = undefined;
    this.inbox = [];
    return handler;
  }

  private connection(): Connection {
    let mine: ProducerHandler | undefined;
    return {
      closed: false,
      maxMessageSize: 10_000,
      features: {},
      registerProducer: (_id: number, handler: ProducerHandler) => {
        this.handler = mine = handler;
        return () => {};
      },
      request: async (command: BaseCommandInit): Promise<BaseCommand> => {
        if (command.closeProducer && this.handler === mine) this.detach();
        return { type: 17, producerSuccess: { requestId: 1, producerName: 'p', lastSequenceId: -1 } };
      },
      send: (frame: Buffer) => {
        if (this.handler === mine) this.inbox.push(sequenceIdOf(frame));
        return true;
      },
    } as unknown as Connection;
  }
}

function entry(): OutgoingEntry {
  const buffer = Buffer.alloc(entryHeadroomBytes + 1);
  return {
    buffer,
    payloadStart: entryHeadroomBytes,
    payloadEnd: buffer.length,
    numMessages: 1,
    metadata: {},
  };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

describe('producer against a model of a deduplicating broker', () => {
  it('stores every entry once, in order, and answers every send once, in order, whatever happens', async () => {
    const fault = fc.oneof(
      { weight: 10, arbitrary: fc.constant<Fault>('store') },
      {
        weight: 4,
        arbitrary: fc.constantFrom<Fault>('store and lose the receipt', 'cut', 'close', 'unknown', 'slow'),
      },
    );
    const script = fc.array(fc.record({ sends: fc.nat(3), fault }), { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(script, async (steps) => {
        const broker = new DeduplicatingBroker();
        const backoff = { initialMs: 1, maxMs: 1 };
        const producer = await createProducer(broker.connector, {
          topic: 't',
          tenantKey: 't',
          name: 'p',
          backoff,
        });
        const answered: number[] = [];
        let sent = 0;
        for (const { sends, fault } of steps) {
          for (let i = 0; i < sends; i++, sent++) {
            producer.send(entry(), (error, receipt) => answered.push(error ? -100 : receipt.sequenceId));
          }
          broker.step(fault);
          if (fault !== 'store') await turn();
        }
        for (let left = 500; answered.length < sent && left > 0; left--) {
          broker.step('store');
          if (!producer.attached) await turn();
        }
        const all = Array.from({ length: sent }, (_, i) => i);
        expect(broker.stored).toEqual(all);
        expect(answered).toEqual(all);
        await producer.close();
      }),
      { numRuns: 150 },
    );
  });
});
