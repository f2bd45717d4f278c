import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { MqttInbox } from '../../support/mqtt-inbox.js';
import { connectMqtt } from '../../support/mqtt-identity.js';
import { secretOf, type TenantName, userName } from '../two-tenants.js';

export interface MqttSideSettings {
  readonly tenant: TenantName;
  readonly namespace: string;
  /** `host:port` where it receives. */
  readonly near: string;
  /** Where it sends. */
  readonly far: string;
}

/** One tenant. */
export class MqttSide {
  readonly clients: MqttClient[] = [];
  readonly inboxes: MqttInbox[] = [];

  constructor(readonly settings: MqttSideSettings) {}

  /** What it says in messages: the other would say something else. */
  get said(): string {
    return `of ${this.settings.tenant}`;
  }

  get user(): string {
    return `${this.settings.tenant}/${userName}`;
  }

  get secret(): string {
    return secretOf(this.settings.tenant);
  }

  /** @throws ErrorWithReasonCode where CONNACK refuses */
  async connect(
    clientId: string,
    options: IClientOptions = {},
    place: 'near' | 'far' = 'near',
  ): Promise<MqttClient> {
    const client = mqtt.connect(`mqtt://${this.settings[place]}`, {
      ...{ protocolVersion: 5, reconnectPeriod: 0, clientId, username: this.user, password: this.secret },
      ...options,
    });
    return this.#connected(client);
  }

  /** By an authentication method of MQTT 5. */
  prove(
    clientId: string,
    properties: NonNullable<IClientOptions['properties']>,
    answer: (data: Buffer) => Buffer,
  ): Promise<MqttClient> {
    const options = { protocolVersion: 5, clientId, properties } as const;
    return this.#connected(connectMqtt({ url: `mqtt://${this.settings.near}`, options, answer }));
  }

  /** At the gateway where it does not receive. */
  sends(clientId = 'sender', options: IClientOptions = {}): Promise<MqttClient> {
    return this.connect(clientId, options, 'far');
  }

  /** What it says, at QoS 1, by a client of its own. */
  async says(topic: string, options: mqtt.IClientPublishOptions = {}, payload = this.said): Promise<void> {
    const client = await this.sends();
    await client.publishAsync(topic, payload, { qos: 1, ...options });
    await client.endAsync();
  }

  async receives(filter: string, clientId = 'receiver', options: IClientOptions = {}): Promise<MqttInbox> {
    const client = await this.connect(clientId, options);
    await client.subscribeAsync(filter, { qos: options.protocolVersion === 4 ? 1 : 2 });
    return this.inboxes.at(-1)!;
  }

  close(): void {
    for (const client of this.clients) client.end(true);
  }

  async #connected(client: MqttClient): Promise<MqttClient> {
    this.clients.push(client);
    // Before CONNACK: a session that was there sends at once.
    this.inboxes.push(new MqttInbox(client));
    await new Promise((resolve, reject) => {
      client.once('connect', resolve);
      client.once('error', reject);
    });
    return client;
  }
}
