import type { Amqp091Command, Amqp091MethodOf } from '#libs/amqp091-codec';
import { declaredName } from './declared-name.js';
import type { ChannelPart, ChannelPartKind, PartChannel } from '../channels/channel-part.js';
import { directReplyQueue, isReplyQueue } from '../replies/direct-replies.js';
import type { Queue } from '../topology/queue.js';
import { notFound } from '../topology/refusals.js';
import type { BindingRequest } from '../topology/vhost-topology.js';

/** queue.* (0-9-1 section 1.7) but for queue.purge, which is about messages. */
export const queueMethods: ChannelPartKind = {
  methods: ['queue.declare', 'queue.bind', 'queue.unbind', 'queue.delete'],
  open: (channel) => new QueueHandler(channel),
};

class QueueHandler implements ChannelPart {
  constructor(private readonly channel: PartChannel) {}

  onCommand({ method }: Amqp091Command): Promise<void> {
    switch (method.name) {
      case 'queue.declare':
        if (isReplyQueue(method.queue)) return this.#checkReplies(method);
        return method.passive ? this.#check(method) : this.#declare(method);
      case 'queue.delete':
        return this.#delete(method);
      case 'queue.bind':
        return this.#bind(method);
      default:
        return this.#unbind(method as Amqp091MethodOf<'queue.unbind'>);
    }
  }

  close(): void {}

  async #declare(method: Amqp091MethodOf<'queue.declare'>): Promise<void> {
    const { topology, client, services } = this.channel.connection;
    const { queue, isNew } = await topology.declareQueue(
      { ...method, queue: declaredName(method.queue) },
      client,
    );
    // Before it is answered: from then on messages are kept.
    await services.queues.prepare(topology.scope, queue);
    await this.#declared(queue, method.noWait, isNew);
  }

  async #check({ queue: name, noWait }: Amqp091MethodOf<'queue.declare'>): Promise<void> {
    const { topology, client } = this.channel.connection;
    const queue = await topology.checkQueue(this.#queueNamed(name), client);
    await this.#declared(queue, noWait, false);
  }

  /** It is there as long as its consumer is, and takes all that is sent to it. */
  async #checkReplies({ queue, noWait }: Amqp091MethodOf<'queue.declare'>): Promise<void> {
    const { topology, services } = this.channel.connection;
    const exists =
      queue === directReplyQueue || (await services.publishing.replies.exists(topology.scope, queue));
    if (!exists) throw notFound('queue', queue, topology.scope.vhost);
    if (!noWait) this.channel.send({ name: 'queue.declare-ok', queue, messageCount: 0, consumerCount: 1 });
  }

  async #declared(queue: Queue, noWait: boolean, isNew: boolean): Promise<void> {
    const { channel } = this;
    const { services, topology } = channel.connection;
    channel.declared(queue.name);
    services.keeper.used(topology, queue);
    if (noWait) return;
    const { messages, consumers } = isNew
      ? { messages: 0, consumers: 0 }
      : await services.useOf(topology, queue);
    channel.send({
      ...{ name: 'queue.declare-ok', queue: queue.name },
      ...{ messageCount: messages, consumerCount: consumers },
    });
  }

  async #delete({ queue, ifUnused, ifEmpty, noWait }: Amqp091MethodOf<'queue.delete'>): Promise<void> {
    const { channel } = this;
    const { topology, client } = channel.connection;
    const options = { ifUnused, ifEmpty };
    const name = this.#queueNamed(queue);
    const messageCount = await topology.deleteQueue(name, options, client);
    if (!noWait) channel.send({ name: 'queue.delete-ok', messageCount });
  }

  async #bind(method: Amqp091MethodOf<'queue.bind'>): Promise<void> {
    const { topology, client } = this.channel.connection;
    await topology.bind(this.#bindingOf(method), client);
    if (!method.noWait) this.channel.send({ name: 'queue.bind-ok' });
  }

  async #unbind(method: Amqp091MethodOf<'queue.unbind'>): Promise<void> {
    const { topology, client } = this.channel.connection;
    await topology.unbind(this.#bindingOf(method), client);
    this.channel.send({ name: 'queue.unbind-ok' });
  }

  #queueNamed(name: string): string {
    return this.channel.queueNamed(declaredName(name));
  }

  /** Where neither queue nor routing key is named, both are the queue that was declared last (0-9-1 section 1.7.2.3). */
  #bindingOf(method: Amqp091MethodOf<'queue.bind'> | Amqp091MethodOf<'queue.unbind'>): BindingRequest {
    const destination = this.#queueNamed(method.queue);
    const isShort = method.queue === '' && method.routingKey === '';
    return {
      ...{ source: declaredName(method.exchange), destinationKind: 'queue', destination },
      routingKey: isShort ? destination : method.routingKey,
      arguments: method.arguments,
    };
  }
}
