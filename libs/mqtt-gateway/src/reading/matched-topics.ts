import { asPulsarError, isPulsarError, type PulsarLog, withoutPartition } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { NamespaceTopics, type NamespaceTopicsParts } from './namespace-topics.js';
import type { FilterTopics, TopicReading } from './topic-reading.js';

/** Told of the partitions (full names) that a filter can match, as they come and go. */
export interface TopicFollower {
  /** @param isNew it was made after the filter was followed: all that is in it is to be read */
  onAdded(partition: string, isNew: boolean): void;
  onRemoved(partition: string): void;
}

export interface FollowedFilter {
  readonly partitions: ReadonlySet<string>;
  /** Nothing is told any more. */
  close(): void;
}

export interface MatchedTopicsParts extends NamespaceTopicsParts {
  readonly reading: TopicReading;
  readonly log: PulsarLog;
  /** How long the topics of a namespace are still watched when no filter is followed, in ms. Default 10 s. */
  readonly lingerMs?: number;
}

const lingerMsDefault = 10_000;
/** Questions side by side about whose a topic is. */
const questionsMax = 16;
const questionAgainFirstMs = 50;
const questionAgainMaxMs = 5_000;

/** Which Pulsar partitions a filter can match, kept up to date. */
export class MatchedTopics {
  private readonly tenants = new Map<string, TenantTopics>();
  private readonly stopHearing: () => void;
  private closed = false;

  constructor(private readonly parts: MatchedTopicsParts) {
    this.stopHearing = parts.reading.onBecameMqtt((tenant, name) =>
      this.tenants.get(tenant)?.becameMqtt(name),
    );
  }

  /**
   * Resolves when `onAdded` was called for all that exist (`isNew` false). Rejects with PulsarError when the topics of the
   * namespace cannot be listed.
   * @param filter valid, without `$share/`
   */
  async follow(tenant: Tenant, filter: string, follower: TopicFollower): Promise<FollowedFilter> {
    if (this.closed) throw asPulsarError(new Error('the gateway stops reading'), 'Closed');
    let topics = this.tenants.get(tenant.name);
    if (topics === undefined) {
      topics = new TenantTopics(this.parts, tenant, () => this.forget(tenant.name));
      this.tenants.set(tenant.name, topics);
    }
    return topics.follow(this.parts.reading.topicsOf(tenant, filter), follower);
  }

  close(): void {
    this.closed = true;
    this.stopHearing();
    for (const topics of [...this.tenants.values()]) topics.close();
  }

  private forget(tenant: string): void {
    this.tenants.delete(tenant);
  }
}

