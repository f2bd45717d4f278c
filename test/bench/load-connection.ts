import { connect, type Socket } from 'node:net';

/** The connection of a client that knows as little of its protocol as it can, so that the gateway is measured and not it. */
export class LoadConnection {
  readonly socket: Socket;
  /** All that one piece of the socket's bytes had was given. */
  onPiece: () => void = () => {};

  /** @param endpoint `host:port` */
  protected constructor(endpoint: string) {
    const [host, port] = endpoint.split(':') as [string, string];
    this.socket = connect({ host, port: Number(port), noDelay: true });
  }

  /** What to do when the connection ends. */
  failsWith(fail: (error: Error) => void): void {
    this.socket.removeAllListeners('error').removeAllListeners('close');
    this.socket.once('error', fail);
    this.socket.once('close', () => fail(new Error('the gateway closed a connection')));
  }

  close(): void {
    this.failsWith(() => {});
    this.socket.destroy();
  }

  /** Resolves when `isOpen` calls its first argument; from then on whoever does not say else throws when it ends. */
  protected async opened(
    name: string,
    listen: (resolve: () => void, reject: (error: Error) => void) => void,
  ): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.socket.once('error', reject);
      this.socket.once('close', () => reject(new Error(`${name} was closed before it was open`)));
      listen(resolve, reject);
    });
    this.failsWith((error) => {
      throw error;
    });
    return this;
  }
}
