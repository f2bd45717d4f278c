import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MqttReasonCode, pingreq } from '#libs/mqtt-codec';
import { keepAliveTickMs } from './connection/keep-alive-wheel.js';
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
    expect(await client.closed).toBe('malformed-frame');
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

  it('is that of the gateway where the client asks for a longer one or none, told to it or not', async () => {
    const { open, services } = await start({ keepAliveSecondsMax: 50 });
    for (const protocolLevel of [4, 5] as const) {
      for (const keepAliveSeconds of [0, 51]) {
        const client = open();
        const clientId = `${protocolLevel}-${keepAliveSeconds}`;
        const { properties } = await client.connect({ protocolLevel, keepAliveSeconds, clientId });
        expect(properties.serverKeepAliveSeconds).toBe(protocolLevel === 5 ? 50 : undefined);
      }
    }
    expect(services.keepAlive.size).toBe(4);
    for (let turn = 0; turn < 75_000 / keepAliveTickMs + 2; turn++) services.keepAlive.turn();
    expect(services.counters.sessionsConnected).toBe(0);
  });

  it('ends for who takes nothing of a full buffer, as long as it took nothing at all', async () => {
    const { open, services, messages } = await start();
    const client = open({ sendBufferBytesMax: 1_000 });
    await client.connect({ keepAliveSeconds: 1, will });
    await client.subscribe('flood', 0);
    client.memory.client.pauseReading();
    const publisher = open();
    await publisher.connect({ clientId: 'publisher', keepAliveSeconds: 0 });
    for (let count = 0; count < 100; count++) publisher.publish('flood', 'x'.repeat(1_000));
    await publisher.rest();
    const turns = 1_500 / keepAliveTickMs + 1;
    // What left the buffer since the last look is a sign of life; the second time nothing did.
    for (let turn = 0; turn < turns; turn++) services.keepAlive.turn();
    expect(services.counters.sessionsConnected).toBe(2);
    for (let turn = 0; turn < turns; turn++) services.keepAlive.turn();
    expect(services.counters.sessionsConnected).toBe(1);
    expect(messages.published.at(-1)?.text).toBe('gone');
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
