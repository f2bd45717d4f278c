import { Buffer } from 'node:buffer';
import { encodeBasicProperties, encodeContent } from '#libs/amqp091-codec';
import { basicPublish } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { type Latencies, SampledLatencies } from '../sampled-latencies.js';
import { LoadSocket } from './load-socket.js';

export interface PublishLoad {
  readonly endpoint: string;
  /** A queue that is there, or is declared. */
  readonly queue: string;
  readonly publishers: number;
  /** Unconfirmed messages of one publisher at most. */
  readonly window: number;
  readonly payloadBytes: number;
  readonly messages: number;
}

const ackFrameBytes = 21;
const ackMethod = 0x003c_0050;

/** Resolves when all were confirmed. @throws when one was not */
export async function publishLoad(load: PublishLoad): Promise<Latencies> {
  const { publishers, messages } = load;
  const each = Math.ceil(messages / publishers);
  const latencies = await Promise.all(Array.from({ length: publishers }, () => publishAll(each, load)));
  return SampledLatencies.ofAll(latencies);
}

/** A client that knows as little of AMQP as it can, once it is open, so that the gateway is measured and not it. */
async function publishAll(count: number, load: PublishLoad): Promise<SampledLatencies> {
  const publisher = await LoadSocket.open(load.endpoint);
  const { client, socket } = publisher;
  await client.declare(load.queue);
  await client.confirms();
  const latencies = await new Promise<SampledLatencies>((resolve, reject) => {
    const closed = () => reject(new Error('the gateway closed a connection'));
    publisher.takeOver(
      confirmed(count, load, (bytes) => void socket.write(bytes), resolve, reject),
      closed,
    );
  });
  publisher.close();
  return latencies;
}

/** Sends as far as the window goes, and takes what comes for confirms. */
function confirmed(
  count: number,
  { queue, payloadBytes, window }: PublishLoad,
  write: (bytes: Buffer) => void,
  resolve: (latencies: SampledLatencies) => void,
  reject: (error: Error) => void,
): (bytes: Buffer) => void {
  const content = {
    properties: encodeBasicProperties({ contentType: 'application/octet-stream', deliveryMode: 2 }),
    body: Buffer.alloc(payloadBytes, 'x'),
  };
  const message = Buffer.concat(encodeContent(1, basicPublish('', queue), content, 131_072));
  const latencies = new SampledLatencies();
  let sent = 0;
  let done = 0;
  let rest: Buffer = Buffer.alloc(0);
  const send = () => {
    const upTo = Math.min(count, done + window);
    if (upTo <= sent) return;
    const bytes = Buffer.allocUnsafe((upTo - sent) * message.length);
    for (let at = 0; sent < upTo; at += message.length) {
      bytes.set(message, at);
      latencies.sent(++sent);
    }
    write(bytes);
  };
  const take = (frame: Buffer) => {
    if (frame.readUInt32BE(7) !== ackMethod) {
      reject(new Error(`not confirmed: ${frame.toString('hex')}`));
      return;
    }
    const upTo = frame.readUInt32BE(15);
    for (let number = done + 1; number <= upTo; number++) latencies.confirmed(number);
    done = upTo;
  };
  send();
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    for (; rest.length >= ackFrameBytes; rest = rest.subarray(ackFrameBytes)) take(rest);
    if (done === count) resolve(latencies);
    else send();
  };
}
