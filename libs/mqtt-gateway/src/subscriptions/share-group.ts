import type { PulsarClient, PulsarLog } from '#libs/pulsar';
import type { Tenant } from '#libs/tenancy';
import { hasExpired, type MqttMessage, ownedMessage } from '../message.js';
import type { MatchedTopics } from '../reading/matched-topics.js';
import type { ReadTopic } from '../reading/read-entry.js';
import type { StoreDone } from '../session/session-store.js';
import { FilterTree } from './filter-tree.js';
import type { MqttSubscription } from './mqtt-subscription.js';
import type { SharedEntry } from './share-entry.js';
import { SharedMember } from './share-member.js';
import { SharedMessage } from './share-message.js';
import { sharedSubscriptionName, sharedSubscriptionProperties } from './share-name.js';
import { SharedPartition } from './share-partition.js';
import type { TailSubscriber } from './tail-subscriber.js';
import { type InterestedReader, TopicInterest } from './topic-interest.js';

export interface SharedGroupParts {
  readonly tenant: Tenant;
  /** The share name. */
  readonly group: string;
  /** Without `$share/` and the share name. */
  readonly filter: string;
  readonly pulsar: Pick<PulsarClient, 'subscribe'>;
  readonly topics: MatchedTopics;
  readonly log: PulsarLog;
  /** After so long without a member and without a session that is one, the subscription is deleted. */
  readonly idleMs: number;
  /** A session has it since before this process: where there is no subscription of Pulsar yet, a topic came meanwhile. */
  readonly isRestored: boolean;
  topicOf(partition: string): ReadTopic;
  /** None of the members may receive a message: it is lost to the group. */
  onDenied(message: MqttMessage): void;
  onOver(): void;
}

/** A group with a filter, as far as it is this gateway's: its members take turns. */
export class SharedGroup implements InterestedReader {
  private readonly members: SharedMember[] = [];
  private next = 0;
  /** No member had room for them. */
  private waiting: SharedMessage[] = [];
  private readonly partitions = new Map<string, SharedPartition>();
  private readonly interest: TopicInterest;
  private readonly tree = new FilterTree<string, true>(0);
  private kept = 0;
  private idle: NodeJS.Timeout | undefined;
  private scheduled = false;
  private isOver = false;

  constructor(private readonly parts: SharedGroupParts) {
    this.tree.add(parts.filter, '', true);
    this.interest = new TopicInterest(parts.tenant, parts.filter, parts.topics, this, () => this.over());
  }

  join(subscriber: TailSubscriber, options: MqttSubscription, done: StoreDone): void {
    const known = this.members.find((each) => each.subscriber === subscriber);
    if (known === undefined) this.members.push(new SharedMember(subscriber, options));
    else known.options = options;
    clearTimeout(this.idle);
    if (this.members.length === 1) for (const partition of this.partitions.values()) partition.activate();
    this.schedule();
    this.interest.whenReady((error) => {
      if (error !== undefined) this.leave(subscriber);
      done(error);
    });
  }

  /** What it has and has not acknowledged goes to others. */
  leave(subscriber: TailSubscriber): boolean {
    return this.part(subscriber, () => true);
  }

  /** Its connection has ended: what its session has at QoS 2 and has not returned stays with that [MQTT-4.8.2-4]. */
  depart(subscriber: TailSubscriber): boolean {
    return this.part(subscriber, ({ message }, { options }) => Math.min(message.qos, options.qos) < 2);
  }

  private part(
    subscriber: TailSubscriber,
    isForOthers: (message: SharedMessage, member: SharedMember) => boolean,
  ): boolean {
    const at = this.members.findIndex((each) => each.subscriber === subscriber);
    const [member] = at < 0 ? [] : this.members.splice(at, 1);
    if (member === undefined) return false;
    if (at < this.next) this.next--;
    const forOthers = [...member.given].filter((message) => isForOthers(message, member));
    for (const message of forOthers) {
      message.takeBack();
      member.given.delete(message);
    }
    this.waiting = [...forOthers, ...this.waiting];
    if (this.members.length === 0) this.rest();
    else this.schedule();
    return true;
  }

  /** A session that is a member, connected or not; ended by what is returned, once. */
  keep(): () => void {
    this.kept++;
    clearTimeout(this.idle);
    let isKept = true;
    return () => {
      if (!isKept) return;
      isKept = false;
      this.kept--;
      this.waitIdle();
    };
  }

