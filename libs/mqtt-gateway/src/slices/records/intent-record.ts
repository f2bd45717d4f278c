import type { Buffer } from 'node:buffer';
import type { SequencedPlace } from '../../publishing/sequenced-publisher.js';
import { parseRecord, recordValue } from './record-value.js';

/** `in/<session>/<packet id>`: where the message of a QoS 2 PUBLISH is stored, or was to be. */
export function encodeIntentRecord({ partition, sequenceId }: SequencedPlace): Buffer {
  return recordValue({ p: partition, s: sequenceId });
}

export function decodeIntentRecord(value: Buffer): SequencedPlace {
  const { p, s } = parseRecord<{ readonly p: string; readonly s: number }>(value);
  return { partition: p, sequenceId: s };
}
