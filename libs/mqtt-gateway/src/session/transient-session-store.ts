import { isSharedFilter } from '#libs/mqtt-codec';
import type { Tenant } from '#libs/tenancy';
import type { MqttError } from '../mqtt.errors.js';
import type { Publisher, PublishRequest } from '../publishing/publisher.js';
import type { MqttSubscription } from '../subscriptions/mqtt-subscription.js';
import type { SharedSubscriptions } from '../subscriptions/share-subscriptions.js';
import type { TailSubscriber } from '../subscriptions/tail-subscriber.js';
import type { TailSubscriptions } from '../subscriptions/tail-subscriptions.js';
import { isSystemFilter } from '../system-topics/system-topics.js';
import type { MqttDelivery } from './mqtt-delivery.js';
import type { MqttSession } from './mqtt-session.js';
import type { SessionStore, StoreDone } from './session-store.js';

export interface TransientParts {
  readonly publisher: Publisher;
  readonly tails: Pick<TailSubscriptions, 'subscribe' | 'unsubscribe' | 'drop'>;
  readonly groups: Pick<SharedSubscriptions, 'join' | 'leave' | 'drop'>;
}

const none: ReadonlyMap<string, MqttSubscription> = new Map();
type ReceiveDone = (error?: MqttError) => void;

/** What a session that ends with its connection has: all in memory, and it reads nothing but the tails of topics. */
export class TransientSessionStore implements SessionStore, TailSubscriber {
  readonly #parts: TransientParts;
  readonly #tenant: Tenant;
  #session: MqttSession | undefined;
  #subscriptions: Map<string, MqttSubscription> | undefined;
  /** QoS 2 in: who waits for the publish of a packet id to be stored; nobody once it is. */
  #received: Map<number, ReceiveDone[] | undefined> | undefined;

  constructor(parts: TransientParts, tenant: Tenant) {
    this.#parts = parts;
    this.#tenant = tenant;
  }

  /** Whose it is; before the first subscription. */
  bind(session: MqttSession): void {
    this.#session = session;
  }

  get clientId(): string {
    return this.#session!.clientId;
  }

  /** Nobody keeps what a slow client has no room for. */
  deliver(delivery: MqttDelivery): boolean {
    if (this.#session!.deliver(delivery)) return true;
    this.#session!.overflowed();
    return false;
  }

  mayReceive(topic: string): boolean {
    return this.#session!.mayReceive(topic);
  }

  whenRoom(listener: () => void): void {
    this.#session!.whenRoom(listener);
  }

  get subscriptions(): ReadonlyMap<string, MqttSubscription> {
    return this.#subscriptions ?? none;
  }

  subscribe(subscription: MqttSubscription, done: StoreDone): void {
    const { filter } = subscription;
    this.#subscriptions ??= new Map();
    const before = this.#subscriptions.get(filter);
    this.#subscriptions.set(filter, subscription);
    const ended: StoreDone = (error) => {
      // One that was replaced or removed meanwhile is the later call's.
      if (error !== undefined && this.#subscriptions?.get(filter) === subscription) {
        if (before === undefined) this.#subscriptions.delete(filter);
        else this.#subscriptions.set(filter, before);
      }
      done(error);
    };
    const { tails, groups } = this.#parts;
    // What the gateway itself tells is given to the connection.
    if (isSystemFilter(filter)) ended();
    else if (isSharedFilter(filter)) groups.join(this.#tenant, this.#session!, subscription, ended);
    else tails.subscribe(this.#tenant, this, subscription, ended);
  }

  unsubscribe(filter: string, done: (error: MqttError | undefined, existed: boolean) => void): void {
    const existed = this.#subscriptions?.delete(filter) === true;
    if (existed) {
      const { tails, groups } = this.#parts;
      if (isSharedFilter(filter)) groups.leave(this.#tenant, this.#session!, filter);
      else if (!isSystemFilter(filter)) tails.unsubscribe(this.#tenant, this, filter);
    }
    done(undefined, existed);
  }

  holds(packetId: number): boolean {
    return this.#received?.has(packetId) === true;
  }

  receive(packetId: number, publish: PublishRequest, done: ReceiveDone): void {
    this.#received ??= new Map();
    const received = this.#received;
    if (received.has(packetId)) {
      const waiting = received.get(packetId);
      if (waiting === undefined) done();
      else waiting.push(done);
      return;
    }
    const waiting = [done];
    received.set(packetId, waiting);
    this.#parts.publisher.publish(publish, (error) => {
      if (received.get(packetId) === waiting) {
        if (error === undefined) received.set(packetId, undefined);
        else received.delete(packetId);
      }
      for (const each of waiting) each(error);
    });
  }

  release(packetId: number, done: StoreDone): void {
    this.#received?.delete(packetId);
    done();
  }

  sending(_ref: unknown, _packetId: number, _qos: 1 | 2, done: StoreDone): void {
    done();
  }

  received(_packetId: number, done: StoreDone): void {
    done();
  }

  completed(): void {}

  /** The session has ended. */
  end(): void {
    if (this.#subscriptions === undefined || this.#subscriptions.size === 0) return;
    const filters = [...this.#subscriptions.keys()];
    if (filters.some((filter) => !isSharedFilter(filter))) this.#parts.tails.drop(this.#tenant, this);
    if (filters.some(isSharedFilter)) this.#parts.groups.drop(this.#tenant, this.#session!);
    this.#subscriptions = undefined;
  }
}
