// AMQP 0-9-1 clients of a work queue that lose their gateways, and workers that crash with what they did not acknowledge.
import { Buffer } from 'node:buffer';
import {
  type Amqp091Command,
  Amqp091FrameDecoder,
  type Amqp091Method,
  AssemblyBudget,
  ContentAssembler,
  encodeContent,
  encodeMethod,
  FrameType,
} from '#libs/amqp091-codec';
import { consume } from '../bench/amqp091-load/consuming.js';
import { LoadSocket } from '../bench/amqp091-load/load-socket.js';
import type { RandomNumbers } from '../support/random-numbers.js';

const reconnectMs = 50;
const noProperties = Buffer.alloc(2);

/** What comes on channel 1, decoded; the connection comes back by itself, at the next endpoint, until it is ended. */
abstract class LastingClient {
  #socket: LoadSocket | undefined;
  #isEnded = false;
  #turn: number;
  readonly refusals: string[] = [];

  constructor(
    private readonly endpoints: readonly string[],
    first: number,
    protected readonly queue: string,
  ) {
    this.#turn = first;
    void this.#connect();
  }

  /** Nothing is left of the connection: what was on its way is not there any more. */
  crash(): void {
    this.#socket?.close();
    this.#lost();
  }

  end(): void {
    this.#isEnded = true;
    this.#socket?.close();
    this.#socket = undefined;
  }

  protected get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  protected write(bytes: Buffer): void {
    this.#socket?.socket.write(bytes);
  }

  protected send(method: Amqp091Method): void {
    this.write(encodeMethod(1, method));
  }

  /** Its channel is open. Rejects where the gateway does not do what is asked. */
  protected abstract onOpen(socket: LoadSocket): Promise<void>;
  protected abstract onCommand(command: Amqp091Command): void;
  /** All commands of a piece of the socket's bytes were given. */
  protected abstract onPiece(): void;
  protected abstract onLost(): void;

