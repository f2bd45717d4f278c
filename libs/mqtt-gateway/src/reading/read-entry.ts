import {
  type BrokerEntry,
  EntryDecodeError,
  type EntryPosition,
  MessageCursor,
  parseTopicName,
  type PulsarLog,
  withoutPartition,
} from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { contentBytes, type MqttMessage, ownedMessage } from '../message.js';
import type { EntryMessages } from './feed.js';
import type { TopicReading } from './topic-reading.js';

/** What an entry may become when it is decompressed: Pulsar's largest messages, in batches of well compressed ones. */
const decompressedBytesMax = 64 * 1024 * 1024;

const none: EntryMessages = [];
const unreadable: EntryMessages = [undefined];

/** The tenant's topic that entries are read of. */
export interface ReadTopic {
  readonly tenant: Tenant;
  /** In the tenant's namespace, without `-partition-<n>`. */
  readonly name: string;
  readonly reading: TopicReading;
  /** An entry, or the rest of one, is no message for MQTT: encrypted, a chunk, damaged. */
  onUndecodable(position: EntryPosition, error: EntryDecodeError): void;
}

export interface ReadTopicParts {
  readonly reading: TopicReading;
  readonly counters: { undecodable: number };
  readonly log: PulsarLog;
}

/** @param partition full name */
export function readTopicOf(parts: ReadTopicParts, tenant: Tenant, partition: string): ReadTopic {
  const { reading, counters, log } = parts;
  return {
    tenant,
    name: parseTopicName(withoutPartition(partition)).localName,
    reading,
    onUndecodable: (position, error) => {
      counters.undecodable++;
      const fields = { event: 'mqtt-undecodable', partition, ...position, reason: error.message };
      log.debug(fields, 'an entry is no message for MQTT');
    },
  };
}

/** An entry as all listeners of a partition share it: decoded when the first asks, copied when the first has to keep it. */
export class ReadEntry {
  /** Of its own: keeping it keeps nothing of the entry. */
  readonly position: EntryPosition;
  private entry: BrokerEntry | undefined;
  private decoded: EntryMessages | undefined;
  private copied: EntryMessages | undefined;

  constructor(
    private readonly topic: ReadTopic,
    entry: BrokerEntry,
  ) {
    this.position = { ledgerId: entry.ledgerId, entryId: entry.entryId };
    this.entry = entry;
  }

  get messages(): EntryMessages {
    this.decoded ??= this.decode();
    return this.decoded;
  }

  /** The same with bytes of their own. */
  get owned(): EntryMessages {
    this.copied ??= this.messages.map((message) => message && ownedMessage(message));
    return this.copied;
  }

  private decode(): EntryMessages {
    const { entry, topic } = this;
    this.entry = undefined;
    if (entry === undefined || entry.isMarker) return none;
    const messages: (MqttMessage | undefined)[] = [];
    try {
      const cursor = new MessageCursor(entry, { decompressedBytesMax });
      while (cursor.next()) {
        messages.push(
          cursor.compactedOut ? undefined : topic.reading.fromPulsar(topic.tenant, topic.name, cursor),
        );
      }
    } catch (error) {
      if (!(error instanceof EntryDecodeError)) throw error;
      topic.onUndecodable(this.position, error);
      return messages.length === 0 ? unreadable : messages;
    }
    return messages;
  }
}

/** Memory that keeping messages takes, about. */
export function heldBytesOf(messages: EntryMessages): number {
  let bytes = heldEntryBytes;
  for (const message of messages) {
    if (message !== undefined) bytes += heldMessageBytes + contentBytes(message);
  }
  return bytes;
}

const heldEntryBytes = 100;
const heldMessageBytes = 300;
