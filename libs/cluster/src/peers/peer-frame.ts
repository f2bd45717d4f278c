import { type FrameDecoder, MalformedFrame } from '#libs/transport';

/**
 * What gateways say to each other: `length: UINT32`, then that many bytes, of which the first is the kind of frame.
 *
 * ```
 * challenge   nonce[32]                                    the one that was connected to
 * proof       node id INT32, nonce[32], mac[32]            the one that connected
 * welcome     mac[32]                                      the first again: it knows the secret too
 * request     id UINT32, length of kind UINT8, kind, payload
 * response    id UINT32, payload
 * failure     id UINT32, why (UTF-8)
 * cancel      id UINT32                                    nobody waits for this answer any more
 * splice      length of kind UINT8, kind, header           the last frame: from here on, bytes of a client's connection
 * ```
 */
export const frameKinds = {
  challenge: 1,
  proof: 2,
  welcome: 3,
  request: 4,
  response: 5,
  failure: 6,
  cancel: 7,
  splice: 8,
} as const;

export const nonceBytes = 32;
export const macBytes = 32;

/** A frame before the secret was proved. */
const bytesMaxBefore = 128;
const lengthBytes = 4;
const idBytes = 4;

export interface PeerFrame {
  readonly kind: number;
  /** Without length and kind. */
  readonly body: Buffer;
}

export function encodeFrame(kind: number, ...parts: readonly Buffer[]): Buffer[] {
  const head = Buffer.allocUnsafe(lengthBytes + 1);
  head.writeUInt32BE(parts.reduce((sum, part) => sum + part.length, 1));
  head.writeUInt8(kind, lengthBytes);
  return [head, ...parts];
}

export function encodeRequest(id: number, kind: string, payload: Buffer): Buffer[] {
  const name = Buffer.from(kind);
  return encodeFrame(frameKinds.request, uint32(id), Buffer.of(name.length), name, payload);
}

export function encodeSplice(kind: string, header: Buffer): Buffer[] {
  const name = Buffer.from(kind);
  return encodeFrame(frameKinds.splice, Buffer.of(name.length), name, header);
}

export function encodeCancel(id: number): Buffer[] {
  return encodeFrame(frameKinds.cancel, uint32(id));
}

export function encodeAnswer(kind: 'response' | 'failure', id: number, payload: Buffer): Buffer[] {
  return encodeFrame(frameKinds[kind], uint32(id), payload);
}

/** @throws MalformedFrame */
export function decodeRequest(body: Buffer): { id: number; kind: string; payload: Buffer } {
  const nameAt = idBytes + 1;
  if (body.length < nameAt || body.length < nameAt + body[idBytes]!) throw tooShort();
  const payloadAt = nameAt + body[idBytes]!;
  return {
    id: body.readUInt32BE(),
    kind: body.toString('utf8', nameAt, payloadAt),
    payload: body.subarray(payloadAt),
  };
}

/** @throws MalformedFrame */
export function decodeSplice(body: Buffer): { kind: string; header: Buffer } {
  if (body.length < 1 || body.length < 1 + body[0]!) throw tooShort();
  const headerAt = 1 + body[0]!;
  return { kind: body.toString('utf8', 1, headerAt), header: body.subarray(headerAt) };
}

/** @throws MalformedFrame */
export function decodeAnswer(body: Buffer): { id: number; payload: Buffer } {
  if (body.length < idBytes) throw tooShort();
  return { id: body.readUInt32BE(), payload: body.subarray(idBytes) };
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(idBytes);
  bytes.writeUInt32BE(value);
  return bytes;
}

function tooShort(): MalformedFrame {
  return new MalformedFrame('frame-too-short', 'a frame ends before its fields do');
}

/**
 * Cuts frames; holds what arrived of one, never more because of what was announced. What follows a splice is not cut: it
 * is for {@link takeRest}.
 */
export class PeerFrameDecoder implements FrameDecoder<PeerFrame> {
  #held: Buffer[] = [];
  #heldBytes = 0;
  #bytesMax = bytesMaxBefore;

  constructor(private readonly bytesMaxAfter: number) {}

  /** From here on frames may be large. */
  authenticated(): void {
    this.#bytesMax = this.bytesMaxAfter;
  }

  push(bytes: Buffer): PeerFrame[] {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    const frames: PeerFrame[] = [];
    for (;;) {
      const wanted = this.#wanted();
      if (wanted === undefined || this.#heldBytes < wanted) return frames;
      const all = this.#joined();
      frames.push({ kind: all[lengthBytes]!, body: all.subarray(lengthBytes + 1, wanted) });
      const rest = all.subarray(wanted);
      this.#held = rest.length > 0 ? [rest] : [];
      this.#heldBytes = rest.length;
      if (all[lengthBytes] === frameKinds.splice) return frames;
    }
  }

  /** Bytes that arrived after the last frame. */
  takeRest(): Buffer {
    const rest = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return rest;
  }

  /** Bytes of the next frame with its length; undefined while that is not known. */
  #wanted(): number | undefined {
    if (this.#heldBytes < lengthBytes) return undefined;
    if (this.#held[0]!.length < lengthBytes) this.#joined();
    const length = this.#held[0]!.readUInt32BE();
    if (length < 1 || length > this.#bytesMax) {
      throw new MalformedFrame('frame-size', `a frame of ${length} bytes, at most ${this.#bytesMax}`);
    }
    return lengthBytes + length;
  }

  #joined(): Buffer {
    const all = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held, this.#heldBytes);
    this.#held = [all];
    return all;
  }
}
