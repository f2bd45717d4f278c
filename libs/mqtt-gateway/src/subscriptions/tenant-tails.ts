import type { EntryPosition, PulsarLog } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import type { FeedStart } from '../reading/feed.js';
import type { MatchedTopics } from '../reading/matched-topics.js';
import type { PartitionFeeds } from '../reading/partition-feeds.js';
import type { TopicReading } from '../reading/topic-reading.js';
import type { StoreDone } from '../session/session-store.js';
import { FilterTree } from './filter-tree.js';
import { MessageFanOut, TailMember, TailSubscription } from './message-fan-out.js';
import type { MqttSubscription } from './mqtt-subscription.js';
import { UnreadPublications } from './published-before.js';
import { TailPartition } from './tail-partition.js';
import type { TailSubscriber } from './tail-subscriber.js';
import { type InterestedReader, TopicInterest } from './topic-interest.js';

export interface TenantTailsParts {
  readonly feeds: PartitionFeeds;
  readonly topics: MatchedTopics;
  readonly reading: TopicReading;
  readonly log: PulsarLog;
}

/** Partitions that are gone, and remembered. */
const goneMax = 1_000;

/** One tenant's subscribers, the tree of their filters, and the partitions that are read for them. */
export class TenantTails implements InterestedReader {
  readonly fanOut: MessageFanOut;
  private readonly tree = new FilterTree<TailMember, TailSubscription>();
  private readonly members = new Map<TailSubscriber, TailMember>();
  private readonly interests = new Map<string, TopicInterest>();
  private readonly partitions = new Map<string, TailPartition>();
  private readonly unread = new UnreadPublications();
  /** How far partitions were read that are not listed any more. */
  private readonly gone = new Map<string, EntryPosition>();

  constructor(
    private readonly parts: TenantTailsParts,
    private readonly tenant: Tenant,
  ) {
    this.fanOut = new MessageFanOut(this.tree, (clientId, error) => {
      parts.log.error({ event: 'mqtt-session-failed', clientId, error }, 'a session failed at a message');
    });
  }

  get subscriptions(): number {
    return this.tree.size;
  }

  subscribe(subscriber: TailSubscriber, options: MqttSubscription, done: StoreDone): void {
    let member = this.members.get(subscriber);
    if (member === undefined) {
      member = new TailMember(subscriber);
      this.members.set(subscriber, member);
    }
    const { filter } = options;
    const replaced = this.tree.get(filter, member);
    const before =
      replaced === undefined
        ? this.unread.before((partition) => this.partitions.has(partition))
        : replaced.publishedBefore;
    const subscription = new TailSubscription(member, options, before);
    // Before anything is read: nothing can be missed between.
    this.tree.add(filter, member, subscription);
    const interest = member.filters.get(filter) ?? this.interestIn(filter, member);
    interest.whenReady((error) => {
      if (error !== undefined) this.removeIf(subscription);
      done(error);
    });
  }

  unsubscribe(subscriber: TailSubscriber, filter: string): boolean {
    const member = this.members.get(subscriber);
    return member !== undefined && this.remove(member, filter);
  }

  drop(subscriber: TailSubscriber): void {
    const member = this.members.get(subscriber);
    if (member === undefined) return;
    for (const filter of [...member.filters.keys()]) this.remove(member, filter);
  }

  /** Published by this gateway and confirmed by Pulsar: who subscribes from now on does not get it. */
  noteStored(partition: string, position: EntryPosition): void {
    this.unread.note(partition, position);
  }

  acquire(partition: string, isNew: boolean): Promise<void> {
    let read = this.partitions.get(partition);
    if (read === undefined) {
      read = new TailPartition(
        {
          tenant: this.tenant,
          feeds: this.parts.feeds,
          log: this.parts.log,
          fanOut: this.fanOut,
          onPassed: (passed, position) => this.unread.passed(passed, position),
        },
        partition,
        isNew ? this.startOfNew(partition) : 'latest',
      );
      this.partitions.set(partition, read);
    }
    read.users++;
    return read.opened;
  }

  release(partition: string, isGone: boolean): void {
    const read = this.partitions.get(partition);
    if (read === undefined || --read.users > 0) return;
    this.partitions.delete(partition);
    const { passed } = read;
    read.close();
    if (!isGone || passed === undefined) return;
    if (this.gone.size >= goneMax) this.gone.clear();
    this.gone.set(partition, passed);
  }

  close(): void {
    for (const interest of [...this.interests.values()]) interest.end();
    for (const read of this.partitions.values()) read.close();
    this.partitions.clear();
  }

  /** A topic that was not listed for a moment is not read again from its beginning; one that was made again has later entries. */
  private startOfNew(partition: string): FeedStart {
    const after = this.gone.get(partition);
    this.gone.delete(partition);
    return after === undefined ? 'earliest' : { after };
  }

  private interestIn(filter: string, member: TailMember): TopicInterest {
    const { names, all } = this.parts.reading.topicsOf(this.tenant, filter);
    const key = [all ? '*' : '', ...names].join('\n');
    let interest = this.interests.get(key);
    if (interest === undefined) {
      interest = new TopicInterest(this.tenant, filter, this.parts.topics, this, (ended) => {
        if (this.interests.get(key) === ended) this.interests.delete(key);
        // Nobody has waited for what comes in topics that are gone.
        if (this.interests.size === 0) this.gone.clear();
      });
      this.interests.set(key, interest);
    }
    interest.retain();
    member.filters.set(filter, interest);
    return interest;
  }

  private removeIf({ member, options }: TailSubscription): void {
    const { filter } = options;
    // Of several with this filter that waited, the last one stands.
    if (this.tree.get(filter, member) !== undefined) this.remove(member, filter);
  }

  private remove(member: TailMember, filter: string): boolean {
    const interest = member.filters.get(filter);
    if (interest === undefined) return false;
    member.filters.delete(filter);
    this.tree.remove(filter, member);
    if (member.filters.size === 0) this.members.delete(member.subscriber);
    interest.release();
    return true;
  }
}
