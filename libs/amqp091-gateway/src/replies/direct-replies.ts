import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import {
  Amqp091Error,
  type Amqp091ContentMethod,
  type OutgoingContent,
  type RawBasicProperties,
} from '#libs/amqp091-codec';
import type { ClusterView } from '#libs/cluster';
import type { Metrics } from '#libs/telemetry';
import type { PublishedMessage } from '../mapping/message.mapping.js';
import type { Amqp091Scope } from '../topology/scope.js';
import { decodeReply, encodeReply } from './reply-record.js';

/** The pseudo-queue that requesters consume from and name in `reply-to` (RabbitMQ's "Direct Reply-to"). */
export const directReplyQueue = 'amq.rabbitmq.reply-to';
const namePrefix = `${directReplyQueue}.`;
const tokenBytes = 18;
/** What waits to be written for one requester; more is dropped: who asks reads. */
const unreadBytesMax = 16 * 1024 * 1024;
const forwardKind = 'amqp091.reply';
const forwardTimeoutMs = 10_000;

/** Whether it is the name of somebody who awaits direct replies. */
export function isReplyName(routingKey: string): boolean {
  return routingKey.startsWith(namePrefix);
}

/** Of {@link directReplyQueue}, or of what it becomes in requests. */
export function isReplyQueue(queue: string): boolean {
  return queue === directReplyQueue || isReplyName(queue);
}

/** What may await replies. */
export interface ReplyChannel {
  readonly isOpen: boolean;
  readonly connection: { readonly topology: { readonly scope: Amqp091Scope } };
  /** @throws Amqp091EncodeError where method or properties are larger than a frame */
  sendContent(method: Amqp091ContentMethod, content: OutgoingContent, onFlushed?: () => void): boolean;
}

/** One channel that awaits replies. */
interface ReplyConsumer {
  readonly channel: ReplyChannel;
  readonly consumerTag: string;
  /** What `reply-to` becomes. */
  readonly name: string;
  readonly nextDeliveryTag: () => number;
  unreadBytes: number;
}

/**
 * Replies that go straight to the connection of who asked, without a queue: in memory, at most once. Their names are made of
 * random bytes and the gateway that has the connection: who was not told one cannot send there.
 */
export class DirectReplies {
  readonly #byName = new Map<string, ReplyConsumer>();
  readonly #byChannel = new WeakMap<ReplyChannel, ReplyConsumer>();
  #dropped = 0;

