import { type ClusterView, LogAgreedState, pulsarStateLog } from '#libs/cluster';
import type { PulsarClient, PublishPressure } from '#libs/pulsar';
import type { Log, Metrics } from '#libs/telemetry';
import type { Tenant } from '#libs/tenancy';
import type { MqttMessage } from '../message.js';
import type { PublishRequest } from '../publishing/publisher.js';
import type { TailSubscriber } from '../subscriptions/tail-subscriber.js';
import { RetainedReplay } from './retained-replay.js';
import type { WriteDone } from './retained-writes.js';
import type { RetainedOptions } from './retained.options.js';
import {
  type RetainedState,
  retainedPutsMax,
  retainedPutTimeoutMs,
  TenantRetained,
} from './tenant-retained.js';

export interface RetainedServices {
  readonly cluster: ClusterView;
  /** The common state of a tenant; not started. */
  readonly openState: (tenant: string) => RetainedState;
  readonly metrics: Metrics;
  /** Default: the system's. */
  readonly nowMs?: () => number;
}

const sweepMs = 60_000;

/**
 * The retained messages of all tenants. A tenant's are records in one compacted topic of the state namespace, which any
 * gateway appends to: of two that publish to one topic at once the later in the log is retained, on all gateways. A tenant's
 * topic is opened when it is first asked for.
 */
export class RetainedMessages {
  readonly #tenants = new Map<string, TenantRetained>();
  readonly #nowMs: () => number;
  readonly #sweeping: NodeJS.Timeout;

  constructor(
    private readonly options: RetainedOptions,
    private readonly services: RetainedServices,
  ) {
    this.#nowMs = services.nowMs ?? Date.now;
    this.#sweeping = setInterval(() => this.#sweep(), sweepMs).unref();
    this.#register(services.metrics);
  }

  /**
   * Retains a publish, or clears the topic where the payload is empty [MQTT-3.3.1-6]. Copies. `done` after it was stored and
   * read back; with 0x97 nothing was retained for want of room, with any other error it may be or not. What it returns says
   * that no more should be read.
   */
  set(request: PublishRequest, done: WriteDone): PublishPressure | undefined {
    const { tenant, clientId, messageExpiryIntervalSeconds: seconds } = request;
    const expiresAtMs = seconds === undefined ? undefined : this.#nowMs() + seconds * 1_000;
    const { topic, payload, qos, properties } = request;
    const message: MqttMessage = {
      topic,
      payload,
      qos,
      retain: true,
      properties,
      expiresAtMs,
      publisherId: clientId,
    };
    const retained = this.#of(tenant.name);
    retained.set(message, done);
    return retained.pressure;
  }

  /** For one connection of a session: it is told of each new subscription, and stopped when the connection ends. */
  replay(tenant: string, receiver: TailSubscriber): RetainedReplay {
    return new RetainedReplay(this.#of(tenant), receiver, this.#nowMs);
  }

  /** How many topics of a tenant have one. */
  count(tenant: string): number {
    return this.#tenants.get(tenant)?.size ?? 0;
  }

  /** The tenant is not there any more: its topic is not read any more. */
  endTenant({ name }: Tenant): void {
    void this.#tenants.get(name)?.close();
    this.#tenants.delete(name);
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping);
    await Promise.all([...this.#tenants.values()].map((each) => each.close()));
  }

  #of(tenant: string): TenantRetained {
    let found = this.#tenants.get(tenant);
    if (found === undefined) {
      const { options, services } = this;
      found = new TenantRetained({ state: services.openState(tenant), options, nowMs: this.#nowMs });
      this.#tenants.set(tenant, found);
    }
    return found;
  }

  #sweep(): void {
    const { cluster } = this.services;
    for (const [tenant, retained] of this.#tenants) {
      const isMine = cluster.nodeOf(`mqtt-retained/${tenant}`).nodeId === cluster.self.nodeId;
      if (isMine && retained.ready) retained.sweep();
    }
  }

  #register(metrics: Metrics): void {
    const eachTenant = (read: (of: TenantRetained) => number) => () =>
      [...this.#tenants].map(([tenant, retained]) => ({ labels: { tenant }, value: read(retained) }));
    metrics.gauge({
      name: 'pulsegate_mqtt_retained_messages',
      help: 'Topics with a retained message.',
      labelNames: ['tenant'],
      read: eachTenant(({ size }) => size),
    });
    metrics.gauge({
      name: 'pulsegate_mqtt_retained_bytes',
      help: 'About what the retained messages take in memory.',
      labelNames: ['tenant'],
      read: eachTenant(({ bytes }) => bytes),
    });
    metrics.gauge({
      name: 'pulsegate_mqtt_retained_ready',
      help: '1 while the retained messages of the tenant are known, else 0.',
      labelNames: ['tenant'],
      read: eachTenant(({ ready }) => (ready ? 1 : 0)),
    });
  }
}

export interface PulsarRetainedServices {
  readonly pulsar: PulsarClient;
  readonly cluster: ClusterView;
  /** Whether the state namespace has what it needs. */
  readonly stateServed: () => boolean;
  readonly log: Log;
}

/** A tenant's state in Pulsar. */
export function pulsarRetainedState(
  { retainedMessagesMax, retainedBytesMax, retainedMessageBytesMax }: RetainedOptions,
  { pulsar, cluster, stateServed, log }: PulsarRetainedServices,
): (tenant: string) => RetainedState {
  return (tenant) =>
    new LogAgreedState({
      name: `mqtt-retained.${tenant}`,
      openLog: pulsarStateLog(pulsar, {
        topic: retainedTopic(cluster.stateNamespace, tenant),
        // One more than puts: the mark that a reader of the log sets.
        pendingEntriesMax: retainedPutsMax + 1,
        sendTimeoutMs: retainedPutTimeoutMs,
      }),
      mayOpen: stateServed,
      log,
      entriesMax: retainedMessagesMax,
      bytesMax: retainedBytesMax,
      valueBytesMax: retainedMessageBytesMax,
      pendingPutsMax: retainedPutsMax,
      putTimeoutMs: retainedPutTimeoutMs,
    });
}

/** A tenant's name may hold what Pulsar takes for a partition's; upper case is in no tenant's name. */
export function retainedTopic(stateNamespace: string, tenant: string): string {
  return `persistent://${stateNamespace}/mqtt-retained.${tenant.replaceAll('-partition-', '-Partition-')}`;
}
