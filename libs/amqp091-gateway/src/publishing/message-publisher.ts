import { Buffer } from 'node:buffer';
import type { PublishPressure } from '#libs/pulsar';
import { defaultExchangeName, type Exchange } from '../exchanges/exchange.js';
import { afterDelay } from '../mapping/published-properties.js';
import type { PublishedMessage } from '../mapping/message.mapping.js';
import { type DirectReplies, isReplyName } from '../replies/direct-replies.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { QueuePublishers } from './queue-publishers.js';

/** Says no for queues that take no more: `x-overflow` of `reject-publish`. */
export interface QueueAdmission {
  /** A promise, which does not reject: another gateway is asked. */
  isFull(topology: VhostTopology, queue: Queue): boolean | Promise<boolean>;
  /** It was refused. Resolves when its dead letter is stored; rejects where it cannot be; undefined: there is none. */
  refused(topology: VhostTopology, queue: Queue, message: PublishedMessage): Promise<void> | undefined;
}

/** A queue took no more: publishers are told with basic.nack. */
export class QueueIsFull extends Error {
  override readonly name = 'QueueIsFull';

  constructor() {
    super('the queue is full');
  }
}

/** One message on its way to all queues that it came to. */
export class Publication {
  /** What there is too much of in flight by it. */
  pressure: PublishPressure | undefined;
  #left = 1;
  #error: Error | undefined;

  /** @param onDone called once, when all queues have it, or will not have it */
  constructor(private readonly onDone: (error: Error | undefined) => void) {}

  /** One more is to be settled. */
  expect(): void {
    this.#left++;
  }

  readonly settle = (error: Error | undefined): void => {
    this.#error ??= error;
    if (--this.#left === 0) this.onDone(this.#error);
  };
}

/** Routes messages, and stores them in the queues that they come to. */
export class MessagePublisher {
  /** Default: no queue is ever full. */
  admission: QueueAdmission | undefined;

  constructor(
    readonly queues: QueuePublishers,
    private readonly replies: DirectReplies,
  ) {}

  /**
   * The buffers of the message are copied before it returns. Call `settle` of the publication when nothing more is published
   * by it.
   *
   * @param skips queues that must not get it
   * @returns how many queues, and consumers of direct replies, it came to
   */
  publish(
    topology: VhostTopology,
    exchange: Exchange,
    message: PublishedMessage,
    nowMs: number,
    publication: Publication,
    skips?: (queue: Queue) => boolean,
  ): number {
    const { properties, routingKey } = message;
    const { routes, headers } = properties;
    let delayed: PublishedMessage | undefined;
    const keys = routes.length === 0 ? routingKey : [routingKey, ...routes];
    const visited = topology.route(
      exchange,
      keys,
      () => headers,
      (queue, isDelayed) => {
        if (skips?.(queue) === true) return;
        if (!isDelayed || properties.delayMs === undefined) {
          this.store(topology, queue, message, undefined, nowMs, publication);
          return;
        }
        delayed ??= { ...message, properties: afterDelay(properties) };
        this.store(topology, queue, delayed, nowMs + properties.delayMs, nowMs, publication);
      },
    );
    return exchange.name === defaultExchangeName ? visited + this.#reply(topology, keys, message) : visited;
  }

  /** In one queue, wherever it was published to. */
  store(
    topology: VhostTopology,
    queue: Queue,
    message: PublishedMessage,
    deliverAtMs: number | undefined,
    nowMs: number,
    publication: Publication,
  ): void {
    publication.expect();
    const isFull = this.admission?.isFull(topology, queue) ?? false;
    if (typeof isFull === 'object') {
      // What it is a view of may be used again. Those behind it wait for the same answer.
      const own = { ...message, body: message.body.map((part) => Buffer.from(part)) };
      void isFull.then((refused) => {
        if (refused) this.#refuse(topology, queue, own, publication);
        else this.#store(topology, queue, own, deliverAtMs, nowMs, publication);
      });
    } else if (isFull) this.#refuse(topology, queue, message, publication);
    else this.#store(topology, queue, message, deliverAtMs, nowMs, publication);
  }

  #store(
    topology: VhostTopology,
    queue: Queue,
    message: PublishedMessage,
    deliverAtMs: number | undefined,
    nowMs: number,
    publication: Publication,
  ): void {
    const { settle } = publication;
    const pressure = this.queues.store(topology, queue, message, deliverAtMs, nowMs, settle);
    if (pressure !== undefined) publication.pressure = pressure;
  }

  #refuse(topology: VhostTopology, queue: Queue, message: PublishedMessage, { settle }: Publication): void {
    const full = () => settle(new QueueIsFull());
    const buried = this.admission?.refused(topology, queue, message);
    if (buried === undefined) full();
    else void buried.then(full, full);
  }

  #reply({ scope }: VhostTopology, keys: string | readonly string[], message: PublishedMessage): number {
    if (typeof keys === 'string') return isReplyName(keys) ? this.replies.send(scope, keys, message) : 0;
    let sent = 0;
    for (const key of keys) if (isReplyName(key)) sent += this.replies.send(scope, key, message);
    return sent;
  }
}