  constructor(
    private readonly cluster: ClusterView,
    metrics: Metrics,
  ) {
    metrics.gauge({
      name: 'pulsegate_amqp091_reply_consumers',
      help: 'AMQP 0-9-1 channels that await direct replies.',
      read: () => this.#byName.size,
    });
    metrics.counter({
      name: 'pulsegate_amqp091_replies_dropped_total',
      help: 'Direct replies that were dropped: who asked did not read, or their gateway did not answer.',
      read: () => this.#dropped,
    });
    cluster.forwarding.serve(forwardKind, async (payload) => {
      const reply = decodeReply(payload);
      return Buffer.from([this.#deliver(reply.tenant, reply.vhost, reply) ? 1 : 0]);
    });
  }

  /**
   * basic.consume of {@link directReplyQueue}. Who calls it calls `cancel` when the channel is closed.
   *
   * @param nextDeliveryTag of the channel
   * @throws Amqp091Error `precondition-failed`
   */
  consume(channel: ReplyChannel, consumerTag: string, noAck: boolean, nextDeliveryTag: () => number): void {
    if (this.#byChannel.has(channel)) throw refused('reply consumer already set');
    if (!noAck) throw refused('reply consumer cannot acknowledge');
    const token = randomBytes(tokenBytes).toString('base64url');
    const name = `${namePrefix}${token}.${this.cluster.self.nodeId}`;
    const consumer = { channel, consumerTag, name, nextDeliveryTag, unreadBytes: 0 };
    this.#byName.set(name, consumer);
    this.#byChannel.set(channel, consumer);
  }

  /** basic.cancel, and the end of the channel. @returns whether it was the consumer of replies */
  cancel(channel: ReplyChannel, consumerTag?: string): boolean {
    const consumer = this.#byChannel.get(channel);
    if (consumer === undefined || (consumerTag ?? consumer.consumerTag) !== consumer.consumerTag)
      return false;
    this.#byChannel.delete(channel);
    this.#byName.delete(consumer.name);
    return true;
  }

  /** What `reply-to` becomes of a request on this channel. @throws Amqp091Error `precondition-failed` */
  nameFor(channel: ReplyChannel): string {
    const consumer = this.#byChannel.get(channel);
    if (consumer === undefined) throw refused('fast reply consumer does not exist');
    return consumer.name;
  }

  /** queue.declare of such a name with passive. */
  async exists(scope: Amqp091Scope, name: string): Promise<boolean> {
    if (this.#isLocal(name)) return this.#find(scope.tenant.name, scope.vhost, name) !== undefined;
    return this.#forward(scope, name, undefined);
  }

  /** @returns 1 where somebody awaits it, as far as is known here */
  send(scope: Amqp091Scope, name: string, message: PublishedMessage): number {
    const reply = {
      ...{ name, exchange: message.exchange, properties: message.properties.raw },
      body: Buffer.concat(message.body),
    };
    if (this.#isLocal(name)) return this.#deliver(scope.tenant.name, scope.vhost, reply) ? 1 : 0;
    if (this.#memberOf(name) === undefined) return 0;
    void this.#forward(scope, name, reply).then((isDelivered) => {
      if (!isDelivered) this.#dropped++;
    });
    return 1;
  }

  #isLocal(name: string): boolean {
    return nodeIdOf(name) === this.cluster.self.nodeId;
  }

  #memberOf(name: string): number | undefined {
    const nodeId = nodeIdOf(name);
    return this.cluster.members().some((member) => member.nodeId === nodeId) ? nodeId : undefined;
  }

  /** @param reply undefined: only whether there is somebody */
  async #forward(scope: Amqp091Scope, name: string, reply: Reply | undefined): Promise<boolean> {
    const nodeId = this.#memberOf(name);
    if (nodeId === undefined) return false;
    const payload = encodeReply({
      ...{ tenant: scope.tenant.name, vhost: scope.vhost, name },
      ...(reply ?? { exchange: undefined, properties: none, body: none }),
    });
    try {
      const answer = await this.cluster.forwarding.request(nodeId, forwardKind, payload, forwardTimeoutMs);
      return answer[0] === 1;
    } catch {
      return false;
    }
  }

  /** Names are of one vhost: whoever got hold of one elsewhere reaches nobody. */
  #find(tenant: string, vhost: string, name: string): ReplyConsumer | undefined {
    const consumer = this.#byName.get(name);
    const scope = consumer?.channel.connection.topology.scope;
    return scope?.tenant.name === tenant && scope.vhost === vhost ? consumer : undefined;
  }

  #deliver(tenant: string, vhost: string, reply: Asked): boolean {
    const consumer = this.#find(tenant, vhost, reply.name);
    if (consumer === undefined || !consumer.channel.isOpen) return false;
    const { exchange, properties, body, name } = reply;
    if (exchange === undefined) return true;
    const bytes = properties.length + body.length;
    if (consumer.unreadBytes > 0 && consumer.unreadBytes + bytes > unreadBytesMax) {
      this.#dropped++;
      return true;
    }
    consumer.unreadBytes += bytes;
    const { channel, consumerTag } = consumer;
    const deliveryTag = consumer.nextDeliveryTag();
    try {
      channel.sendContent(
        { name: 'basic.deliver', consumerTag, deliveryTag, redelivered: false, exchange, routingKey: name },
        { properties, body },
        () => {
          consumer.unreadBytes -= bytes;
        },
      );
    } catch {
      // Its properties are larger than the frames of who asked.
      consumer.unreadBytes -= bytes;
      this.#dropped++;
    }
    return true;
  }
}

interface Reply {
  readonly exchange: string;
  readonly properties: RawBasicProperties;
  readonly body: Buffer;
}

/** Without an exchange: is there somebody? */
interface Asked extends Omit<Reply, 'exchange'> {
  readonly name: string;
  readonly exchange: string | undefined;
}

const none = Buffer.alloc(0);

function nodeIdOf(name: string): number {
  return Number(name.slice(name.lastIndexOf('.') + 1));
}

function refused(text: string): Amqp091Error {
  return new Amqp091Error('precondition-failed', text);
}
