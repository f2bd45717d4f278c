import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MqttReasonCode, pingreq } from '#libs/mqtt-codec';
import { keepAliveTickMs } from './connection/keep-alive-wheel.js';
import { MqttError } from './mqtt.errors.js';
import { type MqttBed, mqttBed } from './testing/mqtt-bed.js';
import { connectPacket, publishPacket } from './testing/test-client.js';

let bed: MqttBed | undefined;

async function start(...settings: Parameters<typeof mqttBed>): Promise<MqttBed> {
  bed = await mqttBed(...settings);
  return bed;
}

afterEach(() => {
  bed?.close();
  bed = undefined;
});

const will = {
  topic: 'wills/1',
  payload: Buffer.from('gone'),
  qos: 1,
  retain: false,
  properties: {},
} as const;

describe('CONNECT', () => {
  it.each([3, 4, 5] as const)('is accepted at level %i', async (protocolLevel) => {
    const client = (await start()).open();
    const connack = await client.connect({ protocolLevel });
    expect(connack).toMatchObject({ reasonCode: 0, sessionPresent: false });
    client.send(pingreq);
    await client.next('pingresp');
  });

  it('is told what is on, and nothing else [MQTT-3.2.2]', async () => {
    const client = (await start({ sessionExpirySecondsMax: 100, keepAliveSecondsMax: 50 })).open();
    const { properties } = await client.connect({
      clientId: '',
      properties: { sessionExpiryIntervalSeconds: 0xffffffff, requestResponseInformation: true },
    });
    expect(properties).toEqual({
      sessionExpiryIntervalSeconds: 100,
      receiveMaximum: 1_024,
      maximumPacketSizeBytes: 1_048_576,
      topicAliasMaximum: 32,
      serverKeepAliveSeconds: 50,
      assignedClientIdentifier: expect.stringMatching(/^auto-/),
      responseInformation: expect.stringMatching(/^responses\/auto-.*\/$/),
    });
  });

  it('is told no response information that was not asked for, or that would be a filter', async () => {
    const { open } = await start();
    expect((await open().connect()).properties.responseInformation).toBeUndefined();
    const properties = { requestResponseInformation: true };
    expect(
      (await open().connect({ clientId: 'a/+', properties })).properties.responseInformation,
    ).toBeUndefined();
  });

  it.each([
    { protocolLevel: 4, code: 4 },
    { protocolLevel: 5, code: 0x86 },
  ] as const)('of a wrong password is answered: %o', async ({ protocolLevel, code }) => {
    const client = (await start({ anonymous: false })).open();
    const credentials = { userName: 'alice', password: Buffer.from('wrong') };
    const connack = await client.connect({ protocolLevel, ...credentials });
    expect(connack.reasonCode).toBe(code);
    expect(await client.closed).toBe('bad-user-name-or-password');
  });

  it('with a will that may not be published is refused', async () => {
    const { open, denied } = await start();
    denied.add(will.topic);
    const client = open();
    expect((await client.connect({ will })).reasonCode).toBe(MqttReasonCode.NOT_AUTHORIZED);
    await client.closed;
  });

  it('to a tenant that is not served is told to come later', async () => {
    const tenantRefusal = () => ({ retriable: true, message: 'its namespace is not ready' });
    const { open } = await start({}, { tenantRefusal });
    expect((await open().connect()).reasonCode).toBe(MqttReasonCode.SERVER_UNAVAILABLE);
    expect((await open().connect({ protocolLevel: 4 })).reasonCode).toBe(3);
  });

  it('is answered before what was sent along with it, and that is served', async () => {
    const { open, messages } = await start();
    const client = open();
    client.send(connectPacket(), publishPacket('a', '1', 1), pingreq);
    await client.next('connack');
    expect((await client.rest()).map(({ type }) => type).sort()).toEqual(['pingresp', 'puback']);
    expect(messages.published.map(({ text }) => text)).toEqual(['1']);
  });

  it('that comes second ends the connection: 0x82, and the will is published', async () => {
    const { open, messages } = await start();
    const client = open();
    await client.connect({ will });
    client.send(connectPacket());
    expect(await client.next('disconnect')).toMatchObject({ reasonCode: MqttReasonCode.PROTOCOL_ERROR });
    await client.closed;
    expect(messages.published.map(({ text }) => text)).toEqual(['gone']);
  });

  it('must come first [MQTT-3.1.0-1]', async () => {
    const client = (await start()).open();
    client.send(pingreq);
    expect(await client.closed).toBe('protocol-error');
    expect(await client.rest()).toEqual([]);
  });

  it('of an unknown level is told so', async () => {
    const client = (await start()).open();
    client.sendBytes(Buffer.from('100c00044d5154540902003c0000', 'hex'));
    expect(await client.next('connack')).toMatchObject({ reasonCode: 0x84 });
    expect(await client.closed).toBe('unsupported-protocol-version');
  });

  it('of a client that goes before its session is open leaves neither session nor will', async () => {
    const opening = Promise.withResolvers<void>();
    const { services, sessions, open, messages } = await start();
    const slow = {
      open: async (...args: Parameters<typeof sessions.open>) => {
        await opening.promise;
        return sessions.open(...args);
      },
    };
    Object.assign(services, { sessions: slow });
    const client = open();
    client.sendConnect({ will });
    await client.rest();
    client.memory.link.close('gone');
    await client.closed;
    opening.resolve();
    await client.rest();
    expect(messages.published).toEqual([]);
    expect(services.counters.sessionsConnected).toBe(0);
  });
});

