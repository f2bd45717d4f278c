import { Buffer } from 'node:buffer';
import { encodeTransferHead } from '#libs/amqp-codec';
import { type Latencies, SampledLatencies } from '../sampled-latencies.js';
import { AmqpSocket } from './amqp-socket.js';

export interface SendLoad {
  readonly endpoint: string;
  readonly address: string;
  readonly senders: number;
  /** Unsettled messages of one sender at most, and never more than it has credit for. */
  readonly window: number;
  readonly payloadBytes: number;
  readonly messages: number;
}

/** Resolves when all were accepted. @throws when one was not */
export async function sendLoad(load: SendLoad): Promise<Latencies> {
  const { endpoint, address, senders } = load;
  const sockets = await Promise.all(
    Array.from({ length: senders }, (_, at) =>
      AmqpSocket.attach(endpoint, {
        ...{ name: `sender-${at}`, role: false, initialDeliveryCount: 0 },
        ...{ source: { type: 'source' }, target: { type: 'target', address } },
      }),
    ),
  );
  const each = Math.ceil(load.messages / senders);
  const latencies = await Promise.all(sockets.map((socket) => sendAll(socket, each, load)));
  for (const socket of sockets) socket.close();
  return SampledLatencies.ofAll(latencies);
}

function sendAll(
  client: AmqpSocket,
  count: number,
  { window, payloadBytes }: SendLoad,
): Promise<SampledLatencies> {
  const frame = frameOf(payloadBytes);
  const latencies = new SampledLatencies();
  let sent = 0;
  let settled = 0;
  const send = () => {
    const upTo = Math.min(count, settled + window, client.creditUpTo);
    if (upTo <= sent) return;
    const bytes = Buffer.allocUnsafe((upTo - sent) * frame.bytes.length);
    for (let at = 0; sent < upTo; sent++, at += frame.bytes.length) {
      bytes.set(frame.bytes, at);
      for (const place of frame.idAt) bytes.writeUInt32BE(firstDeliveryId + sent, at + place);
      latencies.sent(sent);
    }
    client.socket.write(bytes);
  };
  return new Promise((resolve, reject) => {
    client.failsWith(reject);
    client.onFrame = ({ performative }) => {
      if (performative.type === 'disposition') {
        const { first, last = first, state } = performative;
        if (state?.type !== 'accepted') reject(new Error(`a message was ${state?.type}`));
        settled += last - first + 1;
        for (let id = first; id <= last; id++) latencies.confirmed(id - firstDeliveryId);
      } else if (performative.type === 'detach' || performative.type === 'close') {
        reject(new Error(`the sender was ended: ${performative.error?.condition}`));
      }
    };
    client.onPiece = () => {
      if (settled === count) resolve(latencies);
      else send();
    };
    send();
  });
}

/** Delivery ids begin here, so that all of them take four bytes in a frame. */
const firstDeliveryId = 0x0100_0000;

/** A transfer of one data section, and where its delivery id and tag are: to be written over. */
function frameOf(payloadBytes: number): { readonly bytes: Buffer; readonly idAt: readonly number[] } {
  const message = Buffer.alloc(8 + payloadBytes, 'x');
  Buffer.of(0, 0x53, 0x75, 0xb0).copy(message);
  message.writeUInt32BE(payloadBytes, 4);
  const mark = Buffer.of(0x7a, 0x7b, 0x7c, 0x7d);
  const transfer = { type: 'transfer', handle: 0, deliveryId: 0x7a7b7c7d, deliveryTag: mark } as const;
  const head = encodeTransferHead(0, { ...transfer, messageFormat: 0 }, message.length);
  const first = head.indexOf(mark);
  return { bytes: Buffer.concat([head, message]), idAt: [first, head.indexOf(mark, first + 1)] };
}
