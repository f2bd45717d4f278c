import { Buffer } from 'node:buffer';
import {
  type AmqpComposite,
  type AmqpCompositeInput,
  type AmqpFrame,
  AmqpFrameDecoder,
  type AmqpInput,
  type AmqpPerformativeName,
  type AmqpSaslPerformativeName,
  decodeBody,
  encodeFrame,
  encodeProtocolHeader,
  encodeSaslFrame,
  encodeTransferHead,
  findSections,
} from '#libs/amqp-codec';

type FrameName = AmqpPerformativeName | AmqpSaslPerformativeName;
type Settings<N extends AmqpPerformativeName> = Partial<Omit<AmqpCompositeInput<N>, 'type'>>;

/** A frame as a test looks at it. */
export type ClientFrame<N extends FrameName> = AmqpComposite<N> & {
  readonly channel: number;
  /** Of a transfer, else empty. */
  readonly payload: Buffer;
};

/** Where the client's bytes go to and come from. */
export interface ClientBytes {
  onData: ((bytes: Buffer) => void) | undefined;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<unknown>;
  write(bytes: Buffer): void;
  end(): void;
}

const waitMsMax = 15_000;
const frameBytesMax = 16 * 1024 * 1024;
const empty = Buffer.alloc(0);

/**
 * An AMQP 1.0 client that does only what it is told, right or wrong. What comes is decoded strictly: a server that sends
 * what no server may send fails who waits for it. Empty frames are counted and no more.
 */
export class AmqpClient {
  /** All bytes that came. */
  readonly bytes: Buffer[] = [];
  heartbeats = 0;
  readonly #decoder = new AmqpFrameDecoder(frameBytesMax);
  readonly #inputs: AmqpInput[] = [];
  readonly #waiting = new Set<() => void>();
  #fault: Error | undefined;
  #closed = false;
  readonly #creditUpTo = new Map<number, number>();
  #nextDeliveryId = 0;

