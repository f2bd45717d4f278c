import type { Buffer } from 'node:buffer';
import { contentBytes, type MqttMessage } from '../message.js';
import type { DeliveryRef } from '../session/mqtt-delivery.js';
import { encodeQueueRecord, type MessageSource, type QueueTarget } from './records/queue-record.js';

const noTargets: readonly QueueTarget[] = [];
const nowhere: MessageSource = { partition: '', ledgerId: -1, entryId: -1, index: -1 };

/** Of the objects around a message, about. */
const messageOverheadBytes = 512;
const identifierBytes = 8;

/** A message that sessions of the slice are not done with: in memory once for all of them. */
export class QueuedMessage implements DeliveryRef {
  readonly bytes: number;
  /** How many sessions are not done with it. */
  outstanding = 0;
  /** There is, or is about to be, a record of it. */
  stored = false;
  isWritten = false;
  /** The position of its partition has passed it: it will not be read again. */
  passed = false;

  /** @param targets all that it was for; forgotten when it is stored and passed */
  constructor(
    readonly sequence: number,
    readonly message: MqttMessage,
    public source: MessageSource,
    public targets: readonly QueueTarget[],
  ) {
    const identifiers = targets.reduce((count, target) => count + target.subscriptionIdentifiers.length, 0);
    this.bytes = contentBytes(message) + identifierBytes * identifiers + messageOverheadBytes;
  }

  /** Its record; whom it was for is known from now on by each of them alone. */
  written(): Buffer {
    const record = encodeQueueRecord(this);
    this.isWritten = true;
    if (this.passed) this.forgetOrigin();
    return record;
  }

  /** It is written, and will not be read again. */
  forgetOrigin(): void {
    this.targets = noTargets;
    this.source = nowhere;
  }
}
