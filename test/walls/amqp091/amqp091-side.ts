import { Buffer } from 'node:buffer';
import {
  type Amqp091Method,
  type Amqp091MethodName,
  type BasicProperties,
  type FieldTable,
} from '#libs/amqp091-codec';
import type { ClientMethod } from '../../../libs/amqp091-gateway/src/testing/amqp091-client.js';
import {
  basicConsume,
  basicPublish,
  exchangeDeclare,
  queueBind,
  queueDeclare,
} from '../../../libs/amqp091-gateway/src/testing/client-methods.js';
import { type Amqp091Wire, openAmqp091Wire } from '../../support/amqp091-wire.js';
import { secretOf, type TenantName, userName } from '../two-tenants.js';

export const none = Buffer.alloc(0);

export interface SideSettings {
  readonly tenant: TenantName;
  readonly vhost: string;
  readonly namespace: string;
  /** `host:port` where it declares and consumes. */
  readonly near: string;
  /** Where it publishes. */
  readonly far: string;
}

/** One vhost of one tenant. */
export class Amqp091Side {
  readonly #wires: Amqp091Wire[] = [];

  constructor(readonly settings: SideSettings) {}

  /** What it says in messages: the other would say something else. */
  get said(): string {
    return `of ${this.settings.tenant} in ${this.settings.vhost}`;
  }

  async wire(place: 'near' | 'far' = 'near'): Promise<Amqp091Wire> {
    const wire = await openAmqp091Wire(this.settings[place]);
    this.#wires.push(wire);
    return wire;
  }

  /** Its own connection, with channel 1. */
  async hand(place: 'near' | 'far' = 'near'): Promise<Hand> {
    const wire = await this.wire(place);
    const { tenant, vhost } = this.settings;
    await wire.open({ user: `${tenant}/${userName}`, password: secretOf(tenant), vhost });
    await wire.openChannel();
    return new Hand(wire, this.said);
  }

  close(): void {
    for (const wire of this.#wires) wire.cut();
  }
}

/** Both sides' hands, at the same place. */
export function hands(sides: readonly Amqp091Side[], place: 'near' | 'far' = 'near'): Promise<[Hand, Hand]> {
  return Promise.all(sides.map((side) => side.hand(place))) as Promise<[Hand, Hand]>;
}

/** What a wall does with channel 1 of one connection. */
export class Hand {
  constructor(
    readonly wire: Amqp091Wire,
    private readonly said: string,
  ) {}

  async exchange(name: string, type = 'direct', fields: FieldTable = [], rest: object = {}): Promise<void> {
    await this.wire.call(exchangeDeclare(name, type, fields, rest), 'exchange.declare-ok');
  }

  queue(name: string, fields: FieldTable = [], rest: object = {}): Promise<ClientMethod<'queue.declare-ok'>> {
    return this.wire.declare(name, fields, rest);
  }

  async bind(queue: string, exchange: string, key = queue, fields: FieldTable = []): Promise<void> {
    await this.wire.call(queueBind(queue, exchange, key, fields), 'queue.bind-ok');
  }

  /** A queue of the name that is bound to an exchange of the same name, with that as key. */
  async bound(name: string, type = 'direct', fields: FieldTable = []): Promise<void> {
    await this.exchange(name, type, fields);
    await this.queue(name);
    await this.bind(name, name);
  }

  async confirms(): Promise<this> {
    await this.wire.confirms();
    return this;
  }

  /**
   * After `confirms`: resolves when it is confirmed.
   *
   * @param body default: what its side says
   * @returns whether it came to a queue
   */
  async publish(
    exchange: string,
    routingKey: string,
    properties: BasicProperties = {},
    body = this.said,
  ): Promise<boolean> {
    this.wire.sendContent(basicPublish(exchange, routingKey, { mandatory: true }), body, properties);
    const { name } = await this.wire.firstOf('basic.ack', 'basic.nack', 'channel.close');
    if (name !== 'basic.ack') throw new Error(`not stored but ${name}`);
    if (!this.wire.has('basic.return')) return true;
    const { replyCode } = await this.wire.first('basic.return');
    if (replyCode !== 312) throw new Error(`returned with ${replyCode}`);
    return false;
  }

  async consume(queue: string, rest: object = {}, fields: FieldTable = []): Promise<void> {
    await this.wire.call(
      basicConsume(queue, fields, { consumerTag: 'consumer', ...rest }),
      'basic.consume-ok',
    );
  }

  /** What comes to its consumer next. */
  async delivered(): Promise<string> {
    return (await this.wire.first('basic.deliver')).body.toString();
  }

  /** All that is in the queue; afterwards it is empty. */
  async texts(queue: string): Promise<string[]> {
    const texts: string[] = [];
    for (;;) {
      this.wire.send({ name: 'basic.get', queue, noAck: true });
      const got = await this.wire.firstOf('basic.get-ok', 'basic.get-empty', 'channel.close');
      if (got.name === 'channel.close') throw new Error(got.replyText);
      if (got.name === 'basic.get-empty') return texts;
      texts.push(got.body.toString());
    }
  }

  /** The code and text of the channel's end, which the method must be answered with; then there is a new channel 1. */
  async refusal(method: Amqp091Method, answer: Amqp091MethodName): Promise<string> {
    const message = await this.wire.call(method, answer).then(
      () => `no refusal but ${answer}`,
      (error: Error) => error.message,
    );
    const [, text] = /channel\.close on 1 \((.*)\)$/s.exec(message) ?? [];
    if (text === undefined) throw new Error(message);
    this.wire.send({ name: 'channel.close-ok' });
    await this.wire.openChannel();
    return text;
  }

  /** Whether there is a queue of this name. */
  async hasQueue(name: string): Promise<boolean> {
    return this.#has(queueDeclare(name, [], { passive: true }), 'queue.declare-ok');
  }

  async hasExchange(name: string): Promise<boolean> {
    return this.#has(exchangeDeclare(name, 'direct', [], { passive: true }), 'exchange.declare-ok');
  }

  async #has(method: Amqp091Method, answer: Amqp091MethodName): Promise<boolean> {
    try {
      await this.wire.call(method, answer);
      return true;
    } catch (error) {
      if (!(error as Error).message.includes('(404 NOT_FOUND')) throw error;
      this.wire.send({ name: 'channel.close-ok' });
      await this.wire.openChannel();
      return false;
    }
  }
}