  constructor(readonly link: ClientBytes) {
    link.onData = (bytes) => this.#onBytes(bytes);
    void link.closed.then(() => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** Deliveries that it may have sent by now on a link that it sends on, as the last flow said. */
  creditUpTo(handle = 0): number {
    return this.#creditUpTo.get(handle) ?? 0;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  sendBytes(...bytes: readonly (Buffer | readonly number[])[]): void {
    this.link.write(Buffer.concat(bytes.map((each) => Buffer.from(each as Buffer))));
  }

  sendHeader(protocol: 'amqp' | 'sasl' | 'tls'): void {
    this.link.write(encodeProtocolHeader(protocol));
  }

  sendSasl(performative: AmqpCompositeInput<AmqpSaslPerformativeName>): void {
    this.link.write(encodeSaslFrame(performative));
  }

  send(performative: AmqpCompositeInput<AmqpPerformativeName>, channel = 0, payload: Buffer = empty): void {
    if (performative.type === 'transfer') {
      this.link.write(Buffer.concat([encodeTransferHead(channel, performative, payload.length), payload]));
    } else {
      this.link.write(Buffer.concat([encodeFrame(channel, performative), payload]));
    }
  }

  /** The protocol header that must come next, as its eight bytes. */
  async header(): Promise<Buffer> {
    const input = await this.#await(() => this.#inputs[0]);
    if (input.type !== 'protocol-header') throw unexpected('a protocol header', input);
    this.#inputs.shift();
    const { protocolId, major, minor, revision } = input;
    return Buffer.from([...Buffer.from('AMQP'), protocolId, major, minor, revision]);
  }

  /** The frame that comes next, which must be of this name. */
  async next<N extends FrameName>(name: N): Promise<ClientFrame<N>> {
    const input = await this.#await(() => this.#inputs[0]);
    if (!isFrame(input, name)) throw unexpected(name, input);
    this.#inputs.shift();
    return clientFrame<N>(input);
  }

  /** The first frame of this name that comes, or came; others keep their places. */
  async first<N extends FrameName>(
    name: N,
    matches: (frame: ClientFrame<N>) => boolean = () => true,
  ): Promise<ClientFrame<N>> {
    const found = await this.#await(() =>
      this.#inputs.find((input) => isFrame(input, name) && matches(clientFrame(input))),
    );
    this.#inputs.splice(this.#inputs.indexOf(found), 1);
    return clientFrame<N>(found);
  }

  async take<N extends FrameName>(name: N, count: number): Promise<ClientFrame<N>[]> {
    const taken: ClientFrame<N>[] = [];
    while (taken.length < count) taken.push(await this.first(name));
    return taken;
  }

  /** Whether such a frame came and was not taken. */
  has(name: FrameName): boolean {
    return this.#inputs.some((input) => isFrame(input, name));
  }

  /** SASL to its outcome, which is returned; the AMQP header is not sent yet. */
  async sasl(mechanism = 'ANONYMOUS', initialResponse?: Buffer): Promise<ClientFrame<'sasl-outcome'>> {
    this.sendHeader('sasl');
    await this.header();
    await this.next('sasl-mechanisms');
    this.sendSasl({ type: 'sasl-init', mechanism, initialResponse });
    return this.next('sasl-outcome');
  }

  /** SASL PLAIN, or ANONYMOUS without a name, both headers and both `open`s: resolves with the server's. */
  async open(
    settings: Settings<'open'> & { readonly user?: string; readonly password?: string } = {},
  ): Promise<ClientFrame<'open'>> {
    const { user, password = '', ...fields } = settings;
    const { code } =
      user === undefined
        ? await this.sasl()
        : await this.sasl('PLAIN', Buffer.from(`\0${user}\0${password}`));
    if (code !== 0) throw new Error(`SASL ended with ${code}`);
    this.sendHeader('amqp');
    await this.header();
    this.sendOpen(fields);
    return this.next('open');
  }

  sendOpen(fields: Settings<'open'> = {}): void {
    this.send({ type: 'open', containerId: 'test-client', ...fields });
  }

  /** `begin` and its answer. */
  async begin(channel = 0, fields: Settings<'begin'> = {}): Promise<ClientFrame<'begin'>> {
    const windows = { nextOutgoingId: 0, incomingWindow: 10_000, outgoingWindow: 10_000 };
    this.send({ type: 'begin', ...windows, ...fields }, channel);
    return this.first('begin', (frame) => frame.channel === channel);
  }

  /** `attach` of a link that the client sends on, and its answer; resolves when there is credit, or the link is refused. */
  async attachSender(
    address: string | undefined,
    fields: Settings<'attach'> & { readonly channel?: number } = {},
  ): Promise<ClientFrame<'attach'>> {
    const { channel = 0, handle = 0, ...others } = fields;
    this.send(
      {
        ...{ type: 'attach', name: `to-${address}-${handle}`, handle, role: false, initialDeliveryCount: 0 },
        ...{ source: { type: 'source' }, target: { type: 'target', address } },
        ...others,
      },
      channel,
    );
    const answer = await this.first('attach', (frame) => frame.channel === channel);
    if (answer.target !== undefined) {
      await this.first('flow', (flow) => flow.channel === channel && flow.handle === answer.handle);
    }
    return answer;
  }

  /** `attach` of a link that the client receives on, and its answer; then as much credit as is told. */
  async attachReceiver(
    address: string,
    fields: Settings<'attach'> & { readonly channel?: number; readonly credit?: number } = {},
  ): Promise<ClientFrame<'attach'>> {
    const { channel = 0, handle = 0, credit = 100, ...others } = fields;
    this.send(
      {
        ...{ type: 'attach', name: `from-${address}-${handle}`, handle, role: true },
        ...{ source: { type: 'source', address }, target: { type: 'target' } },
        ...others,
      },
      channel,
    );
    const answer = await this.first('attach', (frame) => frame.channel === channel);
    if (answer.source !== undefined && credit > 0) this.flow(handle, credit, { channel });
    return answer;
  }

  /** Gives credit on a link that the client receives on. */
  flow(
    handle: number,
    linkCredit: number,
    { channel = 0, ...fields }: Settings<'flow'> & { readonly channel?: number } = {},
  ): void {
    this.send(
      {
        ...{ type: 'flow', nextIncomingId: 0, incomingWindow: 10_000, nextOutgoingId: 0 },
        ...{ outgoingWindow: 10_000, handle, deliveryCount: 0, linkCredit },
        ...fields,
      },
      channel,
    );
  }

  /** Messages with one data section each, in one piece. */
  transferAll(texts: readonly string[], handle = 0): void {
    const frames = texts.flatMap((text) => {
      const deliveryId = this.#nextDeliveryId++;
      const payload = dataMessage(text);
      const deliveryTag = Buffer.from(`t${deliveryId}`);
      const transfer = { type: 'transfer', handle, deliveryId, deliveryTag, messageFormat: 0 } as const;
      return [encodeTransferHead(0, transfer, payload.length), payload];
    });
    this.link.write(Buffer.concat(frames));
  }

  /** A message with one data section, in one frame; its delivery id is returned. */
  transfer(text: string | Buffer, fields: Settings<'transfer'> & { readonly channel?: number } = {}): number {
    const { channel = 0, handle = 0, ...others } = fields;
    const deliveryId = this.#nextDeliveryId++;
    const deliveryTag = Buffer.from(`t${deliveryId}`);
    this.send(
      { type: 'transfer', handle, deliveryId, deliveryTag, messageFormat: 0, ...others },
      channel,
      dataMessage(text),
    );
    return deliveryId;
  }

  /** Says of deliveries that came how they ended. */
  settle(
    first: number,
    state: AmqpCompositeInput<'disposition'>['state'] = { type: 'accepted' },
    { channel = 0, ...fields }: Settings<'disposition'> & { readonly channel?: number } = {},
  ): void {
    this.send({ type: 'disposition', role: true, first, settled: true, state, ...fields }, channel);
  }

  /** Takes dispositions until so many deliveries were settled, all with this outcome. */
  async settled(count: number, outcome = 'accepted'): Promise<void> {
    for (let left = count; left > 0; ) {
      const { first, last = first, settled, state } = await this.first('disposition');
      if (!settled || state?.type !== outcome) throw new Error(`${state?.type} and not ${outcome}`);
      left -= last - first + 1;
    }
  }

  /** All frames that came before the connection was closed by the server, which it must be, and were not taken. */
  async untilClosed(): Promise<readonly AmqpInput[]> {
    await this.#await(() => this.#closed || undefined, false);
    if (this.#fault !== undefined) throw this.#fault;
    return this.#inputs.splice(0);
  }

  /** The condition of the `close` that must be the last that comes before the end. */
  async closeCondition(): Promise<string | undefined> {
    const last = (await this.untilClosed()).at(-1);
    if (last === undefined || !isFrame(last, 'close')) throw unexpected('close', last);
    return clientFrame<'close'>(last).error?.condition;
  }

  /** `close` and its answer. */
  async close(): Promise<void> {
    this.send({ type: 'close' });
    await this.first('close');
    await this.untilClosed();
  }

  #onBytes(bytes: Buffer): void {
    this.bytes.push(bytes);
    const inputs: AmqpInput[] = [];
    try {
      this.#decoder.push(bytes, inputs);
    } catch (error) {
      this.#fault ??= error as Error;
    }
    this.#take(inputs);
    this.#wake();
  }

  #take(inputs: readonly AmqpInput[]): void {
    for (const input of inputs) {
      if (input.type === 'heartbeat') this.heartbeats++;
      else this.#inputs.push(input);
      if (input.type !== 'frame' || input.performative.type !== 'flow') continue;
      const { handle, deliveryCount = 0, linkCredit = 0 } = input.performative;
      if (handle !== undefined) this.#creditUpTo.set(handle, deliveryCount + linkCredit);
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  async #await<T>(look: () => T | undefined, needsConnection = true): Promise<T> {
    const deadline = Date.now() + waitMsMax;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#fault !== undefined) throw this.#fault;
      if (needsConnection && this.#closed) throw new Error(`the connection was closed${this.#left()}`);
      if (Date.now() > deadline) throw new Error(`nothing came in ${waitMsMax} ms${this.#left()}`);
      await this.#woken(deadline);
    }
  }

  #left(): string {
    return this.#inputs.length === 0 ? '' : `, but ${this.#inputs.map(inText).join(', ')}`;
  }

  #woken(deadline: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, deadline - Date.now() + 1);
      this.#waiting.add(wake);
    });
  }
}

/** One data section (AMQP 3.2.6). */
export function dataMessage(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as Buffer);
  const head = Buffer.from([0, 0x53, 0x75, 0xb0, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

/** What is in the data sections of a message. */
export function messageText(message: Buffer): string {
  const body = decodeBody(findSections(message));
  if (body.kind !== 'data') throw new Error(`a message whose body is ${body.kind}`);
  return Buffer.concat(body.parts).toString();
}

function isFrame(input: AmqpInput, name: FrameName): boolean {
  return (input.type === 'frame' || input.type === 'sasl-frame') && input.performative.type === name;
}

function clientFrame<N extends FrameName>(input: AmqpInput): ClientFrame<N> {
  const { performative, channel = 0, payload = empty } = input as AmqpFrame;
  return { ...performative, channel, payload } as unknown as ClientFrame<N>;
}

function unexpected(wanted: string, input: AmqpInput | undefined): Error {
  return new Error(`${wanted} was to come, and not ${input === undefined ? 'the end' : inText(input)}`);
}

function inText(input: AmqpInput): string {
  return JSON.stringify(input, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
}
