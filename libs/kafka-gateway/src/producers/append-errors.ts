import { KafkaErrorCode } from '#libs/kafka-codec';
import { PulsarError, type PulsarErrorCode } from '#libs/pulsar';
import { KafkaError } from '../kafka.errors.js';
import type { OffsetFault } from '../mapping/offset-tracker.js';

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
 * What is stored can have no Kafka offset, and neither can what would be stored after it. Kafka has no retriable word for
 * it, and repeating would only store the batch again.
 */
export class TopicHasNoOffsets extends KafkaError {
  constructor(fault: OffsetFault) {
    super(KafkaErrorCode.UNKNOWN_SERVER_ERROR, reasons[fault]);
  }
}

const reasons: Readonly<Record<OffsetFault, string>> = {
  'broker-hides-index':
    'the Pulsar broker does not expose the index of entries: it needs AppendIndexMetadataInterceptor and exposingBrokerEntryMetadataToClientEnabled',
  'beyond-layout':
    'the ledger id or entry id of what is stored is larger than sparse offsets can tell (docs/mapping.md)',
};

/** Undefined where there is none. */
export function offsetFault(fault: OffsetFault | undefined): TopicHasNoOffsets | undefined {
  return fault === undefined ? undefined : new TopicHasNoOffsets(fault);
}
