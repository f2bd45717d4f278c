import type { Buffer } from 'node:buffer';
import { expect } from '@jest/globals';
import {
  type Amqp091Method,
  type Amqp091MethodName,
  type BasicProperties,
  methodReference,
} from '#libs/amqp091-codec';
import type { ClientMethod } from '../../../libs/amqp091-gateway/src/testing/amqp091-client.js';
import type { Amqp091Wire } from '../../support/amqp091-wire.js';
import {
  basicCancel,
  basicConsume,
  basicPublish,
  basicQos,
  exchangeBind,
  exchangeDeclare,
  exchangeDelete,
  exchangeUnbind,
  queueBind,
  queueDeclare,
  queueDelete,
  queueUnbind,
} from '../../../libs/amqp091-gateway/src/testing/client-methods.js';

export type Delivery = ClientMethod<'basic.deliver'>;

/** Where messages are published that a test waits to be stored. */
const storingChannel = 99;

/** One channel of a client. */
export class Peer {
  #stored = 0;

  constructor(
    readonly wire: Amqp091Wire,
    readonly channel = 1,
  ) {}

  /** Another channel of the same connection. */
  async another(channel: number): Promise<Peer> {
    await this.wire.openChannel(channel);
    return new Peer(this.wire, channel);
  }

  call<N extends Amqp091MethodName>(method: Amqp091Method, answer: N): Promise<ClientMethod<N>> {
    return this.wire.call(method, answer, this.channel);
  }

  send(method: Amqp091Method): void {
    this.wire.send(method, this.channel);
  }

  first<N extends Amqp091MethodName>(name: N): Promise<ClientMethod<N>> {
    return this.wire.first(name, ({ channel }) => channel === this.channel);
  }

  queue(name: string, ...rest: Tail<typeof queueDeclare>) {
    return this.call(queueDeclare(name, ...rest), 'queue.declare-ok');
  }

  deleteQueue(name: string, ...rest: Tail<typeof queueDelete>) {
    return this.call(queueDelete(name, ...rest), 'queue.delete-ok');
  }

  bind(...binding: Parameters<typeof queueBind>) {
    return this.call(queueBind(...binding), 'queue.bind-ok');
  }

  unbind(...binding: Parameters<typeof queueUnbind>) {
    return this.call(queueUnbind(...binding), 'queue.unbind-ok');
  }

  exchange(...exchange: Parameters<typeof exchangeDeclare>) {
    return this.call(exchangeDeclare(...exchange), 'exchange.declare-ok');
  }

  deleteExchange(...exchange: Parameters<typeof exchangeDelete>) {
    return this.call(exchangeDelete(...exchange), 'exchange.delete-ok');
  }

  bindExchange(...binding: Parameters<typeof exchangeBind>) {
    return this.call(exchangeBind(...binding), 'exchange.bind-ok');
  }

  unbindExchange(...binding: Parameters<typeof exchangeUnbind>) {
    return this.call(exchangeUnbind(...binding), 'exchange.unbind-ok');
  }

  purge(queue: string) {
    return this.call({ name: 'queue.purge', queue, noWait: false }, 'queue.purge-ok');
  }

  async ready(queue: string): Promise<number> {
    return (await this.queue(queue, {}, { passive: true })).messageCount;
  }

  /** With the channel's own mode: confirmed, in a transaction, or neither. */
  publish(
    exchange: string,
    routingKey: string,
    body: string | Buffer = '',
    properties: BasicProperties = {},
    mandatory = false,
  ): void {
    const method = basicPublish(exchange, routingKey, { mandatory });
    this.wire.sendContent(method, body, properties, this.channel);
  }

  confirms() {
    return this.wire.confirms(this.channel);
  }

  /** Resolves when Pulsar has it. */
  async store(
    exchange: string,
    routingKey: string,
    body: string | Buffer = '',
    properties: BasicProperties = {},
  ): Promise<void> {
    if (this.#stored++ === 0) {
      await this.wire.openChannel(storingChannel);
      await this.wire.confirms(storingChannel);
    }
    const number = this.#stored;
    this.wire.sendContent(basicPublish(exchange, routingKey), body, properties, storingChannel);
    await this.wire.first(
      'basic.ack',
      ({ channel, deliveryTag }) => channel === storingChannel && deliveryTag === number,
    );
  }

