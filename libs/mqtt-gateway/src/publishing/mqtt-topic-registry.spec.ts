import { describe, expect, it } from '@jest/globals';
import { PulsarAdminError } from '#libs/pulsar';
import type { Tenant, TenantMqttOptions } from '#libs/tenancy';
import { type MqttTopicAdmin, MqttTopicRegistry, mqttTopicProperty } from './mqtt-topic-registry.js';

const prefix = 'persistent://acme/main/';

/** The topics of a namespace, by name: partitions and properties. */
class FakeAdmin implements MqttTopicAdmin {
  readonly topicsByName = new Map<string, { partitions: number; properties: Record<string, string> }>();
  readonly calls: string[] = [];
  /** Somebody else makes the topic at the same moment. */
  raced = false;

  add(name: string, partitions = 1, properties: Record<string, string> = {}): void {
    this.topicsByName.set(prefix + name, { partitions, properties });
  }

  async createPartitionedTopic(topic: string, partitions: number, properties: Record<string, string> = {}) {
    this.calls.push('create');
    if (this.raced) this.add(topic.slice(prefix.length));
    if (this.topicsByName.has(topic)) throw new PulsarAdminError(409, 'exists', topic);
    this.add(topic.slice(prefix.length), partitions, properties);
  }

  async partitionedMetadata(topic: string) {
    this.calls.push('metadata');
    const found = this.topicsByName.get(topic);
    if (found === undefined) throw new PulsarAdminError(404, 'no such topic', topic);
    return found.partitions === 0 ? { partitions: 0 } : found;
  }

  async properties(topic: string) {
    return this.topicsByName.get(topic)!.properties;
  }

  async setProperties(topic: string, properties: Record<string, string>) {
    this.calls.push('set');
    Object.assign(this.topicsByName.get(topic)!.properties, properties);
  }

  async partitionedTopics() {
    return [...this.topicsByName].filter(([, { partitions }]) => partitions > 0).map(([topic]) => topic);
  }

  async topics() {
    return [...this.topicsByName].map(([topic, { partitions }]) =>
      partitions > 0 ? `${topic}-partition-0` : topic,
    );
  }
}

function bedOf(mqtt: Partial<TenantMqttOptions> = {}) {
  const admin = new FakeAdmin();
  const announced: string[] = [];
  let hear: (payload: string) => void = () => {};
  let nowMs = 0;
  const cluster = {
    announce: (_kind: string, payload: string) => void announced.push(payload),
    onAnnouncement: (_kind: string, listener: (payload: string, from: number) => void) => {
      hear = (payload) => listener(payload, 1);
      return () => {};
    },
  };
  const registry = new MqttTopicRegistry(admin, cluster, () => nowMs);
  const tenant = {
    name: 'acme',
    pulsarNamespace: 'acme/main',
    mqtt: { topics: [], topicsMax: 2, autoCreateTopics: true, partitionsDefault: 3, ...mqtt },
  } as unknown as Tenant;
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { admin, announced, registry, tenant, pass, hear: (payload: string) => hear(payload) };
}

describe('Pulsar topics for MQTT', () => {
  it('are made with the property and told to the other gateways, once for all who ask', async () => {
    const { admin, announced, registry, tenant } = bedOf();
    const [one, other] = await Promise.all([1, 2].map(() => registry.forPublishing(tenant, 'devices')));
    expect(one).toBe(other);
    expect(one).toEqual({
      name: 'devices',
      pulsarTopic: `${prefix}devices`,
      partitions: [0, 1, 2].map((partition) => `${prefix}devices-partition-${partition}`),
      marked: true,
      ofMqtt: true,
      compacted: false,
    });
    expect(announced).toEqual(['{"tenant":"acme","name":"devices"}']);
    expect(admin.calls.filter((call) => call === 'create')).toHaveLength(1);
    await registry.forPublishing(tenant, 'devices');
    expect(announced).toHaveLength(1);
  });

  it('that were there get the property, without partitions too, and when somebody else was faster', async () => {
    const { admin, registry, tenant } = bedOf();
    admin.add('plain', 0, { 'pulsegate.kafka.cleanup.policy': 'delete,compact' });
    expect(await registry.forPublishing(tenant, 'plain')).toMatchObject({
      partitions: [`${prefix}plain`],
      compacted: true,
      marked: true,
    });
    admin.raced = true;
    expect(await registry.forPublishing(tenant, 'raced')).toMatchObject({ marked: true });
    expect(admin.topicsByName.get(`${prefix}raced`)?.properties).toEqual({ [mqttTopicProperty]: 'true' });
  });

  it('are known for a while, until another gateway tells of them', async () => {
    const { admin, registry, tenant, pass, hear } = bedOf();
    admin.add('orders');
    const became: string[] = [];
    registry.onBecameMqtt((...told) => became.push(told.join('/')));
    await registry.resolve(tenant, 'orders');
    await registry.resolve(tenant, 'orders');
    expect(admin.calls).toEqual(['metadata']);
    await admin.setProperties(`${prefix}orders`, { [mqttTopicProperty]: 'true' });
    hear('{"tenant":"acme","name":"orders"}');
    expect(became).toEqual(['acme/orders']);
    expect(await registry.resolve(tenant, 'orders')).toMatchObject({ ofMqtt: true });
    admin.topicsByName.clear();
    pass(60_000);
    expect(await registry.resolve(tenant, 'orders')).toBeUndefined();
  });

  it('are no more than the tenant may have, those of others not counted', async () => {
    const { admin, registry, tenant, pass } = bedOf();
    admin.add('of-kafka');
    admin.add('of-mqtt', 1, { [mqttTopicProperty]: 'true' });
    await registry.forPublishing(tenant, 'one');
    const refusal = await registry.forPublishing(tenant, 'two').catch((error) => error.reasonName);
    expect(refusal).toBe('quota-exceeded');
    await registry.forPublishing(tenant, 'of-mqtt');
    admin.topicsByName.delete(`${prefix}of-mqtt`);
    pass(60_000);
    expect(await registry.forPublishing(tenant, 'two')).toMatchObject({ marked: true });
  });

  it('are not made where the tenant makes none; those that rules name need no property', async () => {
    const rules = [{ filter: 'rooms/+', topic: 'rooms', key: '$1' }];
    const { admin, registry, tenant } = bedOf({ autoCreateTopics: false, topics: rules });
    const refusal = await registry.forPublishing(tenant, 'devices').catch((error) => error.reasonName);
    expect(refusal).toBe('topic-name-invalid');
    admin.add('rooms');
    expect(await registry.forPublishing(tenant, 'rooms')).toMatchObject({ ofMqtt: true, marked: false });
    expect(admin.calls).not.toContain('set');
  });
});
