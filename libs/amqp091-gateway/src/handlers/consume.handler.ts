import { randomBytes } from 'node:crypto';
import {
  Amqp091Error,
  type Amqp091Command,
  type Amqp091MethodOf,
  decodeFieldTable,
  fieldOf,
  type RawFieldTable,
} from '#libs/amqp091-codec';
import { isPulsarError, queuePriorityLevel } from '#libs/pulsar';
import type { ChannelPart, ChannelPartKind, PartChannel } from '../channels/channel-part.js';
import { ChannelDeliveries, unackedMax } from '../consuming/channel-deliveries.js';
import { QueueConsumer } from '../consuming/queue-consumer.js';
import { QueueGetter } from '../consuming/queue-getter.js';
import { directReplyQueue } from '../replies/direct-replies.js';
import { getConsumerPrefix } from '../queues/queues.js';
import type { Queue } from '../topology/queue.js';
import { notFound, preconditionFailed } from '../topology/refusals.js';

/** basic.* of who receives, and queue.purge (0-9-1 section 1.8; RabbitMQ's basic.nack, "Consumer Prefetch", "Consumer Priorities"). */
export const consumeMethods: ChannelPartKind = {
  methods: [
    ...(['basic.qos', 'basic.consume', 'basic.cancel', 'basic.cancel-ok', 'basic.get'] as const),
    ...(['basic.ack', 'basic.nack', 'basic.reject', 'basic.recover', 'basic.recover-async'] as const),
    'queue.purge',
  ],
  capabilities: [
    ...(['basic.nack', 'consumer_cancel_notify', 'consumer_priorities', 'per_consumer_qos'] as const),
    'direct_reply_to',
  ],
  open: (channel) => new ConsumeHandler(channel),
};

const consumersMax = 1_000;
/** Queues that one channel is ready to be given single messages of. */
const gettersMax = 16;

class ConsumeHandler implements ChannelPart {
  readonly #deliveries: ChannelDeliveries;
  readonly #consumers = new Map<string, QueueConsumer>();
  readonly #getters = new Map<string, QueueGetter>();
  /** Of consumers that begin later. */
  #prefetch = 0;
  #isClosed = false;

  constructor(private readonly channel: PartChannel) {
    this.#deliveries = new ChannelDeliveries(channel, () => this.onWritable());
  }

  onCommand({ method }: Amqp091Command): void | Promise<void> {
    switch (method.name) {
      case 'basic.ack':
        this.#deliveries.settle(method.deliveryTag, method.multiple, 'accept');
        return;
      case 'basic.nack':
        this.#deliveries.settle(method.deliveryTag, method.multiple, method.requeue ? 'requeue' : 'reject');
        return;
      case 'basic.reject':
        this.#deliveries.settle(method.deliveryTag, false, method.requeue ? 'requeue' : 'reject');
        return;
      case 'basic.get':
        return this.#get(method);
      case 'basic.consume':
        return this.#consume(method);
      case 'basic.cancel':
        return this.#cancel(method);
      case 'basic.qos':
        this.#qos(method);
        return;
      case 'basic.recover':
      case 'basic.recover-async':
        this.#recover(method);
        return;
      case 'queue.purge':
        return this.#purge(method);
      default:
        // basic.cancel-ok: the client has heard that its consumer was cancelled.
        return;
    }
  }

