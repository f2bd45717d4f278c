// The connections and names of one scenario with amqp-client.js.
import { readFileSync } from 'node:fs';
import { type AMQPChannel, AMQPClient, type AMQPMessage, AMQPSession } from '@cloudamqp/amqp-client';
import type { Amqp091ClientTask, Amqp091Job } from '../../support/amqp091-scenario.js';

const pollMs = 20;

export const pause = () => new Promise((resolve) => setTimeout(resolve, pollMs));

export function mustBe(what: string, actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a} instead of ${b}`);
}

/** The reply code is in the text alone. */
export const codeOf = (error: Error) => Number(/\((\d{3})\)/.exec(error.message)?.[1] ?? Number.NaN);

/** The messages of one consumer, in their order. */
export class Inbox {
  readonly arrived: AMQPMessage[] = [];
  tag = '';
  /** Why the server, or the connection, ended it. */
  fault: Error | undefined;

  static async open(channel: AMQPChannel, queue: string, noAck = false, tag = ''): Promise<Inbox> {
    const inbox = new Inbox();
    const consumer = await channel.basicConsume(queue, { noAck, tag }, (message) => {
      inbox.arrived.push(message);
    });
    inbox.tag = consumer.tag;
    consumer.wait().catch((error: Error) => {
      inbox.fault = error;
    });
    return inbox;
  }

  async receive(): Promise<AMQPMessage> {
    while (this.arrived.length === 0) await pause();
    return this.arrived.shift()!;
  }

  /** Acknowledged one by one. */
  async take(): Promise<AMQPMessage> {
    const message = await this.receive();
    await message.ack();
    return message;
  }

  async texts(count: number): Promise<(string | null)[]> {
    const texts = [];
    while (texts.length < count) texts.push((await this.take()).bodyString());
    return texts;
  }
}

export class Stage {
  private readonly clients: AMQPClient[] = [];
  private readonly sessions: AMQPSession[] = [];

  constructor(
    private readonly task: Amqp091ClientTask,
    private readonly job: Amqp091Job,
    private readonly name: string,
  ) {}

  private url(port?: number): string {
    const { host, ports, user, password } = this.task;
    const { transport } = this.job;
    const to = `${host}:${port ?? ports[transport]}`;
    return transport === 'tls'
      ? `amqps://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${to}`
      : `amqp://guest:guest@${to}`;
  }

  async connect(port?: number): Promise<AMQPClient> {
    const tls = this.job.transport === 'tls' ? { ca: readFileSync(this.task.caFile) } : {};
    const client = new AMQPClient(this.url(port), tls, null);
    client.onerror = () => {};
    await client.connect();
    this.clients.push(client);
    return client;
  }

  async session(): Promise<AMQPSession> {
    const tlsOptions = this.job.transport === 'tls' ? { ca: readFileSync(this.task.caFile) } : {};
    const session = await AMQPSession.connect(this.url(), { tlsOptions, logger: null });
    this.sessions.push(session);
    return session;
  }

  async channel(client?: AMQPClient): Promise<AMQPChannel> {
    const channel = await (client ?? (await this.connect())).channel();
    channel.onerror = () => {};
    return channel;
  }

  async confirming(client?: AMQPClient): Promise<AMQPChannel> {
    const channel = await this.channel(client);
    await channel.confirmSelect();
    return channel;
  }

  /** As if its process had been killed. */
  cut(client: AMQPClient): void {
    client.socket!.destroy();
  }

  named(rest: string): string {
    return `${this.job.prefix}-${this.name}-${rest}`;
  }

  async end(): Promise<void> {
    for (const session of this.sessions) await session.stop().catch(() => {});
    for (const client of this.clients) await client.close().catch(() => {});
  }
}

/** Confirmed all. */
export async function send(channel: AMQPChannel, exchange: string, key: string, ...bodies: string[]) {
  await Promise.all(bodies.map((body) => channel.basicPublish(exchange, key, body)));
}
