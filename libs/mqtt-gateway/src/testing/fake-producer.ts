import type { OutgoingEntry, Producer, SendDone } from '#libs/pulsar';
import { PulsarError } from '#libs/pulsar';
import { cursorOf, storedBatch } from './stored-entry.js';

interface Sent {
  readonly payloads: string[];
  readonly sequenceId: number | undefined;
  readonly highestSequenceId: number | undefined;
  readonly done: SendDone;
}

const nowhere = { ledgerId: -1, entryId: -1, sequenceId: 0, highestSequenceId: 0 };

/** A Pulsar producer that keeps what it is sent until the test says what becomes of it. */
export class FakeProducer {
  readonly entries: Sent[] = [];
  readonly closes: string[] = [];
  private settled = 0;
  private readonly closedListeners: ((error: PulsarError) => void)[] = [];

  readonly producer = {
    name: 'fake',
    lastSequenceId: -1,
    send: (entry: OutgoingEntry, done: SendDone) => this.take(entry, done),
    onClosed: (listener: (error: PulsarError) => void) => void this.closedListeners.push(listener),
    close: async (how: string) => void this.closes.push(how),
  } as unknown as Producer;

  /** Payloads of each entry. */
  get payloads(): string[][] {
    return this.entries.map(({ payloads }) => payloads);
  }

  /** What is in flight for longest is stored, or failed. */
  settle(error?: PulsarError): void {
    this.entries[this.settled++]!.done(error, nowhere);
  }

  /** As when the topic is deleted: what is in flight fails. */
  endByItself(): void {
    const error = new PulsarError('TopicNotFound', 'gone');
    for (const listener of this.closedListeners) listener(error);
    while (this.settled < this.entries.length) this.settle(error);
  }

  private take(entry: OutgoingEntry, done: SendDone): void {
    const { sequenceId, highestSequenceId } = entry;
    const cursor = cursorOf(storedBatch(entry));
    const payloads: string[] = [];
    while (cursor.next()) payloads.push(String(cursor.value));
    this.entries.push({ payloads, sequenceId, highestSequenceId, done });
  }
}
