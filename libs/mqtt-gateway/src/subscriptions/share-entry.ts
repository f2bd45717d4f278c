import type { Delivery } from '#libs/pulsar';

/** Whoever acknowledges entries to Pulsar. */
export interface EntryAcks {
  /** `done` with the broker's answer. */
  ack(delivery: Delivery, done: (error?: Error) => void): void;
  ackIndex(delivery: Delivery, batchIndex: number): void;
}

/**
 * An entry of which messages are on their way to members. It outlives attachments: what the broker gives again because its
 * consumer was cut off is not sent to the members again.
 */
export class SharedEntry {
  private readonly done: boolean[] = [];
  private left: number;

  /** @param size messages that could be decoded, whatever they are */
  constructor(
    private delivery: Delivery,
    private readonly size: number,
    private readonly acks: EntryAcks,
    private readonly onAcked: (entry: SharedEntry) => void,
  ) {
    this.left = size;
  }

  get isDone(): boolean {
    return this.left === 0;
  }

  /** @param indexes of the messages that go to members, in order */
  completeAllBut(indexes: readonly number[]): void {
    this.left = indexes.length;
    if (this.left === 0) {
      this.ackAll();
      return;
    }
    let next = 0;
    for (let index = 0; index < this.size; index++) {
      if (index === indexes[next]) next++;
      else this.finish(index);
    }
  }

  /** This message needs no delivery any more. */
  complete(index: number): void {
    if (this.done[index] === true || this.left === 0) return;
    this.left--;
    if (this.left === 0) this.ackAll();
    else this.finish(index);
  }

  /** The broker gives it again; what was acknowledged meanwhile it may not have heard. */
  comesAgain(delivery: Delivery): void {
    this.delivery = delivery;
    if (this.left === 0) {
      this.ackAll();
      return;
    }
    for (let index = 0; index < this.size; index++) {
      if (this.done[index] === true) this.finish(index);
    }
  }

  private finish(index: number): void {
    this.done[index] = true;
    const { delivery } = this;
    // What claims more messages than it has could not be counted by its indexes.
    const isCounted = delivery.entry.isBatch && delivery.entry.numMessages === this.size;
    if (isCounted && delivery.isUnacked(index)) this.acks.ackIndex(delivery, index);
  }

  private ackAll(): void {
    this.acks.ack(this.delivery, (error) => {
      if (error === undefined) this.onAcked(this);
    });
  }
}
