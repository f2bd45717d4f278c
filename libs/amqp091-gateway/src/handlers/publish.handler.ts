import { Buffer } from 'node:buffer';
import {
  type Amqp091Command,
  type Amqp091Content,
  Amqp091Error,
  type Amqp091MethodOf,
  encodeBasicProperties,
} from '#libs/amqp091-codec';
import type { ChannelPart, ChannelPartKind, PartChannel } from '../channels/channel-part.js';
import { defaultExchangeName, type Exchange } from '../exchanges/exchange.js';
import type { PublishedMessage } from '../mapping/message.mapping.js';
import { decodePublished, type PublishedProperties } from '../mapping/published-properties.js';
import type { ChannelPublishing } from '../publishing/channel-publishing.js';
import { Confirms } from '../publishing/confirms.js';
import type { ConnectionIntake } from '../publishing/connection-intake.js';
import { type LateMessage, LateMessages } from '../publishing/late-messages.js';
import { Publication } from '../publishing/message-publisher.js';
import { PublishAccess } from '../publishing/publish-access.js';
import { storedBytes } from '../publishing/publish-kind.js';
import { PublishTransaction } from '../publishing/publish-transaction.js';
import { directReplyQueue } from '../replies/direct-replies.js';
import { notFound, preconditionFailed, resourceText } from '../topology/refusals.js';
import type { Queue } from '../topology/queue.js';

type Publish = Amqp091MethodOf<'basic.publish'>;

/** With more messages that are not confirmed the client is not read: what is stored may wait behind what is not. */
const confirmsMax = 65_536;

/**
 * basic.publish (0-9-1 section 1.8.3.7), confirm.* (RabbitMQ's "Publisher Confirms") and tx.* (section 1.9): each message is
 * confirmed after Pulsar's receipt from every queue that it came to.
 */
export const publishMethods: ChannelPartKind = {
  methods: ['basic.publish', 'confirm.select', 'tx.select', 'tx.commit', 'tx.rollback'],
  capabilities: ['publisher_confirms'],
  open: (channel) => new PublishHandler(channel),
};

