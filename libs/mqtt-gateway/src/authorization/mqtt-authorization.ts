import type { Authorizer, Principal } from '#libs/auth';
import type { Tenant } from '#libs/tenancy';
import { ClientPermissions } from './client-permissions.js';
import type { PulsarTopicNames } from './pulsar-topic-names.js';

export interface MqttAuthorizationOptions {
  readonly authorizer: Authorizer;
  readonly topicsOf: (tenant: Tenant) => PulsarTopicNames;
}

/** Says what MQTT clients may do, by the rules for Pulsar topics and those for MQTT topics. */
export class MqttAuthorization {
  constructor(private readonly options: MqttAuthorizationOptions) {}

  /** Of a connection, a session or a will; made anew when the client has proven again who it is. */
  of(principal: Principal, clientId: string): ClientPermissions {
    const { authorizer, topicsOf } = this.options;
    return new ClientPermissions(authorizer, topicsOf(principal.tenant), principal, clientId);
  }
}