  onWritable(): void {
    for (const consumer of this.#consumers.values()) consumer.roomChanged();
  }

  close(): void {
    this.#isClosed = true;
    this.channel.connection.services.publishing.replies.cancel(this.channel);
    this.#deliveries.close();
    for (const consumer of this.#consumers.values()) consumer.close();
    for (const getter of this.#getters.values()) getter.close();
    this.#consumers.clear();
    this.#getters.clear();
  }

  async #consume(method: Amqp091MethodOf<'basic.consume'>): Promise<void> {
    const { channel } = this;
    const { client } = channel.connection;
    if (this.#consumers.has(method.consumerTag)) {
      throw new Amqp091Error('not-allowed', `attempt to reuse consumer tag '${method.consumerTag}'`);
    }
    if (this.#consumers.size >= consumersMax) {
      throw new Amqp091Error('not-allowed', `reached maximum (${consumersMax}) of consumers per channel`);
    }
    const name = channel.queueNamed(method.queue);
    if (name === directReplyQueue) {
      this.#consumeReplies(method);
      return;
    }
    client.access.read('queue', name);
    const priorityLevel = priorityLevelOf(method.arguments);
    const place = await this.#placeOf(name);
    const tag = method.consumerTag || newTag();
    const consumer = new QueueConsumer(
      channel.connection.services.consuming,
      this.#deliveries,
      {
        ...{ ...place, tag, priorityLevel, prefetch: this.#prefetch },
        ...{ noAck: method.noAck, exclusive: method.exclusive },
      },
      () => this.#gone(tag),
    );
    if (this.#isClosed) return;
    this.#consumers.set(tag, consumer);
    try {
      await consumer.open();
      if (consumer.hasEnded) throw notFound('queue', name, place.topology.scope.vhost);
    } catch (error) {
      this.#consumers.delete(tag);
      throw asRefusal(error);
    }
    consumer.watch({
      tenant: place.topology.scope.tenant.name,
      isAllowed: () => mayRead(channel, name),
      revoked: () => this.#revoked(tag, name),
    });
    if (!method.noWait) channel.send({ name: 'basic.consume-ok', consumerTag: tag });
    consumer.start();
  }

  #consumeReplies({ consumerTag, noAck, noWait }: Amqp091MethodOf<'basic.consume'>): void {
    const { channel } = this;
    const { replies } = channel.connection.services.publishing;
    const tag = consumerTag || newTag();
    replies.consume(channel, tag, noAck, () => this.#deliveries.unacked.nextTag());
    if (!noWait) channel.send({ name: 'basic.consume-ok', consumerTag: tag });
  }

  async #cancel({ consumerTag, noWait }: Amqp091MethodOf<'basic.cancel'>): Promise<void> {
    this.channel.connection.services.publishing.replies.cancel(this.channel, consumerTag);
    const consumer = this.#consumers.get(consumerTag);
    this.#consumers.delete(consumerTag);
    // Who hears that it is cancelled may let another consume what this one had for itself.
    await consumer?.cancel();
    if (!noWait) this.channel.send({ name: 'basic.cancel-ok', consumerTag });
  }

  /** RabbitMQ's "Consumer Cancel Notification". */
  #gone(consumerTag: string): void {
    if (!this.#consumers.delete(consumerTag)) return;
    if (!this.channel.connection.capabilities.consumerCancelNotify) return;
    this.channel.send({ name: 'basic.cancel', consumerTag, noWait: true });
  }

  /** It may not read the queue any more. What the client has of it can be settled. */
  #revoked(tag: string, queue: string): void {
    const { channel } = this;
    const consumer = this.#consumers.get(tag);
    if (channel.connection.capabilities.consumerCancelNotify) {
      this.#gone(tag);
      void consumer?.cancel();
      return;
    }
    try {
      channel.connection.client.access.read('queue', queue);
    } catch (error) {
      channel.fail(error as Amqp091Error, 'basic.consume');
    }
  }

  #qos({ prefetchSize, prefetchCount, global }: Amqp091MethodOf<'basic.qos'>): void {
    if (prefetchSize !== 0) throw new Amqp091Error('not-implemented', `prefetch_size!=0 (${prefetchSize})`);
    if (global) this.#deliveries.prefetch = prefetchCount;
    else this.#prefetch = prefetchCount;
    this.channel.send({ name: 'basic.qos-ok' });
    if (global) this.onWritable();
  }

  #recover({ name, requeue }: Amqp091MethodOf<'basic.recover' | 'basic.recover-async'>): void {
    if (!requeue) throw new Amqp091Error('not-implemented', 'requeue=false');
    this.#deliveries.recover();
    if (name === 'basic.recover') this.channel.send({ name: 'basic.recover-ok' });
  }

