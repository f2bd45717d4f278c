import type { BatchBuilder } from '../entry/batch-builder.js';
import type { BatchMetadata } from '../entry/outgoing-entry.js';

/** There is more in flight to Pulsar than should be. */
export interface PublishPressure {
  /** Calls `listener` once, as soon as there is room again; perhaps at once. Returns the way to cancel. */
  onRelief(listener: () => void): () => void;
}

/** Called once, after Pulsar's receipt or when there will be none. */
export type PublishedDone<E> = (error: E | undefined) => void;

/** How one protocol publishes: its messages, what many of them have in common, and its errors. */
export interface PublishKind<Message, Common, E> {
  /**
   * Adds the message to an entry, copying what it needs of it.
   *
   * @throws PulsarError 'EntryTooLarge' when there is no room; the batch stays as it was
   */
  append(builder: BatchBuilder, message: Message, common: Common, nowMs: number): void;
  /** What the entry says of a message that must be one of its own; undefined, as without this: it may share one. */
  ownEntry?(message: Message, common: Common): BatchMetadata | undefined;
  asError(error: unknown): E;
  closed(): E;
  tooMuchInFlight(): E;
}
