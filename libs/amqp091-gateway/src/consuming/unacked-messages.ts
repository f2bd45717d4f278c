import type { QueueMessage } from './queue-message.js';
import { preconditionFailed } from '../topology/refusals.js';

/** A message that the client has and did not acknowledge. */
export interface UnackedMessage {
  readonly message: QueueMessage;
  /** It is settled, by the client or by the end of the channel. */
  onSettled(): void;
}

/** What a channel has unacknowledged, by delivery tag, in the order of the tags. */
export class UnackedMessages {
  private byTag = new Map<number, UnackedMessage>();
  private lastTag = 0;

  get size(): number {
    return this.byTag.size;
  }

  /** Tags are counted, also of what needs no acknowledgement (0-9-1 section 1.8.3.13). */
  nextTag(): number {
    return ++this.lastTag;
  }

  add(tag: number, unacked: UnackedMessage): void {
    this.byTag.set(tag, unacked);
  }

  /**
   * @param isMultiple all up to this tag; tag 0 says all
   * @throws Amqp091Error `precondition-failed` for a tag that is not there
   */
  take(tag: number, isMultiple: boolean): readonly (readonly [number, UnackedMessage])[] {
    if (isMultiple && tag === 0) return this.takeAll();
    const last = this.byTag.get(tag);
    if (last === undefined) throw preconditionFailed(`unknown delivery tag ${tag}`);
    if (!isMultiple) {
      this.byTag.delete(tag);
      return [[tag, last]];
    }
    const taken: [number, UnackedMessage][] = [];
    for (const entry of this.byTag) {
      if (entry[0] > tag) break;
      taken.push(entry);
      this.byTag.delete(entry[0]);
    }
    return taken;
  }

  takeAll(): readonly (readonly [number, UnackedMessage])[] {
    const all = [...this.byTag];
    this.byTag = new Map();
    return all;
  }

  /** They are not acknowledged after all (tx.rollback). */
  putBack(taken: readonly (readonly [number, UnackedMessage])[]): void {
    const all = [...taken, ...this.byTag].sort(([one], [other]) => one - other);
    this.byTag = new Map(all);
  }
}
