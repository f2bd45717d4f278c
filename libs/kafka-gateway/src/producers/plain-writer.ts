import type { Producer } from '#libs/pulsar';
import type { Append, AppendFinished } from './append.js';
import { offsetFault, retriable } from './append-errors.js';
import type { PartitionOffsets } from './partition-offsets.js';
import type { ProducerSlot } from './producer-slot.js';

/**
 * Stores the batches of all clients that are not idempotent, through one Pulsar producer per partition and process. Its
 * name is new with every process, so that deduplication knows resends after a reconnect and nothing else.
 */
export class PlainWriter {
  constructor(
    private readonly slot: ProducerSlot,
    private readonly offsets: PartitionOffsets,
    private readonly finished: AppendFinished,
  ) {}

  append(append: Append): void {
    const producer = this.slot.current;
    if (producer !== undefined) {
      this.send(producer, append);
      return;
    }
    this.slot.run({
      ready: (opened) => this.send(opened, append),
      refused: (error) => this.finished(append, retriable(error), -1),
    });
  }

  private send(producer: Producer, append: Append): void {
    if (append.abandoned) {
      this.finished(append, undefined, -1);
      return;
    }
    const { entry } = append.batch;
    const sentAfter = this.offsets.lastKnown;
    producer.send(entry, (error, receipt) => {
      if (error !== undefined) {
        this.finished(append, retriable(error), -1);
        return;
      }
      this.offsets.learn(receipt, producer.name, entry.numMessages, sentAfter, (baseOffset, fault) =>
        this.finished(append, offsetFault(fault), baseOffset),
      );
    });
  }
}
