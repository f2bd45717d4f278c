import {
  PartitionWatch,
  type PulsarClient,
  SubscriptionMemories,
  type SubscriptionUse,
  WaitingBytes,
} from '#libs/pulsar';
import { type Authorizer, PermissionWatch } from '#libs/auth';
import type { Log } from '#libs/telemetry';
import type { Amqp091Counters } from '../amqp091.counters.js';
import type { Amqp091Options } from '../amqp091.options.js';
import type { DeadLetterStore } from '../dead-letters/dead-letter.js';
import type { GivenMarks } from '../given/given-marks.js';
import type { QueueKeeper } from '../keepers/queue-keeper.js';

export interface ConsumingParts {
  readonly pulsar: Pick<PulsarClient, 'subscribe' | 'partitions'>;
  readonly options: Pick<Amqp091Options, 'ackMemoryMs' | 'prefetchMessagesMax' | 'idleGiveBackMs'>;
  readonly authorizer: Pick<Authorizer, 'version'>;
  readonly keeper: QueueKeeper;
  readonly deadLetters: DeadLetterStore;
  readonly given: Pick<GivenMarks, 'use'>;
  readonly counters: Amqp091Counters;
  readonly log: Log;
  /** A message of a batch that is given back waits so long for the rest of its entry to be settled. Default 1 000. */
  readonly batchReturnMs?: number;
  /** Between two looks for new partitions of topics that are consumed as queues. Default 30 000. */
  readonly partitionsIntervalMs?: number;
}

/** Messages of all consumers that wait for their prefetch limits or for their sockets. */
const waitingBytesMax = 128 * 1024 * 1024;

/** What the consumers of a process have in common. */
export class ConsumingServices {
  readonly waiting = new WaitingBytes(waitingBytesMax);
  readonly batchReturnMs: number;
  readonly live: PermissionWatch;
  readonly partitions: PartitionWatch;
  private readonly memories: SubscriptionMemories;
  private readonly leaving = new Set<Promise<void>>();

  constructor(readonly parts: ConsumingParts) {
    this.memories = new SubscriptionMemories(parts.options.ackMemoryMs);
    this.batchReturnMs = parts.batchReturnMs ?? 1_000;
    this.live = new PermissionWatch(parts.authorizer);
    const { pulsar, log, partitionsIntervalMs: intervalMs = 30_000 } = parts;
    this.partitions = new PartitionWatch({ pulsar, log, intervalMs });
  }

  useOf(partition: string, subscription: string): SubscriptionUse {
    return this.memories.use(partition, subscription);
  }

  /** Something that has to be over before the process ends; it does not reject. */
  leaves(work: Promise<void>): void {
    this.leaving.add(work);
    void work.finally(() => this.leaving.delete(work));
  }

  /** Resolves when all that were leaving have left. */
  async left(): Promise<void> {
    await Promise.all(this.leaving);
  }

  /** Waits for the acknowledgements that are on their way. The channels have closed before. */
  async close(): Promise<void> {
    this.live.close();
    this.partitions.close();
    await this.left();
    this.memories.close();
  }
}
