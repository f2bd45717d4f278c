import type { Buffer } from 'node:buffer';
import { AmqpDecodeError, AmqpFrameDecoder, type AmqpInput } from '#libs/amqp-codec';
import type { FrameDecoder } from '#libs/transport';

/** What the connection is given in order: an error comes after what was whole before it, and is answered in frames. */
export type ConnectionInput = AmqpInput | AmqpDecodeError;

export class ConnectionDecoder implements FrameDecoder<ConnectionInput> {
  readonly #frames = new AmqpFrameDecoder();
  /** When the client was heard last, on the wheel's clock. */
  heardAtTick = 0;

  constructor(private readonly clock: { readonly tick: number }) {}

  push(bytes: Buffer): readonly ConnectionInput[] {
    this.heardAtTick = this.clock.tick;
    const inputs: AmqpInput[] = [];
    try {
      return this.#frames.push(bytes, inputs);
    } catch (error) {
      if (error instanceof AmqpDecodeError) return [...inputs, error];
      throw error;
    }
  }

  /** From here on, as the `open` that we sent says. */
  allowFrames(frameBytesMax: number): void {
    this.#frames.allowFrames(frameBytesMax);
  }
}
