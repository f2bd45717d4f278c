import type { PulsarClient } from '#libs/pulsar';
import type { Amqp091Counters } from '../amqp091.counters.js';
import type { Queue } from '../topology/queue.js';
import type { Amqp091Scope } from '../topology/scope.js';
import { HeadReader } from './head-reader.js';
import { TenantSlots } from '../tenant-slots.js';

/** Queues that are emptied at the same time. */
const slotsMax = 16;
const slotsMaxPerTenant = 4;

/** Empties queues of what nobody was given, for queue.purge: what consumers have stays theirs. */
export class QueueDrain {
  private readonly slots = new TenantSlots(slotsMax, slotsMaxPerTenant);

  constructor(
    private readonly pulsar: Pick<PulsarClient, 'subscribe'>,
    private readonly counters: Amqp091Counters,
  ) {}

  /**
   * Resolves to how many are gone. Rejects with PulsarError.
   *
   * @param topic the partition
   * @param count what came after that may stay
   */
  drain(scope: Amqp091Scope, queue: Queue, topic: string, count: number): Promise<number> {
    return this.slots.run(scope.tenant.name, async () => {
      const onUnreadable = () => {
        this.counters.messagesUnreadable++;
      };
      const reader = await HeadReader.open({
        ...{ pulsar: this.pulsar, tenantKey: scope.tenant.name, queue, topic, onUnreadable },
      });
      try {
        return await take(reader, count);
      } finally {
        await reader.close();
      }
    });
  }
}

async function take(reader: HeadReader, count: number): Promise<number> {
  let gone = 0;
  while (gone < count) {
    const messages = await reader.take(count - gone);
    if (messages.length === 0) break;
    for (const message of messages) reader.acknowledge(message);
    gone += messages.length;
  }
  return gone;
}
