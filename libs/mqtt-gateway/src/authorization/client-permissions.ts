import type { Authorizer, Principal } from '#libs/auth';
import { type MqttQos, MqttReasonCode, splitSharedFilter } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';
import type { PulsarTopicNames } from './pulsar-topic-names.js';

/** What a client may subscribe to of a filter. */
export type SubscribeVerdict =
  | 'allowed'
  | 'denied'
  /** A part of what the filter matches is denied: `mayReceive` is to be asked for each message. */
  | 'per-message';

export interface SubscribePermission {
  readonly verdict: SubscribeVerdict;
  /** At most what was asked for; the highest that is allowed. */
  readonly qos: MqttQos;
}

const notAuthorized = new MqttError(MqttReasonCode.NOT_AUTHORIZED, 'no permission for this topic');

/** What one client may do: one user, or a successor of it, with one client identifier. */
export class ClientPermissions {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly topics: PulsarTopicNames,
    readonly principal: Principal,
    readonly clientId: string,
  ) {}

  /**
   * Another number whenever an answer may have changed: who was granted a subscription at another version asks
   * `mayReceive` for each of its messages, as if it had been granted `per-message`.
   */
  get version(): number {
    return 0;
  }

  /** Undefined: it may. Else 0x87, or the fault of the topic's name. The same for a will, at CONNECT and when it is published. */
  mayPublish(topic: string, _qos: MqttQos, _retain: boolean): MqttError | undefined {
    const pulsar = this.topics.toPulsar(topic);
    if (pulsar instanceof MqttError) return pulsar;
    const resource = { type: 'topic', name: pulsar.topic } as const;
    const allowed = this.authorizer.authorize(this.principal, 'produce', resource, this.clientId);
    return allowed ? undefined : notAuthorized;
  }

  /** @param filter valid; of a shared subscription with its `$share/name/` */
  maySubscribe(filter: string, qos: MqttQos): SubscribePermission {
    const { names } = this.topics.pulsarTopicsOf(splitSharedFilter(filter)?.filter ?? filter);
    const denied = names.some((name) => !this.#mayConsume(name));
    return { verdict: denied ? 'denied' : 'allowed', qos };
  }

  /** Whether a message of this topic may be given to the client now; for `per-message` subscriptions, retained messages too. */
  mayReceive(topic: string): boolean {
    const pulsar = this.topics.toPulsar(topic);
    return !(pulsar instanceof MqttError) && this.#mayConsume(pulsar.topic);
  }

  #mayConsume(name: string): boolean {
    return this.authorizer.authorize(this.principal, 'consume', { type: 'topic', name }, this.clientId);
  }
}
