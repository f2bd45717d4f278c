import {
  type Amqp091Command,
  type Amqp091ContentMethod,
  Amqp091Error,
  type Amqp091Frame,
  type Amqp091Method,
  type Amqp091MethodName,
  ContentAssembler,
  closeOf,
  encodeContent,
  encodeMethod,
  FrameType,
  methodReference,
  type OutgoingContent,
  peekMethodName,
} from '#libs/amqp091-codec';
import { tenantAmqpDefaults } from '#libs/tenancy';
import { auditDenial } from '../permissions/denial.js';
import type { ChannelConnection, ChannelPart, PartChannel } from './channel-part.js';
import type { ConnectionServices } from '../connection/connection-services.js';
import type { OpenedParts } from './channel-parts.js';
import type { ChannelTransaction } from './channel-transaction.js';
import type { ContentBudget } from './content-budget.js';

/** What a connection gives to its channels alone. */
export interface ChannelHost extends ChannelConnection {
  readonly services: ConnectionServices;
  readonly contents: ContentBudget;
  /** So much more, or less, waits for its turn on a channel. */
  waiting(bytes: number): void;
  /** The number may be used again. */
  released(number: number): void;
}

/** Beside the body: what a command that waits costs about. */
const waitingCommandBytes = 512;

/**
 * One channel. Puts its frames together to commands and gives each to who serves it, one after the other: what one waits for
 * all later ones wait for, as in RabbitMQ, and no other channel does.
 *
 *     open ── channel.close of the client ──────────────────────────▶ closed
 *       └── an error: channel.close is sent ──▶ closing ── close-ok ──▶ closed
 *
 * While it is closing, whatever comes is passed over (0-9-1 section 1.5.2.5): the client sent it before it knew.
 */
export class Channel implements PartChannel {
  transaction: ChannelTransaction | undefined;
  #state: 'open' | 'closing' | 'closed' = 'open';
  readonly #assembler: ContentAssembler;
  readonly #parts: OpenedParts;
  #waiting: (Amqp091Command | Amqp091Error)[] = [];
  #isBusy = false;
  #serving: Amqp091MethodName | undefined;
  #lastQueue = '';
  #onIdle: (() => void)[] = [];

