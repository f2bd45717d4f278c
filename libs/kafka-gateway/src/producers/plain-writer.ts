import type { Producer } from '#libs/pulsar';
import type { Append, AppendFinished } from './append.js';
import { offsetFault, retriable } from './append-errors.js';
import { JoinedSends } from './joined-sends.js';
import type { PartitionOffsets } from './partition-offsets.js';
import type { ProducerSlot } from './producer-slot.js';

/**
 * Stores the batches of all clients that are not idempotent, through one Pulsar producer per partition and process. Its
 * name is new with every process, so that deduplication knows resends after a reconnect and nothing else.
 */
export class PlainWriter {
  private readonly sends: JoinedSends;

  constructor(
    private readonly slot: ProducerSlot,
    offsets: PartitionOffsets,
    private readonly finished: AppendFinished,
  ) {
    this.sends = new JoinedSends(offsets);
  }

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

  flush(): void {
    this.sends.flush();
  }

  private send(producer: Producer, append: Append): void {
    if (append.abandoned) {
      this.finished(append, undefined, -1);
      return;
    }
    this.sends.send(producer, {
      batch: append.batch,
      stored: (baseOffset, fault) => this.finished(append, offsetFault(fault), baseOffset),
      failed: (error) => this.finished(append, retriable(error), -1),
    });
  }
}
