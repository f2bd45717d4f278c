import { Buffer } from 'node:buffer';

const capacityMin = 1_024;

/** The payloads of one delivery's frames, joined. They are copied: each frame would keep what came with it from the socket. */
export class MessageAssembly {
  #buffer: Buffer | undefined;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** @param bytesMax of the message: never more is taken for it */
  add(payload: Buffer, bytesMax: number): void {
    const wanted = this.#bytes + payload.length;
    if (this.#buffer === undefined || wanted > this.#buffer.length) {
      const doubled = Math.max(capacityMin, 2 * (this.#buffer?.length ?? 0));
      const bigger = Buffer.allocUnsafeSlow(Math.max(wanted, Math.min(doubled, bytesMax)));
      this.#buffer?.copy(bigger, 0, 0, this.#bytes);
      this.#buffer = bigger;
    }
    this.#buffer.set(payload, this.#bytes);
    this.#bytes = wanted;
  }

  /** What came up to now. */
  joined(): Buffer {
    return this.#buffer?.subarray(0, this.#bytes) ?? Buffer.alloc(0);
  }
}
