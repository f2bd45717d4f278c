import { type OutgoingEntry, type OutgoingMetadata, MessageCursor, parseEntry } from '../entry.js';
import { entryMetadataBytes, writeEntryMetadata } from '../producer/entry-metadata.encode.js';
import type { SendDone } from '../producer/pending-entries.js';
import type { Producer } from '../producer/producer.js';
import { PulsarError } from '../pulsar.errors.js';

interface Sent {
  readonly payloads: string[];
  readonly metadata: OutgoingMetadata;
  readonly sequenceId: number | undefined;
  readonly highestSequenceId: number | undefined;
  readonly done: SendDone;
}

const nowhere = { ledgerId: -1, entryId: -1, sequenceId: 0, highestSequenceId: 0 };
const identity = {
  producerName: Buffer.from('fake'),
  sequenceId: 0,
  highestSequenceId: undefined,
  publishTime: 1,
};

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
    const { metadata, sequenceId, highestSequenceId } = entry;
    const cursor = new MessageCursor(storedEntry(entry), { decompressedBytesMax: 1 << 24 });
    const payloads: string[] = [];
    while (cursor.next()) payloads.push(String(cursor.value));
    this.entries.push({ payloads, metadata, sequenceId, highestSequenceId, done });
  }
}

/** As the broker dispatches it, without its own metadata. */
function storedEntry({ metadata, buffer, payloadStart, payloadEnd }: OutgoingEntry) {
  const bytes = entryMetadataBytes(metadata, identity);
  const frame = Buffer.alloc(4 + bytes + payloadEnd - payloadStart);
  frame.writeUInt32BE(bytes);
  writeEntryMetadata(frame, 4, metadata, identity);
  buffer.copy(frame, 4 + bytes, payloadStart, payloadEnd);
  return parseEntry(frame, 0, frame.length, { ledgerId: 1, entryId: 1 });
}
