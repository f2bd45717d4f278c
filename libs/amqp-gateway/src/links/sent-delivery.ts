import { Buffer } from 'node:buffer';
import type { TransferHead } from '#libs/amqp-codec';
import type { OutgoingDelivery } from '../node.js';
import type { DeliveryCursor } from '../session/frame-output.js';
import type { SaidOutcome } from './said-outcome.js';

/** Who is told what a client says of a delivery. */
export interface SentDeliveryOwner {
  onDisposition(delivery: SentDelivery, said: SaidOutcome, settled: boolean): void;
}

/** A delivery to a client, from its first frame until it is settled. */
export class SentDelivery implements TransferHead, DeliveryCursor {
  bytesWritten = 0;
  part = 0;
  partOffset = 0;
  /** The source is told its outcome: what the client says of it now changes nothing. */
  isSettling = false;
  /** What the client said of it before its last frame was sent. */
  early: { readonly said: SaidOutcome; readonly settled: boolean } | undefined;

  /** What is written. */
  content: Pick<OutgoingDelivery, 'parts' | 'bytes'>;
  /** Of the content, that are counted. */
  keptBytes = 0;
  /** It was begun on a link that was suspended. */
  resumes = false;
  aborted = false;
  /** Its link is suspended, and it is still the link's. */
  isKept = false;
  /** It ended meanwhile. */
  isOver = false;

  constructor(
    readonly owner: SentDeliveryOwner,
    readonly channel: number,
    readonly handle: number,
    readonly deliveryId: number,
    readonly deliveryTag: number,
    readonly settled: boolean,
    readonly delivery: OutgoingDelivery,
  ) {
    this.content = delivery;
  }

  /** Its bytes stay when the source has no more of them. */
  keep(): void {
    const { parts, bytes } = this.delivery;
    this.content = { parts: [Buffer.concat(parts)], bytes };
    this.keptBytes = bytes;
  }

  get head(): TransferHead {
    return this;
  }
}
