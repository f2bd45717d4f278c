// The connections and addresses of one scenario with rhea, whose events become promises here.
import type { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import rhea, {
  type AmqpError,
  type Connection,
  type ConnectionOptions,
  type Delivery,
  type EventContext,
  type Message,
  type Receiver,
  type ReceiverOptions,
  type Sender,
  type Source,
} from 'rhea';
import { WebSocket } from 'ws';
import type { AmqpClientTask, AmqpJob } from '../../support/amqp-scenario.js';

/** What it decodes, by what it decoded: rhea does not tell the encoded form. */
const encodedForms = new WeakMap<object, Buffer>();
const decode = rhea.message.decode;
rhea.message.decode = (bytes: Buffer) => {
  const message = decode(bytes);
  encodedForms.set(message, Buffer.from(bytes));
  return message;
};

/** @throws Error when it comes to nothing: refused, closed or cut */
function once(emitter: EventEmitter, event: string, ...faults: readonly string[]): Promise<EventContext> {
  return new Promise((resolve, reject) => {
    const ended = new AbortController();
    const on = (name: string, then: (context: EventContext) => void) => {
      const listener = (context: EventContext) => {
        ended.abort();
        then(context);
      };
      emitter.on(name, listener);
      ended.signal.addEventListener('abort', () => emitter.off(name, listener));
    };
    on(event, resolve);
    for (const fault of faults) on(fault, (context) => reject(faultOf(fault, context)));
  });
}

function faultOf(event: string, context: EventContext): Error {
  const link = context.receiver ?? context.sender;
  const error = (link?.error ?? context.connection?.error ?? context.error) as AmqpError | undefined;
  return new Error(`${event}: ${error?.condition ?? ''} ${error?.description ?? String(error)}`);
}

export interface Received {
  readonly message: Message;
  readonly delivery: Delivery;
  /** All sections as they came. */
  readonly encoded: Buffer;
}

/** A link that asks for one message after the other. */
export class Inbox {
  readonly #arrived: Received[] = [];
  #wake = () => {};
  #isAsked = false;
  #fault: Error | undefined;

  constructor(readonly receiver: Receiver) {
    receiver.on('message', ({ message, delivery }: EventContext) => {
      this.#isAsked = false;
      this.#arrived.push({ message: message!, delivery: delivery!, encoded: encodedForms.get(message!)! });
      this.#wake();
    });
    // A refused link opens, without a source, before it is detached (AMQP 2.6.3).
    receiver.on('receiver_error', (context: EventContext) => {
      this.#fault = faultOf('receiver_error', context);
      this.#wake();
    });
    receiver.on('receiver_drained', () => {
      this.#isAsked = false;
      receiver.drain = false;
      this.#wake();
    });
  }

  /** Its address, where the gateway chose it. */
  get address(): string {
    return this.receiver.source.address;
  }

  async receive(): Promise<Received> {
    this.#ask();
    while (this.#arrived.length === 0) await this.#something();
    return this.#arrived.shift()!;
  }

  /** Accepts it. */
  async take(): Promise<Message> {
    const { message, delivery } = await this.receive();
    delivery.accept();
    return message;
  }

  async bodies(count: number): Promise<unknown[]> {
    const bodies = [];
    while (bodies.length < count) bodies.push((await this.take()).body);
    return bodies;
  }

  /** One that is there now, accepted; undefined: none is (AMQP 2.6.7, drain). */
  async takeIfThere(): Promise<Message | undefined> {
    this.#ask();
    this.receiver.drain_credit();
    while (this.#isAsked) await this.#something();
    const received = this.#arrived.shift();
    received?.delivery.accept();
    return received?.message;
  }

  async end(how: 'close' | 'detach'): Promise<void> {
    const ended = once(this.receiver, 'receiver_close', 'receiver_error');
    this.receiver[how]();
    await ended;
  }

  #ask(): void {
    if (this.#isAsked || this.#arrived.length > 0) return;
    this.#isAsked = true;
    this.receiver.add_credit(1);
  }

  #something(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = () => (this.#fault === undefined ? resolve() : reject(this.#fault));
      if (this.#fault !== undefined) reject(this.#fault);
    });
  }
}

export class Stage {
  readonly #connections: Connection[] = [];

  constructor(
    private readonly task: AmqpClientTask,
    private readonly job: AmqpJob,
    private readonly name: string,
  ) {}

  async connect(container = `c${this.#connections.length}`): Promise<Connection> {
    const connection = rhea.create_container({ id: this.address(container) }).connect(this.#options());
    this.#connections.push(connection);
    // What no one waits for ends the scenario by its time limit; its reason is told.
    for (const event of ['receiver_error', 'sender_error', 'session_error', 'connection_error']) {
      connection.on(event, (context: EventContext) => {
        process.stderr.write(`${this.name}: ${faultOf(event, context).message}\n`);
      });
    }
    await once(connection, 'connection_open', 'connection_error', 'connection_close', 'disconnected');
    return connection;
  }

  #options(): ConnectionOptions {
    const { transport } = this.job;
    const { host, ports, path, caFile, user, password } = this.task;
    const port = ports[transport];
    const isTls = transport === 'tls' || transport === 'wss';
    const login = isTls ? { username: user, password } : { username: 'anonymous' };
    const ca = isTls ? { ca: readFileSync(caFile) } : {};
    const always = { ...login, reconnect: false, idle_time_out: 30_000 };
    if (transport === 'tcp') return { ...always, host, port };
    if (transport === 'tls') return { ...always, ...ca, transport, host, port, servername: host };
    const open = rhea.websocket_connect(WebSocket as never);
    const connection_details = open(`${transport}://${host}:${port}${path}`, ['amqp'], ca);
    return { ...always, connection_details } as unknown as ConnectionOptions;
  }

  /** Without an address: a temporary node. */
  async receive(
    connection: Connection,
    source: Partial<Source>,
    options: ReceiverOptions = {},
  ): Promise<Inbox> {
    const receiver = connection.open_receiver({
      ...{ credit_window: 0, autoaccept: false, ...options },
      source: (source.address === undefined ? { dynamic: true, ...source } : source) as Source,
    });
    const inbox = new Inbox(receiver);
    await once(receiver, 'receiver_open', 'receiver_error');
    return inbox;
  }

  /** Resolves when all are accepted. @param address undefined: each message says `to` */
  async send(
    connection: Connection,
    address: string | undefined,
    messages: readonly (Message | Buffer)[],
  ): Promise<void> {
    const sender = connection.open_sender({ target: address === undefined ? {} : { address } });
    await once(sender, 'sendable', 'sender_error');
    for (const message of messages) await this.#sendOne(sender, message);
    const closed = once(sender, 'sender_close', 'sender_error');
    sender.close();
    await closed;
  }

  async #sendOne(sender: Sender, message: Message | Buffer): Promise<void> {
    if (!sender.sendable()) await once(sender, 'sendable', 'sender_error');
    const accepted = once(sender, 'accepted', 'rejected', 'released', 'modified', 'sender_error');
    if (Buffer.isBuffer(message)) sender.send(message, undefined, 0);
    else sender.send(message);
    await accepted;
  }

  address(rest: string): string {
    return `${this.job.prefix}-${this.name}-${rest}`;
  }

  queue(rest: string): string {
    return `/queues/${this.address(rest)}`;
  }

  topic(rest: string): string {
    return `/topics/${this.address(rest)}`;
  }

  end(): void {
    for (const connection of this.#connections) connection.close();
  }
}

/** Without the methods that rhea's type wants of a message. */
export const message = (fields: Readonly<Record<string, unknown>>): Message => fields as unknown as Message;
export const texts = (...bodies: readonly string[]): Message[] => bodies.map((body) => message({ body }));
