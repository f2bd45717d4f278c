import { asPulsarError, type PulsarError } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import type { FollowedFilter, MatchedTopics } from '../reading/matched-topics.js';
import { asMqttError } from '../mqtt.errors.js';
import type { StoreDone } from '../session/session-store.js';

/** Who reads the partitions that an interest finds; each acquired one is released once. */
export interface InterestedReader {
  /** Resolves when what is published from now on is certain to come. */
  acquire(partition: string, isNew: boolean): Promise<void>;
  /** @param isGone the topic was deleted, or is not listed at present */
  release(partition: string, isGone: boolean): void;
}

/**
 * All filters that the same Pulsar topics can match: what has to be read for them, counted.
 *
 * ```
 *   opening ── topics known, all of them are read ──▶ ready ── released by all ──▶ closed
 *      └─────── Pulsar's error ──▶ failed: who waits is told, the next subscription begins anew
 * ```
 */
export class TopicInterest {
  private users = 0;
  private state: 'opening' | 'ready' | 'over' = 'opening';
  private failure: PulsarError | undefined;
  private waiting: StoreDone[] = [];
  private followed: FollowedFilter | undefined;
  private readonly acquired = new Set<string>();
  private readonly opening: Promise<void>[] = [];

  /** @param filter any of them */
  constructor(
    private readonly tenant: Tenant,
    private readonly filter: string,
    private readonly topics: MatchedTopics,
    private readonly reader: InterestedReader,
    private readonly onOver: (interest: TopicInterest) => void,
  ) {
    void this.open();
  }

  retain(): void {
    this.users++;
  }

  release(): void {
    if (--this.users === 0) this.end();
  }

  /** At once when it is ready, or when it failed. */
  whenReady(done: StoreDone): void {
    if (this.failure !== undefined) done(asMqttError(this.failure));
    else if (this.state === 'opening') this.waiting.push(done);
    else done();
  }

  end(): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.followed?.close();
    for (const partition of this.acquired) this.reader.release(partition, false);
    this.acquired.clear();
    this.onOver(this);
    this.tell();
  }

  private async open(): Promise<void> {
    try {
      const followed = await this.topics.follow(this.tenant, this.filter, {
        onAdded: (partition, isNew) => this.added(partition, isNew),
        onRemoved: (partition) => this.removed(partition),
      });
      this.followed = followed;
      if (this.isOver()) {
        followed.close();
        return;
      }
      await Promise.all(this.opening);
      if (this.isOver()) return;
      this.state = 'ready';
      this.opening.length = 0;
      this.tell();
    } catch (error) {
      this.failure = asPulsarError(error, 'UnknownError');
      this.end();
    }
  }

  private isOver(): boolean {
    return this.state === 'over';
  }

  private added(partition: string, isNew: boolean): void {
    if (this.isOver() || this.acquired.has(partition)) return;
    this.acquired.add(partition);
    const opened = this.reader.acquire(partition, isNew);
    if (this.state !== 'opening') {
      // It is tried again for as long as it is wanted.
      opened.catch(() => undefined);
      return;
    }
    this.opening.push(
      opened.catch((error: unknown) => {
        // Gone meanwhile: there is nothing to wait for.
        if (this.acquired.has(partition) && asPulsarError(error, 'UnknownError').code !== 'TopicNotFound') {
          throw error;
        }
      }),
    );
  }

  private removed(partition: string): void {
    if (this.acquired.delete(partition)) this.reader.release(partition, true);
  }

  private tell(): void {
    const { waiting, failure } = this;
    this.waiting = [];
    const error = failure === undefined ? undefined : asMqttError(failure);
    for (const done of waiting) done(error);
  }
}