/** The topics of one tenant, and who follows which of them. */
class TenantTopics {
  private readonly namespace: NamespaceTopics;
  private readonly prefixLength: number;
  private readonly started: Promise<void>;
  private readonly follows = new Set<Follow>();
  /** Topics that are MQTT's, and that are not, by name; only asked for where a filter needs it. */
  private readonly ofMqtt = new Map<string, boolean>();
  /** Partitions that were added while a filter said `all`, and of which the answer has not come. */
  private readonly undecided = new Set<string>();
  private readonly questions = new Map<string, Promise<boolean>>();
  private users = 0;
  private linger: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly parts: MatchedTopicsParts,
    private readonly tenant: Tenant,
    private readonly onClosed: () => void,
  ) {
    this.prefixLength = `persistent://${tenant.pulsarNamespace}/`.length;
    this.namespace = new NamespaceTopics(parts, tenant.pulsarNamespace, {
      onAdded: (partition) => this.added(partition),
      onRemoved: (partition) => this.removed(partition),
    });
    this.started = this.namespace.start();
    this.started.catch(() => this.close());
  }

  async follow(wanted: FilterTopics, follower: TopicFollower): Promise<FollowedFilter> {
    this.users++;
    clearTimeout(this.linger);
    const follow = new Follow(wanted, follower, () => this.left(follow));
    try {
      await this.started;
      if (wanted.all) await this.learnAll();
    } catch (error) {
      follow.close();
      throw asPulsarError(error, 'UnknownError');
    }
    // From here on nothing is waited for: no change can come between the list and the following of it.
    for (const partition of this.namespace.partitions) {
      if (this.wants(follow, this.nameOf(partition))) follow.add(partition, false);
    }
    this.follows.add(follow);
    return follow;
  }

  becameMqtt(name: string): void {
    this.ofMqtt.set(name, true);
    for (const partition of this.namespace.partitions) {
      if (this.nameOf(partition) !== name) continue;
      // This may be heard before the answer to whose a new topic is.
      const isNew = this.undecided.delete(partition);
      for (const follow of this.follows) if (follow.wanted.all) follow.add(partition, isNew);
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.linger);
    this.namespace.close();
    this.follows.clear();
    this.onClosed();
  }

  private nameOf(partition: string): string {
    return withoutPartition(partition.slice(this.prefixLength));
  }

  private left(follow: Follow): void {
    this.follows.delete(follow);
    if (--this.users > 0 || this.closed) return;
    this.linger = setTimeout(() => this.close(), this.parts.lingerMs ?? lingerMsDefault);
    this.linger.unref();
  }

  private wants(follow: Follow, name: string): boolean {
    return follow.names.has(name) || (follow.wanted.all && this.ofMqtt.get(name) === true);
  }

  private added(partition: string): void {
    const name = this.nameOf(partition);
    let asking = false;
    for (const follow of this.follows) {
      if (this.wants(follow, name)) follow.add(partition, true);
      else asking ||= follow.wanted.all;
    }
    if (!asking || this.ofMqtt.has(name)) return;
    this.undecided.add(partition);
    this.askOf(partition, name, questionAgainFirstMs);
  }

  /** Until it is known, or the topic is gone: a filter that says `all` would miss it for ever. */
  private askOf(partition: string, name: string, againMs: number): void {
    this.learn(name).then(
      (ofMqtt) => {
        const isNew = this.undecided.delete(partition);
        if (!ofMqtt || !this.namespace.partitions.has(partition)) return;
        for (const follow of this.follows) if (follow.wanted.all) follow.add(partition, isNew);
      },
      () => {
        const again = setTimeout(() => {
          if (this.closed || !this.namespace.partitions.has(partition)) return;
          this.askOf(partition, name, Math.min(againMs * 2, questionAgainMaxMs));
        }, againMs);
        again.unref();
      },
    );
  }

  private removed(partition: string): void {
    const name = this.nameOf(partition);
    this.ofMqtt.delete(name);
    this.undecided.delete(partition);
    for (const follow of this.follows) follow.remove(partition);
  }

  private async learnAll(): Promise<void> {
    for (;;) {
      const unknown = new Set<string>();
      for (const partition of this.namespace.partitions) {
        const name = this.nameOf(partition);
        if (!this.ofMqtt.has(name)) unknown.add(name);
      }
      if (unknown.size === 0) return;
      const names = unknown.values();
      const ask = async () => {
        for (const name of names) await this.learnListed(name);
      };
      await Promise.all(Array.from({ length: questionsMax }, ask));
    }
  }

  private async learnListed(name: string): Promise<void> {
    try {
      await this.learn(name);
    } catch (error) {
      if (!isPulsarError(error, 'TopicNotFound')) throw error;
      // It is being made or deleted: others need not wait for that.
      this.ofMqtt.set(name, false);
      for (const partition of this.namespace.partitions) {
        if (this.nameOf(partition) === name) this.askOf(partition, name, questionAgainFirstMs);
      }
    }
  }

  private learn(name: string): Promise<boolean> {
    let question = this.questions.get(name);
    if (question === undefined) {
      question = this.parts.reading
        .isOfMqtt(this.tenant, name)
        .then((ofMqtt) => {
          // Meanwhile it may have become so.
          if (this.ofMqtt.get(name) !== true) this.ofMqtt.set(name, ofMqtt);
          return this.ofMqtt.get(name) === true;
        })
        .finally(() => this.questions.delete(name));
      this.questions.set(name, question);
    }
    return question;
  }
}

/** One filter that is followed. */
class Follow implements FollowedFilter {
  readonly partitions = new Set<string>();
  readonly names: ReadonlySet<string>;
  private closed = false;

  constructor(
    readonly wanted: FilterTopics,
    private readonly follower: TopicFollower,
    private readonly onClosed: () => void,
  ) {
    this.names = new Set(wanted.names);
  }

  add(partition: string, isNew: boolean): void {
    if (this.closed || this.partitions.has(partition)) return;
    this.partitions.add(partition);
    this.follower.onAdded(partition, isNew);
  }

  remove(partition: string): void {
    if (!this.closed && this.partitions.delete(partition)) this.follower.onRemoved(partition);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.onClosed();
  }
}
