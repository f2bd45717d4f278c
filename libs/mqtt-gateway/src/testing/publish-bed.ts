import { randomBytes } from 'node:crypto';
import { aloneCluster } from '#libs/cluster';
import { MessageCursor, PulsarClient } from '#libs/pulsar';
import { silentLog } from '#libs/telemetry';
import type { Tenant, TenantMqttOptions } from '#libs/tenancy';
import { messageFromPulsar } from '../mapping/stored-message.mapping.js';
import type { MqttMessage } from '../message.js';
import type { MqttError } from '../mqtt.errors.js';
import { mqttOptionsSchema } from '../mqtt.options.js';
import { MqttTopicRegistry } from '../publishing/mqtt-topic-registry.js';
import type { Publisher, PublishRequest } from '../publishing/publisher.js';
import { TopicPublishers } from '../publishing/topic-publishers.js';

const serviceUrl = process.env.PULSEGATE_TEST_PULSAR_URL ?? 'pulsar://127.0.0.1:6650';
const adminUrl = process.env.PULSEGATE_TEST_PULSAR_ADMIN_URL ?? 'http://127.0.0.1:8080';

/** Publishing to a real Pulsar, in a namespace of its own with deduplication. */
export class PublishBed {
  readonly pulsar = new PulsarClient({ serviceUrl, adminUrl });
  readonly tenant: Tenant;
  readonly topics: MqttTopicRegistry;
  readonly publishers: TopicPublishers;
  readonly options = mqttOptionsSchema.parse({});

  constructor(prefix: string, mqtt: Partial<TenantMqttOptions> = {}) {
    this.tenant = {
      name: 'acme',
      pulsarNamespace: `${prefix}-${randomBytes(4).toString('hex')}/n`,
      limits: {},
      kafka: { autoCreateTopics: false, partitionsDefault: 1, messageBytesMax: 1_000_000 },
      mqtt: { topics: [], topicsMax: 5, autoCreateTopics: true, partitionsDefault: 1, ...mqtt },
    };
    this.topics = new MqttTopicRegistry(this.pulsar.admin, aloneCluster());
    this.publishers = new TopicPublishers(this.pulsar, this.topics, this.options, silentLog);
  }

  async open(): Promise<void> {
    const { admin } = this.pulsar;
    const [tenant = ''] = this.tenant.pulsarNamespace.split('/');
    await admin.createTenant(tenant, { adminRoles: [], allowedClusters: await admin.clusters() });
    await admin.createNamespace(this.tenant.pulsarNamespace);
    await admin.setDeduplication(this.tenant.pulsarNamespace, true);
  }

  async close(): Promise<void> {
    const { admin } = this.pulsar;
    const [tenant = ''] = this.tenant.pulsarNamespace.split('/');
    await this.publishers.close();
    this.topics.close();
    await admin.deleteNamespace(this.tenant.pulsarNamespace, { force: true }).catch(() => {});
    await admin.deleteTenant(tenant).catch(() => {});
    await this.pulsar.close();
  }

  pulsarTopic(name: string): string {
    return `persistent://${this.tenant.pulsarNamespace}/${name}`;
  }

  request(topic: string, payload: string | Buffer, fields: Partial<PublishRequest> = {}): PublishRequest {
    return {
      tenant: this.tenant,
      topic,
      payload: Buffer.from(payload as string),
      qos: 1,
      retain: false,
      properties: {},
      messageExpiryIntervalSeconds: undefined,
      clientId: 'c1',
      ...fields,
    };
  }

  /** The name of the reason that it was refused with; undefined: stored. */
  publish(request: PublishRequest, by: Publisher = this.publishers): Promise<string | undefined> {
    return new Promise((resolve) => {
      by.publish(request, (error: MqttError | undefined) => resolve(error?.reasonName));
    });
  }

  /** The first messages of a partition, with the number of the entry that each lies in. */
  async read(
    partition: string,
    count: number,
  ): Promise<{ message: MqttMessage | undefined; entry: number }[]> {
    const messages: { message: MqttMessage | undefined; entry: number }[] = [];
    const name = partition.slice(this.pulsarTopic('').length).replace(/-partition-\d+$/, '');
    let entries = 0;
    let finished = () => {};
    const all = new Promise<void>((resolve) => {
      finished = resolve;
    });
    const reader = await this.pulsar.createReader({
      topic: partition,
      tenantKey: 'acme',
      start: 'earliest',
      onEntry: (entry) => {
        const cursor = new MessageCursor(entry, { decompressedBytesMax: 1 << 24 });
        while (cursor.next()) {
          const message = messageFromPulsar(cursor, name, this.topics.mapping(this.tenant));
          messages.push({
            message: message && { ...message, payload: Buffer.from(message.payload) },
            entry: entries,
          });
        }
        entries++;
        if (messages.length >= count) finished();
      },
    });
    await all;
    await reader.close();
    return messages;
  }
}
