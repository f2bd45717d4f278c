import type { BrokerEntry, EntryPosition } from '#libs/pulsar';
import type { AmqpTopic } from '../nodes/amqp-topic.js';

/** Why a message goes to the dead-letter topic. */
export type DeadLetterReason =
  /** A client rejected it. */
  | 'rejected'
  /** It was delivered as often as it may be. */
  | 'delivery-limit'
  /** Its only receiver said that it can never take it. */
  | 'undeliverable'
  /** Encrypted, or damaged: no message for anybody here. */
  | 'unreadable';

export interface DeadLetter {
  readonly topic: AmqpTopic;
  readonly subscription: string;
  /** Full name of the partition. */
  readonly partition: string;
  readonly position: EntryPosition;
  /** -1: an entry that is no batch, or all of one that cannot be read. */
  readonly batchIndex: number;
  /** Of all of an entry: those of its messages that are meant; undefined: each. */
  readonly isMeant?: ((batchIndex: number) => boolean) | undefined;
  /** Unsuccessful deliveries, the last among them. */
  readonly deliveries: number;
  readonly reason: DeadLetterReason;
  /** What the client said (AMQP 2.8.14). */
  readonly condition?: string | undefined;
  readonly description?: string | undefined;
  /** Where its bytes are still at hand; otherwise it is read again. */
  readonly entry?: BrokerEntry | undefined;
}

/** Stores what nobody takes. */
export interface DeadLetterStore {
  /** Resolves after Pulsar's receipt. Rejects with PulsarError or PulsarAdminError: then it is not stored. */
  store(letter: DeadLetter): Promise<void>;
}
