import { describe, expect, it } from '@jest/globals';
import { KafkaErrorCode } from '#libs/kafka-codec';
import { KafkaError } from '../kafka.errors.js';
import type { PartitionBatch } from '../mapping/record.mapping.js';
import type { Append } from './append.js';
import type { PartitionWriter } from './partition-writer.js';
import { appendParts } from './split-append.js';

describe('a batch of several entries', () => {
  const part = (sequence: number) => ({ sequence }) as PartitionBatch;
  const duplicate = new KafkaError(KafkaErrorCode.DUPLICATE_SEQUENCE_NUMBER, 'stored before');
  const failure = new KafkaError(KafkaErrorCode.NOT_LEADER_OR_FOLLOWER, 'gone');

  /** What is told of it when its parts end so, in this order. */
  function told(...ends: readonly (readonly [part: number, error: unknown, baseOffset: number])[]) {
    const parts: Append[] = [];
    const writer = { append: (each: Append) => parts.push(each) } as unknown as PartitionWriter;
    const outcomes: unknown[] = [];
    const whole = {
      batch: part(0),
      abandoned: false,
      done: (error: unknown, baseOffset: number) => outcomes.push(error ?? baseOffset),
    } as unknown as Append;
    appendParts(writer, whole, [part(1), part(2)]);
    expect(parts.map(({ batch }) => batch.sequence)).toEqual([0, 1, 2]);
    for (const [at, error, baseOffset] of ends) {
      expect(outcomes).toEqual([]);
      parts[at]!.done(error, baseOffset);
    }
    expect(outcomes).toHaveLength(1);
    return outcomes[0];
  }

  it('is stored when all are, under the offset of the first', () => {
    expect(told([0, undefined, 100], [1, undefined, 200], [2, undefined, 300])).toBe(100);
    expect(told([2, undefined, 300], [1, undefined, 200], [0, undefined, 100])).toBe(100);
  });

  it('fails with what one of them failed with', () => {
    expect(told([0, undefined, 100], [1, failure, -1], [2, undefined, 300])).toBe(failure);
    expect(told([0, duplicate, -1], [1, failure, -1], [2, undefined, 300])).toBe(failure);
    expect(told([1, failure, -1], [0, duplicate, -1], [2, undefined, 300])).toBe(failure);
  });

  it('that was stored in part before is stored now', () => {
    expect(told([0, undefined, 100], [1, duplicate, -1], [2, undefined, 300])).toBe(100);
    expect(told([0, duplicate, -1], [1, duplicate, -1], [2, undefined, 300])).toBe(duplicate);
  });
});
