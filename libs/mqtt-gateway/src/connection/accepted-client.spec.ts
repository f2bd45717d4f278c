import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MqttReasonCode, pingreq } from '#libs/mqtt-codec';
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

const will = {
  topic: 'wills/1',
  payload: Buffer.from('gone'),
  qos: 1,
  retain: false,
  properties: {},
} as const;

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
