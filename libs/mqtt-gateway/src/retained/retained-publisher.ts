import type { PublishPressure } from '#libs/pulsar';
import { contentBytes, ownedMessage } from '../message.js';
import type { MqttError } from '../mqtt.errors.js';
import type { PublishDone, Publisher, PublishRequest } from '../publishing/publisher.js';
import type { WriteDone } from './retained-writes.js';

/** Where publishes with RETAIN are retained. */
export interface RetainingStore {
  set(request: PublishRequest, done: WriteDone): PublishPressure | undefined;
}

/** What one client may have waiting before it is not read. */
const heldMessagesMax = 1_000;
const heldBytesMax = 256 * 1024;

/**
 * Retains what is to be retained before it is published, or a subscriber that comes between would get it neither as
 * retained nor as new. What cannot be retained is not published. The client's later publishes wait, so that they keep their
 * order [MQTT-4.6.0-6].
 */
export class RetainedPublisher implements Publisher {
  /** By tenant and client id; only while something waits. */
  readonly #held = new Map<string, Map<string, HeldPublishes>>();

  constructor(
    private readonly publisher: Publisher,
    private readonly store: RetainingStore,
  ) {}

  publish(request: PublishRequest, done: PublishDone): PublishPressure | undefined {
    const { tenant, clientId, retain } = request;
    const before = this.#held.get(tenant.name)?.get(clientId);
    if (before === undefined && !retain) return this.publisher.publish(request, done);
    const queue = before ?? this.#hold(request);
    const held = queue.add(ownedMessage(request), done);
    let pressure: PublishPressure | undefined;
    if (retain) {
      pressure = this.store.set(held.request, (error) => {
        held.isRetained = true;
        held.error = error;
        queue.publishNext();
      });
    }
    return queue.isFull ? queue : pressure;
  }

  #hold({ tenant: { name: tenant }, clientId }: PublishRequest): HeldPublishes {
    let ofTenant = this.#held.get(tenant);
    if (ofTenant === undefined) this.#held.set(tenant, (ofTenant = new Map()));
    const clients = ofTenant;
    const queue: HeldPublishes = new HeldPublishes(this.publisher, () => {
      if (clients.get(clientId) !== queue) return;
      clients.delete(clientId);
      if (clients.size === 0) this.#held.delete(tenant);
    });
    clients.set(clientId, queue);
    return queue;
  }
}

interface HeldPublish {
  readonly request: PublishRequest;
  readonly done: PublishDone;
  isRetained: boolean;
  error: MqttError | undefined;
}

/** What one client published since a message that is not retained yet, in order. */
class HeldPublishes implements PublishPressure {
  readonly #queue: HeldPublish[] = [];
  readonly #listeners = new Set<() => void>();
  #bytes = 0;

  constructor(
    private readonly publisher: Publisher,
    private readonly onEmpty: () => void,
  ) {}

  get isFull(): boolean {
    return this.#queue.length >= heldMessagesMax || this.#bytes >= heldBytesMax;
  }

  add(request: PublishRequest, done: PublishDone): HeldPublish {
    const held = { request, done, isRetained: !request.retain, error: undefined };
    this.#queue.push(held);
    this.#bytes += contentBytes(request);
    return held;
  }

  onRelief(listener: () => void): () => void {
    if (this.#queue.length === 0) listener();
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All that waits for nothing any more. */
  publishNext(): void {
    let pressure: PublishPressure | undefined;
    while (this.#queue[0]?.isRetained === true) {
      const { request, done, error } = this.#queue.shift()!;
      this.#bytes -= contentBytes(request);
      if (error === undefined) pressure = this.publisher.publish(request, done);
      else done(error);
    }
    if (this.#queue.length > 0) return;
    this.onEmpty();
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) {
      if (pressure === undefined) listener();
      else pressure.onRelief(listener);
    }
  }
}
