import { Buffer } from 'node:buffer';
import type { DeadLetters } from '../dead-letters/dead-letters.js';
import type { QueueAnswers } from '../keepers/queue-answers.js';
import type { PublishedMessage } from '../mapping/message.mapping.js';
import type { QueueAdmission } from '../publishing/message-publisher.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';

/** Refuses what is published to queues that are full: `x-overflow` of `reject-publish` and `reject-publish-dlx`. */
export class HeadAdmission implements QueueAdmission {
  constructor(
    private readonly answers: Pick<QueueAnswers, 'isFull'>,
    private readonly deadLetters: Pick<DeadLetters, 'buryPublished'>,
  ) {}

  isFull(topology: VhostTopology, queue: Queue): boolean | Promise<boolean> {
    const { overflow, maxLength, maxLengthBytes } = queue.settings;
    if (overflow === 'drop-head' || (maxLength === undefined && maxLengthBytes === undefined)) return false;
    return this.answers.isFull(topology, queue);
  }

  refused(topology: VhostTopology, queue: Queue, message: PublishedMessage): Promise<void> | undefined {
    if (queue.settings.overflow !== 'reject-publish-dlx') return undefined;
    const { properties, body, ...rest } = message;
    return this.deadLetters.buryPublished(topology, queue, {
      ...{ exchange: rest.exchange, routingKey: rest.routingKey, hasDied: rest.hasDied ?? false },
      ...{ properties: properties.raw, basic: properties.basic, headers: properties.headers },
      // It may be a view of what is used again.
      body: Buffer.concat(body),
      expiresAtMs: undefined,
      isOwn: true,
    });
  }
}
