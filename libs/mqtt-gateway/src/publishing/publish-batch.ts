import { BatchBuilder, type OutgoingEntry } from '#libs/pulsar';
import { appendPublish } from '../mapping/message.mapping.js';
import type { MqttError } from '../mqtt.errors.js';
import type { PublishDone, PublishRequest } from './publisher.js';

/** Messages of one entry. With more than 1,024, clients of sparse Kafka offsets could not read it (docs/mapping.md). */
const messagesMax = 1_000;
/** Bytes of an entry to which more is added; one message may be larger. */
const bytesMax = 256 * 1024;
/** What brokers take is less by default; beyond it nothing is even put together. */
const messageBytesMax = 64 * 1024 * 1024;

/** What is encoded once for all messages of a topic, or a client. */
export interface CommonFields {
  readonly ofTopic: Buffer;
  readonly ofClient: Buffer;
}

/** The messages that become one entry, and who is to be told. */
export class PublishBatch {
  /** Of the first message; -1: the producer numbers. */
  readonly firstSequenceId: number;
  /** As counted by who appends. */
  bytes = 0;
  private readonly builder: BatchBuilder;
  private readonly dones: PublishDone[] = [];

  constructor(capacityBytes: number, firstSequenceId: number) {
    this.firstSequenceId = firstSequenceId;
    this.builder = new BatchBuilder({ capacityBytes, payloadBytesMax: messageBytesMax });
  }

  get messages(): number {
    return this.dones.length;
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
  append(
    request: PublishRequest,
    fields: CommonFields,
    nowMs: number,
    bytes: number,
    done: PublishDone,
  ): void {
    appendPublish(this.builder, request, fields.ofTopic, fields.ofClient, nowMs);
    this.bytes += bytes;
    this.dones.push(done);
  }

  finish(): OutgoingEntry {
    const entry = this.builder.finish('none');
    if (this.firstSequenceId >= 0) {
      entry.sequenceId = this.firstSequenceId;
      entry.highestSequenceId = this.firstSequenceId + this.dones.length - 1;
    }
    return entry;
  }

  /** Tells all. @param onThrown a listener that throws must not keep the others from hearing */
  settle(error: MqttError | undefined, onThrown: (thrown: unknown) => void): void {
    for (const done of this.dones) {
      try {
        done(error);
      } catch (thrown) {
        onThrown(thrown);
      }
    }
  }
}
