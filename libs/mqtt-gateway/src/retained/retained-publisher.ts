import { Buffer } from 'node:buffer';
import type { MqttError } from '../mqtt.errors.js';
import type { PublishDone, Publisher, PublishRequest } from '../publishing/publisher.js';
import type { WriteDone } from './retained-writes.js';

/** Where publishes with RETAIN are retained. */
export interface RetainingStore {
  set(request: PublishRequest, done: WriteDone): void;
}

interface HeldPublish {
  readonly request: PublishRequest;
  readonly done: PublishDone;
  isRetained: boolean;
  error: MqttError | undefined;
}

/**
 * Retains what is to be retained before it is published, or a subscriber that comes between would get it neither as
 * retained nor as new. What cannot be retained is not published. The client's later publishes wait, so that they keep their
 * order [MQTT-4.6.0-6].
 */
export class RetainedPublisher implements Publisher {
  /** By tenant and client id; only while something is held. */
  readonly #held = new Map<string, Map<string, HeldPublish[]>>();

  constructor(
    private readonly publisher: Publisher,
    private readonly store: RetainingStore,
  ) {}

  publish(request: PublishRequest, done: PublishDone): void {
    const before = this.#held.get(request.tenant.name)?.get(request.clientId);
    if (before === undefined && !request.retain) {
      this.publisher.publish(request, done);
      return;
    }
    const held = { request: ownedRequest(request), done, isRetained: !request.retain, error: undefined };
    if (before === undefined) this.#hold(held);
    else before.push(held);
    if (request.retain) this.#retain(held);
  }

  #retain(held: HeldPublish): void {
    this.store.set(held.request, (error) => {
      held.isRetained = true;
      held.error = error;
      this.#publishNext(held.request);
    });
  }

  #hold(held: HeldPublish): void {
    const { tenant, clientId } = held.request;
    const ofTenant = this.#held.get(tenant.name);
    if (ofTenant === undefined) this.#held.set(tenant.name, new Map([[clientId, [held]]]));
    else ofTenant.set(clientId, [held]);
  }

  /** All that waits for nothing any more. */
  #publishNext({ tenant, clientId }: PublishRequest): void {
    const ofTenant = this.#held.get(tenant.name);
    const queue = ofTenant?.get(clientId);
    if (ofTenant === undefined || queue === undefined) return;
    let published = 0;
    while (published < queue.length && queue[published]!.isRetained) {
      const { request, done, error } = queue[published++]!;
      if (error === undefined) this.publisher.publish(request, done);
      else done(error);
    }
    queue.splice(0, published);
    if (queue.length > 0) return;
    ofTenant.delete(clientId);
    if (ofTenant.size === 0) this.#held.delete(tenant.name);
  }
}

function ownedRequest(request: PublishRequest): PublishRequest {
  const { payload, properties } = request;
  const { correlationData } = properties;
  return {
    ...request,
    payload: Buffer.from(payload),
    properties:
      correlationData === undefined
        ? properties
        : { ...properties, correlationData: Buffer.from(correlationData) },
  };
}
