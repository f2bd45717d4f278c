import type { KeptQueueWork } from '../keepers/kept-queue-work.js';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import { TenantSlots } from '../tenant-slots.js';
import type { HeadsParts, HeadsServices } from './heads-services.js';
import { QueueHead } from './queue-head.js';

/** Heads that are looked at, or counted, at the same time. */
const slotsMax = 32;
const slotsMaxPerTenant = 8;
/** What other protocols store in a queue is noticed by then. */
const idleMsMin = 30_000;
const idleMsPerHead = 10;

/** Looks after the heads of the queues that this gateway keeps: message TTL, and limits of their length. */
export class QueueHeads implements KeptQueueWork {
  private readonly services: HeadsServices;
  private readonly heads = new Map<Queue, QueueHead>();
  private readonly ending = new Set<Promise<void>>();

  constructor(parts: HeadsParts) {
    const idleMs = () => Math.max(idleMsMin, this.heads.size * idleMsPerHead);
    this.services = {
      ...parts,
      slots: new TenantSlots(slotsMax, slotsMaxPerTenant),
      idleMs,
      now: () => Date.now(),
    };
    parts.metrics.gauge({
      name: 'pulsegate_amqp091_queue_heads',
      help: 'AMQP 0-9-1 queues whose heads this gateway looks after.',
      read: () => this.heads.size,
    });
  }

  isNeeded({ settings }: Queue, isExpiring: boolean): boolean {
    // Of one with dead letters, what is in it may end by itself: it is looked at when this gateway begins to keep it.
    return isExpiring || hasHead(settings) || settings.deadLetterExchange !== undefined;
  }

  start(topology: VhostTopology, queue: Queue): QueueHead {
    const head = new QueueHead(this.services, topology, queue, () => this.closed(queue, head));
    this.heads.set(queue, head);
    if (!hasHead(queue.settings)) head.expiring();
    return head;
  }

  /** Undefined: another gateway keeps it, or it needs nothing. */
  of(queue: Queue): QueueHead | undefined {
    return this.heads.get(queue);
  }

  /** Resolves when those that were closed do nothing any more. */
  async ended(): Promise<void> {
    await Promise.all(this.ending);
  }

  private closed(queue: Queue, head: QueueHead): void {
    if (this.heads.get(queue) === head) this.heads.delete(queue);
    const ending = head.ended();
    this.ending.add(ending);
    void ending.finally(() => this.ending.delete(ending));
  }
}

/** Whether somebody must look after the head of the queue, whatever is published to it. */
export function hasHead({ messageTtlMs, maxLength, maxLengthBytes }: Queue['settings']): boolean {
  return messageTtlMs !== undefined || maxLength !== undefined || maxLengthBytes !== undefined;
}