describe('a malformed packet', () => {
  it('ends the connection after what came before it was served: DISCONNECT 0x81', async () => {
    const { open, messages } = await start();
    const client = open();
    await client.connect();
    client.publish('a', 'served', 1);
    client.sendBytes(Buffer.from('c101ff', 'hex'));
    await client.next('puback').catch(() => {});
    await client.closed;
    expect(messages.published.map(({ text }) => text)).toEqual(['served']);
  });

  it('is told to MQTT 5, and closes the others', async () => {
    const { open } = await start();
    for (const protocolLevel of [4, 5] as const) {
      const client = open();
      await client.connect({ protocolLevel, clientId: `c${protocolLevel}` });
      client.sendBytes(Buffer.from('c100', 'hex'));
      expect(await client.closed).toBe('malformed-packet');
      const codes = (await client.rest()).map((packet) => packet.type === 'disconnect' && packet.reasonCode);
      expect(codes).toEqual(protocolLevel === 5 ? [MqttReasonCode.MALFORMED_PACKET] : []);
    }
  });

  it('larger than the maximum is refused by its length alone', async () => {
    const client = (await start()).open();
    await client.connect();
    client.sendBytes(Buffer.from('30ffffff7f', 'hex'));
    expect(await client.next('disconnect')).toMatchObject({ reasonCode: MqttReasonCode.PACKET_TOO_LARGE });
  });
});

describe('keep alive', () => {
  it('closes who is silent for one and a half times, not before, and publishes the will', async () => {
    const { open, services, messages } = await start();
    const client = open();
    await client.connect({ keepAliveSeconds: 2, will });
    const turns = (count: number) => {
      for (let turn = 0; turn < count; turn++) services.keepAlive.turn();
    };
    turns(3_000 / keepAliveTickMs);
    client.send(pingreq);
    await client.next('pingresp');
    turns(3_000 / keepAliveTickMs);
    expect(await client.rest()).toEqual([]);
    turns(2);
    expect(await client.next('disconnect')).toMatchObject({ reasonCode: MqttReasonCode.KEEP_ALIVE_TIMEOUT });
    await client.closed;
    expect(messages.published.map(({ text }) => text)).toEqual(['gone']);
  });

  it('of 0 lets a client be silent for ever', async () => {
    const { open, services } = await start();
    await open().connect({ keepAliveSeconds: 0 });
    expect(services.keepAlive.size).toBe(0);
  });

  it('does not run while we do not read', async () => {
    const { open, services, messages } = await start({ publishBytesInFlightMax: 1 });
    messages.holds = true;
    const client = open();
    await client.connect({ keepAliveSeconds: 1 });
    client.publish('a', 'x', 1);
    await client.rest();
    for (let turn = 0; turn < 100; turn++) services.keepAlive.turn();
    messages.waiting[0]!(undefined);
    await client.next('puback');
  });
});

