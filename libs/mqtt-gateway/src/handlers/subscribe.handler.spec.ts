import { afterEach, describe, expect, it } from '@jest/globals';
import { SubscriptionRoom } from '../connection/subscription-room.js';
import { RateLimits } from '#libs/rate-limit';
import { until } from '../testing/feed-bed.js';
import { type MqttBed, mqttBed, testTenants } from '../testing/mqtt-bed.js';
import type { TestClient } from '../testing/test-client.js';

let bed: MqttBed | undefined;

async function start(...settings: Parameters<typeof mqttBed>): Promise<MqttBed> {
  bed = await mqttBed(...settings);
  return bed;
}

afterEach(() => {
  bed?.close();
  bed = undefined;
});

describe('SUBSCRIBE and UNSUBSCRIBE', () => {
  it('answer each filter by itself', async () => {
    const { open, denied } = await start({ subscriptionsMax: 2 });
    denied.add('secret/#');
    const client = open();
    await client.connect();
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    const subscription = (filter: string, qos: 0 | 1 | 2) => ({ filter, qos, ...options });
    const subscriptions = [
      ...[subscription('a', 0), subscription('secret/#', 1), subscription('$x/a', 1), subscription('b/+', 2)],
      ...[subscription('c', 1), subscription('a', 1), subscription('$share/g/$SYS/#', 1)],
    ];
    client.send({ type: 'subscribe', packetId: 9, subscriptions, properties: {} });
    const suback = await client.next('suback');
    expect(suback).toMatchObject({ packetId: 9, reasonCodes: [0, 0x87, 0x8f, 2, 0x97, 1, 0x8f] });
    client.send({ type: 'unsubscribe', packetId: 10, filters: ['a', 'never', 'b/+'], properties: {} });
    expect(await client.next('unsuback')).toMatchObject({ packetId: 10, reasonCodes: [0, 0x11, 0] });
  });

  it('are bounded by what the filters cost together, and by those that are only being begun', async () => {
    const { open } = await start({ subscriptionsMax: 2 });
    const client = open();
    await client.connect();
    expect(await client.subscribe('+/'.repeat(11) + '#')).toEqual([0]);
    expect(await client.subscribe('+/'.repeat(8) + '#')).toEqual([0x97]);
    expect(await client.subscribe('+/'.repeat(7) + '#')).toEqual([0]);
    client.send({ type: 'unsubscribe', packetId: 3, filters: ['+/'.repeat(11) + '#'], properties: {} });
    await client.next('unsuback');
    expect(await client.subscribe('+/'.repeat(11) + '#')).toEqual([0]);
    const room = new SubscriptionRoom({ subscriptions: new Map() }, 1);
    room.take('a');
    expect([room.refusal('a'), room.refusal('b')?.reasonCode]).toEqual([undefined, 0x97]);
    room.give('a');
    expect(room.refusal('b')).toBeUndefined();
  });

  it('keep the tenant to its limit while they are being begun, and count once whatever becomes of them', async () => {
    const [acme] = testTenants;
    const limits = new RateLimits([{ ...acme!, limits: { subscriptions: 2 } }]);
    const { open, messages, services } = await start({}, { limits });
    const traffic = services.system.traffic('acme');
    const begun: (() => void)[] = [];
    messages.subscribe = (_tenant, _subscriber, _subscription, done) => void begun.push(done);
    const options = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    const subscribe = (client: TestClient, ...filters: string[]) => {
      const subscriptions = filters.map((filter) => ({ filter, ...options }));
      client.send({ type: 'subscribe', packetId: 1, subscriptions, properties: {} });
    };
    const [client, other] = [open(), open()];
    await client.connect();
    await other.connect({ clientId: 'other' });
    subscribe(client, 'a', 'b', 'c', 'a');
    await until(() => begun.length === 3, 'subscriptions');
    subscribe(other, 'd');
    expect(await other.next('suback')).toMatchObject({ reasonCodes: [0x97] });
    for (const done of begun.splice(0)) done();
    expect(await client.next('suback')).toMatchObject({ reasonCodes: [1, 1, 0x97, 1] });
    expect(traffic.subscriptions).toBe(2);
    client.send({ type: 'unsubscribe', packetId: 2, filters: ['a', 'a', 'b'], properties: {} });
    await client.next('unsuback');
    expect(traffic.subscriptions).toBe(0);
    subscribe(client, 'e');
    await until(() => begun.length === 1, 'a subscription');
    await open().connect();
    await client.closed;
    for (const done of begun) done();
    expect(traffic.subscriptions).toBe(0);
  });

  it('before MQTT 5 have one word for all refusals', async () => {
    const { open, denied } = await start();
    denied.add('secret/#');
    const client = open();
    await client.connect({ protocolLevel: 4 });
    expect(await client.subscribe('secret/#')).toEqual([0x80]);
  });

  it('give what is published, with the lower QoS and all identifiers', async () => {
    const { open } = await start();
    const client = open();
    await client.connect();
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    for (const [index, filter] of ['a/#', 'a/b'].entries()) {
      const subscriptions = [{ filter, qos: 1, ...options }] as const;
      const properties = { subscriptionIdentifiers: [index + 1] };
      client.send({ type: 'subscribe', packetId: 1, subscriptions, properties });
      await client.next('suback');
    }
    client.publish('a/b', 'x', 2, { packetId: 4 });
    const packets = await client.rest();
    expect(packets.find(({ type }) => type === 'publish')).toMatchObject({
      qos: 1,
      topic: 'a/b',
      properties: { subscriptionIdentifiers: [1, 2] },
    });
    expect(packets.find(({ type }) => type === 'pubrec')).toMatchObject({ packetId: 4 });
  });

  it('give what is retained after SUBACK', async () => {
    const { open } = await start();
    const publisher = open();
    await publisher.connect({ clientId: 'publisher' });
    publisher.publish('state/1', 'on', 1, { retain: true });
    await publisher.next('puback');
    const client = open();
    await client.connect();
    expect(await client.subscribe('state/#', 1)).toEqual([1]);
    expect(await client.next('publish')).toMatchObject({ topic: 'state/1', retain: true, qos: 1 });
  });
});
