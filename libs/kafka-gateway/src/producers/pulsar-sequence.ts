/**
 * Kafka's sequence numbers run from 0 to 2^31-1 and start again; Pulsar's deduplication knows only numbers that grow.
 * So a batch gets
 *
 *   sequence id = epoch * 2^38 + position,   position = wraps * 2^31 + Kafka's sequence
 *
 * which fits a safe integer for every epoch (int16) and 128 rounds, and gives both back when Pulsar names the last
 * sequence id that it stored for a producer.
 */
const sequenceRange = 2 ** 31;
const positionRange = 2 ** 38;

/** The last position that has a sequence id. */
export const positionMax = positionRange - 1;

export function toSequenceId(epoch: number, position: number): number {
  return epoch * positionRange + position;
}

/** @param sequenceId not negative */
export function fromSequenceId(sequenceId: number): { epoch: number; position: number } {
  return { epoch: Math.floor(sequenceId / positionRange), position: sequenceId % positionRange };
}

/** Of the positions that `sequence` may stand for, the one nearest to `expected`. */
export function positionNear(expected: number, sequence: number): number {
  const round = Math.floor(expected / sequenceRange);
  const candidate = round * sequenceRange + sequence;
  const distance = candidate - expected;
  if (distance > sequenceRange / 2 && round > 0) return candidate - sequenceRange;
  if (distance < -sequenceRange / 2) return candidate + sequenceRange;
  return candidate;
}

/** Kafka's sequence number of a position. */
export function sequenceOf(position: number): number {
  return position % sequenceRange;
}
