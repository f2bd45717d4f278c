// The connections and names of one scenario with amqplib, whose callbacks become promises here.
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import {
  type Channel,
  type ChannelModel,
  type ConfirmChannel,
  type ConsumeMessage,
  connect,
  type Options,
} from 'amqplib';
import type { Amqp091ClientTask, Amqp091Job } from '../../support/amqp091-scenario.js';

const pollMs = 20;

export const pause = () => new Promise((resolve) => setTimeout(resolve, pollMs));

export function mustBe(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

/** The messages of one consumer, in their order. */
export class Inbox {
  readonly arrived: ConsumeMessage[] = [];
  consumerTag = '';
  /** The server cancelled it. */
  isCancelled = false;

  private constructor(readonly channel: Channel) {}

  static async open(channel: Channel, queue: string, options: Options.Consume = {}): Promise<Inbox> {
    const inbox = new Inbox(channel);
    const take = (message: ConsumeMessage | null) => {
      if (message) inbox.arrived.push(message);
      else inbox.isCancelled = true;
    };
    inbox.consumerTag = (await channel.consume(queue, take, options)).consumerTag;
    return inbox;
  }

  async receive(): Promise<ConsumeMessage> {
    while (this.arrived.length === 0) await pause();
    return this.arrived.shift()!;
  }

  /** Acknowledged one by one. */
  async take(): Promise<ConsumeMessage> {
    const message = await this.receive();
    this.channel.ack(message);
    return message;
  }

  async texts(count: number): Promise<string[]> {
    const texts = [];
    while (texts.length < count) texts.push((await this.take()).content.toString());
    return texts;
  }
}

export class Stage {
  private readonly connections: ChannelModel[] = [];

  constructor(
    private readonly task: Amqp091ClientTask,
    private readonly job: Amqp091Job,
    private readonly name: string,
  ) {}

  async connect(port?: number): Promise<ChannelModel> {
    const { host, ports, caFile, user, password } = this.task;
    const tls = this.job.transport === 'tls';
    const credentials = tls
      ? { username: user, password, protocol: 'amqps' }
      : { username: 'guest', password: 'guest', protocol: 'amqp' };
    const options = { hostname: host, port: port ?? ports[this.job.transport], ...credentials };
    const connection = await connect(options, tls ? { ca: [readFileSync(caFile)] } : {});
    // What ends it is told by what was asked on it.
    connection.on('error', () => {});
    this.connections.push(connection);
    return connection;
  }

  async channel(connection?: ChannelModel): Promise<Channel> {
    const channel = await (connection ?? (await this.connect())).createChannel();
    channel.on('error', () => {});
    return channel;
  }

  async confirming(): Promise<ConfirmChannel> {
    return (await this.connect()).createConfirmChannel();
  }

  /** As if its process had been killed. */
  cut(connection: ChannelModel): void {
    (connection.connection as unknown as { stream: Socket }).stream.destroy();
  }

  named(rest: string): string {
    return `${this.job.prefix}-${this.name}-${rest}`;
  }

  async end(): Promise<void> {
    for (const connection of this.connections) await connection.close().catch(() => {});
  }
}

/** Confirmed all. */
export async function send(channel: ConfirmChannel, exchange: string, key: string, ...bodies: string[]) {
  for (const body of bodies) channel.publish(exchange, key, Buffer.from(body));
  await channel.waitForConfirms();
}
