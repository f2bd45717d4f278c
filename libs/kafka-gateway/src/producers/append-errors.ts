import { KafkaErrorCode } from '#libs/kafka-codec';
import { PulsarError, type PulsarErrorCode } from '#libs/pulsar';
import { KafkaError } from '../kafka.errors.js';

/** After these errors of a send the entry is certainly not stored; after all others nobody knows. */
const certainlyNotStored: ReadonlySet<PulsarErrorCode> = new Set<PulsarErrorCode>([
  'EntryTooLarge',
  'TooManyPending',
  'NotAllowedError',
  'ChecksumError',
]);

export function isCertainlyNotStored(error: unknown): boolean {
  return error instanceof PulsarError && certainlyNotStored.has(error.code);
}

/** A producer that this side closed: to the client that is a leader that moved, and not the end. */
export function retriable(error: unknown): unknown {
  if (!(error instanceof PulsarError) || error.code !== 'Closed') return error;
  return new KafkaError(KafkaErrorCode.NOT_LEADER_OR_FOLLOWER, 'the Pulsar producer was closed');
}

/**
 * Entries carry no index, so the topic can have no Kafka offsets. Kafka has no retriable word for it, and repeating would
 * only store the batch again.
 */
export class BrokerHidesIndex extends KafkaError {
  constructor() {
    super(
      KafkaErrorCode.UNKNOWN_SERVER_ERROR,
      'the Pulsar broker does not expose the index of entries: it needs AppendIndexMetadataInterceptor and exposingBrokerEntryMetadataToClientEnabled',
    );
  }
}
