// Stock clients that offer as much as they can, by each protocol: what they got through, and every error that they told.
import type { EventEmitter } from 'node:events';
import amqplib from 'amqplib';
import { Kafka, logLevel } from 'kafkajs';
import mqtt from 'mqtt';
import rhea from 'rhea';
import type { TestGateway } from '../support/gateway.js';

export const loadProtocols = ['kafka', 'mqtt', 'amqp', 'amqp091'] as const;
export type LoadProtocol = (typeof loadProtocols)[number];

/** Of one client or several: what was confirmed, or received. */
export class LoadCount {
  bytes = 0;
  readonly errors: string[] = [];
  /** Milliseconds from sending to its confirmation, of each message. */
  readonly latenciesMs: number[] = [];
  isOver = false;
  readonly #ends: (() => unknown)[] = [];

  failed(error: unknown): void {
    if (!this.isOver) this.errors.push(error instanceof Error ? error.message : String(error));
  }

  confirmed(bytes: number, sentAtMs: number): void {
    this.bytes += bytes;
    this.latenciesMs.push(performance.now() - sentAtMs);
  }

  onEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.#ends.map((end) => Promise.resolve(end()).catch(() => {})));
  }
}

export interface OfferedLoad {
  readonly gateway: TestGateway;
  /** `tenant/user`, and its password. */
  readonly user: string;
  readonly password: string;
  /** Topic or queue. */
  readonly name: string;
  readonly payload: Buffer;
  /** Unconfirmed messages of one client. */
  readonly window: number;
  /** Between two messages of a client that does not offer all it can; 0: as fast as it goes. */
  readonly everyMs?: number;
}

type Start = (load: OfferedLoad, count: LoadCount) => Promise<void>;

/** Keeps `window` sends under way, each of which resolves when it is confirmed. */
function keepSending(
  { window, everyMs = 0, payload }: OfferedLoad,
  count: LoadCount,
  send: () => Promise<unknown>,
) {
  const one = async () => {
    while (!count.isOver) {
      const sentAtMs = performance.now();
      try {
        await send();
        count.confirmed(payload.length, sentAtMs);
      } catch (error) {
        count.failed(error);
        return;
      }
      if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  };
  for (let sender = 0; sender < window; sender++) void one();
}

function kafkaOf({ gateway, user, password }: OfferedLoad): Kafka {
  const sasl = { mechanism: 'plain', username: user, password } as const;
  // The gateway slows by up to 10 s; each request waits for those before it.
  return new Kafka({ brokers: [gateway.kafka], sasl, logLevel: logLevel.NOTHING, retry: { retries: 0 } });
}

const publishers: Readonly<Record<LoadProtocol, Start>> = {
  async kafka(load, count) {
    const producer = kafkaOf(load).producer();
    await producer.connect();
    count.onEnd(() => producer.disconnect());
    const messages = [{ value: load.payload }];
    keepSending(load, count, () => producer.send({ topic: load.name, messages }));
  },

  async mqtt(load, count) {
    const client = await mqttClient(load, count);
    keepSending(load, count, () => client.publishAsync(load.name, load.payload, { qos: 1 }));
  },

  async amqp(load, count) {
    const connection = rheaConnection(load, count);
    const sender = connection.open_sender(load.name);
    await once(sender as unknown as EventEmitter, 'sender_open');
    const waiting = new Map<unknown, () => void>();
    sender.on('accepted', ({ delivery }) => {
      waiting.get(delivery)?.();
      waiting.delete(delivery);
    });
    for (const refusal of ['rejected', 'released']) {
      sender.on(refusal, ({ delivery }) => count.failed(`${refusal}: ${delivery?.remote_state}`));
    }
    keepSending(load, count, async () => {
      while (!sender.sendable() && !count.isOver) await once(sender as unknown as EventEmitter, 'sendable');
      await new Promise<void>((resolve) => waiting.set(sender.send({ body: load.payload }), resolve));
    });
  },

  async amqp091(load, count) {
    const connection = await rabbitConnection(load, count);
    const channel = await connection.createConfirmChannel();
    channel.on('error', (error) => count.failed(error));
    await channel.assertQueue(load.name, { durable: true });
    keepSending(load, count, () => {
      return new Promise<void>((resolve, reject) => {
        channel.sendToQueue(load.name, load.payload, { persistent: true }, (error) =>
          error ? reject(error as Error) : resolve(),
        );
      });
    });
  },
};

const consumers: Readonly<Record<LoadProtocol, Start>> = {
  async kafka(load, count) {
    const consumer = kafkaOf(load).consumer({ groupId: `of-${load.name}`, maxWaitTimeInMs: 500 });
    consumer.on(consumer.events.CRASH, ({ payload }) => count.failed(payload.error));
    await consumer.connect();
    count.onEnd(() => consumer.disconnect());
    await consumer.subscribe({ topic: load.name, fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { value } of batch.messages) count.bytes += value!.length;
      },
    });
  },

  async mqtt(load, count) {
    const client = await mqttClient(load, count);
    client.on('message', (_topic, payload) => {
      count.bytes += payload.length;
    });
    await client.subscribeAsync(load.name, { qos: 1 });
  },

  async amqp(load, count) {
    const connection = rheaConnection(load, count);
    const receiver = connection.open_receiver({ source: load.name, credit_window: 200 });
    receiver.on('message', ({ message }) => {
      count.bytes += (message!.body as { content?: Buffer } & Buffer).length;
    });
    await once(receiver as unknown as EventEmitter, 'receiver_open');
  },

  async amqp091(load, count) {
    const connection = await rabbitConnection(load, count);
    const channel = await connection.createChannel();
    channel.on('error', (error) => count.failed(error));
    await channel.prefetch(200);
    await channel.consume(load.name, (message) => {
      if (message === null) return count.failed('the consumer was cancelled');
      count.bytes += message.content.length;
      channel.ack(message);
    });
  },
};

