import {
  type BrokerEntry,
  EntryDecodeError,
  MessageCursor,
  type PulsarAdmin,
  PulsarAdminError,
} from '#libs/pulsar';

/** Connections of the gateways' own logs are theirs, apart from tenants' traffic. */
export const logTenantKey = 'pulsegate-cluster';

/** A record is small; what is larger is nobody's. */
const decompressedBytesMax = 1024 * 1024;

/** Makes the topic of a log unless it is there. */
export async function makeLogTopic(admin: PulsarAdmin, topic: string): Promise<void> {
  try {
    await admin.createTopic(topic);
  } catch (error) {
    if (!(error instanceof PulsarAdminError && error.status === 409)) throw error;
  }
}

/** Gives every message of an entry. Somebody else's entry, which no gateway can read, is passed over by all alike. */
export function eachMessage(entry: BrokerEntry, take: (cursor: MessageCursor) => void): void {
  try {
    const cursor = new MessageCursor(entry, { decompressedBytesMax });
    while (cursor.next()) {
      if (!cursor.compactedOut) take(cursor);
    }
  } catch (error) {
    if (!(error instanceof EntryDecodeError)) throw error;
  }
}
