import type { Buffer } from 'node:buffer';
import { Amqp091Error, type Amqp091Frame, Amqp091FrameDecoder } from '#libs/amqp091-codec';
import type { FrameDecoder } from '#libs/transport';

/** The client has said which protocol it speaks, and waits for connection.start. */
export const headerSeen = 'protocol-header';

/** What the connection is given in order: an error comes after what was whole before it, and is answered in frames. */
export type ConnectionInput = Amqp091Frame | Amqp091Error | typeof headerSeen;

/** For `connection.start-ok`: as large as the longest token that is looked at makes it. */
const initialFrameBytesMax = 32_768;

export class ConnectionDecoder implements FrameDecoder<ConnectionInput> {
  readonly #frames = new Amqp091FrameDecoder({ initialFrameBytesMax });
  #isHeaderSeen = false;
  /** When the client was heard last, on the wheel's clock. */
  heardAtTick = 0;

  constructor(private readonly clock: { readonly tick: number }) {}

  push(bytes: Buffer): readonly ConnectionInput[] {
    this.heardAtTick = this.clock.tick;
    const frames: Amqp091Frame[] = [];
    try {
      this.#frames.push(bytes, frames);
      return this.#isHeaderSeen ? frames : this.#withHeader(frames);
    } catch (error) {
      if (error instanceof Amqp091Error) return this.#withHeader([...frames, error]);
      throw error;
    }
  }

  /** From here on, as tune-ok says. */
  tuned(frameBytesMax: number, channelMax: number): void {
    this.#frames.tuned(frameBytesMax, channelMax);
  }

  #withHeader(inputs: readonly ConnectionInput[]): readonly ConnectionInput[] {
    if (this.#isHeaderSeen || !this.#frames.isHeaderSeen) return inputs;
    this.#isHeaderSeen = true;
    return [headerSeen, ...inputs];
  }
}
