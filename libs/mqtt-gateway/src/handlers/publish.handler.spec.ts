import { afterEach, describe, expect, it } from '@jest/globals';
import { MqttReasonCode, pingreq } from '#libs/mqtt-codec';
import { MqttError } from '../mqtt.errors.js';
import { type MqttBed, mqttBed } from '../testing/mqtt-bed.js';

let bed: MqttBed | undefined;

async function start(...settings: Parameters<typeof mqttBed>): Promise<MqttBed> {
  bed = await mqttBed(...settings);
  return bed;
}

afterEach(() => {
  bed?.close();
  bed = undefined;
});

describe('PUBLISH', () => {
  it('is acknowledged in the order in which it came, when it is stored [MQTT-4.6.0-2, -3]', async () => {
    const { open, messages, services } = await start();
    messages.holds = true;
    const client = open();
    await client.connect();
    for (const packetId of [1, 2, 3])
      client.publish('a', `${packetId}`, packetId === 2 ? 2 : 1, { packetId });
    expect(await client.rest()).toEqual([]);
    messages.waiting[1]!(undefined);
    messages.waiting[2]!(undefined);
    expect(await client.rest()).toEqual([]);
    messages.waiting[0]!(undefined);
    expect(await client.rest()).toMatchObject([
      { type: 'puback', packetId: 1 },
      { type: 'pubrec', packetId: 2 },
      { type: 'puback', packetId: 3 },
    ]);
    expect(services.metrics.latency('mqtt', 'publish').count).toBe(3);
    expect(services.metrics.latency('mqtt', 'connect').count).toBe(1);
  });

  it('beyond the Receive Maximum ends an MQTT 5 connection: 0x93', async () => {
    const { open, messages } = await start({ receiveMaximum: 2 });
    messages.holds = true;
    const client = open();
    await client.connect();
    for (const packetId of [1, 2, 3]) client.publish('a', 'x', 1, { packetId });
    expect(await client.next('disconnect')).toMatchObject({
      reasonCode: MqttReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
    });
  });

  it('at QoS 2 counts until it is released', async () => {
    const { open } = await start({ receiveMaximum: 1 });
    const client = open();
    await client.connect();
    for (const packetId of [1, 2]) {
      client.publish('a', 'x', 2, { packetId });
      await client.next('pubrec');
      client.send({ type: 'pubrel', packetId, reasonCode: 0, properties: {} });
      await client.next('pubcomp');
    }
    client.publish('a', 'x', 2, { packetId: 1 });
    await client.next('pubrec');
    client.publish('a', 'x', 2, { packetId: 2 });
    await client.next('disconnect');
  });

  it('beyond it is not read of a client that was not told, and is served later', async () => {
    const { open, messages } = await start({ receiveMaximum: 2 });
    messages.holds = true;
    const client = open();
    await client.connect({ protocolLevel: 4 });
    for (const packetId of [1, 2, 3]) client.publish('a', 'x', 1, { packetId });
    await client.rest();
    expect(messages.waiting).toHaveLength(2);
    messages.waiting[0]!(undefined);
    await client.next('puback');
    await client.rest();
    expect(messages.waiting).toHaveLength(3);
  });

  it('counts as what is in flight with all its properties: at the limit the client is not read', async () => {
    const { open, messages } = await start({ publishBytesInFlightMax: 65_536 });
    messages.holds = true;
    const client = open();
    await client.connect();
    const userProperties = Array.from({ length: 500 }, () => ['', ''] as const);
    for (let count = 0; count < 10; count++) {
      client.publish('a', '', 0, { properties: { userProperties } });
      await client.rest();
    }
    expect(messages.waiting).toHaveLength(3);
  });

  it('at QoS 2 is stored once, however often it comes, until PUBREL', async () => {
    const { open, messages } = await start();
    const client = open();
    await client.connect();
    for (const dup of [false, true]) {
      client.publish('a', 'once', 2, { dup, packetId: 5 });
      await client.next('pubrec');
    }
    client.send({ type: 'pubrel', packetId: 5, reasonCode: 0, properties: {} });
    expect(await client.next('pubcomp')).toMatchObject({ reasonCode: 0 });
    client.send({ type: 'pubrel', packetId: 5, reasonCode: 0, properties: {} });
    expect(await client.next('pubcomp')).toMatchObject({
      reasonCode: MqttReasonCode.PACKET_IDENTIFIER_NOT_FOUND,
    });
    client.publish('a', 'again', 2, { packetId: 5 });
    await client.next('pubrec');
    expect(messages.published.map(({ text }) => text)).toEqual(['once', 'again']);
  });

  it('at QoS 2 that is stored is not refused when it comes again, or its packet id would never be free', async () => {
    const { open, denied, messages } = await start();
    const client = open();
    await client.connect();
    client.publish('a', 'once', 2);
    await client.next('pubrec');
    denied.add('a');
    client.publish('a', 'once', 2, { dup: true });
    expect(await client.next('pubrec')).toMatchObject({ reasonCode: 0 });
    expect(messages.published).toHaveLength(1);
  });

  it('without permission: 0x87 in MQTT 5, the end or nothing before, as configured', async () => {
    const { open, denied, messages } = await start();
    denied.add('secret');
    const v5 = open();
    await v5.connect({ clientId: 'v5' });
    v5.publish('secret', 'x', 1);
    expect(await v5.next('puback')).toMatchObject({ reasonCode: MqttReasonCode.NOT_AUTHORIZED });
    v5.publish('secret', 'x', 2, { packetId: 2 });
    expect(await v5.next('pubrec')).toMatchObject({ reasonCode: MqttReasonCode.NOT_AUTHORIZED });
    v5.publish('secret', 'x', 0);
    v5.send(pingreq);
    await v5.next('pingresp');
    const v4 = open();
    await v4.connect({ clientId: 'v4', protocolLevel: 4 });
    v4.publish('secret', 'x', 0);
    expect(await v4.closed).toBe('not-authorized');
    expect(messages.published).toEqual([]);
    bed!.close();
    const lenient = await start({ unauthorizedPublish: 'drop' });
    lenient.denied.add('secret');
    const dropped = lenient.open();
    await dropped.connect({ protocolLevel: 4 });
    dropped.publish('secret', 'x', 1);
    await dropped.next('puback');
    expect(lenient.messages.published).toEqual([]);
  });

  it('that Pulsar does not take is refused in MQTT 5, and never acknowledged before', async () => {
    const { open, messages } = await start();
    messages.fault = new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'too much');
    const v5 = open();
    await v5.connect({ clientId: 'v5' });
    v5.publish('a', 'x', 1);
    expect(await v5.next('puback')).toMatchObject({
      reasonCode: MqttReasonCode.QUOTA_EXCEEDED,
      properties: { reasonString: 'too much' },
    });
    const v4 = open();
    await v4.connect({ clientId: 'v4', protocolLevel: 4 });
    v4.publish('a', 'x', 1);
    await v4.closed;
    expect(await v4.rest()).toEqual([]);
  });

  it.each<[1 | 2, number, number]>([
    [1, MqttReasonCode.SERVER_SHUTTING_DOWN, MqttReasonCode.SERVER_SHUTTING_DOWN],
    [2, MqttReasonCode.SERVER_UNAVAILABLE, MqttReasonCode.SERVER_BUSY],
  ])(
    'at QoS %s of which nobody knows whether it was stored is not answered: the connection ends',
    async (qos, code, told) => {
      const { open, messages } = await start();
      messages.fault = new MqttError(code, 'the gateway stops');
      const client = open();
      await client.connect();
      client.publish('a', 'x', qos);
      expect(await client.next('disconnect')).toMatchObject({ reasonCode: told });
      await client.closed;
      expect(await client.rest()).toEqual([]);
    },
  );

  it('has no reason string for who wants none, or has no room for one [MQTT-3.1.2-29]', async () => {
    const { open, messages } = await start();
    messages.fault = new MqttError(MqttReasonCode.QUOTA_EXCEEDED, 'x'.repeat(100));
    for (const properties of [{ requestProblemInformation: false }, { maximumPacketSizeBytes: 60 }]) {
      const client = open();
      await client.connect({ properties });
      client.publish('a', 'x', 1);
      expect(await client.next('puback')).toMatchObject({ reasonCode: 0x97, properties: {} });
    }
  });

  it.each([
    ['$SYS/broker/uptime', MqttReasonCode.TOPIC_NAME_INVALID],
    ['a/'.repeat(1_000), MqttReasonCode.TOPIC_NAME_INVALID],
  ])('to a topic that nobody may publish to is refused', async (topic, reasonCode) => {
    const client = (await start()).open();
    await client.connect();
    client.publish(topic, 'x', 1);
    expect(await client.next('puback')).toMatchObject({ reasonCode });
  });

  it('may have a topic alias that was set on this connection, and no other', async () => {
    const { open, messages } = await start();
    const client = open();
    await client.connect();
    client.publish('long/topic', '1', 0, { properties: { topicAlias: 3 } });
    client.publish('', '2', 0, { properties: { topicAlias: 3 } });
    await client.rest();
    expect(messages.published.map(({ topic, text, properties }) => [topic, text, properties])).toEqual([
      ['long/topic', '1', {}],
      ['long/topic', '2', {}],
    ]);
    client.publish('', '3', 0, { properties: { topicAlias: 4 } });
    expect(await client.next('disconnect')).toMatchObject({ reasonCode: MqttReasonCode.PROTOCOL_ERROR });
    const next = open();
    await next.connect();
    next.publish('a', '1', 0, { properties: { topicAlias: 33 } });
    expect(await next.next('disconnect')).toMatchObject({ reasonCode: MqttReasonCode.TOPIC_ALIAS_INVALID });
  });
});