describe('PUBLISH', () => {
  it('is acknowledged in the order in which it came, when it is stored [MQTT-4.6.0-2, -3]', async () => {
    const { open, messages } = await start();
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
      ...[subscription('c', 1), subscription('a', 1)],
    ];
    client.send({ type: 'subscribe', packetId: 9, subscriptions, properties: {} });
    const suback = await client.next('suback');
    expect(suback).toMatchObject({ packetId: 9, reasonCodes: [0, 0x87, 0x8f, 2, 0x97, 1] });
    client.send({ type: 'unsubscribe', packetId: 10, filters: ['a', 'never', 'b/+'], properties: {} });
    expect(await client.next('unsuback')).toMatchObject({ packetId: 10, reasonCodes: [0, 0x11, 0] });
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

describe('the end of a connection', () => {
  it.each([
    ['DISCONNECT 0x00', 0x00, []],
    ['DISCONNECT 0x04', 0x04, ['gone']],
    ['a cut', undefined, ['gone']],
  ])('by %s and the will', async (_name, reasonCode, published) => {
    const { open, messages } = await start();
    const client = open();
    await client.connect({ will });
    if (reasonCode === undefined) client.cut();
    else client.send({ type: 'disconnect', reasonCode, properties: {} });
    await client.closed;
    expect(messages.published.map(({ text }) => text)).toEqual(published);
  });

  it('takes all subscriptions along where the session ends with it', async () => {
    const { open, messages } = await start();
    const client = open();
    await client.connect();
    await client.subscribe('a/#', 1);
    expect(messages.subscribers).toBe(1);
    client.cut();
    await client.closed;
    expect(messages.subscribers).toBe(0);
  });

  it('is another connection with its client id: 0x8E', async () => {
    const { open, services } = await start();
    const [first, second] = [open(), open()];
    await first.connect();
    await second.connect();
    expect(await first.next('disconnect')).toMatchObject({ reasonCode: MqttReasonCode.SESSION_TAKEN_OVER });
    expect(await first.closed).toBe('session-taken-over');
    second.send(pingreq);
    await second.next('pingresp');
    expect(services.counters.sessionsConnected).toBe(1);
    expect(services.counters.takeovers).toBe(1);
  });

  it('leaves a session for who comes again, with what was not acknowledged', async () => {
    const { open } = await start();
    const properties = { sessionExpiryIntervalSeconds: 100 };
    const first = open();
    await first.connect({ properties, cleanStart: false });
    await first.subscribe('a', 1);
    first.publish('a', 'x', 1, { packetId: 3 });
    const sent = (await first.rest()).find(({ type }) => type === 'publish');
    first.cut();
    await first.closed;
    const second = open();
    expect((await second.connect({ properties, cleanStart: false })).sessionPresent).toBe(true);
    expect(await second.next('publish')).toMatchObject({
      dup: true,
      packetId: (sent as { packetId: number }).packetId,
    });
    const third = open();
    expect((await third.connect({ properties, cleanStart: true })).sessionPresent).toBe(false);
  });

  it('cannot keep a session that was to end with it', async () => {
    const client = (await start()).open();
    await client.connect();
    client.send({ type: 'disconnect', reasonCode: 0, properties: { sessionExpiryIntervalSeconds: 5 } });
    expect(await client.next('disconnect')).toMatchObject({ reasonCode: MqttReasonCode.PROTOCOL_ERROR });
  });

  it.each([
    [undefined, MqttReasonCode.SERVER_SHUTTING_DOWN],
    ['other:1883', MqttReasonCode.USE_ANOTHER_SERVER],
  ])(
    'at a shutdown comes when all is answered, and says where to go',
    async (serverReference, reasonCode) => {
      const { open, messages } = await start({ serverReference });
      const client = open();
      await client.connect();
      messages.holds = true;
      client.publish('a', 'x', 1);
      await client.rest();
      const drained = client.memory.drain();
      expect(await client.rest()).toEqual([]);
      messages.waiting[0]!(undefined);
      await drained;
      await client.next('puback');
      expect(await client.next('disconnect')).toMatchObject({
        reasonCode,
        properties: serverReference === undefined ? {} : { serverReference },
      });
    },
  );
});
