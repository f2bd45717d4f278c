import { BatchBuilder } from '../entry/batch-builder.js';
import type { BatchMetadata, OutgoingEntry } from '../entry/outgoing-entry.js';
import type { PublishedDone, PublishKind } from './publish-kind.js';

/** Messages of one entry. With more than 1,024, clients of sparse Kafka offsets could not read it (docs/mapping.md). */
const messagesMax = 1_000;
/** Bytes of an entry to which more is added; one message may be larger. */
const bytesMax = 256 * 1024;
/** What brokers take is less by default; beyond it nothing is even put together. */
const messageBytesMax = 64 * 1024 * 1024;

/** The messages that become one entry, and who is to be told. */
export class PublishBatch<Message, Common, E> {
  /** As counted by who appends. */
  bytes = 0;
  private readonly builder: BatchBuilder;
  private readonly dones: PublishedDone<E>[] = [];

  /**
   * @param firstSequenceId of the first message; -1: the producer numbers
   * @param ownEntry of a message that shares its entry with no other
   */
  constructor(
    private readonly kind: PublishKind<Message, Common, E>,
    capacityBytes: number,
    readonly firstSequenceId: number,
    private readonly ownEntry?: BatchMetadata,
  ) {
    this.builder = new BatchBuilder({ capacityBytes, payloadBytesMax: messageBytesMax });
  }

  get isOwnEntry(): boolean {
    return this.ownEntry !== undefined;
  }

  get payloadBytes(): number {
    return this.builder.bytes;
  }

  /** Whether one more belongs into the same entry. */
  takes(bytes: number, sequenceId: number): boolean {
    if (this.dones.length === 0) return true;
    if (this.dones.length >= messagesMax || this.builder.bytes + bytes > bytesMax) return false;
    return this.firstSequenceId < 0 || sequenceId === this.firstSequenceId + this.dones.length;
  }

  /** @throws PulsarError 'EntryTooLarge': the batch stays as it was */
  append(message: Message, common: Common, nowMs: number, bytes: number, done: PublishedDone<E>): void {
    this.kind.append(this.builder, message, common, nowMs);
    this.bytes += bytes;
    this.dones.push(done);
  }

  finish(): OutgoingEntry {
    const entry = this.builder.finish('none', this.ownEntry);
    if (this.firstSequenceId >= 0) {
      entry.sequenceId = this.firstSequenceId;
      entry.highestSequenceId = this.firstSequenceId + this.dones.length - 1;
    }
    return entry;
  }

  /** Tells all. @param onThrown a listener that throws must not keep the others from hearing */
  settle(error: E | undefined, onThrown: (thrown: unknown) => void): void {
    for (const done of this.dones) {
      try {
        done(error);
      } catch (thrown) {
        onThrown(thrown);
      }
    }
  }
}
