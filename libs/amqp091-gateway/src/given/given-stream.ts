import { Buffer } from 'node:buffer';
import type { Member, Splice, Splicing } from '#libs/cluster';
import { encodeNotes, type GivenNote } from './given-notes.js';

/** What a stream tells of: the latest of each. */
export interface GivenTopic {
  readonly topic: string;
  /** What this gateway has given. */
  readonly own: { readonly ledgerId: number; readonly entryId: number };
}

export const givenKind = 'amqp091.given';
const openAgainMs = 500;
/** Of one line. */
const notesMax = 1_000;

/**
 * What this gateway gives to clients, told to one other one: written before the clients have it, so that it is there when
 * this process is no more. Its end is how the other learns of ours. What waits is one note for each topic.
 */
export class GivenStream {
  private readonly waiting = new Set<GivenTopic>();
  private splice: Splice | undefined;
  private isOpening = false;
  private isFull = false;
  private isClosed = false;
  private triedAt = -Infinity;

  constructor(
    private readonly splicing: Splicing,
    readonly member: Member,
  ) {}

  tell(topics: Iterable<GivenTopic>): void {
    for (const topic of topics) this.waiting.add(topic);
    this.flush();
  }

  close(): void {
    this.isClosed = true;
    this.waiting.clear();
    this.splice?.close('it gives no more');
  }

  private flush(): void {
    if (this.splice === undefined) {
      void this.open();
      return;
    }
    while (!this.isFull && this.waiting.size > 0) {
      const notes: GivenNote[] = [];
      for (const each of this.waiting) {
        if (notes.length >= notesMax) break;
        this.waiting.delete(each);
        notes.push([each.topic, each.own.ledgerId, each.own.entryId]);
      }
      this.isFull = !this.splice.send(encodeNotes(notes));
    }
  }

  private async open(): Promise<void> {
    const now = performance.now();
    if (this.isOpening || this.isClosed || now - this.triedAt < openAgainMs) return;
    this.isOpening = true;
    this.triedAt = now;
    try {
      const splice = await this.splicing.open(this.member.nodeId, givenKind, Buffer.alloc(0), {
        onBytes: () => {},
        onWritable: () => {
          this.isFull = false;
          this.flush();
        },
        onClose: () => {
          this.splice = undefined;
          this.isFull = false;
        },
      });
      if (this.isClosed) splice.close('it gives no more');
      else this.splice = splice;
    } catch {
      // It is away; is it gone, nobody needs to be told.
    }
    this.isOpening = false;
    if (this.splice !== undefined) this.flush();
  }
}