  async #get({ queue, noAck }: Amqp091MethodOf<'basic.get'>): Promise<void> {
    const { channel } = this;
    const name = channel.queueNamed(queue);
    channel.connection.client.access.read('queue', name);
    if (this.#deliveries.unacked.size >= unackedMax) {
      throw preconditionFailed(`more than ${unackedMax} messages are not acknowledged`);
    }
    try {
      // One that cannot be sent to this client is no answer: the next one is.
      while (!(await this.#getNext(name, noAck)));
    } catch (error) {
      throw asRefusal(error);
    }
  }

  /** Resolves to whether the client was answered, or is gone. */
  async #getNext(name: string, noAck: boolean): Promise<boolean> {
    const getter = await this.#getterOf(name);
    const message = await getter?.next();
    if (getter === undefined || message === undefined) {
      this.channel.send({ name: 'basic.get-empty' });
      return true;
    }
    const messageCount = await getter.left().catch(() => 0);
    // The channel was closed meanwhile: it is given back, as nobody has it.
    if (this.#isClosed) {
      message.source.requeue(message);
      return true;
    }
    const { exchange = '', routingKey = '' } = message.stored ?? {};
    const redelivered = message.isAgain;
    return this.#deliveries.give(
      message,
      (deliveryTag) => ({
        ...{ name: 'basic.get-ok', deliveryTag, redelivered, exchange, routingKey, messageCount },
      }),
      noAck,
    );
  }

  async #getterOf(name: string): Promise<QueueGetter | undefined> {
    const place = await this.#placeOf(name);
    this.channel.connection.services.keeper.used(place.topology, place.queue);
    const key = place.queue.uid + place.topic;
    const found = this.#getters.get(key);
    if (found !== undefined) {
      // The one that was asked last is retired last.
      this.#getters.delete(key);
      this.#getters.set(key, found);
      return found;
    }
    if (this.#getters.size >= gettersMax) this.#getters.values().next().value?.retire();
    const { services } = this.channel.connection;
    const consumerName = `${getConsumerPrefix}${randomBytes(9).toString('base64url')}`;
    const countReady = () => services.queues.ready(place.topology.scope, place.queue, consumerName);
    const getter = new QueueGetter(services.consuming, { ...place, consumerName }, countReady, () =>
      this.#getters.delete(key),
    );
    await getter.open();
    if (this.#isClosed) {
      getter.close();
      return undefined;
    }
    this.#getters.set(key, getter);
    return getter;
  }

  async #purge({ queue: name, noWait }: Amqp091MethodOf<'queue.purge'>): Promise<void> {
    const { channel } = this;
    const { services, client } = channel.connection;
    const named = channel.queueNamed(name);
    client.access.read('queue', named);
    const { topology, queue } = await this.#placeOf(named);
    const messageCount = await services.queues.purge(topology.scope, queue);
    if (!queue.exclusive) client.changed?.('queue.purge', queue.name);
    if (!noWait) channel.send({ name: 'queue.purge-ok', messageCount });
  }

  async #placeOf(name: string) {
    const { topology, client, services } = this.channel.connection;
    const queue: Queue = await topology.checkQueue(name, client);
    return { topology, queue, topic: await services.queues.prepare(topology.scope, queue) };
  }
}

function mayRead({ connection }: PartChannel, queue: string): boolean {
  try {
    connection.client.access.read('queue', queue);
    return true;
  } catch {
    return false;
  }
}

function newTag(): string {
  return `amq.ctag-${randomBytes(16).toString('base64url')}`;
}

/** Pulsar's: the lower, the earlier. @throws Amqp091Error `precondition-failed` */
function priorityLevelOf(raw: RawFieldTable): number {
  const field = fieldOf(decodeFieldTable(raw), 'x-priority');
  if (field === undefined) return queuePriorityLevel;
  const priority = 'value' in field ? Number(field.value) : Number.NaN;
  if (!'bBsuIilL'.includes(field.tag) || !Number.isInteger(priority)) {
    throw preconditionFailed('x-priority of a consumer is not an integer');
  }
  return Math.max(0, Math.min(2 * queuePriorityLevel, queuePriorityLevel - priority));
}

function asRefusal(error: unknown): unknown {
  if (!isPulsarError(error)) return error;
  const refusal = new Amqp091Error('internal-error', 'the queue cannot be read now');
  refusal.cause = error;
  return refusal;
}
