import type { DeadReason } from '../dead-letters/dead-letter.js';
import type { ConsumingServices } from './consuming-services.js';
import type { QueueMessage } from './queue-message.js';
import type { QueueSourcePlan } from './queue-source-plan.js';

const tellEveryMs = 10_000;

/** Messages of one source that are on their way to where dead messages of the queue go. */
export class Burials {
  private readonly running = new Set<Promise<void>>();
  private toldMs = -Infinity;

  constructor(
    private readonly services: ConsumingServices,
    private readonly plan: Pick<QueueSourcePlan, 'topology' | 'queue'>,
  ) {}

  /**
   * False: they go nowhere.
   *
   * @param onStored it may be acknowledged
   * @param onFailed it must come again
   */
  bury(message: QueueMessage, reason: DeadReason, onStored: () => void, onFailed: () => void): boolean {
    const { deadLetters, log } = this.services.parts;
    const { topology, queue } = this.plan;
    const { partition, origin, batchIndex, stored } = message;
    const buried = deadLetters.bury(topology, queue, {
      ...{ topic: partition.topic, batchIndex, reason, stored },
      position: { ledgerId: origin.ledgerId, entryId: origin.entryId },
    });
    if (buried === undefined) return false;
    const settled = buried.then(onStored, (error: unknown) => {
      const fields = { event: 'amqp091-dead-letter-failed', queue: queue.name, reason, error };
      if (this.mayTell()) log.warn(fields, 'a message could not be made a dead letter and comes again');
      onFailed();
    });
    this.running.add(settled);
    void settled.finally(() => this.running.delete(settled));
    this.services.leaves(settled);
    return true;
  }

  /** Each of them may fail, and comes again a second later. */
  private mayTell(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.toldMs < tellEveryMs) return false;
    this.toldMs = nowMs;
    return true;
  }

  /** Resolves when none is on its way. */
  async over(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }
}
