import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { type Amqp091Wire, openAmqp091Wire } from '../../support/amqp091-wire.js';

/** A connection with channel 1, whose bytes are the owner's from then on. */
export class LoadSocket {
  private constructor(readonly client: Amqp091Wire) {}

  get socket(): Socket {
    return this.client.socket;
  }

  /** Resolves when its channel is open. */
  static async open(endpoint: string): Promise<LoadSocket> {
    const client = await openAmqp091Wire(endpoint);
    await client.open({ heartbeat: 0 });
    await client.openChannel();
    return new LoadSocket(client);
  }

  /** From now on nothing is decoded. */
  takeOver(onData: (bytes: Buffer) => void, onClosed: () => void): void {
    this.client.link.onData = onData;
    this.socket.once('close', onClosed);
  }

  /** What was written goes out before. */
  async end(): Promise<void> {
    this.socket.removeAllListeners('close');
    await new Promise<void>((resolve) => this.socket.end(resolve));
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.socket.destroy();
  }
}