  /** Begins to be deleted unless somebody comes. */
  waitIdle(): void {
    clearTimeout(this.idle);
    if (this.members.length > 0 || this.kept > 0 || this.isOver) return;
    this.idle = setTimeout(() => {
      for (const partition of this.partitions.values()) partition.unsubscribe();
      this.interest.end();
    }, this.parts.idleMs);
    this.idle.unref();
  }

  /** The gateway stops: what was not acknowledged is Pulsar's to give to others. */
  async close(): Promise<void> {
    this.forgetAll();
    const left = [...this.partitions.values()].map((partition) => partition.close());
    this.interest.end();
    await Promise.all(left);
  }

  acquire(partition: string, isNew: boolean): Promise<void> {
    const { parts } = this;
    const { group, filter, isRestored } = parts;
    const shared = new SharedPartition(
      {
        pulsar: parts.pulsar,
        log: parts.log,
        topic: parts.topicOf(partition),
        subscription: {
          subscription: sharedSubscriptionName(group, filter),
          properties: sharedSubscriptionProperties(group, filter),
          initialPosition: isNew || isRestored ? 'earliest' : 'latest',
        },
        wants: (message) => this.wants(message),
        onMessage: (message, entry, index) => this.arrived(message, entry, index),
      },
      partition,
      this.members.length > 0,
    );
    this.partitions.set(partition, shared);
    // It is tried again; nothing is missed, and one that cannot be read keeps nobody from the others.
    return isRestored ? shared.opened.catch(() => undefined) : shared.opened;
  }

  release(partition: string): void {
    void this.partitions.get(partition)?.close();
    this.partitions.delete(partition);
  }

  private wants(message: MqttMessage): boolean {
    if (message.expiresAtMs !== undefined && hasExpired(message, Date.now())) return false;
    return this.tree.matching(message.topic).length > 0;
  }

  private arrived(message: MqttMessage, entry: SharedEntry, index: number): void {
    const shared = new SharedMessage(ownedMessage(message), entry, index, this);
    if (this.waiting.length > 0 || !this.give(shared)) this.waiting.push(shared);
  }

  /** False: those who may have it have no room. */
  private give(message: SharedMessage): boolean {
    const { members } = this;
    const { topic } = message.message;
    let mayAny = false;
    for (let tried = 0; tried < members.length; tried++) {
      const at = (this.next + tried) % members.length;
      const member = members[at] as SharedMember;
      if (!member.mayReceive(topic)) continue;
      mayAny = true;
      if (!member.hasRoom) continue;
      if (this.giveTo(member, message)) {
        this.next = (at + 1) % Math.max(1, members.length);
        return true;
      }
    }
    if (mayAny || members.length === 0) return false;
    this.denied(message);
    return true;
  }

  private giveTo(member: SharedMember, message: SharedMessage): boolean {
    try {
      if (member.give(message)) return true;
    } catch (error) {
      const { clientId } = member.subscriber;
      this.parts.log.error(
        { event: 'mqtt-session-failed', clientId, error },
        'a session failed at a message',
      );
    }
    member.isFull = true;
    member.subscriber.whenRoom(() => {
      member.isFull = false;
      this.schedule();
    });
    return false;
  }

  private denied(message: SharedMessage): void {
    this.parts.onDenied(message.message);
    message.complete();
  }

  returned(message: SharedMessage): void {
    this.waiting.unshift(message);
    this.schedule();
  }

  /** In another turn: a session that ends gives back all that it has, and then leaves. */
  schedule(): void {
    if (this.scheduled || this.waiting.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.drain();
    });
  }

  private drain(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const [at, message] of waiting.entries()) {
      if (!this.members.some(({ hasRoom }) => hasRoom)) {
        this.waiting.push(...waiting.slice(at));
        return;
      }
      if (!this.give(message)) this.waiting.push(message);
    }
  }

  private rest(): void {
    this.forgetAll();
    for (const partition of this.partitions.values()) partition.rest();
    this.waitIdle();
  }

  private forgetAll(): void {
    for (const message of this.waiting) message.forget();
    for (const member of this.members) for (const message of member.given) message.forget();
    this.waiting = [];
  }

  private over(): void {
    this.isOver = true;
    clearTimeout(this.idle);
    this.parts.onOver();
  }
}
