import { type PulsarAdmin, PulsarAdminError } from '#libs/pulsar';
import type { Log } from '#libs/telemetry';

export interface LeftSubscriptionsServices {
  readonly admin: Pick<PulsarAdmin, 'deleteSubscription' | 'subscriptions'>;
  readonly log: Log;
  /** For Pulsar's answer. */
  readonly answerMs: number;
  /** After which one is tried again. */
  readonly retryMs: number;
  /** Whether this process has receivers on it. */
  isUsed(partition: string, subscription: string): boolean;
}

interface Left {
  readonly partition: string;
  readonly subscription: string;
}

/** Deletions side by side, of all links. */
const deletionsParallelMax = 8;
/** Remembered for the next try; others are swept. */
const leftMax = 10_000;

/**
 * Deletes subscriptions that end with their last receiver, when this process's last one has left. Whether there are others
 * elsewhere Pulsar knows: it deletes no subscription that has consumers.
 */
export class LeftSubscriptions {
  private readonly later = new Map<string, Left>();
  private readonly waiting: (() => void)[] = [];
  private deleting = 0;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly services: LeftSubscriptionsServices) {}

  /**
   * Resolves when it is deleted, belongs to others, or is tried later. Never rejects.
   *
   * @param isCertain false: its broker has just changed, and others, who will be back in a moment, may not be
   *   attached; it is deleted when they would be
   */
  async end(partition: string, subscription: string, isCertain: boolean): Promise<void> {
    if (isCertain) await this.delete({ partition, subscription });
    else this.tryLater({ partition, subscription });
  }

  /** What waits for another try is left for a sweep. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.later.clear();
  }

  private async delete(left: Left): Promise<void> {
    const { admin, log } = this.services;
    const { partition, subscription } = left;
    if (this.deleting < deletionsParallelMax) this.deleting++;
    // Who ends hands its place over.
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      if (this.services.isUsed(partition, subscription)) return;
      const isAnswered = await this.isAnswered(admin.deleteSubscription(partition, subscription));
      // Of two who delete it at the same moment Pulsar (4.2) never answers one.
      const isThere = !isAnswered && (await admin.subscriptions(partition)).includes(subscription);
      if (isThere) this.tryLater(left);
    } catch (error) {
      // It, or its topic, is gone; or others are attached, and it is theirs to delete.
      if (error instanceof PulsarAdminError && (error.status === 404 || error.status === 412)) return;
      log.debug({ event: 'amqp-left-subscription', ...left, err: error }, 'a subscription stays for now');
      this.tryLater(left);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.deleting--;
      else next();
    }
  }

  private async isAnswered(deletion: Promise<void>): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), this.services.answerMs).unref();
    });
    try {
      return await Promise.race([deletion.then(() => true as const), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private tryLater(left: Left): void {
    if (this.isClosed || this.later.size >= leftMax) return;
    this.later.set(`${left.partition}\n${left.subscription}`, left);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const due = [...this.later.values()];
      this.later.clear();
      for (const each of due) void this.delete(each);
    }, this.services.retryMs).unref();
  }
}
