import { Buffer } from 'node:buffer';
import {
  type Amqp091Command,
  type Amqp091ContentMethod,
  type Amqp091Frame,
  Amqp091FrameDecoder,
  type Amqp091Method,
  type Amqp091MethodName,
  type Amqp091MethodOf,
  AssemblyBudget,
  type BasicProperties,
  ContentAssembler,
  encodeBasicProperties,
  encodeContent,
  encodeFieldTable,
  encodeHeartbeat,
  encodeMethod,
  encodeProtocolHeader,
  type FieldTable,
  FrameType,
  textField,
} from '#libs/amqp091-codec';
import { basicConsume, basicPublish, type Fields, type Rest, queueDeclare } from './client-methods.js';

/** Where the client's bytes go to and come from. */
export interface ClientBytes {
  onData: ((bytes: Buffer) => void) | undefined;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<unknown>;
  write(bytes: Buffer): void;
  end(): void;
}

/** A method of the gateway as a test looks at it. */
export type ClientMethod<N extends Amqp091MethodName> = Amqp091MethodOf<N> & {
  readonly channel: number;
  /** Raw properties and whole body, of a method with content. */
  readonly properties: Buffer;
  readonly body: Buffer;
};

type ClientMethodOf<N> = N extends Amqp091MethodName ? ClientMethod<N> : never;

export interface OpenSettings {
  readonly user?: string;
  readonly password?: string;
  readonly vhost?: string;
  readonly heartbeat?: number;
  readonly channelMax?: number;
  readonly frameMax?: number;
  /** Default: what RabbitMQ's clients say that they can. */
  readonly capabilities?: readonly string[];
}

interface Received extends Amqp091Command {
  readonly channel: number;
}

/** Pulsar may take 30 s to load a topic. */
const waitMsMax = 45_000;
const empty = Buffer.alloc(0);
const usualCapabilities = [
  ...['publisher_confirms', 'exchange_exchange_bindings', 'basic.nack', 'consumer_cancel_notify'],
  ...['connection.blocked', 'authentication_failure_close'],
];

/**
 * An AMQP 0-9-1 client that does only what it is told, right or wrong. What comes is decoded strictly: a server that sends
 * what no server may send fails who waits for it.
 */
export class Amqp091Client {
  heartbeats = 0;
  receivedBytes = 0;
  readonly #decoder = new Amqp091FrameDecoder({ fromServer: true });
  readonly #assemblers = new Map<number, ContentAssembler>();
  readonly #budget = new AssemblyBudget(Number.MAX_SAFE_INTEGER);
  readonly #received: Received[] = [];
  readonly #waiting = new Set<() => void>();
  #fault: Error | undefined;
  #closed = false;

  constructor(readonly link: ClientBytes) {
    this.#decoder.tuned(0, 0);
    link.onData = (bytes) => this.#onBytes(bytes);
    void link.closed.then(() => {
      this.#closed = true;
      this.#wake();
    });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  sendBytes(...bytes: readonly Buffer[]): void {
    this.link.write(Buffer.concat(bytes));
  }

  sendHeader(): void {
    this.link.write(encodeProtocolHeader());
  }

  sendHeartbeat(): void {
    this.link.write(encodeHeartbeat());
  }

  send(method: Amqp091Method, channel = 1): void {
    this.link.write(encodeMethod(channel, method));
  }

  sendContent(
    method: Amqp091ContentMethod,
    body: Buffer | string,
    properties: BasicProperties = {},
    channel = 1,
  ): void {
    const content = { properties: encodeBasicProperties(properties), body: Buffer.from(body) };
    this.link.write(Buffer.concat(encodeContent(channel, method, content, 131_072)));
  }

  publish(exchange: string, routingKey: string, body: Buffer | string, properties?: BasicProperties): void {
    this.sendContent(basicPublish(exchange, routingKey), body, properties);
  }

  /** The method that comes next, on whichever channel, which must be of this name. */
  async next<N extends Amqp091MethodName>(name: N): Promise<ClientMethod<N>> {
    const received = await this.#take(() => true);
    if (received.method.name !== name) throw new Error(`wanted ${name}, got ${described(received)}`);
    return clientMethod<N>(received);
  }

  /** The first method of this name that comes, or came; others keep their places. */
  async first<N extends Amqp091MethodName>(
    name: N,
    matches: (method: ClientMethod<N>) => boolean = () => true,
  ): Promise<ClientMethod<N>> {
    const isWanted = (each: Received) => each.method.name === name && matches(clientMethod<N>(each));
    const found = await this.#take(isWanted);
    return clientMethod<N>(found);
  }

  /** The first method of one of these names. */
  async firstOf<N extends Amqp091MethodName>(...names: readonly N[]): Promise<ClientMethodOf<N>> {
    const isWanted = ({ method }: Received) => (names as readonly string[]).includes(method.name);
    const found = await this.#take(isWanted);
    return clientMethod<N>(found) as ClientMethodOf<N>;
  }

  async take<N extends Amqp091MethodName>(name: N, count: number): Promise<ClientMethod<N>[]> {
    const taken: ClientMethod<N>[] = [];
    while (taken.length < count) taken.push(await this.first(name));
    return taken;
  }

  /** Whether such a method came and was not taken. */
  has(name: Amqp091MethodName): boolean {
    return this.#received.some(({ method }) => method.name === name);
  }

  /** Sends the method and waits for its answer on the same channel; a close in its place is an error. */
  async call<N extends Amqp091MethodName>(
    method: Amqp091Method,
    answer: N,
    channel = 1,
  ): Promise<ClientMethod<N>> {
    this.send(method, channel);
    const closes = channel === 0 ? ['connection.close'] : ['connection.close', 'channel.close'];
    const found = await this.#take(
      (each) =>
        (each.method.name === answer && each.channel === channel) || closes.includes(each.method.name),
    );
    if (found.method.name !== answer) throw new Error(`wanted ${answer}, got ${described(found)}`);
    return clientMethod<N>(found);
  }

