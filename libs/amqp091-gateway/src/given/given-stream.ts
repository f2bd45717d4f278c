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
const nothing = Buffer.alloc(0);
/** Of one line. */
const notesMax = 1_000;

/**
 * What this gateway gives to clients, told to one other one: written before the clients have it, so that it is there when
 * this process is no more. Its end is how the other learns of ours. What waits is one note for each topic.
 */
export class GivenStream {
  private readonly waiting = new Set<GivenTopic>();
  private splice: Splice | undefined;
  private opening: Promise<void> | undefined;
  private isFull = false;
  private isClosed = false;
  private triedAt = -Infinity;

  constructor(
    private readonly splicing: Splicing,
    readonly member: Member,
  ) {}

  /**
   * Before the first message of a turn of the event loop is on its way: what is told in this turn leaves before it. The bytes
   * of a turn leave in the order in which connections were sent something.
   */
  comeFirst(): void {
    if (!this.isFull) this.splice?.send(nothing);
  }

  tell(topics: Iterable<GivenTopic>): void {
    for (const topic of topics) this.waiting.add(topic);
    this.flush();
  }

  /** Resolves when what is told from now on is on its way at once, or when it cannot be; never rejects. */
  async ready(): Promise<void> {
    if (this.splice === undefined) await this.open();
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

  private open(): Promise<void> {
    const now = performance.now();
    if (this.opening !== undefined) return this.opening;
    if (this.isClosed || now - this.triedAt < openAgainMs) return Promise.resolve();
    this.triedAt = now;
    this.opening = this.connect().finally(() => {
      this.opening = undefined;
      if (this.splice !== undefined) this.flush();
    });
    return this.opening;
  }

  private async connect(): Promise<void> {
    try {
      const splice = await this.splicing.open(this.member.nodeId, givenKind, nothing, {
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
  }
}
