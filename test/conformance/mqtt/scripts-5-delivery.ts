// What MQTT 5 servers send to subscribers at QoS 1 and 2, over reconnections and with a Receive Maximum.
import { setTimeout as delay } from 'node:timers/promises';
import type { MqttWire } from '../../support/mqtt-wire.js';
import { mustBe, mustHold, type Script, type ScriptBed } from './script.js';

const properties = { sessionExpiryIntervalSeconds: 100 };

interface Device {
  readonly wire: MqttWire;
  readonly publisher: MqttWire;
  /** Cuts the connection; the session goes on. */
  reconnect(): Promise<MqttWire>;
}

/** A session that lasts, subscribed to the topic `t`. */
async function device(bed: ScriptBed, qos: 1 | 2): Promise<Device> {
  const clientId = bed.clientId('device');
  let wire = await bed.connect({ clientId, properties });
  await wire.subscribe(bed.topic('t'), qos);
  return {
    wire,
    publisher: await bed.connect(),
    async reconnect() {
      wire.cut();
      wire = await bed.open();
      const { sessionPresent } = await wire.connect({ clientId, cleanStart: false, properties });
      mustBe('the session', sessionPresent, true);
      return wire;
    },
  };
}

async function atLeastOnce(bed: ScriptBed): Promise<void> {
  const { wire, publisher, reconnect } = await device(bed, 1);
  const texts = ['a', 'b', 'c', 'd'];
  for (const text of texts) await publisher.publish(bed.topic('t'), text);
  const first = await wire.take('publish', texts.length);
  const ids = first.map(({ packetId }) => packetId);
  mustBe(
    'texts, without DUP',
    first.map(({ payload, dup }) => [payload.toString(), dup]),
    texts.map((text) => [text, false]),
  );
  mustHold('identifiers that are not in use', new Set(ids).size === ids.length && !ids.includes(0));
  wire.acknowledge('puback', ids[1]!);
  await delay(300);
  mustBe('nothing is sent again by itself', await wire.untilPong(), []);
  const back = await reconnect();
  const again = [await back.next('publish'), await back.next('publish'), await back.next('publish')];
  const expected = [0, 2, 3].map((index) => [ids[index], texts[index], true]);
  mustBe(
    'again',
    again.map(({ packetId, payload, dup }) => [packetId, payload.toString(), dup]),
    expected,
  );
  for (const { packetId } of again) back.acknowledge('puback', packetId);
  await back.untilPong();
  const last = await reconnect();
  await publisher.publish(bed.topic('t'), 'end');
  mustBe('what was acknowledged does not come again', await last.texts(1), ['end']);
}

async function exactlyOnce(bed: ScriptBed): Promise<void> {
  const { wire, publisher, reconnect } = await device(bed, 2);
  for (const text of ['a', 'b']) await publisher.publish(bed.topic('t'), text, { qos: 2 });
  const [a, b] = [await wire.first('publish'), await wire.first('publish')];
  mustBe(
    'QoS and DUP',
    [a, b].map(({ qos, dup }) => [qos, dup]),
    Array(2).fill([2, false]),
  );
  mustHold('identifiers that are not in use', a.packetId !== b.packetId);
  const second = await reconnect();
  const again = [await second.next('publish'), await second.next('publish')];
  mustBe(
    'again',
    again.map(({ packetId, dup }) => [packetId, dup]),
    [a, b].map(({ packetId }) => [packetId, true]),
  );
  second.acknowledge('pubrec', a.packetId);
  const { packetId, reasonCode } = await second.next('pubrel');
  mustBe('PUBREL', [packetId, reasonCode], [a.packetId, 0]);
  const third = await reconnect();
  const types = [await third.first('publish'), await third.first('pubrel')];
  mustBe(
    'PUBLISH of one, PUBREL of the other',
    types.map((each) => each.packetId),
    [b.packetId, a.packetId],
  );
  third.acknowledge('pubcomp', a.packetId);
  third.acknowledge('pubrec', b.packetId);
  mustBe('PUBREL', (await third.next('pubrel')).packetId, b.packetId);
  third.acknowledge('pubcomp', b.packetId);
  await third.untilPong();
  const last = await reconnect();
  await publisher.publish(bed.topic('t'), 'end', { qos: 2 });
  mustBe('what is complete does not come again', await last.texts(1), ['end']);
}

async function noExpiryAfterSending(bed: ScriptBed): Promise<void> {
  const { wire, publisher, reconnect } = await device(bed, 2);
  const expiring = { messageExpiryIntervalSeconds: 1 };
  await publisher.publish(bed.topic('t'), 'begun', { qos: 2, properties: expiring });
  const { packetId } = await wire.first('publish');
  await delay(1_300);
  const again = await (await reconnect()).first('publish');
  mustBe('it comes again', [again.packetId, again.dup], [packetId, true]);
}

