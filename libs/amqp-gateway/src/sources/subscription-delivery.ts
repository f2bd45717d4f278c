import type { SourceEntry, SubscriptionPartition } from '#libs/pulsar';
import type { Buffer } from 'node:buffer';
import { bytesOf, type SentListener, SourceDelivery } from './source-delivery.js';

/** A message of a subscription that waits for its link's credit, or is with the client. */
export class SubscriptionDelivery extends SourceDelivery {
  constructor(
    listener: SentListener,
    readonly partition: SubscriptionPartition,
    readonly origin: SourceEntry,
    batchIndex: number,
    redeliveries: number,
    parts: readonly Buffer[],
  ) {
    super(listener, batchIndex, redeliveries, parts, bytesOf(parts));
  }
}
