import type { Buffer } from 'node:buffer';
import { parseRecord, recordValue } from './record-value.js';

/** A message on its way to the client: PUBLISH was, or may have been, sent; `received`: PUBREC has come. */
export interface InFlightRecord {
  readonly packetId: number;
  /** 0: no record has the message. Only its packet id is left, which the client may hold until it gets PUBREL. */
  readonly sequence: number;
  readonly received: boolean;
}

/** `progress/<session>`: what of its queue a session is done with. */
export interface ProgressRecord {
  /** All up to this sequence is done. */
  readonly doneThrough: number;
  /** What is done of the later ones. */
  readonly doneBeyond: readonly number[];
  /** In the order in which they were sent; those that are received in the order of that. */
  readonly inFlight: readonly InFlightRecord[];
}

interface Stored {
  readonly t: number;
  readonly d?: readonly number[];
  readonly f?: readonly (readonly [number, number, 0 | 1])[];
}

export function encodeProgressRecord({ doneThrough, doneBeyond, inFlight }: ProgressRecord): Buffer {
  const f = inFlight.map(({ packetId, sequence, received }) => [packetId, sequence, received ? 1 : 0]);
  return recordValue({
    t: doneThrough,
    ...(doneBeyond.length > 0 && { d: doneBeyond }),
    ...(f.length > 0 && { f }),
  });
}

export function decodeProgressRecord(value: Buffer): ProgressRecord {
  const { t, d = [], f = [] } = parseRecord<Stored>(value);
  const inFlight = f.map(([packetId, sequence, received]) => ({
    packetId,
    sequence,
    received: received === 1,
  }));
  return { doneThrough: t, doneBeyond: d, inFlight };
}
