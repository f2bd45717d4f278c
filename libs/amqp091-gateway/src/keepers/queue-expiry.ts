import type { Log } from '#libs/telemetry';
import type { Queue } from '../topology/queue.js';
import type { VhostTopology } from '../topology/vhost-topology.js';
import type { KeptQueueWork, StartedQueueWork } from './kept-queue-work.js';
import { placeKey, placeOf, type QueuePlace } from './queue-place.js';

export interface QueueExpiryParts {
  /** Of a queue that is kept here; undefined: not known now. */
  readonly consumersOf: (key: string) => number | undefined;
  /** Resolves to false where it is still used. */
  readonly expire: (place: QueuePlace) => Promise<boolean>;
  readonly log: Log;
  /** Until a queue that could not be deleted is tried again, or it is looked again whether all gateways were heard. Default 2 000. */
  readonly retryMs?: number;
}

/** The longest that a timer of Node.js waits. */
const timerMsMax = 0x7fff_ffff;
const retryMsDefault = 2_000;

/**
 * x-expires (RabbitMQ's "Queue TTL"): queues without consumers that are not declared again and not got from for so long are
 * deleted. For a new keeper the time begins anew.
 */
export class QueueExpiry implements KeptQueueWork {
  constructor(private readonly parts: QueueExpiryParts) {}

  isNeeded({ settings }: Queue): boolean {
    return settings.expiresMs !== undefined;
  }

  start({ scope }: VhostTopology, queue: Queue): StartedQueueWork {
    return new ExpiringQueue(this.parts, placeOf(scope, queue), queue.settings.expiresMs!);
  }
}

class ExpiringQueue implements StartedQueueWork {
  private usedAt = performance.now();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly parts: QueueExpiryParts,
    private readonly place: QueuePlace,
    private readonly expiresMs: number,
  ) {
    this.wait(expiresMs);
  }

  used(): void {
    this.usedAt = performance.now();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private wait(ms: number): void {
    if (this.isClosed) return;
    this.timer = setTimeout(() => void this.look(), Math.min(ms, timerMsMax)).unref();
  }

  private async look(): Promise<void> {
    const consumers = this.parts.consumersOf(placeKey(this.place));
    if (consumers !== undefined && consumers > 0) this.used();
    const leftMs = this.usedAt + this.expiresMs - performance.now();
    if (leftMs > 0) return this.wait(leftMs);
    let nextMs = this.parts.retryMs ?? retryMsDefault;
    if (consumers === 0) {
      try {
        if (!(await this.parts.expire(this.place))) {
          this.used();
          nextMs = this.expiresMs;
        }
      } catch (error) {
        const fields = { event: 'amqp091-queue-expired', queue: this.place.name, error };
        this.parts.log.warn(fields, 'a queue that expired could not be deleted; it is tried again');
      }
    }
    // Deleted, it is closed.
    this.wait(nextMs);
  }
}