class PublishHandler implements ChannelPart {
  readonly #intake: ConnectionIntake;
  readonly #access: PublishAccess;
  readonly #late = new LateMessages({
    caughtUp: () => this.#publishing.catchUps.caughtUp(this.channel.connection.topology),
    route: (late) => this.#route(late),
    nowhere: (late) => this.#nowhere(late),
    failed: (late, error) => this.#failed(late, error),
  });
  #confirms: Confirms | undefined;
  #transaction: PublishTransaction | undefined;
  #lastRaw: Buffer | undefined;
  #lastProperties: PublishedProperties | undefined;
  #inFlight = 0;
  #onIdle: (() => void)[] = [];
  #endConfirmHold: (() => void) | undefined;
  #endWriteHold: (() => void) | undefined;
  #isClosed = false;

  readonly #publishing: ChannelPublishing;

  constructor(private readonly channel: PartChannel) {
    this.#publishing = channel.connection.services.publishing;
    this.#intake = this.#publishing.intakeOf(channel.connection);
    this.#access = new PublishAccess(channel.connection);
  }

  onCommand({ method, content }: Amqp091Command): void | Promise<void> {
    switch (method.name) {
      case 'basic.publish':
        return this.#publish(method, content as Amqp091Content);
      case 'confirm.select':
        if (this.#transaction !== undefined)
          throw preconditionFailed('cannot switch from tx to confirm mode');
        this.#confirms ??= new Confirms();
        if (!method.noWait) this.channel.send({ name: 'confirm.select-ok' });
        return;
      case 'tx.select':
        if (this.#confirms !== undefined) throw preconditionFailed('cannot switch from confirm to tx mode');
        this.channel.transaction = this.#transaction ??= new PublishTransaction();
        this.channel.send({ name: 'tx.select-ok' });
        return;
      case 'tx.commit':
        return this.#commit();
      default:
        this.#open().rollback();
        this.channel.send({ name: 'tx.rollback-ok' });
    }
  }

  get unfinished(): Promise<void> | undefined {
    return this.#late.settled;
  }

  onWritable(): void {
    this.#endWriteHold?.();
    this.#endWriteHold = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#transaction?.close();
    this.#endConfirmHold?.();
    this.#endWriteHold?.();
    this.#publishing.replies.cancel(this.channel);
  }

  async drain(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    this.flush();
  }

  /** At the end of a turn of the event loop: what was stored in it is confirmed. */
  flush(): void {
    const { channel } = this;
    const confirms = this.#confirms;
    if (confirms === undefined || this.#isClosed) return;
    for (const { deliveryTag, multiple, isStored } of confirms.take()) {
      if (isStored) channel.send({ name: 'basic.ack', deliveryTag, multiple });
      else channel.send({ name: 'basic.nack', deliveryTag, multiple, requeue: false });
    }
    if (confirms.pending <= confirmsMax / 2) {
      this.#endConfirmHold?.();
      this.#endConfirmHold = undefined;
    }
  }

  #publish(method: Publish, content: Amqp091Content): void | Promise<void> {
    // As RabbitMQ: it was taken out of the specification.
    if (method.immediate) throw new Amqp091Error('not-implemented', 'immediate=true');
    const { topology, client } = this.channel.connection;
    const exchange = topology.findExchange(method.exchange);
    if (exchange !== undefined) return this.#publishTo(exchange, method, content);
    client.access.write('exchange', method.exchange);
    return this.#publishLate(method, content);
  }

  /** The exchange may have been declared at another gateway. */
  async #publishLate(method: Publish, content: Amqp091Content): Promise<void> {
    const { topology } = this.channel.connection;
    await topology.caughtUp();
    const exchange = topology.findExchange(method.exchange);
    if (exchange === undefined) throw notFound('exchange', method.exchange, topology.scope.vhost);
    await this.#publishTo(exchange, method, content);
  }

  #publishTo(exchange: Exchange, method: Publish, content: Amqp091Content): void | Promise<void> {
    const { routingKey } = method;
    if (exchange.internal) throw this.#internalExchange(exchange);
    this.#access.check(exchange, routingKey);
    const properties = this.#decode(content.properties);
    for (const route of properties.routes) this.#access.check(exchange, route);
    this.#access.checkUser(properties.basic.userId);
    const { body, bodySize } = content;
    const message = { exchange: method.exchange, routingKey, properties, body, bodySize };
    const { tenantCounters } = this.channel.connection;
    tenantCounters.produceMessages++;
    tenantCounters.produceBytes += bodySize;
    const { mandatory } = method;
    if (this.#transaction !== undefined) this.#enlist(this.#transaction, exchange, message, mandatory);
    else if (this.#confirms !== undefined && this.#intake.refuses()) {
      this.#notStored(new Error('the clients together publish more than they may'));
      this.#settle(this.#addConfirm(), false);
    } else {
      const publication = this.#begin(message, this.#addConfirm());
      this.#routeOrWait({ exchange, message, mandatory, publication });
    }
  }

  #internalExchange({ name }: Exchange): Amqp091Error {
    const { vhost } = this.channel.connection.topology.scope;
    return new Amqp091Error(
      'access-refused',
      `cannot publish to internal ${resourceText('exchange', name, vhost)}`,
    );
  }

  /** Most messages of a channel have the properties of the one before. */
  #decode(raw: Buffer): PublishedProperties {
    if (this.#lastRaw?.equals(raw)) return this.#lastProperties as PublishedProperties;
    const own = Buffer.from(raw);
    let properties = decodePublished(own);
    if (properties.basic.replyTo === directReplyQueue) {
      const replyTo = this.#publishing.replies.nameFor(this.channel);
      const basic = { ...properties.basic, replyTo };
      // Whoever answers is told another name with each consumer: it is not kept.
      properties = { ...properties, basic, raw: encodeBasicProperties(basic) };
      return properties;
    }
    this.#lastRaw = own;
    this.#lastProperties = properties;
    return properties;
  }

  #addConfirm(): number {
    const confirms = this.#confirms;
    if (confirms === undefined) return 0;
    if (confirms.pending >= confirmsMax) {
      this.#endConfirmHold ??= this.channel.connection.hold(
        'too much of what was published is not confirmed yet',
      );
    }
    return confirms.add();
  }

  #routeOrWait(late: LateMessage): void {
    if (this.#late.isWaiting || !(this.#route(late) || this.#routeUndeclared(late))) this.#late.add(late);
  }

  /** @param number in confirm mode, else 0 */
  #begin(
    message: PublishedMessage,
    number: number,
    onDone?: (error: Error | undefined) => void,
  ): Publication {
    const bytes = storedBytes(message);
    this.#inFlight++;
    this.#intake.add(bytes, message.bodySize + message.properties.raw.length);
    return new Publication((error) => {
      this.#intake.remove(bytes);
      if (error !== undefined) this.#notStored(error);
      if (number > 0) this.#settle(number, error === undefined);
      onDone?.(error);
      if (--this.#inFlight === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    });
  }

  #settle(number: number, isStored: boolean): void {
    const isNext = (this.#confirms as Confirms).settle(number, isStored);
    if (isNext) this.#publishing.publisher.queues.schedule(this);
  }

  #route({ exchange, message, publication }: LateMessage): boolean {
    const { topology } = this.channel.connection;
    const { publisher } = this.#publishing;
    const isRouted = publisher.publish(topology, exchange, message, Date.now(), publication) > 0;
    if (isRouted) this.#sent(publication);
    return isRouted;
  }

  #sent(publication: Publication): void {
    publication.settle(undefined);
    if (publication.pressure !== undefined) this.#intake.press(publication.pressure);
  }

  /** By the default exchange, to a Pulsar topic that is known to be there. */
  #routeUndeclared(late: LateMessage): boolean {
    if (late.exchange.name !== defaultExchangeName) return false;
    const { topology } = this.channel.connection;
    const found = this.#publishing.undeclared.find(topology, late.message.routingKey);
    if (typeof found === 'string') return false;
    this.#toUndeclared(found, late);
    return true;
  }

  async #nowhere(late: LateMessage): Promise<void> {
    if (late.exchange.name !== defaultExchangeName) {
      this.#unroutable(late);
      return;
    }
    if (this.#routeUndeclared(late)) return;
    const { topology, client } = this.channel.connection;
    const { undeclared } = this.#publishing;
    const { routingKey } = late.message;
    const isKnown = undeclared.find(topology, routingKey) === 'none';
    const found = isKnown ? undefined : await undeclared.lookUp(topology, routingKey, client);
    if (found !== undefined) this.#toUndeclared(found, late);
    // It may have been declared while it was looked up.
    else if (isKnown || !this.#route(late)) this.#unroutable(late);
  }

  #toUndeclared(queue: Queue, { message, publication }: LateMessage): void {
    const { topology, client } = this.channel.connection;
    try {
      client.access.write('queue', queue.name);
    } catch (error) {
      publication.settle(error as Error);
      throw error;
    }
    this.#publishing.publisher.store(topology, queue, message, undefined, Date.now(), publication);
    this.#sent(publication);
  }

  /** While Pulsar is away, who awaits confirms, or a commit, is told by that. */
  #failed({ publication }: LateMessage, error: unknown): void {
    publication.settle(error as Error);
    const isAwaited = this.#confirms !== undefined || this.#transaction !== undefined;
    const isRefusal = error instanceof Amqp091Error && error.code !== 'internal-error';
    if (isRefusal || !isAwaited) this.channel.fail(asAmqp091Error(error), 'basic.publish');
  }

  #unroutable({ message, mandatory, publication }: LateMessage): void {
    const { exchange, routingKey, properties, body } = message;
    if (mandatory) {
      this.#publishing.counters.returned++;
      const isWritable = this.channel.sendContent(
        { name: 'basic.return', replyCode: 312, replyText: 'NO_ROUTE', exchange, routingKey },
        { properties: properties.raw, body },
      );
      // Who does not read what comes back is not read either.
      if (!isWritable && !this.#isClosed) {
        this.#endWriteHold ??= this.channel.connection.hold('what is returned is not read');
      }
    } else this.#publishing.counters.unroutable++;
    publication.settle(undefined);
  }

  #notStored(error: Error): void {
    const { tenantCounters, log } = this.channel.connection;
    tenantCounters.produceErrors++;
    this.#publishing.counters.refused++;
    log.debug('publish.refused', error.message);
  }

  #open(): PublishTransaction {
    if (this.#transaction === undefined) throw preconditionFailed('channel is not transactional');
    return this.#transaction;
  }

  #enlist(
    transaction: PublishTransaction,
    exchange: Exchange,
    { body, ...rest }: PublishedMessage,
    mandatory: boolean,
  ): void {
    const bytes = storedBytes({ ...rest, body });
    const { held } = this.#intake;
    held.take(bytes);
    // What it is a view of must not be kept for it.
    const message = { ...rest, body: body.map((part) => Buffer.from(part)) };
    try {
      transaction.publish({
        commit: () => {
          held.give(bytes);
          return this.#commitOne(exchange, message, mandatory);
        },
        rollback: () => held.give(bytes),
      });
    } catch (error) {
      held.give(bytes);
      throw error;
    }
  }

  #commitOne(exchange: Exchange, message: PublishedMessage, mandatory: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const publication = this.#begin(message, 0, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
      this.#routeOrWait({ exchange, message, mandatory, publication });
    });
  }

  async #commit(): Promise<void> {
    try {
      await this.#open().commit();
    } catch (error) {
      if (error instanceof Amqp091Error) throw error;
      throw preconditionFailed('partial tx completion');
    }
    this.channel.send({ name: 'tx.commit-ok' });
  }
}

function asAmqp091Error(error: unknown): Amqp091Error {
  if (error instanceof Amqp091Error) return error;
  return new Amqp091Error('internal-error', 'it is not known whether there is such a queue');
}
