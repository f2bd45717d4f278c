// CONNECT and CONNACK of MQTT 5: sessions, client identifiers, limits that the client sets.
import { Buffer } from 'node:buffer';
import { encodePacket, noProperties } from '#libs/mqtt-codec';
import { publishOf, rawPacket } from '../../support/mqtt-wire.js';
import { rawConnect } from './malformed.js';
import { mustBe, mustHold, type Script, type ScriptBed } from './script.js';

const kept = { sessionExpiryIntervalSeconds: 100 };
/** Room for a CONNACK that accepts, and for no reason string. */
const smallPacketBytes = 24;

async function sessions(bed: ScriptBed): Promise<void> {
  const clientId = bed.clientId('device');
  const publisher = await bed.connect();
  const first = await bed.open();
  mustBe(
    'a new session',
    (await first.connect({ clientId, cleanStart: false, properties: kept })).sessionPresent,
    false,
  );
  await first.subscribe(bed.topic('x'));
  await first.disconnect();
  const second = await bed.open();
  mustBe(
    'the session',
    (await second.connect({ clientId, cleanStart: false, properties: kept })).sessionPresent,
    true,
  );
  await publisher.publish(bed.topic('x'), 'goes on');
  mustBe('its subscription', await second.texts(1), ['goes on']);
  await second.disconnect();
  const third = await bed.open();
  mustBe('Clean Start', (await third.connect({ clientId, properties: kept })).sessionPresent, false);
  await third.subscribe(bed.topic('end'));
  await publisher.publish(bed.topic('x'), 'to nobody');
  await publisher.publish(bed.topic('end'), 'end');
  mustBe('after Clean Start', await third.texts(1), ['end']);
  mustBe('one CONNACK, and nothing else', await third.untilPong(), []);
  const other = await bed.open();
  const connack = await other.connect({ clientId: `${clientId}2`, cleanStart: false, properties: kept });
  mustBe('of another client identifier', connack.sessionPresent, false);
}

async function assignedIdentifiers(bed: ScriptBed): Promise<void> {
  const ids: string[] = [];
  for (let count = 0; count < 2; count++) {
    const wire = await bed.open();
    const { properties } = await wire.connect({ properties: kept });
    ids.push(properties.assignedClientIdentifier ?? '');
    await wire.disconnect();
  }
  mustHold('two clients have two identifiers', ids[0] !== ids[1] && !ids.includes(''));
  const again = await bed.open();
  const connack = await again.connect({ clientId: ids[0]!, cleanStart: false, properties: kept });
  mustBe('the session of the identifier', connack.sessionPresent, true);
  mustBe('assigned again', connack.properties.assignedClientIdentifier, undefined);
}

async function plainIdentifiers(bed: ScriptBed): Promise<void> {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  for (const clientId of ['Q', alphabet.slice(0, 23), alphabet.slice(23, 46), alphabet.slice(39)]) {
    const { reasonCode, properties } = await (await bed.open()).connect({ clientId });
    mustBe(clientId, [reasonCode, properties.assignedClientIdentifier], [0, undefined]);
  }
}

async function takeover(bed: ScriptBed): Promise<void> {
  const clientId = bed.clientId('twice');
  const first = await bed.connect({ clientId });
  const second = await bed.connect({ clientId });
  mustBe('the first is told', await first.refusal(), 0x8e);
  mustBe('the second is served', await second.untilPong(), []);
}

async function keepAlive(bed: ScriptBed): Promise<void> {
  const watcher = await bed.connect();
  await watcher.subscribe(bed.topic('will'));
  const silent = await bed.open();
  const will = { topic: bed.topic('will'), payload: Buffer.from('gone'), qos: 1, retain: false } as const;
  const connack = await silent.connect({ keepAliveSeconds: 1, will: { ...will, properties: noProperties } });
  mustBe('Server Keep Alive', connack.properties.serverKeepAliveSeconds, undefined);
  const since = Date.now();
  mustBe('it is told', await silent.refusal(), 0x8d);
  const silentMs = Date.now() - since;
  mustHold(`1.5 s, not ${silentMs} ms`, silentMs > 1_300 && silentMs < 5_000);
  mustBe('its will', await watcher.texts(1), ['gone']);
}

