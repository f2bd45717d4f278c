import { isSharedFilter } from '#libs/mqtt-codec';
import type { Tenant } from '#libs/tenancy';
import type { MqttError } from '../mqtt.errors.js';
import type { PublishRequest } from '../publishing/publisher.js';
import type { DeliveryRef } from '../session/mqtt-delivery.js';
import type { MqttSession } from '../session/mqtt-session.js';
import type { SessionStore, StoreDone } from '../session/session-store.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import type { SharedSubscriptions } from '../subscriptions/share-subscriptions.js';
import { isSystemFilter } from '../system-topics/system-topics.js';
import { type InboundIntents, sessionLost } from './inbound-intents.js';
import type { SliceCheckpoints } from './slice-checkpoints.js';
import type { SliceDispatch } from './slice-dispatch.js';
import type { SliceJournal } from './slice-journal.js';
import type { SliceReading } from './slice-reading.js';
import type { SliceTable } from './slice-table.js';
import type { PendingMessage, StoredSession } from './stored-session.js';

/** What the stores of a slice's sessions work with. */
export interface StoreGround {
  readonly tenant: Tenant;
  readonly table: SliceTable;
  readonly journal: SliceJournal;
  readonly checkpoints: SliceCheckpoints;
  readonly reading: SliceReading;
  readonly dispatch: SliceDispatch;
  readonly intents: InboundIntents;
  readonly shared: Pick<SharedSubscriptions, 'join' | 'leave' | 'drop' | 'keep'>;
  /** By session and filter: how to let go of a group's messages that wait for the session. */
  readonly kept: Map<StoredSession, Map<string, () => void>>;
}

/** What of a persistent session must outlive its connection: in the table of its slice, and so in the log. */
export class PersistentSessionStore implements SessionStore {
  session: MqttSession | undefined;

  constructor(
    private readonly ground: StoreGround,
    readonly stored: StoredSession,
  ) {}

  get subscriptions(): ReadonlyMap<string, MqttSubscription> {
    return this.stored.subscriptions;
  }

  subscribe(subscription: MqttSubscription, done: StoreDone): void {
    const { reading, dispatch } = this.ground;
    const { filter } = subscription;
    if (isSharedFilter(filter)) {
      this.#join(subscription, done);
      return;
    }
    if (isSystemFilter(filter) || this.stored.subscriptions.has(filter)) {
      this.#add(subscription, done);
      return;
    }
    // In the tree before anything is read for it: nothing can be missed between.
    dispatch.subscribe(this.stored, subscription, (partition) => reading.reads(partition));
    reading.want(filter, (error) => {
      // Subscribed twice before the first was answered: it is wanted once.
      if (error === undefined && this.stored.subscriptions.has(filter)) reading.unwant(filter);
      if (error === undefined) this.#add(subscription, done);
      else done(error);
      const isOver = error !== undefined || this.stored.isGone;
      if (isOver && !this.stored.subscriptions.has(filter)) dispatch.unsubscribe(this.stored, filter);
      if (this.stored.isGone) reading.unwant(filter);
    });
  }

  unsubscribe(filter: string, done: (error: MqttError | undefined, existed: boolean) => void): void {
    const { table, dispatch, reading, shared, kept, journal, tenant } = this.ground;
    const existed = this.stored.subscriptions.has(filter);
    if (existed) {
      table.removeSubscription(this.stored, filter);
      if (!isSharedFilter(filter)) {
        if (!isSystemFilter(filter)) {
          dispatch.unsubscribe(this.stored, filter);
          reading.unwant(filter);
        }
      } else {
        if (this.session !== undefined) shared.leave(tenant, this.session, filter);
        kept.get(this.stored)?.get(filter)?.();
        kept.get(this.stored)?.delete(filter);
      }
    }
    journal.flush((stored) => done(stored ? undefined : sessionLost(), existed));
  }

  holds(packetId: number): boolean {
    return this.ground.intents.holds(this.stored, packetId);
  }

