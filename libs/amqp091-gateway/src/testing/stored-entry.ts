import {
  BatchBuilder,
  type BrokerEntry,
  MessageCursor,
  type OutgoingEntry,
  type OutgoingMessage,
  parseEntry,
} from '#libs/pulsar';

/** A batch as the broker dispatches it, without the broker's own metadata. */
export function storedBatch(entry: OutgoingEntry): BrokerEntry {
  const name = Buffer.from('producer-1');
  const metadata = Buffer.from([
    ...[0x0a, name.length, ...name],
    ...[0x10, 7, 0x18, 1],
    ...[0x58, (entry.numMessages & 0x7f) | 0x80, entry.numMessages >>> 7],
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(metadata.length);
  const frame = Buffer.concat([size, metadata, entry.buffer.subarray(entry.payloadStart, entry.payloadEnd)]);
  return parseEntry(frame, 0, frame.length, { ledgerId: 11, entryId: 4 });
}

/** What a native or Kafka producer writes. */
export function nativeEntry(messages: readonly OutgoingMessage[]): BrokerEntry {
  const builder = newBuilder();
  for (const message of messages) builder.append(message);
  return storedBatch(builder.finish('none'));
}

export function newBuilder(): BatchBuilder {
  return new BatchBuilder({ capacityBytes: 1_024, payloadBytesMax: 1 << 24 });
}

export function cursorOf(entry: BrokerEntry): MessageCursor {
  return new MessageCursor(entry, { decompressedBytesMax: 1 << 24 });
}
