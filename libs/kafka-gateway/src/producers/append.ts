import type { PartitionBatch } from '../mapping/record.mapping.js';

/** Who produces: as long as one of its clients is connected, a producer id's Pulsar producer is kept open. */
export interface ProducingClient {
  /** Called once, when the connection has ended; at once when it already has. Returns the way to cancel. */
  whenClosed(listener: () => void): () => void;
}

/** One batch on its way into the partition. */
export interface Append {
  readonly batch: PartitionBatch;
  readonly client: ProducingClient;
  /** The client was told that it took too long: what was not yet sent to Pulsar is not sent any more. */
  readonly abandoned: boolean;
  /**
   * Called exactly once. Without an error the batch is stored; `baseOffset` is the offset of its first record, or -1
   * when it could not be learnt.
   */
  done(error: unknown, baseOffset: number): void;
}

/** How the writers of one partition report to it. */
export type AppendFinished = (append: Append, error: unknown, baseOffset: number) => void;