async function maximumPacketSize(bed: ScriptBed): Promise<void> {
  const properties = { maximumPacketSizeBytes: 200, receiveMaximum: 1 };
  const wire = await bed.connect({ properties });
  await wire.subscribe(bed.topic('#'), 2);
  const publisher = await bed.connect();
  for (const qos of [0, 1, 2] as const) {
    await publisher.publish(bed.topic('a'), 'x'.repeat(300), { qos });
    await publisher.publish(bed.topic('a'), `small ${qos}`, { qos });
  }
  mustBe('what fits', await wire.texts(3), ['small 0', 'small 1', 'small 2']);
}

async function noRoomForReasons(bed: ScriptBed): Promise<void> {
  const small = { maximumPacketSizeBytes: smallPacketBytes };
  for (const properties of [noProperties, small]) {
    const limited = properties === small;
    const refused = await bed.open();
    const connack = await refused.connect({ clientId: 'x'.repeat(10_000), properties });
    mustBe('CONNACK without a reason string', connack.properties.reasonString === undefined, limited);
    const wire = await bed.connect({ clientId: bed.clientId(`${limited}`), properties });
    wire.send(
      publishOf('denied/x', '', { qos: 1, packetId: 1 }),
      publishOf('denied/x', '', { qos: 2, packetId: 2 }),
    );
    const puback = await wire.next('puback');
    mustBe('PUBACK', [puback.reasonCode, puback.properties.reasonString === undefined], [0x87, limited]);
    const pubrec = await wire.next('pubrec');
    mustBe('PUBREC', [pubrec.reasonCode, pubrec.properties.reasonString === undefined], [0x87, limited]);
    wire.send(rawPacket(0xc1));
    const [disconnect] = await wire.untilClosed();
    if (disconnect?.type !== 'disconnect') throw new Error(`no DISCONNECT: ${JSON.stringify(disconnect)}`);
    mustBe('DISCONNECT without a reason string', disconnect.properties.reasonString === undefined, limited);
  }
}

async function topicAliases(bed: ScriptBed): Promise<void> {
  const publisher = await bed.connect();
  for (const topicAliasMaximum of [undefined, 0, 2]) {
    const wire = await bed.connect({
      properties: topicAliasMaximum === undefined ? noProperties : { topicAliasMaximum },
    });
    await wire.subscribe(bed.topic('#'));
    const topics = ['a', 'b', 'c', 'a', 'b', 'c', 'c', 'a'].map((each) => bed.topic(each));
    for (const topic of topics) await publisher.publish(topic, 'x');
    const byAlias = new Map<number, string>();
    const received: string[] = [];
    while (received.length < topics.length) {
      const { topic, properties } = await wire.message();
      const { topicAlias } = properties;
      mustHold(`alias ${topicAlias} of ${topicAliasMaximum}`, (topicAlias ?? 0) <= (topicAliasMaximum ?? 0));
      if (topicAlias !== undefined && topic !== '') byAlias.set(topicAlias, topic);
      received.push(topic === '' ? byAlias.get(topicAlias!)! : topic);
    }
    mustBe('topics', received, topics);
    wire.cut();
  }
}

async function requestedInformation(bed: ScriptBed): Promise<void> {
  const asked = await bed.open();
  const connack = await asked.connect({ properties: { requestResponseInformation: true } });
  mustHold('response information for who asks', (connack.properties.responseInformation ?? '') !== '');
  for (const properties of [noProperties, { requestResponseInformation: false }]) {
    const quiet = await bed.open();
    mustBe('not asked', (await quiet.connect({ properties })).properties.responseInformation, undefined);
  }
}

async function problemInformation(bed: ScriptBed): Promise<void> {
  for (const requestProblemInformation of [true, false]) {
    const wire = await bed.connect({ properties: { requestProblemInformation } });
    wire.send(publishOf('denied/x', '', { qos: 1, packetId: 1 }));
    const { reasonCode, properties } = await wire.next('puback');
    mustBe('PUBACK', [reasonCode, properties.reasonString !== undefined], [0x87, requestProblemInformation]);
    mustBe('user properties', properties.userProperties, undefined);
    wire.send(publishOf('denied/x', '', { qos: 2, packetId: 2 }));
    const pubrec = await wire.next('pubrec');
    mustBe('PUBREC', pubrec.properties.reasonString !== undefined, requestProblemInformation);
  }
}

