import {
  type OutgoingEntry,
  type ProducerOptions,
  PulsarError,
  type PulsarMessage,
  type SendDone,
  cursorOf,
  storedBatch,
} from '#libs/pulsar';
import { messageFromPulsar, type StoredMessage } from '../mapping/stored-message.mapping.js';
import { nowMs } from './mapping-bed.js';

interface StoredEntry {
  readonly topic: string;
  readonly pulsar: PulsarMessage;
  readonly amqp: StoredMessage;
  readonly deliverAtMs: number | undefined;
  readonly done: SendDone;
}

/** A Pulsar that keeps what it is sent, and confirms it at once or when the test says so. */
export class FakeBroker {
  readonly entries: StoredEntry[] = [];
  /** What is stored is not confirmed until `confirm`. */
  isSlow = false;
  /** Producers cannot be opened. */
  refusal: PulsarError | undefined;
  #closed: (() => void)[] = [];
  #settled = 0;
  #stored = 0;

  async partitions(topic: string): Promise<number> {
    return topic.endsWith('/partitioned') ? 3 : 0;
  }

  async createProducer({ topic }: ProducerOptions) {
    if (this.refusal !== undefined) throw this.refusal;
    return {
      lastSequenceId: -1,
      send: (entry: OutgoingEntry, done: SendDone) => this.#take(topic, entry, done),
      onClosed: (listener: (error: PulsarError) => void) =>
        void this.#closed.push(() => listener(new PulsarError('TopicNotFound', 'gone'))),
      close: async () => {},
    } as never;
  }

  /** Of the queue, in order. */
  bodies(queue: string): string[] {
    return this.of(queue).map(({ amqp }) => amqp.body.toString());
  }

  of(queue: string): StoredEntry[] {
    return this.entries.filter(({ topic }) => topic.startsWith(`persistent://acme/shop/${queue}`));
  }

  /** What waits for longest is stored, or is not. */
  confirm(count = this.entries.length - this.#settled, error?: PulsarError): void {
    for (let at = 0; at < count; at++) {
      const receipt = { ledgerId: 1, entryId: this.#stored++, sequenceId: 0, highestSequenceId: 0 };
      this.entries[this.#settled++]!.done(error as undefined, receipt);
    }
  }

  /** All topics are gone. */
  endProducers(): void {
    for (const end of this.#closed.splice(0)) end();
  }

  #take(topic: string, entry: OutgoingEntry, done: SendDone): void {
    const cursor = cursorOf(storedBatch(entry));
    cursor.next();
    const queue = topic.slice(topic.lastIndexOf('/') + 1);
    const pulsar = cursor.message();
    const amqp = messageFromPulsar(cursor, queue, nowMs) as StoredMessage;
    this.entries.push({ topic, pulsar, amqp, deliverAtMs: entry.metadata.deliverAtTime, done });
    if (!this.isSlow) setImmediate(() => this.confirm(1));
  }
}
