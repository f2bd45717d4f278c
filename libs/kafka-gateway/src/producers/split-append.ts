import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../kafka.errors.js';
import type { PartitionBatch } from '../mapping/record.mapping.js';
import type { Append } from './append.js';
import type { PartitionWriter } from './partition-writer.js';

/** A batch that goes in as several entries, told of once: stored when all are, under the offset of the first. */
class SplitAppend {
  private left: number;
  private error: unknown;
  private baseOffset = -1;

  constructor(
    readonly whole: Append,
    parts: number,
  ) {
    this.left = parts;
  }

  done(first: boolean, error: unknown, baseOffset: number): void {
    if (first && error === undefined) this.baseOffset = baseOffset;
    // A part that was stored before is stored: only what is not known of the first one is worth telling.
    if (
      error !== undefined &&
      (first || !isDuplicate(error)) &&
      (this.error === undefined || isDuplicate(this.error))
    ) {
      this.error = error;
    }
    if (--this.left === 0) this.whole.done(this.error, this.error === undefined ? this.baseOffset : -1);
  }
}

class AppendPart implements Append {
  constructor(
    readonly batch: PartitionBatch,
    private readonly split: SplitAppend,
    private readonly isFirst: boolean,
  ) {}

  get client() {
    return this.split.whole.client;
  }

  get abandoned(): boolean {
    return this.split.whole.abandoned;
  }

  done(error: unknown, baseOffset: number): void {
    this.split.done(this.isFirst, error, baseOffset);
  }
}

/**
 * Appends a batch of several entries. When one of them fails the others may be stored all the same; a producer that is
 * idempotent repeats all, and only what is missing is stored then.
 */
export function appendParts(writer: PartitionWriter, whole: Append, rest: readonly PartitionBatch[]): void {
  const split = new SplitAppend(whole, rest.length + 1);
  const { batch } = whole;
  writer.append(new AppendPart(batch, split, true));
  for (const part of rest) writer.append(new AppendPart(part, split, false));
}

function isDuplicate(error: unknown): boolean {
  return error instanceof KafkaError && error.code === KafkaErrorCode.DUPLICATE_SEQUENCE_NUMBER;
}
