import type { FrameDecoder } from '#libs/transport';

const nothing = Buffer.alloc(0);

/** A protocol's decoder that takes over in the middle of a stream: what was read already is its first bytes. */
export class TakenOverDecoder implements FrameDecoder<unknown> {
  #held: Buffer;

  constructor(
    held: Buffer,
    private readonly decoder: FrameDecoder<unknown>,
  ) {
    this.#held = held;
  }

  get holdsBack(): boolean {
    return this.#held.length > 0 || this.decoder.holdsBack === true;
  }

  push(bytes: Buffer): readonly unknown[] {
    if (this.#held.length === 0) return this.decoder.push(bytes);
    const all = bytes.length === 0 ? this.#held : Buffer.concat([this.#held, bytes]);
    this.#held = nothing;
    return this.decoder.push(all);
  }
}