  /** The header, connection.start and connection.start-ok. */
  async startOk(
    mechanism: string,
    response: Buffer,
    capabilities: readonly string[] = usualCapabilities,
  ): Promise<ClientMethod<'connection.start'>> {
    this.sendHeader();
    const start = await this.next('connection.start');
    const fields: FieldTable = capabilities.map((name) => [name, { tag: 't', value: true }]);
    const clientProperties = encodeFieldTable([
      ['product', textField('raw')],
      ['connection_name', textField('raw-client')],
      ['capabilities', { tag: 'F', value: fields }],
    ]);
    this.send({ name: 'connection.start-ok', clientProperties, mechanism, response, locale: 'en_US' }, 0);
    return start;
  }

  /** All up to connection.open-ok. */
  async open(settings: OpenSettings = {}): Promise<this> {
    const { user = 'guest', password = 'guest', vhost = '/', capabilities } = settings;
    await this.startOk('PLAIN', Buffer.from(`\0${user}\0${password}`), capabilities);
    const tune = await this.next('connection.tune');
    const { heartbeat = tune.heartbeat, channelMax = tune.channelMax, frameMax = tune.frameMax } = settings;
    this.send({ name: 'connection.tune-ok', channelMax, frameMax, heartbeat }, 0);
    await this.call({ name: 'connection.open', virtualHost: vhost }, 'connection.open-ok', 0);
    return this;
  }

  async openChannel(channel = 1): Promise<void> {
    await this.call({ name: 'channel.open' }, 'channel.open-ok', channel);
  }

  confirms(channel = 1): Promise<ClientMethod<'confirm.select-ok'>> {
    return this.call({ name: 'confirm.select', noWait: false }, 'confirm.select-ok', channel);
  }

  declare(
    queue: string,
    fields?: Fields,
    rest?: Rest<'queue.declare'>,
  ): Promise<ClientMethod<'queue.declare-ok'>> {
    return this.call(queueDeclare(queue, fields, rest), 'queue.declare-ok');
  }

  consume(queue: string, rest?: Rest<'basic.consume'>): Promise<ClientMethod<'basic.consume-ok'>> {
    return this.call(basicConsume(queue, {}, rest), 'basic.consume-ok');
  }

  async close(): Promise<void> {
    const close = { replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 };
    await this.call({ name: 'connection.close', ...close }, 'connection.close-ok', 0);
    this.link.end();
  }

  #onBytes(bytes: Buffer): void {
    this.receivedBytes += bytes.length;
    try {
      for (const frame of this.#decoder.push(bytes)) this.#onFrame(frame);
    } catch (error) {
      this.#fault = error as Error;
    }
    this.#wake();
  }

  #onFrame(frame: Amqp091Frame): void {
    const { channel } = frame;
    if (frame.type === FrameType.HEARTBEAT) {
      this.heartbeats++;
      return;
    }
    let assembler = this.#assemblers.get(channel);
    if (assembler === undefined) {
      const bodyBytesMax = Number.MAX_SAFE_INTEGER;
      assembler = new ContentAssembler({ channel, sender: 'server', bodyBytesMax, budget: this.#budget });
      this.#assemblers.set(channel, assembler);
    }
    const command = assembler.push(frame);
    if (command !== undefined) this.#received.push({ ...command, channel });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Taken in the same moment, so that none of several who wait gets what another has. */
  async #take(isWanted: (received: Received) => boolean): Promise<Received> {
    const deadline = Date.now() + waitMsMax;
    for (;;) {
      const at = this.#received.findIndex(isWanted);
      if (at >= 0) return this.#received.splice(at, 1)[0]!;
      if (this.#fault !== undefined) throw this.#fault;
      const came = this.#received.map(described).join(', ') || 'nothing';
      if (this.#closed) throw new Error(`the connection is gone; what came: ${came}`);
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) throw new Error(`it did not come; what came: ${came}`);
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, leftMs);
        this.#waiting.add(done);
      });
    }
  }
}

function clientMethod<N extends Amqp091MethodName>({ method, channel, content }: Received): ClientMethod<N> {
  const body = content === undefined ? empty : Buffer.concat(content.body);
  return { ...method, channel, properties: content?.properties ?? empty, body } as ClientMethod<N>;
}

function described({ method, channel }: Received): string {
  const text = 'replyText' in method ? ` (${method.replyCode} ${method.replyText})` : '';
  return `${method.name} on ${channel}${text}`;
}