async function orderOfConnect(bed: ScriptBed): Promise<void> {
  const watcher = await bed.connect();
  await watcher.subscribe(bed.topic('will'));
  const wire = await bed.open();
  const will = [[0], bed.topic('will'), 'a will'];
  wire.send(rawConnect({ flags: 0xce, payload: [bed.clientId('full'), ...will, 'paula', 'secret'] }));
  mustBe('CONNACK', (await wire.next('connack')).reasonCode, 0);
  wire.cut();
  mustBe('its will', await watcher.texts(1), ['a will']);
}

async function furtherChecks(bed: ScriptBed): Promise<void> {
  const stranger = await bed.open();
  const password = Buffer.from('wrong');
  mustBe('a wrong password', (await stranger.connect({ userName: 'paula', password })).reasonCode, 0x86);
  mustBe('and then', await stranger.untilClosed(), []);
  const forbidden = await bed.open();
  const will = {
    topic: 'denied/will',
    payload: Buffer.from(''),
    qos: 0,
    retain: false,
    properties: noProperties,
  } as const;
  mustBe('a forbidden will', (await forbidden.connect({ will })).reasonCode, 0x87);
  mustBe('and then', await forbidden.untilClosed(), []);
}

async function receiveMaximum(bed: ScriptBed): Promise<void> {
  const wire = await bed.open();
  const { properties } = await wire.connect();
  const maximum = properties.receiveMaximum ?? 0xffff;
  const publish = (packetId: number) =>
    encodePacket(publishOf(bed.topic('q2'), 'x', { qos: 2, packetId }), 5);
  wire.send(...Array.from({ length: maximum }, (_, index) => publish(index + 1)));
  for (let count = 0; count < maximum; count++)
    mustBe('PUBREC', (await wire.next('pubrec')).packetId, count + 1);
  wire.send(publish(maximum + 1));
  mustBe('one more', await wire.refusal(), 0x93);
}

export const connectScripts5: readonly Script[] = [
  {
    name: 'a session is made, goes on, and is discarded by Clean Start',
    statements: [
      ...['3.1.2-4', '3.1.2-5', '3.1.2-6', '3.1.2-23', '3.1.3-2', '3.1.4-4', '3.1.4-5', '3.2.0-1', '3.2.0-2'],
      ...['3.2.2-1', '3.2.2-2', '3.2.2-3', '4.1.0-1'],
    ],
    run: sessions,
  },
  {
    name: 'assigned client identifiers',
    statements: ['3.1.3-6', '3.1.3-7', '3.2.2-16'],
    run: assignedIdentifiers,
  },
  {
    name: 'client identifiers of 1 to 23 letters and digits',
    statements: ['3.1.3-5'],
    run: plainIdentifiers,
  },
  { name: 'a client identifier that is connected already', statements: ['3.1.4-3'], run: takeover },
  { name: 'a silent client', statements: ['3.1.2-22', '3.2.2-22'], run: keepAlive },
  {
    name: 'messages above the Maximum Packet Size',
    statements: ['3.1.2-24', '3.1.2-25'],
    run: maximumPacketSize,
  },
  {
    name: 'reason strings above the Maximum Packet Size',
    statements: ['3.2.2-19', '3.4.2-2', '3.5.2-2', '3.14.2-3', '3.4.2-1', '3.5.2-1'],
    run: noRoomForReasons,
  },
  {
    name: 'topic aliases of the server',
    statements: ['3.1.2-26', '3.1.2-27', '3.3.2-11', '3.3.2-3'],
    run: topicAliases,
  },
  { name: 'response information', statements: ['3.1.2-28'], run: requestedInformation },
  { name: 'problem information', statements: ['3.1.2-29'], run: problemInformation },
  { name: 'CONNECT with all fields', statements: ['3.1.3-1', '3.1.2-9'], run: orderOfConnect },
  {
    name: 'wrong password, forbidden will',
    statements: ['3.1.4-2', '3.2.2-7', '4.13.2-1'],
    run: furtherChecks,
  },
  {
    name: 'one message above the Receive Maximum of the server',
    statements: ['3.3.4-7'],
    run: receiveMaximum,
  },
];
