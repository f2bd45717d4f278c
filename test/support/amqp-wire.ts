// A raw AMQP 1.0 client over TCP: bytes or frames out, frames in, one after the other.
import { once } from 'node:events';
import { connect } from 'node:net';
import { AmqpClient, type ClientBytes } from '../../libs/amqp-gateway/src/testing/amqp-client.js';

/** @param address `host:port` */
export async function openAmqpWire(address: string): Promise<AmqpClient & { cut(): void }> {
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
  return Object.assign(new AmqpClient(link), { cut: () => void socket.resetAndDestroy() });
}