  receive(packetId: number, publish: PublishRequest, done: (error?: MqttError) => void): void {
    this.ground.intents.receive(this.stored, packetId, publish, done);
  }

  release(packetId: number, done: StoreDone): void {
    this.ground.intents.release(this.stored, packetId, done);
  }

  sending(ref: DeliveryRef | undefined, packetId: number, qos: 1 | 2, done: StoreDone): void {
    const { table, checkpoints } = this.ground;
    const pending = ref === undefined ? undefined : this.stored.given?.get(ref.sequence);
    if (pending === undefined) {
      this.#sendingForeign(packetId, qos, done);
      return;
    }
    if (qos === 2) table.store(pending.ref);
    table.sending(pending, packetId);
    if (qos === 2) {
      this.#flushed(done);
      return;
    }
    checkpoints.touched();
    done();
  }

  received(packetId: number, done: StoreDone): void {
    const pending = this.stored.inFlight?.get(packetId);
    if (pending === undefined) {
      done();
      return;
    }
    this.ground.table.received(pending);
    this.#flushed(done);
  }

  completed(ref: DeliveryRef | undefined, packetId: number | undefined): void {
    const pending = this.#pendingOf(ref, packetId);
    const { table, checkpoints } = this.ground;
    if (pending !== undefined) table.completed(pending);
    else if (packetId !== undefined) table.completedForeign(this.stored, packetId);
    checkpoints.touched();
  }

  /** With a connection: what of its subscriptions has to do with that. */
  joinGroups(session: MqttSession): void {
    const { shared, tenant } = this.ground;
    this.session = session;
    for (const subscription of this.stored.subscriptions.values()) {
      if (!isSharedFilter(subscription.filter)) continue;
      shared.join(tenant, session, subscription, () => {});
    }
  }

  leaveGroups(): void {
    const { shared, tenant } = this.ground;
    if (this.session !== undefined) shared.drop(tenant, this.session);
    this.session = undefined;
  }

  /** Retained, or a group's: after a crash it is not sent again, but what the client holds is released before its packet id is another's. */
  #sendingForeign(packetId: number, qos: 1 | 2, done: StoreDone): void {
    if (qos === 1 || this.stored.isGone) {
      done();
      return;
    }
    this.ground.table.sendingForeign(this.stored, packetId);
    this.#flushed(done);
  }

  #pendingOf(ref: DeliveryRef | undefined, packetId: number | undefined): PendingMessage | undefined {
    if (ref !== undefined) return this.stored.given?.get(ref.sequence);
    return packetId === undefined ? undefined : this.stored.inFlight?.get(packetId);
  }

  #add(subscription: MqttSubscription, done: StoreDone): void {
    if (this.stored.isGone) {
      done(sessionLost());
      return;
    }
    const { table, dispatch, reading } = this.ground;
    table.setSubscription(this.stored, subscription);
    if (!isSharedFilter(subscription.filter) && !isSystemFilter(subscription.filter)) {
      dispatch.subscribe(this.stored, subscription, (partition) => reading.reads(partition));
    }
    this.#flushed(done);
  }

  #join(subscription: MqttSubscription, done: StoreDone): void {
    const { shared, tenant } = this.ground;
    const { session } = this;
    if (session === undefined) {
      done(sessionLost());
      return;
    }
    shared.join(tenant, session, subscription, (error) => {
      if (error !== undefined) {
        done(error);
        return;
      }
      keepGroup(this.ground, this.stored, subscription.filter);
      this.#add(subscription, done);
    });
  }

  #flushed(done: StoreDone): void {
    this.ground.journal.flush((stored) => done(stored ? undefined : sessionLost()));
  }
}

/** The group's messages wait in Pulsar, as the session counts as a member of it though it sleeps. */
export function keepGroup(
  { kept, shared, tenant }: StoreGround,
  stored: StoredSession,
  filter: string,
): void {
  let filters = kept.get(stored);
  if (filters === undefined) kept.set(stored, (filters = new Map()));
  if (!filters.has(filter)) filters.set(filter, shared.keep(tenant, filter));
}
