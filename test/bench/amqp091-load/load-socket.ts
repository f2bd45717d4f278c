import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { Amqp091Client } from '../../../libs/amqp091-gateway/src/testing/amqp091-client.js';

/** A connection with channel 1, whose bytes are the owner's from then on. */
export class LoadSocket {
  private constructor(
    readonly socket: Socket,
    readonly client: Amqp091Client,
    private readonly link: { onData: ((bytes: Buffer) => void) | undefined },
  ) {}

  /** Resolves when its channel is open. */
  static async open(endpoint: string): Promise<LoadSocket> {
    const [host, port] = endpoint.split(':') as [string, string];
    const socket = connect({ host, port: Number(port), noDelay: true });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    const link = {
      onData: undefined as ((bytes: Buffer) => void) | undefined,
      closed,
      write: (bytes: Buffer) => void socket.write(bytes),
      end: () => void socket.end(),
    };
    socket.on('data', (bytes: Buffer) => link.onData?.(bytes));
    const client = await new Amqp091Client(link).open({ heartbeat: 0 });
    await client.openChannel();
    return new LoadSocket(socket, client, link);
  }

  async declare(queue: string): Promise<void> {
    const durable = { passive: false, durable: true, exclusive: false, autoDelete: false, noWait: false };
    const declare = { name: 'queue.declare', queue, ...durable, arguments: Buffer.alloc(0) } as const;
    await this.client.call(declare, 'queue.declare-ok');
  }

  /** From now on nothing is decoded. */
  takeOver(onData: (bytes: Buffer) => void, onClosed: () => void): void {
    this.link.onData = onData;
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
