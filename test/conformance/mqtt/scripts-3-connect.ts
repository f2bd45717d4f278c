// CONNECT of MQTT 3.1.1: sessions, client identifiers, wills.
import { Buffer } from 'node:buffer';
import { type MqttQos, noProperties } from '#libs/mqtt-codec';
import { rawConnect } from './malformed.js';
import { mustBe, mustHold, type Script, type ScriptBed } from './script.js';

function willOf(topic: string, text: string, qos: MqttQos = 1, retain = false) {
  return { topic, payload: Buffer.from(text), qos, retain, properties: noProperties };
}

async function sessions(bed: ScriptBed): Promise<void> {
  const clientId = bed.clientId('device');
  const publisher = await bed.connect();
  const connect = async (cleanStart: boolean, id = clientId) => {
    const wire = await bed.open();
    const { sessionPresent, reasonCode } = await wire.connect({ clientId: id, cleanStart });
    mustBe('return code', reasonCode, 0);
    return { wire, sessionPresent };
  };
  const first = await connect(false);
  mustBe('a new session', first.sessionPresent, false);
  await first.wire.subscribe(bed.topic('x'), 2);
  await first.wire.disconnect();
  for (const qos of [1, 2] as const) await publisher.publish(bed.topic('x'), `stored ${qos}`, { qos });
  const second = await connect(false);
  mustBe('the session', second.sessionPresent, true);
  mustBe('what came meanwhile', await second.wire.texts(2), ['stored 1', 'stored 2']);
  await publisher.publish(bed.topic('x'), 'kept', { retain: true });
  mustBe('its subscription', await second.wire.texts(1), ['kept']);
  await second.wire.disconnect();
  const third = await connect(true);
  mustBe('Clean Session', third.sessionPresent, false);
  await third.wire.subscribe(bed.topic('end'));
  await publisher.publish(bed.topic('x'), 'to nobody');
  await publisher.publish(bed.topic('end'), 'end');
  mustBe('after Clean Session', await third.wire.texts(1), ['end']);
  mustBe('nothing before CONNACK, and nothing else', await third.wire.untilPong(), []);
  await third.wire.disconnect();
  mustBe('a session with Clean Session is not used again', (await connect(false)).sessionPresent, false);
  mustBe('another client identifier', (await connect(false, `${clientId}2`)).sessionPresent, false);
  const later = await connect(true);
  await later.wire.subscribe(bed.topic('x'));
  mustBe('what is retained outlives sessions', await later.wire.texts(1), ['kept']);
}

async function identifiers(bed: ScriptBed): Promise<void> {
  const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  for (const clientId of ['Q', alphabet.slice(0, 23), alphabet.slice(39)]) {
    mustBe(clientId, (await (await bed.open()).connect({ clientId })).reasonCode, 0);
  }
  const [one, two] = [await bed.connect(), await bed.connect()];
  mustBe('two without an identifier', [await one.untilPong(), await two.untilPong()], [[], []]);
}

async function takeover(bed: ScriptBed): Promise<void> {
  const clientId = bed.clientId('twice');
  const first = await bed.connect({ clientId });
  const second = await bed.connect({ clientId });
  mustBe('the first is closed', await first.refusal(), undefined);
  mustBe('the second is served', await second.untilPong(), []);
}

async function keepAlive(bed: ScriptBed): Promise<void> {
  const watcher = await bed.connect();
  await watcher.subscribe(bed.topic('will'));
  const silent = await bed.connect({ keepAliveSeconds: 1, will: willOf(bed.topic('will'), 'gone') });
  const since = Date.now();
  mustBe('it is closed', await silent.refusal(), undefined);
  const silentMs = Date.now() - since;
  mustHold(`1.5 s, not ${silentMs} ms`, silentMs > 1_300 && silentMs < 5_000);
  mustBe('its will', await watcher.texts(1), ['gone']);
}

async function wills(bed: ScriptBed): Promise<void> {
  const watcher = await bed.connect();
  await watcher.subscribe(bed.topic('#'), 2);
  await bed.replayed(watcher);
  for (const qos of [0, 1, 2] as const) {
    (await bed.connect({ will: willOf(bed.topic('plain'), `at ${qos}`, qos) })).cut();
    const message = await watcher.message();
    mustBe('the will', [message.payload.toString(), message.qos, message.retain], [`at ${qos}`, qos, false]);
  }
  (await bed.connect({ will: willOf(bed.topic('kept'), 'retained', 1, true) })).cut();
  mustBe('the will', await watcher.texts(1), ['retained']);
  const connect = (text: string) =>
    bed.connect({ clientId: bed.clientId('device'), will: willOf(bed.topic('plain'), text) });
  await (await connect('never')).disconnect();
  (await connect('cut')).cut();
  mustBe('of a connection that was cut', await watcher.texts(1), ['cut']);
  (await bed.connect({ clientId: bed.clientId('device') })).cut();
  await watcher.publish(bed.topic('plain'), 'end');
  mustBe('all wills', await watcher.texts(1), ['end']);
  const later = await bed.connect();
  await later.subscribe(bed.topic('+'));
  mustBe('what is retained', await later.texts(1), ['retained']);
}

async function orderOfConnect(bed: ScriptBed): Promise<void> {
  const watcher = await bed.connect();
  await watcher.subscribe(bed.topic('will'));
  const wire = await bed.open();
  const payload = [bed.clientId('full'), bed.topic('will'), 'a will', 'paula', 'secret'];
  wire.send(rawConnect({ version: 4, flags: 0xce, payload }));
  mustBe('CONNACK', (await wire.next('connack')).reasonCode, 0);
  wire.cut();
  mustBe('its will', await watcher.texts(1), ['a will']);
}

export const connectScripts3: readonly Script[] = [
  {
    name: 'a session is made, goes on, and is discarded by Clean Session',
    statements: [
      ...[
        '3.1.2-4',
        '3.1.2-5',
        '3.1.2-6',
        '3.1.2-7',
        '3.1.3-2',
        '3.1.4-3',
        '3.1.4-4',
        '3.2.0-1',
        '3.2.2-1',
        '3.2.2-2',
      ],
      ...['3.2.2-3', '4.1.0-1', '4.1.0-2'],
    ],
    run: sessions,
  },
  { name: 'client identifiers', statements: ['3.1.3-5', '3.1.3-6'], run: identifiers },
  { name: 'a client identifier that is connected already', statements: ['3.1.4-2'], run: takeover },
  { name: 'a silent client', statements: ['3.1.2-24'], run: keepAlive },
  {
    name: 'wills',
    statements: ['3.1.2-8', '3.1.2-9', '3.1.2-10', '3.1.2-12', '3.1.2-16', '3.1.2-17', '3.14.4-3'],
    run: wills,
  },
  { name: 'CONNECT with all fields', statements: ['3.1.3-1'], run: orderOfConnect },
];
