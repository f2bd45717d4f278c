// A raw AMQP 0-9-1 client over TCP: bytes or methods out, methods in, one after the other.
import { once } from 'node:events';
import { connect } from 'node:net';
import { Amqp091Client, type ClientBytes } from '../../libs/amqp091-gateway/src/testing/amqp091-client.js';

/** @param address `host:port` */
export async function openAmqp091Wire(address: string): Promise<Amqp091Client & { cut(): void }> {
  const [host, port] = address.split(':') as [string, string];
  const socket = connect({ host, port: Number(port), noDelay: true });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  const link: ClientBytes = {
    onData: undefined,
    closed,
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
  };
  socket.on('data', (bytes: Buffer) => link.onData?.(bytes));
  await once(socket, 'connect');
  return Object.assign(new Amqp091Client(link), { cut: () => void socket.resetAndDestroy() });
}
