import type { PulsarClient, PulsarLog } from '#libs/pulsar';
import { MqttReasonCode, splitSharedFilter } from '#libs/mqtt-codec';
import type { Tenant } from '#libs/tenancy';
import { MqttError } from '../mqtt.errors.js';
import type { MatchedTopics } from '../reading/matched-topics.js';
import { readTopicOf } from '../reading/read-entry.js';
import type { ReadingCounters } from '../reading/reading-counters.js';
import type { TopicReading } from '../reading/topic-reading.js';
import type { StoreDone } from '../session/session-store.js';
import type { MqttSubscription } from './mqtt-subscription.js';
import { SharedGroup } from './share-group.js';
import type { TailSubscriber } from './tail-subscriber.js';

export interface SharedSubscriptionsParts {
  readonly pulsar: Pick<PulsarClient, 'subscribe'>;
  readonly reading: TopicReading;
  readonly topics: MatchedTopics;
  readonly counters: ReadingCounters;
  readonly log: PulsarLog;
  /** `sharedSubscriptionIdleMs` of the options. */
  readonly idleMs: number;
  /** `sharedSubscriptionsMax` of the options, per tenant. */
  readonly groupsMax: number;
}

/**
 * `$share/group/filter`: Pulsar Shared subscriptions, whose messages the connected members of all gateways divide. A group
 * has one on every partition that its filter can match; it begins at the end of topics that exist, and where topics begin
 * that are made later. Without a member it keeps what is published, until it was idle for `idleMs` and no session has it.
 */
export class SharedSubscriptions {
  /** By tenant and whole filter. */
  private readonly groups = new Map<string, SharedGroup>();
  private readonly countOfTenant = new Map<string, number>();
  /** The groups of each subscriber. */
  private readonly memberships = new Map<TailSubscriber, Set<string>>();

  constructor(private readonly parts: SharedSubscriptionsParts) {}

  /** Groups with a filter that have a member here, or are kept for one. */
  get count(): number {
    return this.groups.size;
  }

  /**
   * The subscriber takes its part from now on. Deliveries carry `onDone`: a message is acknowledged to Pulsar when its
   * outcome is `completed`; it goes to another member when it is `returned`, or when the member leaves before.
   * @param subscription its filter begins with `$share/`; one with the same filter is replaced
   * @param done MqttError 0x97: as many groups as a tenant may have
   */
  join(tenant: Tenant, subscriber: TailSubscriber, subscription: MqttSubscription, done: StoreDone): void {
    const key = keyOf(tenant, subscription.filter);
    const group = this.group(tenant, subscription.filter, false);
    if (group === undefined) {
      const message = `a tenant has at most ${this.parts.groupsMax} shared subscriptions`;
      done(new MqttError(MqttReasonCode.QUOTA_EXCEEDED, message));
      return;
    }
    let memberships = this.memberships.get(subscriber);
    if (memberships === undefined) {
      memberships = new Set();
      this.memberships.set(subscriber, memberships);
    }
    memberships.add(key);
    group.join(subscriber, subscription, (error) => {
      if (error !== undefined) this.forget(subscriber, key);
      done(error);
    });
  }

  /** UNSUBSCRIBE. False: it was no member. */
  leave(tenant: Tenant, subscriber: TailSubscriber, filter: string): boolean {
    const key = keyOf(tenant, filter);
    this.forget(subscriber, key);
    return this.groups.get(key)?.leave(subscriber) ?? false;
  }

  /** Leaves all: its connection has ended. What the session has not ended by then stays with it. */
  drop(_tenant: Tenant, subscriber: TailSubscriber): void {
    const memberships = this.memberships.get(subscriber);
    this.memberships.delete(subscriber);
    for (const key of memberships ?? []) this.groups.get(key)?.depart(subscriber);
  }

  /**
   * A persistent session has the subscription, connected or not: messages wait for its group in Pulsar when no member is
   * there, of topics too that came while no gateway had the session. Counted: each `keep` is ended by calling what it
   * returns.
   */
  keep(tenant: Tenant, filter: string): () => void {
    return this.group(tenant, filter, true)?.keep() ?? (() => undefined);
  }

  /** The tenant is not there any more; the subscriptions stay. */
  endTenant({ name }: Tenant): void {
    for (const [key, group] of this.groups) if (key.startsWith(`${name} `)) void group.close();
  }

  /** The subscriptions stay: members come back, here or elsewhere. */
  async close(): Promise<void> {
    this.memberships.clear();
    await Promise.all([...this.groups.values()].map((group) => group.close()));
  }

  private forget(subscriber: TailSubscriber, key: string): void {
    const memberships = this.memberships.get(subscriber);
    memberships?.delete(key);
    if (memberships?.size === 0) this.memberships.delete(subscriber);
  }

  /** Undefined: there are as many as the tenant may have. */
  private group(tenant: Tenant, filter: string, isRestored: boolean): SharedGroup | undefined {
    const key = keyOf(tenant, filter);
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    const { parts } = this;
    const count = this.countOfTenant.get(tenant.name) ?? 0;
    if (count >= parts.groupsMax) return undefined;
    const split = splitSharedFilter(filter);
    if (split === undefined) throw new Error(`${filter} is no filter of a shared subscription`);
    const group: SharedGroup = new SharedGroup({
      tenant,
      group: split.shareName,
      filter: split.filter,
      pulsar: parts.pulsar,
      topics: parts.topics,
      log: parts.log,
      idleMs: parts.idleMs,
      isRestored,
      topicOf: (partition) => readTopicOf(parts, tenant, partition),
      onDenied: () => {
        parts.counters.sharedDenied++;
      },
      onOver: () => {
        if (this.groups.get(key) !== group) return;
        this.groups.delete(key);
        this.countOfTenant.set(tenant.name, (this.countOfTenant.get(tenant.name) ?? 1) - 1);
      },
    });
    this.groups.set(key, group);
    this.countOfTenant.set(tenant.name, count + 1);
    return group;
  }
}

function keyOf(tenant: Tenant, filter: string): string {
  return `${tenant.name} ${filter}`;
}
