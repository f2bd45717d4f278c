import { openAll } from '../load-clients.js';
import { AmqpSocket } from './amqp-socket.js';

export interface ReceiveLoad {
  readonly endpoint: string;
  readonly address: string;
  readonly receivers: number;
  /** Credit of one receiver. */
  readonly credit: number;
  readonly messages: number;
}

/** Resolves when so many messages have come, all receivers together, and were accepted. */
export async function receiveLoad(load: ReceiveLoad): Promise<void> {
  const clients = await attachReceivers(load);
  let left = load.messages;
  await new Promise<void>((resolve, reject) => {
    for (const client of clients) {
      let received = 0;
      let accepted = 0;
      let creditUpTo = load.credit;
      client.failsWith(reject);
      client.onFrame = ({ performative }) => {
        if (performative.type === 'transfer' && !performative.more) received++;
      };
      client.onPiece = () => {
        if (received === accepted) return;
        // Delivery ids are counted from 0 in a session with one link.
        client.accept(accepted, received - 1);
        left -= received - accepted;
        accepted = received;
        if (left <= 0) resolve();
        if (creditUpTo - received > load.credit / 2) return;
        creditUpTo = received + load.credit;
        client.credit(received, load.credit);
      };
      client.credit(0, load.credit);
    }
  });
  for (const client of clients) client.close();
}

/** Connections with a session and a link, all without credit. */
export function attachReceivers(
  { endpoint, address, receivers }: Pick<ReceiveLoad, 'endpoint' | 'address' | 'receivers'>,
  names = 'receiver',
): Promise<AmqpSocket[]> {
  return openAll(receivers, (at) =>
    AmqpSocket.attach(endpoint, {
      ...{ name: `${names}-${at}`, role: true },
      ...{ source: { type: 'source', address }, target: { type: 'target' } },
    }),
  );
}