  /** channel.open is answered here. */
  constructor(
    readonly connection: ChannelHost,
    readonly number: number,
  ) {
    const { services, contents, principal } = connection;
    this.#assembler = new ContentAssembler({
      channel: number,
      sender: 'client',
      bodyBytesMax: (principal.tenant.amqp ?? tenantAmqpDefaults).messageBytesMax,
      budget: contents,
    });
    this.#parts = services.parts.of(this);
    services.counters.channelsOpen++;
    this.send({ name: 'channel.open-ok' });
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** @throws Amqp091Error of level `connection` */
  onFrame(frame: Amqp091Frame): void {
    if (this.#state !== 'open') {
      this.#whileClosing(frame);
      return;
    }
    let command: Amqp091Command | undefined;
    try {
      command = this.#assembler.push(frame);
    } catch (error) {
      if (!(error instanceof Amqp091Error) || error.level === 'connection') throw error;
      this.#take(error);
      return;
    }
    if (command !== undefined) this.#take(command);
  }

  send(method: Amqp091Method): boolean {
    if (this.#state !== 'open') return false;
    return this.connection.send(encodeMethod(this.number, method));
  }

  sendContent(method: Amqp091ContentMethod, content: OutgoingContent, onFlushed?: () => void): boolean {
    if (this.#state !== 'open') {
      onFlushed?.();
      return false;
    }
    const { connection, number } = this;
    return connection.send(encodeContent(number, method, content, connection.frameBytesMax), onFlushed);
  }

  fail(error: Amqp091Error, about = this.#serving): void {
    if (this.#state !== 'open') return;
    error.about(about === undefined ? error : methodReference(about), this.number);
    const { connection } = this;
    if (error.level === 'connection') {
      connection.fail(error);
      return;
    }
    const { services, tenantCounters, log } = connection;
    services.counters.channelExceptions++;
    services.metrics.errors('amqp091', error.code).inc();
    if (error.code === 'access-refused') tenantCounters.authorizationDenials++;
    auditDenial(error, log);
    log.refusal(error.code, error.message, error.cause === undefined ? undefined : { error: error.cause });
    this.#release('closing');
    connection.send(encodeMethod(this.number, closeOf(error).method));
  }

  queueNamed(name: string): string {
    if (name !== '') return name;
    if (this.#lastQueue !== '') return this.#lastQueue;
    throw new Amqp091Error('not-found', 'no previously declared queue');
  }

  declared(queue: string): void {
    this.#lastQueue = queue;
  }

  onWritable(): void {
    if (this.#state === 'open') this.#parts.onWritable();
  }

  /** The connection is closed or gone. */
  close(): void {
    if (this.#state === 'open') this.#release('closed');
    this.#state = 'closed';
  }

  /** Resolves when what the client sent is answered; nothing more comes from it. */
  async drain(): Promise<void> {
    if (this.#isBusy) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    if (this.#state === 'open') await this.#parts.drain();
  }

  #take(item: Amqp091Command | Amqp091Error): void {
    if (!this.#isBusy) {
      this.#serve(item);
      return;
    }
    this.#waiting.push(item);
    this.connection.waiting(waitingBytesOf(item));
  }

  #serve(item: Amqp091Command | Amqp091Error): void {
    if (item instanceof Amqp091Error) {
      this.fail(item);
      return;
    }
    const { name } = item.method;
    this.#serving = name;
    try {
      const part = this.#parts.serving(name);
      const before = this.#parts.unfinishedBeside(part);
      const work =
        before === undefined ? this.#serveBy(part, item) : before.then(() => this.#serveBy(part, item));
      if (work !== undefined) {
        this.#await(work);
        return;
      }
    } catch (error) {
      this.#failed(error);
    }
    this.#serving = undefined;
  }

  #serveBy(part: ChannelPart | undefined, command: Amqp091Command): void | Promise<void> {
    // It may have been closed while this waited for others.
    if (this.#state !== 'open') return;
    return part === undefined ? this.#serveSelf(command.method) : part.onCommand(command);
  }

  #await(work: Promise<void>): void {
    this.#isBusy = true;
    work
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#isBusy = false;
        this.#serving = undefined;
        this.#serveWaiting();
      });
  }

  #serveWaiting(): void {
    while (!this.#isBusy && this.#waiting.length > 0) {
      const item = this.#waiting.shift()!;
      this.connection.waiting(-waitingBytesOf(item));
      this.#serve(item);
    }
    if (!this.#isBusy) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** What is about the channel itself. @throws Amqp091Error */
  #serveSelf(method: Amqp091Method): undefined {
    switch (method.name) {
      case 'channel.close':
        this.#release('closed');
        this.connection.send(encodeMethod(this.number, { name: 'channel.close-ok' }));
        this.connection.released(this.number);
        return;
      case 'channel.open':
        throw new Amqp091Error('channel-error', "second 'channel.open' seen");
      case 'channel.flow':
        // As RabbitMQ, which serves prefetch limits instead.
        if (!method.active) throw new Amqp091Error('not-implemented', 'active=false');
        this.send({ name: 'channel.flow-ok', active: true });
        return;
      case 'access.request':
        // Of 0-9; what may be done is judged with each method.
        this.send({ name: 'access.request-ok', ticket: 1 });
        return;
      case 'channel.close-ok':
      case 'channel.flow-ok':
        throw new Amqp091Error('command-invalid', `${method.name} that nothing asked for`);
      default:
        throw new Amqp091Error('not-implemented', `${method.name} is not served`);
    }
  }

  #failed(error: unknown): void {
    if (error instanceof Amqp091Error) {
      this.fail(error);
      return;
    }
    if (this.#state !== 'open') return;
    this.connection.log.failure(error, `${this.#serving} could not be served`);
    this.fail(new Amqp091Error('internal-error', 'the gateway failed'));
  }

  #whileClosing({ type, payload }: Amqp091Frame): void {
    if (type !== FrameType.METHOD || this.#state === 'closed') return;
    const name = peekMethodName(payload);
    // Both closed it at once: each is answered.
    if (name === 'channel.close') {
      this.connection.send(encodeMethod(this.number, { name: 'channel.close-ok' }));
    } else if (name === 'channel.close-ok') {
      this.#state = 'closed';
      this.connection.released(this.number);
    }
  }

  #release(state: 'closing' | 'closed'): void {
    this.#state = state;
    this.#assembler.abandon();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const item of waiting) this.connection.waiting(-waitingBytesOf(item));
    this.#parts.close();
    this.transaction = undefined;
    this.connection.services.counters.channelsOpen--;
  }
}

function waitingBytesOf(item: Amqp091Command | Amqp091Error): number {
  return waitingCommandBytes + ('content' in item ? (item.content?.bodySize ?? 0) : 0);
}
