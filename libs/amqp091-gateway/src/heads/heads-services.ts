import type { PulsarAdmin, PulsarClient } from '#libs/pulsar';
import type { Log, Metrics } from '#libs/telemetry';
import type { Amqp091Counters } from '../amqp091.counters.js';
import type { DeadLetterStore } from '../dead-letters/dead-letter.js';
import type { Queues } from '../queues/queues.js';
import type { TenantSlots } from '../tenant-slots.js';

export interface HeadsParts {
  readonly pulsar: Pick<PulsarClient, 'subscribe' | 'partitions' | 'createReader'>;
  readonly admin: Pick<PulsarAdmin, 'stats' | 'unacknowledgedAt'>;
  readonly queues: Pick<Queues, 'ready'>;
  readonly deadLetters: DeadLetterStore;
  readonly counters: Amqp091Counters;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What the heads of a process have in common. */
export interface HeadsServices extends HeadsParts {
  readonly slots: TenantSlots;
  /** Between two looks at a head of which nobody says anything, and two countings. More of them are looked at less often. */
  readonly idleMs: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
