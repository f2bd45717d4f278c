import type { Authorizer } from '#libs/auth';
import type { MqttQos } from '#libs/mqtt-codec';
import type { Tenant } from '#libs/tenancy';
import type { MqttIdentity } from '../connection/mqtt-identity.js';
import type { TopicMapping } from '../mapping/topic.mapping.js';
import type { ClientAuthorization, SubscribeDecision } from '../mqtt.services.js';
import { ClientPermissions } from './client-permissions.js';

export interface MqttAuthorizationOptions {
  readonly authorizer: Authorizer;
  readonly mapping: (tenant: Tenant) => TopicMapping;
  /** About, of all clients; when there is more, all is forgotten. It is not counted back when a client goes. Default 64 MiB. */
  readonly rememberedBytesMax?: number;
}

const rememberedBytesMaxDefault = 64 * 1024 * 1024;

/**
 * Says what MQTT clients may do, by the rules for Pulsar topics and those for MQTT topics. What is remembered hangs on the
 * identity object: a connection has one, and another one after it has proven again who it is.
 */
export class MqttAuthorization implements ClientAuthorization {
  #permissions = new WeakMap<MqttIdentity, ClientPermissions>();
  #rememberedBytes = 0;

  constructor(private readonly options: MqttAuthorizationOptions) {}

  /** The same for a will: when it is handed in, and when it is published. */
  mayPublish(identity: MqttIdentity, topic: string, qos: MqttQos, retain: boolean): boolean {
    return this.#of(identity).mayPublish(topic, qos, retain);
  }

  /** `per-message`: some of what the filter says may not be received; `mayReceive` is to be asked for each message. */
  maySubscribe(identity: MqttIdentity, filter: string, qos: MqttQos): SubscribeDecision {
    return this.#of(identity).maySubscribe(filter, qos);
  }

  mayReceive(identity: MqttIdentity, topic: string): boolean {
    return this.#of(identity).mayReceive(topic);
  }

  /**
   * Another number whenever an answer may have changed: who was granted a subscription at another one asks `mayReceive` for
   * each of its messages.
   */
  version({ principal }: MqttIdentity): number {
    return this.options.authorizer.version(principal.tenant.name);
  }

  readonly #remember = (bytes: number): void => {
    this.#rememberedBytes += bytes;
    if (this.#rememberedBytes <= (this.options.rememberedBytesMax ?? rememberedBytesMaxDefault)) return;
    this.#permissions = new WeakMap();
    this.#rememberedBytes = 0;
  };

  #of(identity: MqttIdentity): ClientPermissions {
    let permissions = this.#permissions.get(identity);
    if (permissions === undefined) {
      const { authorizer, mapping } = this.options;
      const { principal, clientId } = identity;
      const topics = mapping(principal.tenant);
      permissions = new ClientPermissions(authorizer, topics, principal, clientId, this.#remember);
      this.#permissions.set(identity, permissions);
    }
    return permissions;
  }
}
