import { Buffer } from 'node:buffer';
import { type FrameDecoder, MalformedFrame } from '#libs/transport';

/** A gateway has given messages of a partition up to an entry: topic, ledger, entry. */
export type GivenNote = readonly [topic: string, ledgerId: number, entryId: number];

export const notesBytesMax = 256 * 1024;
const newline = 0x0a;
const nothing = Buffer.alloc(0);

export function encodeNotes(notes: readonly GivenNote[]): Buffer {
  return Buffer.from(`${JSON.stringify(notes)}\n`);
}

/** @throws MalformedFrame */
export function decodeNotes(bytes: Buffer): readonly GivenNote[] {
  let notes: unknown;
  try {
    notes = JSON.parse(bytes.toString());
  } catch {
    throw new MalformedFrame('frame-malformed', 'notes of a gateway that are no JSON');
  }
  if (!Array.isArray(notes) || !notes.every(isNote)) {
    throw new MalformedFrame('frame-malformed', 'what a gateway sent are no notes');
  }
  return notes;
}

function isNote(note: unknown): note is GivenNote {
  if (!Array.isArray(note) || note.length !== 3 || typeof note[0] !== 'string') return false;
  return Number.isSafeInteger(note[1]) && Number.isSafeInteger(note[2]);
}

/** Notes line by line. */
export class GivenNotesDecoder implements FrameDecoder<readonly GivenNote[]> {
  #rest: Buffer = nothing;

  push(bytes: Buffer): readonly (readonly GivenNote[])[] {
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames: (readonly GivenNote[])[] = [];
    for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline)) {
      frames.push(decodeNotes(rest.subarray(0, end)));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > notesBytesMax) throw new MalformedFrame('frame-too-large', 'a note without an end');
    this.#rest = rest.length === 0 ? nothing : Buffer.from(rest);
    return frames;
  }
}
