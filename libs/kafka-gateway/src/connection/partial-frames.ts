import type { Buffer } from 'node:buffer';
import { KafkaDecodeError, type KafkaFrameDecoder } from '#libs/kafka-codec';
import type { FrameDecoder } from '#libs/transport';

/** Bytes of requests that have begun to arrive, over all connections of the process. */
export class PartialFrames {
  bytes = 0;

  constructor(readonly bytesMax: number) {}
}

/**
 * Counts what a decoder holds of an incomplete frame. The connection whose bytes go over the bound of the process is
 * the one that ends: to stop reading instead would leave all of them waiting for each other.
 */
export class CountedDecoder implements FrameDecoder<Buffer> {
  #counted = 0;
  #released = false;

  constructor(
    private readonly decoder: KafkaFrameDecoder,
    private readonly all: PartialFrames,
  ) {}

  /** @throws KafkaDecodeError, `frame-too-large` also where the bound of the process is meant */
  push(bytes: Buffer): readonly Buffer[] {
    const frames = this.decoder.push(bytes);
    this.#count(this.#released ? 0 : this.decoder.bufferedBytes);
    if (this.all.bytes > this.all.bytesMax && this.#counted > 0) {
      const message = `incomplete requests of all connections hold more than ${this.all.bytesMax} bytes`;
      throw new KafkaDecodeError('frame-too-large', message);
    }
    return frames;
  }

  authenticated(): void {
    this.decoder.authenticated();
  }

  /** The connection has ended; what it held is free. */
  release(): void {
    this.#released = true;
    this.#count(0);
  }

  #count(bytes: number): void {
    this.all.bytes += bytes - this.#counted;
    this.#counted = bytes;
  }
}
