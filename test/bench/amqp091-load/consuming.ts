import { Buffer } from 'node:buffer';
import { encodeMethod } from '#libs/amqp091-codec';
import { basicConsume, basicQos } from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { openAll } from '../load-clients.js';
import { LoadSocket } from './load-socket.js';

export interface ConsumeLoad {
  readonly endpoint: string;
  readonly queue: string;
  readonly consumers: number;
  readonly prefetch: number;
  /** 1: each message is acknowledged by itself; else so many with one ack (`multiple`). */
  readonly ackMessages: number;
  readonly messages: number;
}

const deliverMethod = 0x003c_003c;
const frameHeadBytes = 7;
const emptyFrameBytes = 8;
const methodFrame = 1;

/** Resolves when so many messages have come, all consumers together, and were acknowledged. */
export async function consumeLoad(load: ConsumeLoad): Promise<void> {
  const sockets = await openConsumers(load);
  let left = load.messages;
  const consumers: Consumer[] = [];
  await new Promise<void>((resolve, reject) => {
    const came = (messages: number) => {
      left -= messages;
      if (left <= 0) resolve();
    };
    for (const socket of sockets) consumers.push(new Consumer(socket, load, came, reject));
  });
  // The last bodies may be on their way: so near the gateway that is all the same.
  for (const consumer of consumers) await consumer.end();
}

class Consumer {
  #rest: Buffer = Buffer.alloc(0);
  #received = 0;
  #acked = 0;

  constructor(
    private readonly socket: LoadSocket,
    private readonly load: ConsumeLoad,
    private readonly came: (messages: number) => void,
    private readonly fail: (error: Error) => void,
  ) {
    socket.takeOver(
      (bytes) => this.#onData(bytes),
      () => fail(new Error('the gateway closed a connection')),
    );
    socket.socket.write(consume(load.queue));
  }

  /** Acknowledges the rest; what was written goes out before. */
  async end(): Promise<void> {
    this.#ack(this.#received);
    await this.socket.end();
  }

  #onData(bytes: Buffer): void {
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const before = this.#received;
    while (rest.length >= frameHeadBytes) {
      const frameBytes = rest.readUInt32BE(3) + emptyFrameBytes;
      if (rest.length < frameBytes) break;
      if (rest[0] === methodFrame) {
        if (rest.readUInt32BE(frameHeadBytes) !== deliverMethod) {
          this.fail(new Error(`not delivered: ${rest.toString('hex', 0, frameBytes)}`));
        }
        this.#received++;
      }
      rest = rest.subarray(frameBytes);
    }
    this.#rest = rest;
    const { ackMessages } = this.load;
    this.#ack(this.#received - ((this.#received - this.#acked) % ackMessages));
    this.came(this.#received - before);
  }

  #ack(upTo: number): void {
    if (upTo > this.#acked) this.socket.socket.write(acks(this.#acked, upTo, this.load.ackMessages));
    this.#acked = upTo;
  }
}

/** Connections with a channel, a prefetch limit, and no consumer yet. */
export function openConsumers({
  endpoint,
  queue,
  consumers,
  prefetch,
}: Pick<ConsumeLoad, 'endpoint' | 'queue' | 'consumers' | 'prefetch'>): Promise<LoadSocket[]> {
  return openAll(consumers, async () => {
    const socket = await LoadSocket.open(endpoint);
    await socket.client.declare(queue);
    await socket.client.call(basicQos(prefetch), 'basic.qos-ok');
    return socket;
  });
}

/** basic.consume that is not answered. */
export const consume = (queue: string): Buffer =>
  encodeMethod(1, basicConsume(queue, {}, { consumerTag: 'bench', noWait: true }));

/** Of all behind `from`, up to and with `upTo`. */
function acks(from: number, upTo: number, ackMessages: number): Buffer {
  const multiple = ackMessages > 1;
  if (multiple) return encodeMethod(1, { name: 'basic.ack', deliveryTag: upTo, multiple });
  const frames: Buffer[] = [];
  for (let deliveryTag = from + 1; deliveryTag <= upTo; deliveryTag++) {
    frames.push(encodeMethod(1, { name: 'basic.ack', deliveryTag, multiple }));
  }
  return Buffer.concat(frames);
}
