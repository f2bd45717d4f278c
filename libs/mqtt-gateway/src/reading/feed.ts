import type { EntryPosition, PulsarError } from '#libs/pulsar';
import type { MqttMessage } from '../message.js';

/** Where a feed begins. */
export type FeedStart = 'latest' | 'earliest' | { readonly after: EntryPosition };

/** The messages of one entry, by their index in the batch; undefined where it is no MQTT message. */
export type EntryMessages = readonly (MqttMessage | undefined)[];

export interface FeedListener {
  /**
   * Every entry once, in order. The messages' bytes are views on the entry's, shared by all listeners: to be copied if
   * they are kept (`ownedMessage`). False: this entry was taken, and no other comes before `resume()`.
   */
  onEntry(position: EntryPosition, messages: EntryMessages): boolean;
  /** Told once when the feed ends by itself: topic deleted ('TopicNotFound'), no longer authorized. */
  onEnded(error: PulsarError): void;
}

/** One listener's reading of one partition. */
export interface Feed {
  /** Full name of the partition. */
  readonly partition: string;
  /** All up to this entry was given to the listener, or was stored before the feed began. */
  readonly position: EntryPosition;
  /** After `onEntry` returned false. Never calls the listener before it returns. */
  resume(): void;
  /** Nothing is told any more. */
  close(): void;
}