  #lost(): void {
    if (this.#socket === undefined) return;
    this.#socket = undefined;
    this.onLost();
    setTimeout(() => void this.#connect(), reconnectMs);
  }

  async #connect(): Promise<void> {
    if (this.#isEnded) return;
    const endpoint = this.endpoints[this.#turn++ % this.endpoints.length] as string;
    let opened: LoadSocket | undefined;
    try {
      opened = await LoadSocket.open(endpoint);
      await this.onOpen(opened);
    } catch {
      opened?.close();
      setTimeout(() => void this.#connect(), reconnectMs);
      return;
    }
    const socket = opened;
    const decoder = new Amqp091FrameDecoder({ fromServer: true });
    decoder.tuned(0, 0);
    const assembler = new ContentAssembler({
      ...{ channel: 1, sender: 'server', bodyBytesMax: 1_000_000 },
      budget: new AssemblyBudget(Number.MAX_SAFE_INTEGER),
    });
    const onData = (bytes: Buffer) => {
      for (const frame of decoder.push(bytes)) {
        if (frame.type === FrameType.HEARTBEAT || frame.channel !== 1) continue;
        const command = assembler.push(frame);
        if (command === undefined) continue;
        if (command.method.name === 'channel.close') this.refusals.push(command.method.replyText);
        // It crashed while it was given something.
        if (this.#socket === socket) this.onCommand(command);
      }
      if (this.#socket === socket) this.onPiece();
    };
    this.#socket = socket;
    socket.takeOver(onData, () => {
      if (this.#socket === socket) this.#lost();
    });
    if (this.#isEnded) this.end();
    else this.onPiece();
  }
}

/** Messages on their way of one publisher: what it may have to publish again. */
const inFlightMax = 500;

/** Publishes its numbers in order; what was not confirmed before a cut is published again, as another attempt. */
export class ConfirmedPublisher extends LastingClient {
  /** `<publisher>:<number>:<attempt>` */
  readonly confirmed = new Set<string>();
  #count = 0;
  /** Confirmed, with all before. */
  #done = 0;
  #base = 0;
  #sent = 0;
  #attempt = 0;

  constructor(
    private readonly number: number,
    endpoints: readonly string[],
    queue: string,
  ) {
    super(endpoints, number, queue);
  }

  get isDone(): boolean {
    return this.#done === this.#count;
  }

  /** It has so many to publish, in all. */
  goOnTo(count: number): void {
    this.#count = count;
    this.onPiece();
  }

  protected override async onOpen({ client }: LoadSocket): Promise<void> {
    await client.confirms();
    this.#base = this.#done;
    this.#sent = this.#done;
    this.#attempt++;
  }

  protected override onLost(): void {}

  protected override onCommand({ method }: Amqp091Command): void {
    if (method.name === 'basic.nack') this.crash();
    if (method.name !== 'basic.ack') return;
    // Confirms come in the order of publishing.
    const upTo = this.#base + method.deliveryTag;
    for (; this.#done < upTo; this.#done++) this.confirmed.add(this.#text(this.#done));
  }

  protected override onPiece(): void {
    if (!this.isConnected) return;
    const end = Math.min(this.#count, this.#done + inFlightMax);
    const to = { exchange: '', routingKey: this.queue, mandatory: true, immediate: false };
    const publish = { name: 'basic.publish', ...to } as const;
    const parts: Buffer[] = [];
    for (; this.#sent < end; this.#sent++) {
      const content = { properties: noProperties, body: Buffer.from(this.#text(this.#sent)) };
      parts.push(...encodeContent(1, publish, content, 131_072));
    }
    if (parts.length > 0) this.write(Buffer.concat(parts));
  }

  #text(number: number): string {
    return `${this.number}:${number}:${this.#attempt}`;
  }
}

/** What the workers were given. */
export class WorkRecord {
  /** How often each came, and how often of these it was not said that it may have come before. */
  readonly #came = new Map<string, { times: number; unsaid: number }>();
  /** First deliveries that were said to be none. */
  saidInVain = 0;
  again = 0;

  get size(): number {
    return this.#came.size;
  }

  has(text: string): boolean {
    return this.#came.has(text);
  }

  /** Came more than once as if for the first time, and how often. */
  get unsaid(): readonly (readonly [text: string, times: number])[] {
    return [...this.#came].flatMap(([text, { unsaid }]) => (unsaid > 1 ? [[text, unsaid] as const] : []));
  }

  came(text: string, redelivered: boolean): void {
    const known = this.#came.get(text) ?? { times: 0, unsaid: 0 };
    this.#came.set(text, known);
    if (known.times++ > 0) this.again++;
    else if (redelivered) this.saidInVain++;
    if (!redelivered) known.unsaid++;
  }
}

export interface WorkerPlan {
  readonly record: WorkRecord;
  readonly random: RandomNumbers;
  readonly prefetch: number;
  /** Messages that it lives through, about; 0: for ever. */
  livesFor: number;
}

const workMs = 20;

/**
 * Acknowledges what it has been given a while later: many at once, or one by one in any order, and gives some back. Crashes
 * with the rest.
 */
export class CrashingWorker extends LastingClient {
  crashes = 0;
  #unacked: number[] = [];
  #livesUntil = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(
    at: number,
    endpoints: readonly string[],
    queue: string,
    private readonly plan: WorkerPlan,
  ) {
    super(endpoints, at, queue);
    this.#timer = setInterval(() => this.#work(), workMs);
  }

  override end(): void {
    clearInterval(this.#timer);
    super.end();
  }

  protected override async onOpen({ client, socket }: LoadSocket): Promise<void> {
    const { prefetch, random, livesFor } = this.plan;
    const qos = { name: 'basic.qos', prefetchSize: 0, prefetchCount: prefetch, global: false } as const;
    await client.call(qos, 'basic.qos-ok');
    this.#unacked = [];
    this.#livesUntil = livesFor === 0 ? Infinity : livesFor / 2 + random.below(livesFor);
    // What comes is read by whoever takes over.
    socket.pause();
    socket.write(consume(this.queue));
    setImmediate(() => socket.resume());
  }

  protected override onLost(): void {
    this.#unacked = [];
  }

  protected override onCommand({ method, content }: Amqp091Command): void {
    if (method.name !== 'basic.deliver') return;
    this.plan.record.came(Buffer.concat(content!.body).toString(), method.redelivered);
    this.#unacked.push(method.deliveryTag);
    if (--this.#livesUntil > 0 || this.plan.livesFor === 0) return;
    this.crashes++;
    this.crash();
  }

  protected override onPiece(): void {}

  #work(): void {
    const { random } = this.plan;
    if (this.#unacked.length === 0) return;
    const isLast = this.plan.livesFor === 0;
    if (isLast || random.below(3) > 0) {
      const end = isLast ? this.#unacked.length : 1 + random.below(this.#unacked.length);
      const done = this.#unacked.splice(0, end);
      this.send({ name: 'basic.ack', deliveryTag: done.at(-1)!, multiple: true });
      return;
    }
    for (let left = random.below(this.#unacked.length); left > 0; left--) {
      const [deliveryTag] = this.#unacked.splice(random.below(this.#unacked.length), 1) as [number];
      if (random.below(10) > 0) this.send({ name: 'basic.ack', deliveryTag, multiple: false });
      else this.send({ name: 'basic.nack', deliveryTag, multiple: false, requeue: true });
    }
  }
}