  /** In their order, by the default exchange. */
  async fill(queue: string, ...bodies: readonly string[]): Promise<void> {
    for (const body of bodies) await this.store('', queue, body);
  }

  async consume(queue: string, ...rest: Tail<typeof basicConsume>): Promise<string> {
    return (await this.call(basicConsume(queue, ...rest), 'basic.consume-ok')).consumerTag;
  }

  cancel(consumerTag: string) {
    return this.call(basicCancel(consumerTag), 'basic.cancel-ok');
  }

  qos(...limit: Parameters<typeof basicQos>) {
    return this.call(basicQos(...limit), 'basic.qos-ok');
  }

  delivery(): Promise<Delivery> {
    return this.first('basic.deliver');
  }

  async deliveries(count: number): Promise<Delivery[]> {
    const all: Delivery[] = [];
    while (all.length < count) all.push(await this.delivery());
    return all;
  }

  async deliveredTexts(count: number): Promise<string[]> {
    return (await this.deliveries(count)).map(({ body }) => body.toString());
  }

  ack(deliveryTag: number, multiple = false): void {
    this.send({ name: 'basic.ack', deliveryTag, multiple });
  }

  nack(deliveryTag: number, requeue = true, multiple = false): void {
    this.send({ name: 'basic.nack', deliveryTag, multiple, requeue });
  }

  reject(deliveryTag: number, requeue: boolean): void {
    this.send({ name: 'basic.reject', deliveryTag, requeue });
  }

  /** basic.get of one that is there. */
  async get(queue: string, noAck = true): Promise<ClientMethod<'basic.get-ok'>> {
    return this.call({ name: 'basic.get', queue, noAck }, 'basic.get-ok');
  }

  async getNothing(queue: string): Promise<void> {
    await this.call({ name: 'basic.get', queue, noAck: true }, 'basic.get-empty');
  }

  /** What was sent before on this channel is done: later ones of other channels come after it. */
  async served(): Promise<void> {
    await this.call({ name: 'channel.flow', active: true }, 'channel.flow-ok');
  }

  /** All that is ready in the queue, taken out of it. */
  async contents(queue: string): Promise<Delivery[]> {
    await this.served();
    await this.store('', queue, 'the end of the queue');
    const tag = await this.consume(queue, {}, { noAck: true });
    const all: Delivery[] = [];
    for (;;) {
      const delivery = await this.wire.first('basic.deliver', ({ consumerTag }) => consumerTag === tag);
      if (delivery.body.toString() === 'the end of the queue') break;
      all.push(delivery);
    }
    await this.cancel(tag);
    return all;
  }

  async texts(queue: string): Promise<string[]> {
    return (await this.contents(queue)).map(({ body }) => body.toString());
  }

  async hasNoDelivery(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(this.wire.has('basic.deliver')).toBe(false);
  }

  /** It closes the channel, with class and method of what is at fault. The channel is opened again. */
  async refuses(method: Amqp091Method, says: string): Promise<void> {
    this.send(method);
    await this.isClosed(says, method.name);
  }

  async isClosed(says: string, about: Amqp091MethodName): Promise<void> {
    const close = await this.first('channel.close');
    expect(`${close.replyCode} ${close.replyText}`).toBe(says);
    const { classId, methodId } = methodReference(about);
    expect([close.classId, close.methodId]).toEqual([classId, methodId]);
    this.send({ name: 'channel.close-ok' });
    await this.wire.openChannel(this.channel);
  }

  /** It closes the connection. */
  async ends(method: Amqp091Method, says: string): Promise<void> {
    this.send(method);
    await ended(this.wire, says);
  }
}

/** The parameters behind the first. */
export type Tail<F> = F extends (first: never, ...rest: infer R) => unknown ? R : never;

/** The connection is closed: code and text. */
export async function ended(wire: Amqp091Wire, says: string | RegExp): Promise<void> {
  const { replyCode, replyText } = await wire.first('connection.close');
  const said = `${replyCode} ${replyText}`;
  if (typeof says === 'string') expect(said).toBe(says);
  else expect(said).toMatch(says);
  wire.send({ name: 'connection.close-ok' }, 0);
  await wire.link.closed;
}