async function refusedByClient(bed: ScriptBed): Promise<void> {
  const { wire, publisher, reconnect } = await device(bed, 2);
  await publisher.publish(bed.topic('t'), 'one', { qos: 1 });
  await publisher.publish(bed.topic('t'), 'two', { qos: 2 });
  const [one, two] = [await wire.first('publish'), await wire.first('publish')];
  wire.acknowledge('puback', one.packetId, 0x83);
  wire.acknowledge('pubrec', two.packetId, 0x97);
  mustBe('no PUBREL', await wire.untilPong(), []);
  const back = await reconnect();
  await publisher.publish(bed.topic('t'), 'end', { qos: 1 });
  mustBe('then', await back.texts(1), ['end']);
}

async function receiveMaximum(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect({ properties: { receiveMaximum: 2 } });
  await wire.subscribe(bed.topic('t'), 2);
  const publisher = await bed.connect();
  for (const [index, qos] of ([1, 2, 1, 2, 1] as const).entries()) {
    await publisher.publish(bed.topic('t'), `${index}`, { qos });
  }
  const [one, two] = [await wire.first('publish'), await wire.first('publish')];
  mustBe('no more than two', await wire.untilPong(), []);
  mustBe('SUBACK comes all the same', (await wire.subscribe(bed.topic('other'))).reasonCodes, [1]);
  mustBe('PUBACK too', await wire.publish(bed.topic('x'), 'own'), 0);
  wire.acknowledge('pubrec', two.packetId);
  mustBe('PUBREL too', (await wire.next('pubrel')).packetId, two.packetId);
  mustBe('it is still two', await wire.untilPong(), []);
  wire.acknowledge('pubcomp', two.packetId);
  const three = await wire.next('publish');
  mustBe('one more', [three.payload.toString(), (await wire.untilPong()).length], ['2', 0]);
  wire.acknowledge('puback', one.packetId);
  mustBe('the next', (await wire.next('publish')).payload.toString(), '3');
}

async function orderOfPubrel(bed: ScriptBed): Promise<void> {
  const wire = await bed.connect();
  await wire.subscribe(bed.topic('t'), 2);
  for (let count = 0; count < 8; count++) await wire.publish(bed.topic('t'), `${count}`, { qos: 2 });
  const ids: number[] = [];
  while (ids.length < 8) ids.push((await wire.first('publish')).packetId);
  const order = ids.toReversed();
  for (const packetId of order) wire.acknowledge('pubrec', packetId);
  const released: number[] = [];
  while (released.length < 8) released.push((await wire.next('pubrel')).packetId);
  mustBe('PUBREL', released, order);
  wire.acknowledge('pubrec', 60_000);
  const stray = await wire.next('pubrel');
  mustBe('PUBREL for an unknown one', [stray.packetId, stray.reasonCode], [60_000, 0x92]);
}

async function sessionExpiry(bed: ScriptBed): Promise<void> {
  const clientId = bed.clientId('short');
  const short = { clientId, properties: { sessionExpiryIntervalSeconds: 1 } };
  (await bed.connect(short)).cut();
  const within = await bed.open();
  const again = { ...short, cleanStart: false };
  mustBe('within its expiry', (await within.connect(again)).sessionPresent, true);
  await delay(1_500);
  mustBe('it does not expire while it is connected', await within.untilPong(), []);
  await within.disconnect();
  // Who comes too early begins its time anew.
  for (const waitMs of [2_200, 5_000]) {
    await delay(waitMs);
    const later = await bed.open();
    if (!(await later.connect(again)).sessionPresent) return;
    await later.disconnect();
  }
  throw new Error('the session is there 5 s after its expiry');
}

export const deliveryScripts5: readonly Script[] = [
  {
    name: 'QoS 1 to a subscriber that comes back',
    statements: [
      ...['2.2.1-4', '3.3.1-1', '4.3.2-1', '4.3.2-2', '4.3.2-3', '4.4.0-1', '4.6.0-1', '3.1.2-5', '3.3.1-3'],
    ],
    run: atLeastOnce,
  },
  {
    name: 'QoS 2 to a subscriber that comes back, before PUBREC and after it',
    statements: [
      ...['2.2.1-4', '4.3.3-1', '4.3.3-2', '4.3.3-3', '4.3.3-4', '4.3.3-5', '4.3.3-6', '4.4.0-1', '3.6.2-1'],
      ...['4.6.0-1', '3.3.1-1'],
    ],
    run: exactlyOnce,
  },
  { name: 'QoS 2 that was sent does not expire', statements: ['4.3.3-7'], run: noExpiryAfterSending },
  { name: 'PUBACK 0x83 and PUBREC 0x97 of the subscriber', statements: ['4.4.0-2'], run: refusedByClient },
  {
    name: 'Receive Maximum 2 of the subscriber',
    statements: ['3.3.4-9', '3.3.4-10', '4.9.0-1', '4.9.0-2', '4.9.0-3'],
    run: receiveMaximum,
  },
  { name: 'order of PUBREL', statements: ['4.6.0-4', '3.6.2-1', '2.2.1-5'], run: orderOfPubrel },
  { name: 'session expiry of a second', statements: ['4.1.0-2', '4.1.0-1', '3.1.2-23'], run: sessionExpiry },
];