export function publish(protocol: LoadProtocol, load: OfferedLoad, count: LoadCount): Promise<void> {
  return publishers[protocol](load, count);
}

export function consume(protocol: LoadProtocol, load: OfferedLoad, count: LoadCount): Promise<void> {
  return consumers[protocol](load, count);
}

async function mqttClient({ gateway, user, password }: OfferedLoad, count: LoadCount) {
  const url = `mqtt://${gateway.mqtt.tcp}`;
  const client = await mqtt.connectAsync(url, {
    ...{ username: user, password, protocolVersion: 5, reconnectPeriod: 0, keepalive: 60 },
  });
  client.on('error', (error) => count.failed(error));
  client.on('disconnect', ({ reasonCode }) => count.failed(`DISCONNECT ${reasonCode}`));
  client.on('close', () => count.failed('closed'));
  count.onEnd(() => client.endAsync(true));
  return client;
}

function rheaConnection({ gateway, user, password }: OfferedLoad, count: LoadCount) {
  const [host = '', port] = gateway.amqp.tcp.split(':');
  const connection = rhea.create_container().connect({
    ...{ host, port: Number(port), username: user, password, reconnect: false },
  });
  for (const event of [
    'connection_error',
    'session_error',
    'sender_error',
    'receiver_error',
    'disconnected',
  ]) {
    connection.on(event, ({ connection: of, error }) => count.failed(`${event}: ${error ?? of?.error}`));
  }
  count.onEnd(() => connection.close());
  return connection;
}

async function rabbitConnection({ gateway, user, password }: OfferedLoad, count: LoadCount) {
  const [hostname = '', port] = gateway.amqp.tcp.split(':');
  const connection = await amqplib.connect(
    { hostname, port: Number(port), username: user, password },
    // Or a message goes in two parts, of which the second waits 40 ms for the acknowledgement of the first by TCP.
    { noDelay: true },
  );
  connection.on('error', (error) => count.failed(error));
  connection.on('close', () => count.failed('closed'));
  count.onEnd(() => connection.close());
  return connection;
}

function once(emitter: EventEmitter, event: string): Promise<void> {
  return new Promise((resolve) => emitter.once(event, () => resolve()));
}
