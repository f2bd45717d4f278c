// A raw AMQP 0-9-1 client over TCP or TLS: bytes or methods out, methods in, one after the other.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { Amqp091Client, type ClientBytes } from '../../libs/amqp091-gateway/src/testing/amqp091-client.js';

export type Amqp091Wire = Amqp091Client & {
  /** Who does not read pauses it. */
  readonly socket: Socket;
  /** As if the client had died. */
  cut(): void;
};

/** @param address `host:port` */
export async function openAmqp091Wire(address: string, tls?: ConnectionOptions): Promise<Amqp091Wire> {
  const [host, port] = address.split(':') as [string, string];
  const to = { host, port: Number(port), noDelay: true };
  const socket: Socket = tls === undefined ? connect(to) : connectTls({ ...to, ...tls });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  const link: ClientBytes = {
    onData: undefined,
    closed,
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
  };
  socket.on('data', (bytes: Buffer) => link.onData?.(bytes));
  await once(socket, tls === undefined ? 'connect' : 'secureConnect');
  return Object.assign(new Amqp091Client(link), {
    socket,
    cut: () => void (tls === undefined ? socket.resetAndDestroy() : socket.destroy()),
  });
}
