import type { Buffer } from 'node:buffer';
import { type BrokerEntry, EntryDecodeError, MessageCursor } from '#libs/pulsar';
import type { AmqpCounters } from '../amqp.counters.js';
import {
  type AmqpMessage,
  deliveryParts,
  hasExpired,
  messageFromPulsar,
} from '../mapping/stored-message.mapping.js';
import type { SourcePlan } from '../nodes/node-plan.js';
import { bytesOf } from './source-delivery.js';

/** What an entry may become when it is decompressed: Pulsar's largest messages, in batches of well compressed ones. */
const decompressedBytesMax = 64 * 1024 * 1024;

/** What is known of the messages of an entry before it is read. */
export interface EntryState {
  /** Nothing is to be done about it: acknowledged at the broker, or with the client. */
  isSettledOrHeld(batchIndex: number): boolean;
  /** It was acknowledged, and the broker does not know. */
  isAcknowledged(batchIndex: number): boolean;
}

export interface ScreenedEntry {
  /** Indexes of messages for the link, -1 of an entry that is no batch, and their sections. */
  readonly wanted: number[];
  readonly parts: (readonly Buffer[])[];
  /** Nobody needs these any more. */
  readonly skipped: number[];
  /** There are some that others are to have. */
  isForOthers: boolean;
  /** From some message on it cannot be read: those that are nowhere else here. */
  fault: EntryDecodeError | undefined;
}

/** Which messages of an entry a link is given, in which bytes. */
export class EntryScreen {
  constructor(
    private readonly plan: Pick<SourcePlan, 'filter' | 'noLocal' | 'containerId'>,
    private readonly counters: Pick<AmqpCounters, 'expired' | 'acknowledgedAgain'>,
  ) {}

  /** @param redeliveries unsuccessful deliveries of it, from here */
  screen(
    entry: BrokerEntry,
    state: EntryState | undefined,
    redeliveries: number,
    unmatched: 'ack' | 'leave',
  ): ScreenedEntry {
    const screened: ScreenedEntry = {
      ...{ wanted: [], parts: [], skipped: [], isForOthers: false, fault: undefined },
    };
    if (entry.isMarker) return screened;
    const facts = { redeliveries, nowMs: Date.now() };
    try {
      const cursor = new MessageCursor(entry, { decompressedBytesMax });
      while (cursor.next()) {
        const { batchIndex } = cursor;
        if (state?.isSettledOrHeld(batchIndex) === true) continue;
        const message = this.wantedMessage(cursor, state, facts.nowMs);
        if (message === undefined) {
          screened.skipped.push(batchIndex);
          continue;
        }
        const parts = deliveryParts(message, facts);
        if (this.matches(message, parts)) {
          screened.wanted.push(batchIndex);
          screened.parts.push(parts);
        } else if (unmatched === 'ack') screened.skipped.push(batchIndex);
        else screened.isForOthers = true;
      }
    } catch (error) {
      if (!(error instanceof EntryDecodeError)) throw error;
      screened.fault = error;
    }
    return screened;
  }

  /** Undefined: nobody needs it. */
  private wantedMessage(
    cursor: MessageCursor,
    state: EntryState | undefined,
    nowMs: number,
  ): AmqpMessage | undefined {
    if (state?.isAcknowledged(cursor.batchIndex) === true) {
      this.counters.acknowledgedAgain++;
      return undefined;
    }
    const message = messageFromPulsar(cursor);
    if (message === undefined || !hasExpired(message, nowMs)) return message;
    this.counters.expired++;
    return undefined;
  }

  private matches(message: AmqpMessage, parts: readonly Buffer[]): boolean {
    const { filter, noLocal, containerId } = this.plan;
    if (noLocal && message.containerId === containerId) return false;
    return filter === undefined || filter.matches({ parts, bytes: bytesOf(parts), sent: notSent });
  }
}

function notSent(): void {}
